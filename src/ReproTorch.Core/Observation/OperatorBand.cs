using Step = ReproTorch.Observation.OperatorAligner.Step;

namespace ReproTorch.Observation;

/// <summary>The cheapest alignment of two sequences, looked for in a band around the diagonal.</summary>
internal sealed class OperatorBand(OperatorKeys keys, ReadOnlyMemory<OperatorKey> reference, ReadOnlyMemory<OperatorKey> difference)
{
    private const int NarrowestMargin = 16;

    // Of the diagonals that every path meets, from the first cell's to the last one's.
    private readonly int _lowest = Math.Min(0, difference.Length - reference.Length);
    private readonly int _highest = Math.Max(0, difference.Length - reference.Length);

    /// <summary>Widens the band until the cheapest path in it is known to be the cheapest of all. Of paths that cost the same, the one
    /// that pairs latest.</summary>
    /// <param name="maxCells">How many cells may be calculated, of all bands together.</param>
    /// <param name="proven">Whether it got that far.</param>
    /// <returns>The steps of the path; null when not even the narrowest band could be calculated.</returns>
    /// <remarks>Where the budget ends first, the path found is still known to be as cheap as any when none outside its band is cheaper;
    /// only among paths of the same cost another might have been taken.</remarks>
    public List<Step>? Align(long maxCells, out bool proven)
    {
        Func<long, long> atLeast = keys.LowerBound(reference.Span, difference.Span);
        long leftAlone = OperatorKeys.GapCost * (reference.Length + difference.Length);
        if (atLeast(0) == leftAlone)
        {
            proven = true;
            return [.. Enumerable.Repeat(Step.OnlyDifference, difference.Length), .. Enumerable.Repeat(Step.OnlyReference, reference.Length)];
        }

        List<Step>? steps = null;
        bool isCheapest = false;
        long margin = NarrowestMargin + ((_highest - _lowest) / 4);
        while (true)
        {
            margin = Math.Min(margin, Math.Max(reference.Length, difference.Length));
            long width = _highest - _lowest + (2 * margin) + 1;
            maxCells -= width * (reference.Length + 1);
            if (maxCells < 0)
            {
                proven = isCheapest;
                return steps;
            }

            steps = Within((int)margin, (int)width, out long cost);
            isCheapest = margin >= Enough(atLeast, cost - 1);
            long enough = Enough(atLeast, cost);
            if (margin >= enough)
            {
                proven = true;
                return steps;
            }

            margin = Math.Min(enough, margin + (width / 2));
        }
    }

    // The margin beyond which no path costs as little: one that leaves the band has a gap for each diagonal on its way out and back.
    private long Enough(Func<long, long> atLeast, long cost)
    {
        long low = 0;
        long high = Math.Min(reference.Length, difference.Length);
        while (low < high)
        {
            long middle = (low + high) / 2;
            (low, high) = atLeast(_highest - _lowest + (2 * (middle + 1))) > cost ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private List<Step> Within(int margin, int width, out long cost)
    {
        ReadOnlySpan<OperatorKey> a = reference.Span;
        ReadOnlySpan<OperatorKey> b = difference.Span;
        int first = _lowest - margin;
        int stride = (width + 3) / 4;

        // Four steps in a byte; a cost for each diagonal, of the row above until this row's is known.
        var steps = new byte[(long)stride * (a.Length + 1)];
        long[] costs = new long[width + 2];
        Array.Fill(costs, OperatorKeys.Never);
        Span<long> row = costs.AsSpan(1);
        row[-first] = 0;
        for (int i = 0; i <= a.Length; i++)
        {
            Span<byte> stepsOfRow = steps.AsSpan(i * stride, stride);
            int from = Math.Max(0, -first - i);
            int to = Math.Min(width - 1, b.Length - i - first);
            long left = OperatorKeys.Never;
            for (int k = from; k <= to; k++)
            {
                int j = i + first + k;
                long onlyB = left + OperatorKeys.GapCost;
                long pair = i == 0 || j == 0 ? OperatorKeys.Never : row[k] + keys.Cost(a[i - 1], b[j - 1]);
                long onlyA = i == 0 ? OperatorKeys.Never : row[k + 1] + OperatorKeys.GapCost;
                long best = Math.Min(pair, Math.Min(onlyA, onlyB));
                Step step = best == pair ? Step.Pair : best == onlyA ? Step.OnlyReference : Step.OnlyDifference;
                if (i == 0 && j == 0)
                {
                    best = 0;
                }

                left = row[k] = best;
                stepsOfRow[k >> 2] |= (byte)((int)step << ((k & 3) * 2));
            }
        }

        cost = row[b.Length - a.Length - first];
        return PathTo(a.Length, b.Length, (i, j) =>
        {
            int k = j - i - first;
            return (Step)((steps[((long)i * stride) + (k >> 2)] >> ((k & 3) * 2)) & 3);
        });
    }

    private static List<Step> PathTo(int i, int j, Func<int, int, Step> at)
    {
        var path = new List<Step>(Math.Max(i, j));
        while (i > 0 || j > 0)
        {
            Step step = at(i, j);
            path.Add(step);
            i -= step is Step.OnlyDifference ? 0 : 1;
            j -= step is Step.OnlyReference ? 0 : 1;
        }

        path.Reverse();
        return path;
    }
}
