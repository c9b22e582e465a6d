using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Vector = System.Runtime.Intrinsics.Vector512<double>;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// The full look at a block whose sides differ: differences, closeness, extremes and sums, eight elements at a time in float64. Whatever is
/// rare (a new greatest value, an infinity, an element at the border of tolerance) leaves the loop for a method of its own.
/// </summary>
[SuppressMessage("Style", "IDE0059", Justification = "Vectors that a real type does not use are still passed on.")]
internal static class ValuePass
{
    /// <summary>For a type with no imaginary part.</summary>
    public readonly struct Real : IParts
    {
        public static bool Imaginary => false;
    }

    /// <summary>For a complex type.</summary>
    public readonly struct Complex : IParts
    {
        public static bool Imaginary => true;
    }

    /// <summary>Whether elements have an imaginary part.</summary>
    public interface IParts
    {
        static abstract bool Imaginary { get; }
    }

    /// <summary>Takes a block in.</summary>
    /// <param name="block">The elements.</param>
    /// <param name="s">What is gathered.</param>
    /// <param name="magnitudes">Scratch: one number an element.</param>
    public static void Add<T, TParts>(in BlockPair block, ValueStatistics s, Span<double> magnitudes)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        ref byte r = ref Lanes.Start(block.Reference);
        ref byte d = ref Lanes.Start(block.Difference);
        ref byte ri = ref Lanes.Start(block.ReferenceImaginary);
        ref byte di = ref Lanes.Start(block.DifferenceImaginary);
        ref double store = ref MemoryMarshal.GetReference(magnitudes);

        Vector rtol = Vector512.Create(s.Tolerances.Relative);
        Vector atol = Vector512.Create(s.Tolerances.Absolute);
        Vector defaultAtol = Vector512.Create(s.DefaultAbsolute);
        Vector infinity = Vector512.Create(double.PositiveInfinity);
        Limits limits = new(s, T.IsInteger, T.IsInteger && T.Size == 8);

        Vector sumDifference = Vector.Zero;
        Vector sumAbsolute = Vector.Zero;
        Vector sumSquare = Vector.Zero;
        Vector sumReference = Vector.Zero;
        Vector sumOther = Vector.Zero;
        Vector sumProduct = Vector.Zero;
        Vector least = infinity;
        Vector greatest = Vector.Zero;
        int positiveCount = 0;

        for (nuint i = 0; i < (nuint)block.Count; i += Lanes.Count)
        {
            bool raised = false;
            Vector x = T.Load(in r, i);
            Vector y = T.Load(in d, i);
            Vector difference = T.Subtract(in r, in d, i, x, y);
            Vector xi = Vector.Zero;
            Vector yi = Vector.Zero;
            Vector differenceImaginary = Vector.Zero;
            Vector absolute;
            Vector size;
            if (TParts.Imaginary)
            {
                xi = T.Load(in ri, i);
                yi = T.Load(in di, i);
                differenceImaginary = yi - xi;
                absolute = Magnitude.Of(difference, differenceImaginary);
                size = Magnitude.Of(x, xi);
                if (block.First + (long)i + Lanes.Count > s.LeftOverFrom)
                {
                    absolute = Magnitude.LeftOver(difference, differenceImaginary, absolute, s.LeftOverFrom - block.First - (long)i);
                    size = Magnitude.LeftOver(x, xi, size, s.LeftOverFrom - block.First - (long)i);
                }
            }
            else
            {
                absolute = Vector512.Abs(difference);
                size = Vector512.Abs(x);
            }

            if (!T.IsInteger && !Vector512.LessThanAll(absolute, infinity))
            {
                Vector keep = ValuePassRare.NotFinite<TParts>(s, block.First + (long)i, x, xi, y, yi, absolute, size);
                x &= keep;
                y &= keep;
                xi &= keep;
                yi &= keep;
                difference &= keep;
                differenceImaginary &= keep;
                absolute &= keep;
                size &= keep;
                raised = true;
            }

            sumDifference += difference;
            sumAbsolute += absolute;
            sumSquare += difference * difference;
            sumReference += x * x;
            sumOther += y * y;
            sumProduct += x * y;
            if (TParts.Imaginary)
            {
                sumSquare += differenceImaginary * differenceImaginary;
                sumReference += xi * xi;
                sumOther += yi * yi;
                sumProduct += xi * yi;
            }

            Vector512.StoreUnsafe(absolute, ref store, i);
            Vector positive = Vector512.GreaterThan(absolute, Vector.Zero);
            positiveCount += BitOperations.PopCount(positive.ExtractMostSignificantBits());
            greatest = Vector512.MaxNative(greatest, absolute);
            least = Vector512.MinNative(least, Vector512.ConditionalSelect(positive, absolute, infinity));

            // Closeness of integers works in float32: what tolerance an element needs is told by that difference.
            Vector scale = size;
            Vector needed = absolute;
            if (T.IsInteger)
            {
                scale = Vector512.Abs(Lanes.RoundToSingle(x));
                needed = Vector512.Abs(Lanes.RoundToSingle(Lanes.RoundToSingle(y) - Lanes.RoundToSingle(x)));
            }

            // A quotient is divided out only where a product says that it may be a new greatest one.
            Vector excess = needed - defaultAtol;
            Vector hot = Vector512.GreaterThan(absolute, limits.Absolute);
            if ((positive & Vector512.GreaterThanOrEqual(absolute, limits.Relative * size)) != Vector.Zero)
            {
                hot |= Vector512.GreaterThan(absolute / size, limits.Relative);
            }

            if ((Vector512.GreaterThan(excess, Vector.Zero) & Vector512.GreaterThanOrEqual(excess, limits.NeededRelative * scale)) != Vector.Zero)
            {
                hot |= Vector512.GreaterThan(excess / scale, limits.NeededRelative);
            }

            if (T.IsInteger)
            {
                hot |= Vector512.GreaterThan(needed, limits.NeededAbsolute);
            }

            if (hot != Vector.Zero)
            {
                ValuePassRare.Raise(s, block.First + (long)i, absolute, size, needed, excess, scale);
                raised = true;
            }

            Vector allowed = (size * rtol) + atol;
            Vector mismatched = Vector512.AndNot(positive, Vector512.LessThanOrEqual(absolute, allowed));
            if (s.Rule is not null)
            {
                Vector margin = (size * Vector512.Create(s.Rule.SizeMargin)) + ((absolute + allowed) * Vector512.Create(s.Rule.Margin))
                    + Vector512.Create(s.Rule.Tiny);
                Vector undecided = positive & (Vector512.LessThanOrEqual(Vector512.Abs(absolute - allowed), margin)
                    | Vector512.GreaterThan(Vector512.MaxNative(absolute, allowed), Vector512.Create(s.Rule.Huge)));
                if (undecided != Vector.Zero)
                {
                    mismatched = ValuePassRare.ByRule<T, TParts>(s, in block, i, mismatched, undecided);
                }
            }

            uint mismatchedLanes = (uint)mismatched.ExtractMostSignificantBits();
            if (mismatchedLanes != 0)
            {
                s.Mismatched += BitOperations.PopCount(mismatchedLanes);
                Vector telling = Vector512.GreaterThan(absolute, limits.MessageAbsolute);
                if ((mismatched & Vector512.GreaterThanOrEqual(absolute, limits.MessageRelative * size)) != Vector.Zero)
                {
                    Vector quotient = T.IsInteger
                        ? Lanes.RoundToSingle(Lanes.RoundToSingle(absolute) / scale)
                        : absolute / size;
                    telling |= Vector512.GreaterThan(quotient, limits.MessageRelativeFloor);
                }

                telling &= mismatched;
                if (TParts.Imaginary && T.Size == sizeof(double))
                {
                    telling |= mismatched & (Magnitude.OutOfRange(absolute) | Magnitude.OutOfRange(size));
                }

                if (telling != Vector.Zero || s.FirstMismatched.Count < s.Keep)
                {
                    ValuePassRare.Tell<T, TParts>(s, in block, i, mismatchedLanes, absolute, size);
                    raised = true;
                }
            }

            // Only now: lanes of one vector are not taken in in their order.
            if (raised)
            {
                limits = new(s, T.IsInteger, T.IsInteger && T.Size == 8);
            }
        }

        s.Difference.Add(Lanes.Sum(sumDifference));
        s.AbsoluteDifference.Add(Lanes.Sum(sumAbsolute));
        s.SquaredDifference.Add(Lanes.Sum(sumSquare));
        s.SquaredReference.Add(Lanes.Sum(sumReference));
        s.SquaredOther.Add(Lanes.Sum(sumOther));
        s.Product.Add(Lanes.Sum(sumProduct));
        s.Apart += positiveCount;
        s.Decades.Add(magnitudes[..block.Count], positiveCount, Lanes.Least(least), Lanes.Greatest(greatest));
    }

    /// <summary>The extremes so far, one in all lanes, that the loop holds new elements against.</summary>
    private readonly struct Limits(ValueStatistics s, bool integer, bool wide)
    {
        // PyTorch's quotients of integers are float32, and the loop's conversions of wide ones are rounded twice: their limits stand
        // a little lower, and the exact ones are looked at lane by lane.
        private static readonly double s_singleSlack = 1 - Math.ScaleB(1, -22);
        private static readonly double s_exactIntegers = Math.ScaleB(1, 53);

        public readonly Vector Absolute = Vector512.Create(s.Absolute.Value);
        public readonly Vector Relative = Vector512.Create(s.Relative.Value);
        public readonly Vector NeededRelative = Vector512.Create(s.NeededRelative);
        public readonly Vector NeededAbsolute = Vector512.Create(s.NeededAbsolute);
        public readonly Vector MessageAbsolute = Vector512.Create(
            wide && s.MessageAbsolute.Value >= s_exactIntegers ? Math.BitDecrement(s.MessageAbsolute.Value) : s.MessageAbsolute.Value);

        public readonly Vector MessageRelative = Vector512.Create(s.MessageRelative.Value * (integer ? s_singleSlack : 1));
        public readonly Vector MessageRelativeFloor = Vector512.Create(s.MessageRelative.Value * (wide ? s_singleSlack : 1));
    }
}
