namespace ReproTorch.Observation;

/// <summary>
/// Aligns two sequences of operators: the pairs that belong together, and those that only one side has. The common beginning and
/// end are paired at once; the rest by a global alignment (S. B. Needleman, C. D. Wunsch, J. Mol. Biol. 48, 1970) that prefers the same operator on the
/// same types at the same script line (<see cref="ScriptLines"/>), and of what is as good the same bits. Only a band around the diagonal is calculated, widened until no path that leaves it can be as good
/// (E. Ukkonen, Inf. Control 64, 1985): what it costs hangs on how much differs, not on the product of the lengths.
/// </summary>
internal static class OperatorAligner
{
    // All bands together: seconds, and 128 MiB of steps at most. Between two levels a comparison takes longer.
    private const long MaxCells = 1L << 29;
    private const long MaxCellsBetweenLevels = 1L << 26;

    /// <summary>The pairs, in order; null where a side has nothing.</summary>
    /// <param name="reference">One sequence.</param>
    /// <param name="difference">The other.</param>
    /// <param name="sameLevel">False where one is a trace from Python, the other from here: script lines do not tell their operators apart,
    /// nor do arguments that one side leaves to their default.</param>
    /// <param name="bits">What of the bits is compared too; both sides have it.</param>
    public static List<(OperatorRecord? Reference, OperatorRecord? Difference)> Align(
        IReadOnlyList<OperatorRecord> reference, IReadOnlyList<OperatorRecord> difference, bool sameLevel = true, OperatorBits bits = OperatorBits.None) =>
        Align(reference, difference, sameLevel, bits, out _);

    /// <inheritdoc cref="Align(IReadOnlyList{OperatorRecord}, IReadOnlyList{OperatorRecord}, bool, OperatorBits)"/>
    /// <param name="proven">Whether no other alignment is better; false where too much differs to find that out.</param>
    public static List<(OperatorRecord? Reference, OperatorRecord? Difference)> Align(
        IReadOnlyList<OperatorRecord> reference, IReadOnlyList<OperatorRecord> difference, bool sameLevel, OperatorBits bits, out bool proven)
    {
        var keys = new OperatorKeys(sameLevel, bits);
        (OperatorKey[] a, OperatorKey[] b) = keys.Of(reference, difference);
        var pairs = new List<(OperatorRecord?, OperatorRecord?)>(Math.Max(a.Length, b.Length));
        int i = 0;
        int j = 0;
        foreach (Step step in Cheapest(keys, a, b, sameLevel ? MaxCells : MaxCellsBetweenLevels, out proven))
        {
            pairs.Add((step is Step.OnlyDifference ? null : reference[i++], step is Step.OnlyReference ? null : difference[j++]));
        }

        return pairs;
    }

    // What ran tells fast, and mostly all: where the bits then agree as often as they can, no other alignment is better.
    private static List<Step> Cheapest(OperatorKeys keys, OperatorKey[] a, OperatorKey[] b, long maxCells, out bool proven)
    {
        List<Step> steps = Steps(keys, WithoutBits(a), WithoutBits(b), maxCells, out proven);
        long cost = Cost(keys, a, b, steps);
        if (!proven || !keys.HaveBits || cost == keys.LowerBound(a, b)(Math.Abs(a.Length - b.Length)))
        {
            return steps;
        }

        List<Step> other = Steps(keys, a, b, maxCells, out proven);
        return proven || Cost(keys, a, b, other) < cost ? other : steps;
    }

    private static OperatorKey[] WithoutBits(OperatorKey[] keys) => Array.ConvertAll(keys, key => key with { Bits = 0 });

    private static long Cost(OperatorKeys keys, OperatorKey[] a, OperatorKey[] b, List<Step> steps)
    {
        long cost = 0;
        int i = 0;
        int j = 0;
        foreach (Step step in steps)
        {
            cost += step is Step.Pair ? keys.Cost(a[i], b[j]) : OperatorKeys.GapCost;
            i += step is Step.OnlyDifference ? 0 : 1;
            j += step is Step.OnlyReference ? 0 : 1;
        }

        return cost;
    }

    private static List<Step> Steps(OperatorKeys keys, OperatorKey[] a, OperatorKey[] b, long maxCells, out bool proven)
    {
        int shorter = Math.Min(a.Length, b.Length);
        int start = 0;
        while (start < shorter && keys.Cost(a[start], b[start]) == 0)
        {
            start++;
        }

        int end = 0;
        while (end < shorter - start && keys.Cost(a[^(end + 1)], b[^(end + 1)]) == 0)
        {
            end++;
        }

        var band = new OperatorBand(keys, a.AsMemory(start..^end), b.AsMemory(start..^end));
        List<Step> steps = band.Align(maxCells, out proven)
            ?? ByLookingAhead(keys, a.AsSpan(start..^end), b.AsSpan(start..^end));
        return [.. Enumerable.Repeat(Step.Pair, start), .. steps, .. Enumerable.Repeat(Step.Pair, end)];
    }

    /// <summary>Whether two had the same arguments. Between a trace from Python and one from here what one leaves to its default,
    /// and the other spells out, is the same: a dtype, a device.</summary>
    public static bool SameInputs(OperatorRecord one, OperatorRecord other, bool sameLevel) => SameInputs(one.Inputs, other.Inputs, sameLevel);

    internal static bool SameInputs(IReadOnlyList<string> one, IReadOnlyList<string> other, bool sameLevel) => sameLevel
        ? one.SequenceEqual(other)
        : one.Count == other.Count && one.Zip(other).All(pair => pair.First == pair.Second
            || (pair.First == Default && IsOption(pair.Second)) || (pair.Second == Default && IsOption(pair.First)));

    private const string Default = "None";

    private static bool IsOption(string text) => text is "True" or "False" or "Device" || (text.Length is 1 or 2 && text.All(char.IsAsciiDigit));

    // Where even the narrowest band has too many cells: the next on either side that belong together, a little way ahead.
    private static List<Step> ByLookingAhead(OperatorKeys keys, ReadOnlySpan<OperatorKey> a, ReadOnlySpan<OperatorKey> b)
    {
        const double MaxComparisons = 1L << 28;
        int ahead = (int)Math.Clamp(Math.Sqrt(MaxComparisons / ((double)a.Length + b.Length)), 4, 256);
        var steps = new List<Step>(a.Length + b.Length);
        int i = 0;
        int j = 0;
        while (i < a.Length && j < b.Length)
        {
            (int skipA, int skipB) = Next(keys, a[i..], b[j..], ahead);
            steps.AddRange(Enumerable.Repeat(Step.OnlyReference, skipA));
            steps.AddRange(Enumerable.Repeat(Step.OnlyDifference, skipB));
            i += skipA;
            j += skipB;
            if (i < a.Length && j < b.Length && a[i].Name == b[j].Name)
            {
                steps.Add(Step.Pair);
                i++;
                j++;
            }
        }

        steps.AddRange(Enumerable.Repeat(Step.OnlyReference, a.Length - i));
        steps.AddRange(Enumerable.Repeat(Step.OnlyDifference, b.Length - j));
        return steps;
    }

    private static (int SkipA, int SkipB) Next(OperatorKeys keys, ReadOnlySpan<OperatorKey> a, ReadOnlySpan<OperatorKey> b, int ahead)
    {
        for (int total = 0; total <= ahead; total++)
        {
            for (int skipA = Math.Max(0, total - b.Length + 1); skipA <= total && skipA < a.Length; skipA++)
            {
                if (keys.Cost(a[skipA], b[total - skipA] with { Bits = a[skipA].Bits }) <= OperatorKeys.LineCost)
                {
                    return (skipA, total - skipA);
                }
            }
        }

        return a[0].Name == b[0].Name ? (0, 0) : (1, 1);
    }

    /// <summary>A step of an alignment.</summary>
    internal enum Step : byte
    {
        Pair,
        OnlyReference,
        OnlyDifference,
    }
}
