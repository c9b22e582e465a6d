using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Vector = System.Runtime.Intrinsics.Vector512<double>;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// The slower look at a block in which something is not ordinary: a new greatest value, an infinity, an element at the border of tolerance.
/// It goes vector by vector, in order, and leaves its loop for <see cref="CarefulLanes"/> wherever it must.
/// </summary>
internal static class CarefulPass
{
    /// <summary>Takes a block in.</summary>
    /// <param name="block">The elements.</param>
    /// <param name="s">What is gathered.</param>
    /// <param name="magnitudes">Scratch: one number an element.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        Limits limits = Limits.Of<T>(s);

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
                Vector keep = CarefulLanes.NotFinite<TParts>(s, block.First + (long)i, x, xi, y, yi, absolute, size);
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
            Vector hot = Vector512.GreaterThan(absolute, limits.Absolute);
            if ((positive & Vector512.GreaterThanOrEqual(absolute, limits.Relative * size)) != Vector.Zero)
            {
                hot |= Vector512.GreaterThan(absolute / size, limits.Relative);
            }

            hot |= Vector512.GreaterThan(needed, (limits.NeededRelative * scale) + defaultAtol);
            if (T.IsInteger)
            {
                hot |= Vector512.GreaterThan(needed, limits.NeededAbsolute);
            }

            if (hot != Vector.Zero)
            {
                CarefulLanes.Raise(s, block.First + (long)i, absolute, size, needed, scale);
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
                    mismatched = CarefulLanes.ByRule<T, TParts>(s, in block, i, mismatched, undecided);
                }
            }

            uint mismatchedLanes = (uint)mismatched.ExtractMostSignificantBits();
            if (mismatchedLanes != 0)
            {
                s.Mismatched += BitOperations.PopCount(mismatchedLanes);
                Vector told = T.Told(in r, in d, i, absolute);
                Vector telling = Vector512.GreaterThan(told, limits.MessageAbsolute);
                if ((mismatched & Vector512.GreaterThanOrEqual(told, limits.MessageRelative * size)) != Vector.Zero)
                {
                    Vector quotient = T.IsInteger
                        ? Lanes.RoundToSingle(Lanes.RoundToSingle(told) / scale)
                        : told / size;
                    telling |= Vector512.GreaterThan(quotient, limits.MessageQuotient);
                }

                // What wrapped tells where torch.max's 0 is not.
                telling |= T.IsInteger && T.Size == sizeof(long) ? Vector512.LessThan(told, Vector.Zero) : Vector.Zero;
                telling &= mismatched;
                if (TParts.Imaginary && T.Size == sizeof(double))
                {
                    telling |= mismatched & (Magnitude.OutOfRange(difference, differenceImaginary, absolute) | Magnitude.OutOfRange(x, xi, size));
                }

                if (telling != Vector.Zero || s.FirstMismatched.Count < s.Keep)
                {
                    CarefulLanes.Tell<T, TParts>(s, in block, i, mismatchedLanes, absolute, size);
                    raised = true;
                }
            }

            // Only now: lanes of one vector are not taken in in their order.
            if (raised)
            {
                limits = Limits.Of<T>(s);
            }
        }

        BlockSums sums = new()
        {
            Difference = Lanes.Sum(sumDifference),
            Absolute = Lanes.Sum(sumAbsolute),
            SquaredDifference = Lanes.Sum(sumSquare),
            SquaredReference = Lanes.Sum(sumReference),
            SquaredOther = Lanes.Sum(sumOther),
            Product = Lanes.Sum(sumProduct),
            Positive = positiveCount,
            Greatest = Lanes.Greatest(greatest),
            Least = Lanes.Least(least, positiveCount > 0),
        };
        s.Add(sums, magnitudes[..block.Count]);
    }
}
