namespace ReproTorch.Observation;

/// <summary>
/// Aligns two sequences of operators: the pairs that belong together, and those that only one side has. The common beginning and
/// end are paired at once; the rest by a global alignment (S. B. Needleman, C. D. Wunsch, J. Mol. Biol. 48, 1970) that prefers the same operator on the
/// same types at the same script line.
/// </summary>
internal static class OperatorAligner
{
    // Beyond this many cells (a byte each) what is left is paired by name, in order: the first difference is found all the same.
    private const long MaxCells = 1L << 26;

    private const int Gap = -2;

    private enum Step : byte
    {
        Pair,
        OnlyReference,
        OnlyDifference,
    }

    /// <summary>The pairs, in order; null where a side has nothing.</summary>
    /// <param name="reference">One sequence.</param>
    /// <param name="difference">The other.</param>
    /// <param name="sameLevel">False where one is a trace from Python, the other from here: script lines do not tell their operators apart,
    /// nor do arguments that one side leaves to their default.</param>
    public static List<(OperatorRecord? Reference, OperatorRecord? Difference)> Align(
        IReadOnlyList<OperatorRecord> reference, IReadOnlyList<OperatorRecord> difference, bool sameLevel = true)
    {
        var pairs = new List<(OperatorRecord?, OperatorRecord?)>(Math.Max(reference.Count, difference.Count));
        int start = 0;
        int shorter = Math.Min(reference.Count, difference.Count);
        while (start < shorter && Score(reference[start], difference[start], sameLevel) == Best)
        {
            pairs.Add((reference[start], difference[start]));
            start++;
        }

        int end = 0;
        while (end < shorter - start && Score(reference[^(end + 1)], difference[^(end + 1)], sameLevel) == Best)
        {
            end++;
        }

        OperatorRecord[] a = [.. reference.Skip(start).Take(reference.Count - start - end)];
        OperatorRecord[] b = [.. difference.Skip(start).Take(difference.Count - start - end)];
        pairs.AddRange((long)(a.Length + 1) * (b.Length + 1) <= MaxCells ? Globally(a, b, sameLevel) : ByName(a, b, sameLevel));
        for (int i = end; i > 0; i--)
        {
            pairs.Add((reference[^i], difference[^i]));
        }

        return pairs;
    }

    private const int Best = 8;

    // 0 and less never belong together.
    private static int Score(OperatorRecord one, OperatorRecord other, bool sameLevel)
    {
        if (!SameName(one, other, sameLevel))
        {
            return int.MinValue / 2;
        }

        int score = 2;
        score += !sameLevel || one.Overload == other.Overload ? 1 : 0;
        score += SameInputs(one, other, sameLevel) ? 2 : 0;
        score += one.Outputs.SequenceEqual(other.Outputs) ? 1 : 0;
        score += one.DrawCount == other.DrawCount ? 1 : 0;
        return score + (!sameLevel || LineOf(one) == LineOf(other) ? 1 : 0);
    }

    /// <summary>Whether two are the same operator. Under a dispatch mode of Python some compositions calculate out of place what they else do
    /// in place (<c>add</c> for <c>add_</c>): between a trace from Python and one from here that does not count.</summary>
    public static bool SameName(OperatorRecord one, OperatorRecord other, bool sameLevel) =>
        one.Name == other.Name || (!sameLevel && one.Name.AsSpan().TrimEnd('_').SequenceEqual(other.Name.AsSpan().TrimEnd('_')));

    /// <summary>Whether two operators had the same arguments. Between a trace from Python and one from here what one leaves to its default,
    /// and the other spells out, is the same: a dtype, a device.</summary>
    public static bool SameInputs(OperatorRecord one, OperatorRecord other, bool sameLevel) => sameLevel
        ? one.Inputs.SequenceEqual(other.Inputs)
        : one.Inputs.Count == other.Inputs.Count && one.Inputs.Zip(other.Inputs).All(pair => pair.First == pair.Second
            || (pair.First == Default && IsOption(pair.Second)) || (pair.Second == Default && IsOption(pair.First)));

    private const string Default = "None";

    private static bool IsOption(string text) => text is "True" or "False" or "Device" || (text.Length is 1 or 2 && text.All(char.IsAsciiDigit));

    // Two scripts have names of their own: what the lines of one file tell apart is the line.
    private static string? LineOf(OperatorRecord record) => record.Place is { } place ? place[(place.LastIndexOf(':') + 1)..] : null;

    private static List<(OperatorRecord?, OperatorRecord?)> Globally(OperatorRecord[] a, OperatorRecord[] b, bool sameLevel)
    {
        var steps = new Step[a.Length + 1, b.Length + 1];
        var above = new int[b.Length + 1];
        var scores = new int[b.Length + 1];
        for (int j = 1; j <= b.Length; j++)
        {
            steps[0, j] = Step.OnlyDifference;
            scores[j] = j * Gap;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            (above, scores) = (scores, above);
            steps[i, 0] = Step.OnlyReference;
            scores[0] = i * Gap;
            for (int j = 1; j <= b.Length; j++)
            {
                int pair = above[j - 1] + Score(a[i - 1], b[j - 1], sameLevel);
                int onlyA = above[j] + Gap;
                int onlyB = scores[j - 1] + Gap;
                scores[j] = Math.Max(pair, Math.Max(onlyA, onlyB));
                steps[i, j] = scores[j] == pair ? Step.Pair : scores[j] == onlyA ? Step.OnlyReference : Step.OnlyDifference;
            }
        }

        var pairs = new List<(OperatorRecord?, OperatorRecord?)>();
        for (int i = a.Length, j = b.Length; i > 0 || j > 0;)
        {
            switch (steps[i, j])
            {
                case Step.Pair:
                    pairs.Add((a[--i], b[--j]));
                    break;
                case Step.OnlyReference:
                    pairs.Add((a[--i], null));
                    break;
                default:
                    pairs.Add((null, b[--j]));
                    break;
            }
        }

        pairs.Reverse();
        return pairs;
    }

    private static IEnumerable<(OperatorRecord?, OperatorRecord?)> ByName(OperatorRecord[] a, OperatorRecord[] b, bool sameLevel)
    {
        // Looks ahead a little on either side for the next operator that belongs together.
        const int Ahead = 256;
        int i = 0;
        int j = 0;
        while (i < a.Length && j < b.Length)
        {
            (int skipA, int skipB) = Next(a, i, b, j, Ahead, sameLevel);
            for (int k = 0; k < skipA; k++)
            {
                yield return (a[i++], null);
            }

            for (int k = 0; k < skipB; k++)
            {
                yield return (null, b[j++]);
            }

            if (i < a.Length && j < b.Length && SameName(a[i], b[j], sameLevel))
            {
                yield return (a[i++], b[j++]);
            }
        }

        while (i < a.Length)
        {
            yield return (a[i++], null);
        }

        while (j < b.Length)
        {
            yield return (null, b[j++]);
        }
    }

    private static (int SkipA, int SkipB) Next(OperatorRecord[] a, int i, OperatorRecord[] b, int j, int ahead, bool sameLevel)
    {
        for (int total = 0; total <= ahead; total++)
        {
            for (int skipA = 0; skipA <= total; skipA++)
            {
                int skipB = total - skipA;
                if (i + skipA < a.Length && j + skipB < b.Length && Score(a[i + skipA], b[j + skipB], sameLevel) >= Best - 1)
                {
                    return (skipA, skipB);
                }
            }
        }

        return SameName(a[i], b[j], sameLevel) ? (0, 0) : (1, 1);
    }
}
