using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Vector = System.Runtime.Intrinsics.Vector512<double>;

namespace ReproTorch.Comparison.Kernels;

/// <summary>What <see cref="CarefulPass"/> leaves its loop for. Each takes one vector and goes lane by lane where it must.</summary>
internal static class CarefulLanes
{
    /// <summary>Takes in the lanes in which a side, or the difference, is not finite.</summary>
    /// <returns>A mask of the lanes that are finite and go on through the loop.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector NotFinite<TParts>(
        ValueStatistics s, long first, Vector x, Vector xi, Vector y, Vector yi, Vector absolute, Vector size)
        where TParts : struct, IParts
    {
        Vector infinity = Vector512.Create(double.PositiveInfinity);
        Vector nanX = Vector512.IsNaN(x);
        Vector nanY = Vector512.IsNaN(y);
        Vector infiniteX = Vector512.Equals(Vector512.Abs(x), infinity);
        Vector infiniteY = Vector512.Equals(Vector512.Abs(y), infinity);
        Vector same = Vector512.Equals(x, y);
        if (TParts.Imaginary)
        {
            // One NaN part makes a complex number NaN.
            nanX |= Vector512.IsNaN(xi);
            nanY |= Vector512.IsNaN(yi);
            infiniteX = Vector512.AndNot(infiniteX | Vector512.Equals(Vector512.Abs(xi), infinity), nanX);
            infiniteY = Vector512.AndNot(infiniteY | Vector512.Equals(Vector512.Abs(yi), infinity), nanY);
            same &= Vector512.Equals(xi, yi);
        }

        Vector special = nanX | nanY | infiniteX | infiniteY;
        uint both = Bits(nanX & nanY);
        uint one = Bits(nanX ^ nanY);
        uint infinitelyApart = Bits(Vector512.AndNot(infiniteX | infiniteY, same)) & ~(both | one);
        uint overflown = Bits(Vector512.AndNot(Vector512.Equals(absolute, infinity), special));
        s.NaNReference += Count(nanX);
        s.NaNDifference += Count(nanY);
        s.InfiniteReference += Count(infiniteX);
        s.InfiniteDifference += Count(infiniteY);
        s.NotFinite += Count(special);
        s.NaNOnBothSides += BitOperations.PopCount(both);
        s.NaNOnOneSide += BitOperations.PopCount(one);
        s.InfinitelyApart += BitOperations.PopCount(infinitelyApart | overflown);
        if (overflown != 0)
        {
            s.AbsoluteDifference.Add(double.PositiveInfinity);
            s.SquaredDifference.Add(double.PositiveInfinity);
            s.Difference.Add(double.NaN);
        }

        // Nothing infinitely far off is close, whatever the tolerance.
        uint mismatched = one | infinitelyApart | overflown | (s.EqualNaN ? 0 : both);
        s.Mismatched += BitOperations.PopCount(mismatched);
        bool settled = double.IsNaN(s.Absolute.Value) && double.IsNaN(s.Relative.Value)
            && double.IsNaN(s.MessageAbsolute.Value) && double.IsNaN(s.MessageRelative.Value) && s.FirstMismatched.Count >= s.Keep;
        for (uint left = settled ? 0 : mismatched; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            long index = first + lane;
            double apart = absolute[lane];
            double relative = apart / size[lane];
            if (TParts.Imaginary)
            {
                TellComplex(s, index, x[lane], xi[lane], y[lane], yi[lane]);
            }
            else
            {
                s.MessageAbsolute.Consider(apart, index);
                s.MessageRelative.Consider(relative, index);
            }

            Keep(s, index);
            if ((both >> lane & 1) == 0)
            {
                s.Absolute.Consider(apart, index);
                s.Relative.Consider(relative, index);
            }
        }

        return Vector512.OnesComplement(special | Vector512.Equals(absolute, infinity));
    }

    /// <summary>Takes in a vector that has a new greatest difference of some kind.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Raise(ValueStatistics s, long first, Vector absolute, Vector size, Vector needed, Vector scale)
    {
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            if (absolute[lane] > 0)
            {
                s.Absolute.Consider(absolute[lane], first + lane);
                s.Relative.Consider(absolute[lane] / size[lane], first + lane);
            }

            s.NeededAbsolute = Math.Max(s.NeededAbsolute, needed[lane]);
            s.NeedRelative(needed[lane], scale[lane]);
        }
    }

    /// <summary>Decides the lanes that lie near the border of tolerance by the rule's own arithmetic.</summary>
    /// <returns>The mask of mismatched lanes.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector ByRule<T, TParts>(ValueStatistics s, in BlockPair block, nuint i, Vector mismatched, Vector undecided)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        ref byte r = ref Lanes.Start(block.Reference);
        ref byte d = ref Lanes.Start(block.Difference);
        ref byte ri = ref Lanes.Start(block.ReferenceImaginary);
        ref byte di = ref Lanes.Start(block.DifferenceImaginary);
        Vector512<ulong> decided = mismatched.AsUInt64();
        for (uint left = Bits(undecided); left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            nuint at = i + (nuint)lane;
            long index = block.First + (long)at;
            double x = T.Scalar(in r, at);
            double y = T.Scalar(in d, at);
            bool close = s.Rule!.IsClose(new ElementPair
            {
                Reference = x,
                ReferenceImaginary = TParts.Imaginary ? T.Scalar(in ri, at) : 0,
                Difference = y,
                DifferenceImaginary = TParts.Imaginary ? T.Scalar(in di, at) : 0,
                ReferenceSingle = T.Single(in r, at, x),
                DifferenceSingle = T.Single(in d, at, y),
                LeftOver = index >= s.LeftOverFrom,
                LeftOverSingle = index >= s.LeftOverSingleFrom,
            });
            decided = decided.WithElement(lane, close ? 0 : ulong.MaxValue);
        }

        return decided.AsDouble();
    }

    /// <summary>Takes mismatched lanes into what the message tells.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Tell<T, TParts>(ValueStatistics s, in BlockPair block, nuint i, uint mismatched, Vector absolute, Vector size)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        for (uint left = mismatched; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            nuint at = i + (nuint)lane;
            long index = block.First + (long)at;
            if (T.IsInteger)
            {
                TellInteger<T>(s, in block, at, index, absolute[lane]);
            }
            else if (TParts.Imaginary)
            {
                double re = T.Scalar(in Lanes.Start(block.Reference), at);
                double im = T.Scalar(in Lanes.Start(block.ReferenceImaginary), at);
                double otherRe = T.Scalar(in Lanes.Start(block.Difference), at);
                double otherIm = T.Scalar(in Lanes.Start(block.DifferenceImaginary), at);
                TellComplex(s, index, re, im, otherRe, otherIm);
            }
            else
            {
                s.MessageAbsolute.Consider(absolute[lane], index);
                s.MessageRelative.Consider(absolute[lane] / size[lane], index);
            }

            Keep(s, index);
        }
    }

    /// <summary>PyTorch subtracts complex numbers by adding -1 times the second: with an infinite part that gives NaN in the other.</summary>
    private static void TellComplex(ValueStatistics s, long index, double re, double im, double otherRe, double otherIm)
    {
        bool leftOver = index >= s.LeftOverFrom;
        double apart = Magnitude.Of(otherRe + ((-1 * re) - (0 * im)), otherIm + ((-1 * im) + (0 * re)), leftOver);
        s.MessageAbsolute.Consider(apart, index);
        s.MessageRelative.Consider(apart / Magnitude.Of(re, im, leftOver), index);
    }

    /// <summary>PyTorch subtracts as int64, which may wrap, and divides as float32.</summary>
    private static void TellInteger<T>(ValueStatistics s, in BlockPair block, nuint at, long index, double absolute)
        where T : struct, IElement
    {
        ref byte r = ref Lanes.Start(block.Reference);
        ref byte d = ref Lanes.Start(block.Difference);
        Int128 apart = (Int128)absolute;
        float size = MathF.Abs(T.Single(in r, at, T.Scalar(in r, at)));
        if (typeof(T) == typeof(Int64))
        {
            long difference = unchecked(Lanes.At<long>(in d, at) - Lanes.At<long>(in r, at));
            apart = unchecked(difference < 0 ? -difference : difference);
            long reference = Lanes.At<long>(in r, at);
            size = unchecked(reference < 0 ? -reference : reference);
        }
        else if (typeof(T) == typeof(UInt64))
        {
            apart = Int128.Abs((Int128)Lanes.At<ulong>(in d, at) - Lanes.At<ulong>(in r, at));
        }

        if (apart > s.MessageInteger)
        {
            s.MessageInteger = apart;
            s.MessageAbsolute = new Extreme((double)apart, index);
        }

        // What wrapped below 0 is less than the 0 of elements that match.
        float relative = (float)apart / size;
        s.MessageRelative.Consider(relative, index);
        s.AbsoluteZeroAt += apart < 0 && index == s.AbsoluteZeroAt ? 1 : 0;
        s.RelativeZeroAt += relative < 0 && index == s.RelativeZeroAt ? 1 : 0;
    }

    private static void Keep(ValueStatistics s, long index)
    {
        if (s.FirstMismatched.Count < s.Keep)
        {
            s.FirstMismatched.Add(index);
        }
    }

    private static uint Bits(Vector mask) => (uint)mask.ExtractMostSignificantBits();

    private static int Count(Vector mask) => BitOperations.PopCount(Bits(mask));
}
