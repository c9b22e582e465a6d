using ReproTorch.Interop;

namespace ReproTorch.Randomness;

/// <content>The exponential distribution (ziggurat, or by inversion), and what is one function of it.</content>
public sealed partial class NumpyGenerator
{
    private const double ExponentialTail = 7.6971174701310497140446280481;

    /// <summary><c>standard_exponential()</c>.</summary>
    public double StandardExponential()
    {
        while (true)
        {
            ulong bits = _bits.NextUInt64();
            int strip = (byte)(bits >> 3);
            ulong magnitude = bits >> 11;
            double x = magnitude * ExponentialWidth[strip];
            if (magnitude < ExponentialEdge[strip])
            {
                return x;
            }

            if (strip == 0)
            {
                return ExponentialTail - CMath.Log1P(-_bits.NextDouble());
            }

            if (((ExponentialHeight[strip - 1] - ExponentialHeight[strip]) * _bits.NextDouble()) + ExponentialHeight[strip]
                < Math.Exp(-x))
            {
                return x;
            }
        }
    }

    /// <summary><c>standard_exponential(size)</c>.</summary>
    public void StandardExponential(Span<double> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<ulong> ready = _bits.Ready();
            int count = Math.Min(ready.Length, destination.Length);
            int i = 0;
            for (; i < count; i++)
            {
                ulong bits = ready[i];
                int strip = (byte)(bits >> 3);
                ulong magnitude = bits >> 11;
                if (magnitude >= ExponentialEdge[strip])
                {
                    break;
                }

                destination[i] = (long)magnitude * ExponentialWidth[strip];
            }

            _bits.Take(i);
            destination = destination[i..];
            if (i < count || ready.IsEmpty)
            {
                destination[0] = StandardExponential();
                destination = destination[1..];
            }
        }
    }

    /// <summary><c>standard_exponential(dtype=np.float32)</c>.</summary>
    public float StandardExponentialSingle()
    {
        while (true)
        {
            uint bits = _bits.NextUInt32();
            int strip = (byte)(bits >> 1);
            uint magnitude = bits >> 9;
            float x = magnitude * ExponentialWidthSingle[strip];
            if (magnitude < ExponentialEdgeSingle[strip])
            {
                return x;
            }

            if (strip == 0)
            {
                return (float)ExponentialTail - CMath.Log1P(-_bits.NextSingle());
            }

            float height = ((ExponentialHeightSingle[strip - 1] - ExponentialHeightSingle[strip]) * _bits.NextSingle())
                + ExponentialHeightSingle[strip];
            if (height < MathF.Exp(-x))
            {
                return x;
            }
        }
    }

    /// <summary><c>standard_exponential(size, dtype=np.float32)</c>.</summary>
    public void StandardExponential(Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> ready = _bits.ReadyHalves();
            int count = Math.Min(ready.Length, destination.Length);
            int i = 0;
            for (; i < count; i++)
            {
                uint bits = ready[i];
                int strip = (byte)(bits >> 1);
                uint magnitude = bits >> 9;
                if (magnitude >= ExponentialEdgeSingle[strip])
                {
                    break;
                }

                destination[i] = (int)magnitude * ExponentialWidthSingle[strip];
            }

            _bits.TakeHalves(i);
            destination = destination[i..];
            if (i < count || ready.IsEmpty)
            {
                destination[0] = StandardExponentialSingle();
                destination = destination[1..];
            }
        }
    }

    /// <summary><c>standard_exponential(size, method='inv')</c>: one uniform value each, through the
    /// logarithm.</summary>
    public void StandardExponentialByInversion(Span<double> destination)
    {
        foreach (ref double value in destination)
        {
            value = -CMath.Log1P(-_bits.NextDouble());
        }
    }

    /// <summary><c>standard_exponential(size, dtype=np.float32, method='inv')</c>.</summary>
    public void StandardExponentialByInversion(Span<float> destination)
    {
        foreach (ref float value in destination)
        {
            // Through double precision, as the original has it.
            value = (float)-CMath.Log1P((double)-_bits.NextSingle());
        }
    }

    /// <summary><c>exponential(scale)</c>.</summary>
    /// <param name="scale">Mean, 0 or more.</param>
    /// <exception cref="ReproTorchException">scale &lt; 0.</exception>
    public double Exponential(double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        return scale * StandardExponential();
    }

    /// <summary><c>exponential(scale, size)</c>.</summary>
    /// <inheritdoc cref="Exponential(double)"/>
    public void Exponential(Span<double> destination, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        StandardExponential(destination);
        foreach (ref double value in destination)
        {
            value = scale * value;
        }
    }

    /// <summary><c>pareto(a)</c>: Pareto II, or Lomax.</summary>
    /// <param name="a">Shape, above 0.</param>
    /// <exception cref="ReproTorchException">a &lt;= 0.</exception>
    public double Pareto(double a)
    {
        NumpyGeneratorArgument.Positive(a, "a");
        return CMath.ExpM1(StandardExponential() / a);
    }

    /// <summary><c>pareto(a, size)</c>.</summary>
    /// <inheritdoc cref="Pareto(double)"/>
    public void Pareto(Span<double> destination, double a)
    {
        NumpyGeneratorArgument.Positive(a, "a");
        StandardExponential(destination);
        foreach (ref double value in destination)
        {
            value = CMath.ExpM1(value / a);
        }
    }

    /// <summary><c>weibull(a)</c>.</summary>
    /// <param name="a">Shape, 0 or more; 0 gives 0 and draws nothing.</param>
    /// <exception cref="ReproTorchException">a &lt; 0.</exception>
    public double Weibull(double a)
    {
        NumpyGeneratorArgument.NonNegative(a, "a");
        return a == 0 ? 0 : Math.Pow(StandardExponential(), 1.0 / a);
    }

    /// <summary><c>weibull(a, size)</c>.</summary>
    /// <inheritdoc cref="Weibull(double)"/>
    public void Weibull(Span<double> destination, double a)
    {
        NumpyGeneratorArgument.NonNegative(a, "a");
        if (a == 0)
        {
            destination.Clear();
            return;
        }

        StandardExponential(destination);
        foreach (ref double value in destination)
        {
            value = Math.Pow(value, 1.0 / a);
        }
    }

    /// <summary><c>power(a)</c>: density a x^(a-1) on [0, 1].</summary>
    /// <param name="a">Above 0.</param>
    /// <exception cref="ReproTorchException">a &lt;= 0.</exception>
    public double Power(double a)
    {
        NumpyGeneratorArgument.Positive(a, "a");
        return Math.Pow(-CMath.ExpM1(-StandardExponential()), 1.0 / a);
    }

    /// <summary><c>power(a, size)</c>.</summary>
    /// <inheritdoc cref="Power(double)"/>
    public void Power(Span<double> destination, double a)
    {
        NumpyGeneratorArgument.Positive(a, "a");
        StandardExponential(destination);
        foreach (ref double value in destination)
        {
            value = Math.Pow(-CMath.ExpM1(-value), 1.0 / a);
        }
    }

    /// <summary><c>rayleigh(scale)</c>.</summary>
    /// <param name="scale">Mode, 0 or more.</param>
    /// <exception cref="ReproTorchException">scale &lt; 0.</exception>
    public double Rayleigh(double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        return scale * Math.Sqrt(2.0 * StandardExponential());
    }

    /// <summary><c>rayleigh(scale, size)</c>.</summary>
    /// <inheritdoc cref="Rayleigh(double)"/>
    public void Rayleigh(Span<double> destination, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        StandardExponential(destination);
        foreach (ref double value in destination)
        {
            value = scale * Math.Sqrt(2.0 * value);
        }
    }
}
