using System.Runtime.Intrinsics;

namespace ReproTorch.Randomness;

// The normal distribution by G. Marsaglia's polar method, which makes numbers in pairs.
public sealed partial class NumpyRandomState
{
    private const int PolarBatch = 256;

    /// <summary>The next number of the standard normal distribution. NumPy's <c>standard_normal()</c>: four words or
    /// more, then none, as numbers come in pairs.</summary>
    public double StandardNormal()
    {
        if (_hasGauss)
        {
            double kept = _gauss;
            ForgetGauss();
            return kept;
        }

        double x1;
        double x2;
        double r2;
        do
        {
            x1 = (2.0 * _twister.NextDouble()) - 1.0;
            x2 = (2.0 * _twister.NextDouble()) - 1.0;
            r2 = (x1 * x1) + (x2 * x2);
        }
        while (r2 >= 1.0 || r2 == 0.0);

        double f = Math.Sqrt(-2.0 * Math.Log(r2) / r2);
        _gauss = f * x1;
        _hasGauss = true;
        return f * x2;
    }

    /// <summary>As many as the span holds, in the order of that many calls.</summary>
    public void StandardNormal(Span<double> destination)
    {
        if (_hasGauss && !destination.IsEmpty)
        {
            destination[0] = StandardNormal();
            destination = destination[1..];
        }

        FillPairs(destination[..^(destination.Length % 2)]);
        if (destination.Length % 2 != 0)
        {
            destination[^1] = StandardNormal();
        }
    }

    /// <summary>An array of them. NumPy's <c>standard_normal(size)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<double> StandardNormal(long[] size)
    {
        NumpyArray<double> result = NewArray<double>(size);
        StandardNormal(result.Values);
        return result;
    }

    /// <inheritdoc cref="StandardNormal()"/>
    /// <remarks>NumPy's <c>randn()</c>.</remarks>
    public double Randn() => StandardNormal();

    /// <summary>An array of numbers of the standard normal distribution. NumPy's <c>randn(d0, d1, ..)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<double> Randn(params long[] size) => StandardNormal(size);

    /// <summary>Normal distribution. NumPy's <c>normal(loc, scale)</c>.</summary>
    /// <param name="loc">Mean.</param>
    /// <param name="scale">Standard deviation, not negative.</param>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public double Normal(double loc = 0.0, double scale = 1.0) => s_normal.Draw(this, loc, scale);

    /// <summary>As many as the span holds, in the order of that many calls.</summary>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public void Normal(Span<double> destination, double loc = 0.0, double scale = 1.0)
    {
        s_normal.Check(loc, scale);
        StandardNormal(destination);
        Scale(destination, loc, scale);
    }

    /// <inheritdoc cref="Normal(double, double)"/>
    public NumpyArray<double> Normal(NumpyArray<double> loc, NumpyArray<double> scale, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(loc);
        ArgumentNullException.ThrowIfNull(scale);
        if (loc.Shape.Length > 0 || scale.Shape.Length > 0)
        {
            return s_normal.Draw(this, [loc, scale], size);
        }

        s_normal.Check(loc.Values[0], scale.Values[0]);
        NumpyArray<double> result = NewArray<double>(size ?? []);
        Normal(result.Values, loc.Values[0], scale.Values[0]);
        return result;
    }

    // The pairs of many calls, made in steps over arrays: points in the square, the ones inside the circle, logarithms,
    // factors. At most as many points are drawn as pairs are missing, so that no word is drawn too many.
    private void FillPairs(Span<double> destination)
    {
        Span<double> points = stackalloc double[2 * PolarBatch];
        Span<double> radii = stackalloc double[PolarBatch];
        Span<double> factors = stackalloc double[PolarBatch];
        while (!destination.IsEmpty)
        {
            int tries = Math.Min(PolarBatch, destination.Length / 2);
            _twister.Fill(points[..(2 * tries)]);
            int pairs = KeepInside(points[..(2 * tries)], radii, destination);
            for (int i = 0; i < pairs; i++)
            {
                factors[i] = Math.Log(radii[i]);
            }

            // What lies behind the last pair is reckoned with and not used: whole vectors need no rest.
            int width = Vector256<double>.Count;
            for (int i = 0; i < pairs; i += width)
            {
                Vector256<double> logs = Vector256.Create<double>(factors.Slice(i, width));
                Vector256<double> squares = Vector256.Create<double>(radii.Slice(i, width));
                Vector256.Sqrt(-2.0 * logs / squares).CopyTo(factors[i..]);
            }

            for (int i = 0; i < pairs; i++)
            {
                destination[2 * i] *= factors[i];
                destination[(2 * i) + 1] *= factors[i];
            }

            destination = destination[(2 * pairs)..];
        }
    }

    // Points outside are stored too and overwritten by the next: a branch on a random number costs more than the stores.
    private static int KeepInside(ReadOnlySpan<double> points, Span<double> radii, Span<double> destination)
    {
        const ulong One = 0x3ff0000000000000;
        int kept = 0;
        for (int i = 0; i < points.Length - 1; i += 2)
        {
            double x1 = (2.0 * points[i]) - 1.0;
            double x2 = (2.0 * points[i + 1]) - 1.0;
            double r2 = (x1 * x1) + (x2 * x2);
            destination[2 * kept] = x2;
            destination[(2 * kept) + 1] = x1;
            radii[kept] = r2;

            // 0 < r2 < 1 in one comparison, as bits of numbers that are not negative compare as they do; && would be a
            // branch.
            kept += BitConverter.DoubleToUInt64Bits(r2) - 1 < One - 1 ? 1 : 0;
        }

        return kept;
    }
}
