using System.Runtime.Intrinsics;

namespace ReproTorch.Randomness;

// Uniform numbers, bytes and whole 63-bit integers.
public sealed partial class NumpyRandomState
{
    /// <summary>The next number in [0, 1): a multiple of 2^-53. Two words. NumPy's <c>random_sample()</c>.</summary>
    public double RandomSample() => _twister.NextDouble();

    /// <summary>As many as the span holds, in the order of that many calls.</summary>
    public void RandomSample(Span<double> destination) => _twister.Fill(destination);

    /// <summary>An array of them. NumPy's <c>random_sample(size)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<double> RandomSample(long[] size)
    {
        NumpyArray<double> result = NewArray<double>(size);
        _twister.Fill(result.Values);
        return result;
    }

    /// <inheritdoc cref="RandomSample()"/>
    /// <remarks>Another name for <see cref="RandomSample()"/>: NumPy's <c>random()</c>.</remarks>
    public double Random() => RandomSample();

    /// <inheritdoc cref="RandomSample(long[])"/>
    /// <remarks>Another name for <see cref="RandomSample(long[])"/>: NumPy's <c>random(size)</c>.</remarks>
    public NumpyArray<double> Random(long[] size) => RandomSample(size);

    /// <inheritdoc cref="RandomSample()"/>
    /// <remarks>NumPy's <c>rand()</c>.</remarks>
    public double Rand() => RandomSample();

    /// <summary>An array of numbers in [0, 1). NumPy's <c>rand(d0, d1, ..)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<double> Rand(params long[] size) => RandomSample(size);

    /// <summary>A number in [<paramref name="low"/>, <paramref name="high"/>), by rounding sometimes at its end. NumPy's
    /// <c>uniform(low, high)</c>.</summary>
    /// <param name="low">One end.</param>
    /// <param name="high">The other; it may be the lower one.</param>
    /// <exception cref="ReproTorchException">"Range exceeds valid bounds".</exception>
    public double Uniform(double low = 0.0, double high = 1.0)
    {
        double range = CheckRange(low, high);
        return low + (range * _twister.NextDouble());
    }

    /// <summary>As many as the span holds, in the order of that many calls.</summary>
    /// <exception cref="ReproTorchException">"Range exceeds valid bounds".</exception>
    public void Uniform(Span<double> destination, double low = 0.0, double high = 1.0)
    {
        double range = CheckRange(low, high);
        _twister.Fill(destination);
        Scale(destination, low, range);
    }

    /// <inheritdoc cref="Uniform(double, double)"/>
    public NumpyArray<double> Uniform(NumpyArray<double> low, NumpyArray<double> high, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        if (low.Shape.Length == 0 && high.Shape.Length == 0)
        {
            _ = CheckRange(low.Values[0], high.Values[0]);
            NumpyArray<double> result = NewArray<double>(size ?? []);
            Uniform(result.Values, low.Values[0], high.Values[0]);
            return result;
        }

        long[] shape = NumpyShape.Broadcast(low.Shape, high.Shape);
        double[] ends = NumpyShape.Expand(high, shape);
        double[] ranges = [.. NumpyShape.Expand(low, shape).Select((x, i) => CheckRange(x, ends[i]))];
        return s_uniform.Draw(this, [low, new NumpyArray<double>(ranges, shape)], size);
    }

    /// <summary>A random integer of 63 bits. NumPy's <c>tomaxint()</c>: two words.</summary>
    public long ToMaxInt() => (long)(_twister.NextUInt64() >> 1);

    /// <summary>An array of them. NumPy's <c>tomaxint(size)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<long> ToMaxInt(long[] size)
    {
        NumpyArray<long> result = NewArray<long>(size);
        foreach (ref long value in result.Values.AsSpan())
        {
            value = ToMaxInt();
        }

        return result;
    }

    /// <summary>Random bytes. NumPy's <c>bytes(length)</c>: one word for each 4 bytes or part of them, and one for
    /// none.</summary>
    /// <param name="length">How many, 0 or more.</param>
    /// <exception cref="ReproTorchException">"negative dimensions are not allowed".</exception>
    public byte[] Bytes(int length)
    {
        if (length < 0)
        {
            throw Invalid($"negative dimensions are not allowed: {length} bytes were asked for.");
        }

        byte[] bytes = new byte[length];
        for (int i = 0; i == 0 || i < length; i += 4)
        {
            uint word = _twister.NextUInt32();
            for (int b = i; b < Math.Min(i + 4L, length); b++)
            {
                bytes[b] = (byte)(word >> (8 * (b - i)));
            }
        }

        return bytes;
    }

    private static NumpyArray<T> NewArray<T>(long[] size)
    {
        ArgumentNullException.ThrowIfNull(size);
        return new NumpyArray<T>(new T[NumpyShape.Count(size)], size);
    }

    private static double CheckRange(double low, double high)
    {
        double range = high - low;
        return double.IsFinite(range)
            ? range
            : throw Invalid($"Range exceeds valid bounds: from {Text(low)} to {Text(high)}.");
    }

    // offset + factor x, rounded twice as NumPy does: no fused multiply-add.
    private static void Scale(Span<double> values, double offset, double factor)
    {
        int i = 0;
        for (; i <= values.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            Span<double> four = values.Slice(i, Vector256<double>.Count);
            (Vector256.Create(offset) + (factor * Vector256.Create<double>(four))).CopyTo(four);
        }

        for (; i < values.Length; i++)
        {
            values[i] = offset + (factor * values[i]);
        }
    }
}
