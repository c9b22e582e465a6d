using System.Runtime.CompilerServices;
using ReproTorch.Interop;

namespace ReproTorch.Randomness;

/// <content>The normal distribution: the ziggurat method of G. Marsaglia and W. W. Tsang, "The Ziggurat Method for
/// Generating Random Variables", 2000, with 256 strips.</content>
public sealed partial class NumpyGenerator
{
    private const double NormalTail = 3.6541528853610087963519472518;
    private const double NormalTailInverse = 0.27366123732975827203338247596;
    private const ulong NormalMask = (1UL << 52) - 1;
    private const uint NormalMaskSingle = (1U << 23) - 1;

    /// <summary><c>standard_normal()</c>.</summary>
    public double StandardNormal()
    {
        while (true)
        {
            ulong bits = _bits.NextUInt64();
            int strip = (byte)bits;
            ulong magnitude = (bits >> 9) & NormalMask;
            double x = Signed(magnitude * NormalWidth[strip], bits);
            if (magnitude < NormalEdge[strip])
            {
                return x;
            }

            if (strip == 0)
            {
                return NormalFromTail(magnitude);
            }

            if (((NormalHeight[strip - 1] - NormalHeight[strip]) * _bits.NextDouble()) + NormalHeight[strip]
                < Math.Exp(-0.5 * x * x))
            {
                return x;
            }
        }
    }

    /// <summary><c>standard_normal(size)</c>.</summary>
    public void StandardNormal(Span<double> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<ulong> ready = _bits.Ready();
            int count = Math.Min(ready.Length, destination.Length);
            int i = 0;
            for (; i < count; i++)
            {
                ulong bits = ready[i];
                int strip = (byte)bits;
                ulong magnitude = (bits >> 9) & NormalMask;
                if (magnitude >= NormalEdge[strip])
                {
                    break;
                }

                destination[i] = Signed((long)magnitude * NormalWidth[strip], bits);
            }

            _bits.Take(i);
            destination = destination[i..];
            if (i < count || ready.IsEmpty)
            {
                // The output that did not fit under its strip is still there and gets the whole treatment.
                destination[0] = StandardNormal();
                destination = destination[1..];
            }
        }
    }

    /// <summary><c>standard_normal(dtype=np.float32)</c>.</summary>
    public float StandardNormalSingle()
    {
        while (true)
        {
            uint bits = _bits.NextUInt32();
            int strip = (byte)bits;
            uint magnitude = (bits >> 9) & NormalMaskSingle;
            float x = Signed(magnitude * NormalWidthSingle[strip], bits);
            if (magnitude < NormalEdgeSingle[strip])
            {
                return x;
            }

            if (strip == 0)
            {
                return NormalFromTail(magnitude);
            }

            float height = ((NormalHeightSingle[strip - 1] - NormalHeightSingle[strip]) * _bits.NextSingle())
                + NormalHeightSingle[strip];
            // The original takes the exponential in double precision here, though nothing else.
            if (height < Math.Exp(-0.5 * x * x))
            {
                return x;
            }
        }
    }

    /// <summary><c>standard_normal(size, dtype=np.float32)</c>.</summary>
    public void StandardNormal(Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> ready = _bits.ReadyHalves();
            int count = Math.Min(ready.Length, destination.Length);
            int i = 0;
            for (; i < count; i++)
            {
                uint bits = ready[i];
                int strip = (byte)bits;
                uint magnitude = (bits >> 9) & NormalMaskSingle;
                if (magnitude >= NormalEdgeSingle[strip])
                {
                    break;
                }

                destination[i] = Signed((int)magnitude * NormalWidthSingle[strip], bits);
            }

            _bits.TakeHalves(i);
            destination = destination[i..];
            if (i < count || ready.IsEmpty)
            {
                destination[0] = StandardNormalSingle();
                destination = destination[1..];
            }
        }
    }

    /// <summary><c>normal(loc, scale)</c>.</summary>
    /// <param name="loc">Mean.</param>
    /// <param name="scale">Standard deviation, 0 or more.</param>
    /// <exception cref="ReproTorchException">scale &lt; 0.</exception>
    public double Normal(double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        return loc + (scale * StandardNormal());
    }

    /// <summary><c>normal(loc, scale, size)</c>.</summary>
    /// <inheritdoc cref="Normal(double, double)"/>
    public void Normal(Span<double> destination, double loc = 0, double scale = 1)
    {
        NumpyGeneratorArgument.NonNegative(scale, "scale");
        StandardNormal(destination);
        foreach (ref double value in destination)
        {
            value = loc + (scale * value);
        }
    }

    /// <summary><c>lognormal(mean, sigma)</c>: the exponential of a normal value.</summary>
    /// <param name="mean">Mean of the logarithm.</param>
    /// <param name="sigma">Standard deviation of the logarithm, 0 or more.</param>
    /// <exception cref="ReproTorchException">sigma &lt; 0.</exception>
    public double Lognormal(double mean = 0, double sigma = 1)
    {
        NumpyGeneratorArgument.NonNegative(sigma, "sigma");
        return Math.Exp(mean + (sigma * StandardNormal()));
    }

    /// <summary><c>lognormal(mean, sigma, size)</c>.</summary>
    /// <inheritdoc cref="Lognormal(double, double)"/>
    public void Lognormal(Span<double> destination, double mean = 0, double sigma = 1)
    {
        NumpyGeneratorArgument.NonNegative(sigma, "sigma");
        StandardNormal(destination);
        foreach (ref double value in destination)
        {
            value = Math.Exp(mean + (sigma * value));
        }
    }

    // Bit 8 of the draw is the sign. Moved there without a branch, which would go wrong every second time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Signed(double x, ulong bits) =>
        BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(x) ^ ((bits << 55) & (1UL << 63)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Signed(float x, uint bits) =>
        BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(x) ^ ((bits << 23) & (1U << 31)));

    private double NormalFromTail(ulong magnitude)
    {
        while (true)
        {
            double x = -NormalTailInverse * CMath.Log1P(-_bits.NextDouble());
            double y = -CMath.Log1P(-_bits.NextDouble());
            if (y + y > x * x)
            {
                return ((magnitude >> 8) & 1) != 0 ? -(NormalTail + x) : NormalTail + x;
            }
        }
    }

    private float NormalFromTail(uint magnitude)
    {
        while (true)
        {
            float x = -(float)NormalTailInverse * CMath.Log1P(-_bits.NextSingle());
            float y = -CMath.Log1P(-_bits.NextSingle());
            if (y + y > x * x)
            {
                return ((magnitude >> 8) & 1) != 0 ? -((float)NormalTail + x) : (float)NormalTail + x;
            }
        }
    }
}
