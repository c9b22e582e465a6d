using ReproTorch.Observation;

namespace ReproTorch.Sweeps;

/// <summary>
/// Finds the first operator that gives one sample of a batch other bits in one run than in another. Within a model the batch need not be
/// in front: it may be in any dimension, or within one together with heads or places of a sequence. Where it is in a result is told by
/// what else changes in its shape as the batch's size does; where that leaves several ways to cut it, the sample agrees when it does in any.
/// </summary>
/// <param name="reference">The plain run, rows hashed.</param>
/// <param name="difference">The other run, rows hashed.</param>
/// <param name="scaled">A run on a batch of another size than the plain one's, rows hashed; <paramref name="difference"/> where it is one.</param>
internal sealed class FirstOperatorOfRow(RowTrace reference, RowTrace difference, RowTrace scaled)
{
    private enum Verdict
    {
        Same,
        Differs,
        Unknown,
    }

    /// <summary>The operator; null with the reason where it cannot be told.</summary>
    public SweepDifference? Find(out string? reason)
    {
        Dictionary<long, int> places = FirstOperator.Places(reference.Trace);
        Dictionary<long, OperatorRecord> sized = OperatorAligner.Align(reference.Trace.Operators, scaled.Trace.Operators)
            .Where(pair => pair.Reference is not null && pair.Difference is not null)
            .ToDictionary(pair => pair.Reference!.Index, pair => pair.Difference!);
        string? unknown = null;
        foreach ((OperatorRecord? one, OperatorRecord? other) in OperatorAligner.Align(reference.Trace.Operators, difference.Trace.Operators))
        {
            switch (Compare(one, other, one is null ? null : sized.GetValueOrDefault(one.Index)))
            {
                case Verdict.Unknown:
                    unknown ??= (one ?? other)!.Name;
                    break;
                case Verdict.Differs when unknown is not null:
                    reason = $"the samples cannot be followed through the result of {unknown}, and what comes after it differs.";
                    return null;
                case Verdict.Differs:
                    reason = null;
                    return new SweepDifference(one!.Name, places[one.Index]);
                default:
                    break;
            }
        }

        reason = unknown is null
            ? "no operator that could be compared gives the sample other bits."
            : $"the samples cannot be followed through the result of {unknown}.";
        return null;
    }

    private Verdict Compare(OperatorRecord? one, OperatorRecord? other, OperatorRecord? sized)
    {
        if (one is null || other is null)
        {
            return (one ?? other)!.RowHashes.Count > 0 ? Verdict.Unknown : Verdict.Same;
        }

        if (one.Hashes.Count != other.Hashes.Count || one.RowHashes.Count != one.Hashes.Count || other.RowHashes.Count != one.Hashes.Count)
        {
            // Long lists are told by their beginning.
            return one.DrawCount == 0 && one.Hashes.Count > 0 && one.Hashes.SequenceEqual(other.Hashes) ? Verdict.Same : Verdict.Unknown;
        }

        Verdict[] verdicts = [.. Enumerable.Range(0, one.RowHashes.Count).Select(i => Compare(one, other, sized, i))];
        return Array.Exists(verdicts, verdict => verdict == Verdict.Differs) ? Verdict.Differs
            : Array.Exists(verdicts, verdict => verdict == Verdict.Unknown) ? Verdict.Unknown
            : Verdict.Same;
    }

    private Verdict Compare(OperatorRecord one, OperatorRecord other, OperatorRecord? sized, int output)
    {
        TensorRows rows = one.RowHashes[output];
        if (one.Hashes[output].Length == 0 || sized is null || output >= sized.RowHashes.Count
            || sized.RowHashes[output].Shape.Count != rows.Shape.Count)
        {
            return Verdict.Unknown;
        }

        IReadOnlyList<long> shape = sized.RowHashes[output].Shape;
        int[] changed = [.. Enumerable.Range(0, rows.Shape.Count).Where(dimension => shape[dimension] != rows.Shape[dimension])];
        if (changed.Length == 0)
        {
            // A result that has no samples in it is the same for all of them.
            return one.Hashes[output] == other.Hashes[output] ? Verdict.Same : Verdict.Differs;
        }

        long times = rows.Shape[changed[0]] / reference.Rows;
        return changed.Length > 1 || times == 0 || rows.Shape[changed[0]] != times * reference.Rows || shape[changed[0]] != times * scaled.Rows
            ? Verdict.Unknown
            : CompareRows(one, other, output, changed[0], times);
    }

    private Verdict CompareRows(OperatorRecord one, OperatorRecord other, int output, int dimension, long times)
    {
        (RowView One, RowView Other)[] views = [.. one.RowHashes[output].Views
            .Where(view => view.Dimension == dimension && times % view.Outer == 0)
            .Join(
                other.RowHashes[output].Views.Where(view => view.Dimension == dimension),
                view => view.Outer, view => view.Outer, (mine, theirs) => (mine, theirs))];
        if (Array.Exists(views, view => view.One.Hashes[reference.Row] == view.Other.Hashes[difference.Row]))
        {
            return Verdict.Same;
        }

        if (views.Length < Divisors(times))
        {
            return Verdict.Unknown;
        }

        // What has the same bits at the same place, whichever sample stands there, belongs to the place: 0, 1, 2, .. to index with. What
        // comes of that, the operators tell that combine it with the samples.
        bool isOfPlace = one.DrawCount == 0
            && Array.Exists(views, view => view.One.Hashes[difference.Row] == view.Other.Hashes[difference.Row]);
        return !isOfPlace ? Verdict.Differs
            : one.Inputs.Any(IsTensor) ? Verdict.Unknown
            : Verdict.Same;
    }

    // "float32 (2, 3)", in a list or not; texts are in quotes.
    private static bool IsTensor(string input) => !input.StartsWith('\'') && input.Contains(" (", StringComparison.Ordinal);

    private static int Divisors(long number)
    {
        int count = 0;
        for (long divisor = 1; divisor <= number; divisor++)
        {
            count += number % divisor == 0 ? 1 : 0;
        }

        return count;
    }
}

/// <summary>An observed run on a batch, rows hashed.</summary>
/// <param name="Trace">Its operators.</param>
/// <param name="Rows">The size of the batch.</param>
/// <param name="Row">The place of the sample in question.</param>
internal sealed record RowTrace(OperatorTrace Trace, long Rows, int Row = 0);
