using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Vector = System.Runtime.Intrinsics.Vector512<double>;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// The full look at a block whose sides differ. Short loops without calls or branches, so that all sums stay in registers: they add up what
/// every block adds, and find out whether anything in the block is not ordinary. If so, nothing of that is kept, and
/// <see cref="CarefulPass"/> takes the block; that gets rare as a comparison goes on.
/// </summary>
internal static class ValuePass
{
    /// <summary>Takes a block in.</summary>
    /// <param name="block">The elements.</param>
    /// <param name="s">What is gathered.</param>
    /// <param name="magnitudes">Scratch: one number an element.</param>
    public static void Add<T, TParts>(in BlockPair block, ValueStatistics s, Span<double> magnitudes)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        magnitudes = magnitudes[..block.Count];
        if (!TryAdd<T, TParts>(block, s, magnitudes))
        {
            CarefulPass.Add<T, TParts>(block, s, magnitudes);
        }
    }

    private static bool TryAdd<T, TParts>(in BlockPair block, ValueStatistics s, Span<double> magnitudes)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        // The elements that PyTorch's loops leave over are the last ones.
        if (TParts.Imaginary && block.First + block.Count > s.LeftOverFrom)
        {
            return false;
        }

        // Neighbouring blocks are alike: whether closeness has to be looked at, and which powers of ten to count, is guessed from the last.
        bool judge = T.IsInteger || s.Rule is not null || s.JudgeNext;
        BlockSums sums = judge
            ? Sum<T, TParts, Judging>(block, s, magnitudes)
            : Sum<T, TParts, NotJudging>(block, s, magnitudes);

        // A NaN or infinity anywhere ends up in the sum.
        if (!double.IsFinite(sums.Absolute) || sums.Greatest > s.Absolute.Value || (sums.Found & (Found.Range | Found.Element)) != 0)
        {
            return false;
        }

        bool beyond = sums.Greatest > Math.Min(s.Tolerances.Absolute, s.DefaultAbsolute);
        s.JudgeNext = beyond;
        if (beyond && !judge)
        {
            return false;
        }

        if ((sums.Mismatched > 0 && s.FirstMismatched.Count < s.Keep)
            || ((sums.Found & Found.Relative) != 0 && AnyQuotientAbove<T, TParts>(block, magnitudes, s.Relative.Value))
            || ((sums.Found & Found.ToldRelative) != 0 && AnyToldQuotientAbove<T, TParts>(block, s, magnitudes)))
        {
            return false;
        }

        s.Add(sums, magnitudes);
        return true;
    }

    /// <summary>Differences, sums, and closeness where it has to be looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static BlockSums Sum<T, TParts, TJudging>(in BlockPair block, ValueStatistics s, Span<double> magnitudes)
        where T : struct, IElement
        where TParts : struct, IParts
        where TJudging : struct, IJudging
    {
        ref byte r = ref Lanes.Start(block.Reference);
        ref byte d = ref Lanes.Start(block.Difference);
        ref byte ri = ref Lanes.Start(block.ReferenceImaginary);
        ref byte di = ref Lanes.Start(block.DifferenceImaginary);
        ref double store = ref MemoryMarshal.GetReference(magnitudes);
        nuint count = (nuint)magnitudes.Length;
        Limits limits = Limits.Of<T>(s);
        Vector relative = limits.Relative;
        Vector neededRelative = limits.NeededRelative;
        Vector neededAbsolute = limits.NeededAbsolute;
        Vector messageAbsolute = limits.MessageAbsolute;
        Vector messageRelative = limits.MessageRelative;
        Vector rtol = Vector512.Create(s.Tolerances.Relative);
        Vector atol = Vector512.Create(s.Tolerances.Absolute);
        Vector defaultAtol = Vector512.Create(s.DefaultAbsolute);
        bool hasRule = s.Rule is not null;
        Vector sizeMargin = Vector512.Create(s.Rule?.SizeMargin ?? 0);
        Vector margin = Vector512.Create(s.Rule?.Margin ?? 0);
        Vector tiny = Vector512.Create(s.Rule?.Tiny ?? 0);
        Vector huge = Vector512.Create(s.Rule?.Huge ?? double.MaxValue);
        Vector power1 = Vector512.Create(s.Decades.Guess(1));
        Vector power2 = Vector512.Create(s.Decades.Guess(2));
        Vector power3 = Vector512.Create(s.Decades.Guess(3));
        Vector power4 = Vector512.Create(s.Decades.Guess(4));

        Vector sumDifference = Vector.Zero;
        Vector sumAbsolute = Vector.Zero;
        Vector sumSquare = Vector.Zero;
        Vector sumReference = Vector.Zero;
        Vector sumOther = Vector.Zero;
        Vector sumProduct = Vector.Zero;
        Vector greatest = Vector.Zero;
        Vector512<ulong> least = Vector512<ulong>.AllBitsSet;
        int positiveCount = 0;
        int reach1 = 0;
        int reach2 = 0;
        int reach3 = 0;
        int reach4 = 0;
        int mismatched = 0;
        uint relativeLanes = 0;
        uint rangeLanes = 0;
        uint elementLanes = 0;
        uint toldLanes = 0;
        for (nuint i = 0; i < count; i += Lanes.Count)
        {
            Vector x = T.Load(in r, i);
            Vector y = T.Load(in d, i);
            Vector difference = T.Subtract(in r, in d, i, x, y);
            Vector absolute;
            Vector size;
            sumDifference += difference;
            if (TParts.Imaginary)
            {
                Vector xi = T.Load(in ri, i);
                Vector yi = T.Load(in di, i);
                Vector differenceImaginary = yi - xi;
                absolute = Vector512.Sqrt((difference * difference) + (differenceImaginary * differenceImaginary));
                size = Vector512.Sqrt((x * x) + (xi * xi));
                sumSquare = (sumSquare + (difference * difference)) + (differenceImaginary * differenceImaginary);
                sumReference = (sumReference + (x * x)) + (xi * xi);
                sumOther = (sumOther + (y * y)) + (yi * yi);
                sumProduct = (sumProduct + (x * y)) + (xi * yi);
                if (T.Size == sizeof(double))
                {
                    rangeLanes |= (uint)(Magnitude.OutOfRange(difference, differenceImaginary, absolute)
                        | Magnitude.OutOfRange(x, xi, size)).ExtractMostSignificantBits();
                }
            }
            else
            {
                absolute = Vector512.Abs(difference);
                size = Vector512.Abs(x);
                sumSquare += difference * difference;
                sumReference = Lanes.AddProduct<T>(x, x, sumReference);
                sumOther = Lanes.AddProduct<T>(y, y, sumOther);
                sumProduct = Lanes.AddProduct<T>(x, y, sumProduct);
            }

            sumAbsolute += absolute;
            Vector512.StoreUnsafe(absolute, ref store, i);
            Lanes.Prefetch(in r, (i + count) * (nuint)T.Size);
            Lanes.Prefetch(in d, (i + count) * (nuint)T.Size);
            uint positive = (uint) Vector512.GreaterThan(absolute, Vector.Zero).ExtractMostSignificantBits();
            positiveCount += BitOperations.PopCount(positive);
            reach1 += BitOperations.PopCount((uint)Vector512.GreaterThanOrEqual(absolute, power1).ExtractMostSignificantBits());
            reach2 += BitOperations.PopCount((uint)Vector512.GreaterThanOrEqual(absolute, power2).ExtractMostSignificantBits());
            reach3 += BitOperations.PopCount((uint)Vector512.GreaterThanOrEqual(absolute, power3).ExtractMostSignificantBits());
            reach4 += BitOperations.PopCount((uint)Vector512.GreaterThanOrEqual(absolute, power4).ExtractMostSignificantBits());
            greatest = Vector512.MaxNative(greatest, absolute);

            // As integers, positive numbers keep their order, and 0 less 1 is out of the way.
            least = Vector512.Min(least, absolute.AsUInt64() - Vector512<ulong>.One);
            relativeLanes |= positive & (uint)Vector512.GreaterThanOrEqual(absolute, relative * size).ExtractMostSignificantBits();
            if (!TJudging.Judges)
            {
                continue;
            }

            Vector allowed = (size * rtol) + atol;
            uint beyond = positive & ~(uint)Vector512.LessThanOrEqual(absolute, allowed).ExtractMostSignificantBits();
            mismatched += BitOperations.PopCount(beyond);
            if (T.IsInteger)
            {
                Vector single = Lanes.RoundToSingle(x);
                Vector needed = Vector512.Abs(Lanes.RoundToSingle(Lanes.RoundToSingle(y) - single));
                elementLanes |= (uint)(Vector512.GreaterThan(needed, (neededRelative * Vector512.Abs(single)) + defaultAtol)
                    | Vector512.GreaterThan(needed, neededAbsolute)).ExtractMostSignificantBits();
            }
            else
            {
                elementLanes |= (uint)Vector512.GreaterThan(absolute, (neededRelative * size) + defaultAtol).ExtractMostSignificantBits();
            }

            if (hasRule)
            {
                Vector near = (size * sizeMargin) + ((absolute + allowed) * margin) + tiny;
                elementLanes |= positive & (uint)(Vector512.LessThanOrEqual(Vector512.Abs(absolute - allowed), near)
                    | Vector512.GreaterThan(Vector512.MaxNative(absolute, allowed), huge)).ExtractMostSignificantBits();
            }

            Vector told = T.Told(in r, in d, i, absolute);
            elementLanes |= beyond & (uint)Vector512.GreaterThan(told, messageAbsolute).ExtractMostSignificantBits();
            elementLanes |= T.IsInteger && T.Size == sizeof(long)
                ? beyond & (uint)Vector512.LessThan(told, Vector.Zero).ExtractMostSignificantBits() : 0;
            toldLanes |= beyond & (uint)Vector512.GreaterThanOrEqual(told, messageRelative * size).ExtractMostSignificantBits();
        }

        return new BlockSums
        {
            Difference = Lanes.Sum(sumDifference),
            Absolute = Lanes.Sum(sumAbsolute),
            SquaredDifference = Lanes.Sum(sumSquare),
            SquaredReference = Lanes.Sum(sumReference),
            SquaredOther = Lanes.Sum(sumOther),
            Product = Lanes.Sum(sumProduct),
            Positive = positiveCount,
            Greatest = Lanes.Greatest(greatest),
            Least = Lanes.Least((least + Vector512<ulong>.One).AsDouble(), positiveCount > 0),
            Mismatched = mismatched,
            Guessed = new GuessedDecades(reach1, reach2, reach3, reach4),
            Found = (relativeLanes != 0 ? Found.Relative : 0) | (rangeLanes != 0 ? Found.Range : 0)
                | (elementLanes != 0 ? Found.Element : 0) | (toldLanes != 0 ? Found.ToldRelative : 0),
        };
    }

    /// <summary>Whether a relative difference passes the greatest so far.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AnyQuotientAbove<T, TParts>(in BlockPair block, ReadOnlySpan<double> magnitudes, double limit)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        ref byte r = ref Lanes.Start(block.Reference);
        ref byte ri = ref Lanes.Start(block.ReferenceImaginary);
        ref double absolutes = ref MemoryMarshal.GetReference(magnitudes);
        Vector above = Vector512.Create(limit);
        Vector found = Vector.Zero;
        for (nuint i = 0; i < (nuint)magnitudes.Length; i += Lanes.Count)
        {
            Vector x = T.Load(in r, i);
            Vector size = Vector512.Abs(x);
            if (TParts.Imaginary)
            {
                Vector xi = T.Load(in ri, i);
                size = Vector512.Sqrt((x * x) + (xi * xi));
            }

            found |= Vector512.GreaterThan(Vector512.LoadUnsafe(ref absolutes, i) / size, above);
        }

        return found.ExtractMostSignificantBits() != 0;
    }

    /// <summary>The same for mismatched elements, with the quotients that the message tells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AnyToldQuotientAbove<T, TParts>(in BlockPair block, ValueStatistics s, ReadOnlySpan<double> magnitudes)
        where T : struct, IElement
        where TParts : struct, IParts
    {
        ref byte r = ref Lanes.Start(block.Reference);
        ref byte d = ref Lanes.Start(block.Difference);
        ref byte ri = ref Lanes.Start(block.ReferenceImaginary);
        ref double absolutes = ref MemoryMarshal.GetReference(magnitudes);
        Vector above = Limits.Of<T>(s).MessageQuotient;
        Vector rtol = Vector512.Create(s.Tolerances.Relative);
        Vector atol = Vector512.Create(s.Tolerances.Absolute);
        ulong found = 0;
        for (nuint i = 0; i < (nuint)magnitudes.Length; i += Lanes.Count)
        {
            Vector absolute = Vector512.LoadUnsafe(ref absolutes, i);
            Vector x = T.Load(in r, i);
            Vector size = Vector512.Abs(x);
            if (TParts.Imaginary)
            {
                Vector xi = T.Load(in ri, i);
                size = Vector512.Sqrt((x * x) + (xi * xi));
            }

            Vector told = T.Told(in r, in d, i, absolute);
            Vector quotient = T.IsInteger
                ? Lanes.RoundToSingle(Lanes.RoundToSingle(told) / Vector512.Abs(Lanes.RoundToSingle(x)))
                : told / size;
            found |= Vector512.GreaterThan(quotient, above).ExtractMostSignificantBits()
                & ~Vector512.LessThanOrEqual(absolute, (size * rtol) + atol).ExtractMostSignificantBits();
        }

        return found != 0;
    }
}

/// <summary>Whether a loop looks at closeness.</summary>
internal interface IJudging
{
    static abstract bool Judges { get; }
}

/// <summary>It does.</summary>
internal readonly struct Judging : IJudging
{
    public static bool Judges => true;
}

/// <summary>It does not: all differences are below any tolerance.</summary>
internal readonly struct NotJudging : IJudging
{
    public static bool Judges => false;
}
