using System.Globalization;
using System.Text;

namespace ReproTorch.Observation;

/// <summary>Finds where two traces part ways: aligned, not zipped, so that an operator more on one side does not make all that
/// follows differ.</summary>
public static class OperatorTraceComparer
{
    private const int Shown = 5;

    // Of the differences inside one another, the outermost and the innermost. A trace's file may nest them as deep as it has lines.
    private const int KeptOfEachEnd = 32;
    private const int ShownOfEachEnd = 4;

    /// <summary>Compares.</summary>
    /// <param name="reference">What should be.</param>
    /// <param name="difference">What is.</param>
    public static OperatorTraceComparison Compare(OperatorTrace reference, OperatorTrace difference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(difference);
        bool hashes = reference.HasHashes && difference.HasHashes;
        bool types = !reference.IsRandomOnly && !difference.IsRandomOnly;
        bool sameLevel = reference.IsDispatched == difference.IsDispatched;
        bool drawing = reference.IsRandomOnly != difference.IsRandomOnly;
        OperatorRecord[] a = ByThread(Compared(reference, sameLevel, drawing));
        OperatorRecord[] b = ByThread(Compared(difference, sameLevel, drawing));
        OperatorBits streams = sameLevel && HasStreams(a) && HasStreams(b) ? OperatorBits.Streams : OperatorBits.None;
        OperatorBits bits = streams | (hashes ? OperatorBits.Hashes : OperatorBits.None);
        List<(OperatorRecord?, OperatorRecord?)> aligned = OperatorAligner.Align(a, b, sameLevel, bits, out bool proven);
        var differences = new List<OperatorDifference>();
        int same = 0;
        long drawn = 0;
        foreach ((OperatorRecord? one, OperatorRecord? other) in aligned)
        {
            OperatorDifference? found = Of(one, other, types, hashes, sameLevel);
            if (found is not null)
            {
                differences.Add(one is null || other is null || !sameLevel
                    ? found
                    : found with { Inside = Inside(reference, one, difference, other, types, streams) });
            }
            else if (differences.Count == 0)
            {
                same++;
                drawn += Math.Max(0, one!.DrawCount);
            }
        }

        var comparison = new OperatorTraceComparison
        {
            First = differences.FirstOrDefault(),
            Differences = differences,
            SameBefore = same,
            DrawsBefore = drawn,
            ReferenceCount = a.Length,
            DifferenceCount = b.Length,
            ReferenceDraws = reference.DrawCount,
            DifferenceDraws = difference.DrawCount,
            HashesCompared = hashes,
            AlignmentProven = proven,
        };
        return comparison with { Message = Words(comparison) };
    }

    // Like with like: the outermost operators of two traces of one kind; what a dispatch mode sees where one of them is from Python; those
    // that drew where one of them has no others.
    private static IReadOnlyList<OperatorRecord> Compared(OperatorTrace trace, bool sameLevel, bool drawing)
    {
        IReadOnlyList<OperatorRecord> operators = sameLevel ? trace.Operators : trace.Dispatched;
        return drawing ? [.. operators.Where(record => record.Draws.Count > 0)] : operators;
    }

    // Threads run beside each other, and which begins first is chance: one thread's operators after the other's, as they first came.
    private static OperatorRecord[] ByThread(IReadOnlyList<OperatorRecord> records) =>
        [.. records.GroupBy(record => record.Thread).SelectMany(thread => thread)];

    private static OperatorDifference? Of(OperatorRecord? one, OperatorRecord? other, bool types, bool hashes, bool sameLevel = true)
    {
        if (one is null || other is null)
        {
            OperatorDifferenceKind only = other is null ? OperatorDifferenceKind.OnlyInReference : OperatorDifferenceKind.OnlyInDifference;
            return new OperatorDifference(only, one, other);
        }

        OperatorDifferenceKind? kind = !SameDraws(one, other) ? OperatorDifferenceKind.Draws
            : types && !OperatorAligner.SameInputs(one, other, sameLevel) ? OperatorDifferenceKind.Inputs
            : types && !one.Outputs.SequenceEqual(other.Outputs) ? OperatorDifferenceKind.Outputs
            : hashes && !one.Hashes.SequenceEqual(other.Hashes) ? OperatorDifferenceKind.Hashes
            : !SameStreams(one, other) ? OperatorDifferenceKind.Streams
            : null;
        return kind is { } differs ? new OperatorDifference(differs, one, other) : null;
    }

    private static bool SameDraws(OperatorRecord one, OperatorRecord other) => one.Draws.Count == other.Draws.Count
        && one.Draws.All(draw => other.Draws.TryGetValue(draw.Key, out long count) && count == draw.Value);

    // A trace of Python does not tell; a generator that was seeded meanwhile gave numbers from several places.
    private static bool SameStreams(OperatorRecord one, OperatorRecord other) => one.From.All(from =>
        !other.From.TryGetValue(from.Key, out string? place) || place == from.Value);

    private static OperatorDifference? Inside(
        OperatorTrace reference, OperatorRecord one, OperatorTrace difference, OperatorRecord other, bool types, OperatorBits streams)
    {
        var outermost = new List<OperatorDifference>();
        var innermost = new Queue<OperatorDifference>();
        OperatorDifference? found = FirstBelow(reference, one, difference, other, types, streams);
        while (found is not null)
        {
            if (outermost.Count < KeptOfEachEnd)
            {
                outermost.Add(found);
            }
            else
            {
                innermost.Enqueue(found);
                if (innermost.Count > KeptOfEachEnd)
                {
                    innermost.Dequeue();
                }
            }

            found = found is { Reference: { } below, Difference: { } beside }
                ? FirstBelow(reference, below, difference, beside, types, streams)
                : null;
        }

        OperatorDifference? inside = null;
        foreach (OperatorDifference link in outermost.Concat(innermost).Reverse())
        {
            inside = link with { Inside = inside };
        }

        return inside;
    }

    // What is called has no hashes of its own, so only another way of computing shows below.
    private static OperatorDifference? FirstBelow(
        OperatorTrace reference, OperatorRecord one, OperatorTrace difference, OperatorRecord other, bool types, OperatorBits streams) =>
        OperatorAligner.Align([.. reference.CalledBy(one)], [.. difference.CalledBy(other)], bits: streams)
            .Select(pair => Of(pair.Reference, pair.Difference, types, hashes: false))
            .FirstOrDefault(found => found is not null);

    private static bool HasStreams(OperatorRecord[] records) => Array.Exists(records, record => record.From.Count > 0);

    private static string Words(OperatorTraceComparison comparison)
    {
        string what = comparison.HashesCompared ? "operators, draws and bytes" : "operators and draws";
        if (comparison.First is not { } first)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The same {what}: {comparison.ReferenceCount} operators, {comparison.ReferenceDraws} numbers drawn.");
        }

        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"The first difference{(comparison.AlignmentProven ? string.Empty : ", as far as the operators could be paired")}: {first}.");
        var inside = new List<OperatorDifference>();
        for (OperatorDifference? next = first.Inside; next is not null; next = next.Inside)
        {
            inside.Add(next);
        }

        bool all = inside.Count <= 2 * ShownOfEachEnd;
        foreach (OperatorDifference next in all ? inside : inside.Take(ShownOfEachEnd))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  Inside: {next}.");
        }

        if (!all)
        {
            text.Append("\n  ..");
            foreach (OperatorDifference next in inside.TakeLast(ShownOfEachEnd))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n  Inside: {next}.");
            }
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"\nBefore it {comparison.SameBefore} operators were the same, and both drew {comparison.DrawsBefore} numbers.");
        if (!comparison.AlignmentProven)
        {
            text.Append("\nSo much differs that which operators belong together was not found out for certain: the places named may be others.");
        }

        long more = comparison.DifferenceDraws - comparison.ReferenceDraws;
        if (more != 0)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\nIn all the difference drew {Math.Abs(more)} numbers {(more > 0 ? "more" : "fewer")} ({comparison.DifferenceDraws} to {comparison.ReferenceDraws}).");
        }

        if (comparison.Differences.Count > 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nThen {comparison.Differences.Count - 1} further places differ:");
            foreach (OperatorDifference next in comparison.Differences.Skip(1).Take(Shown))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n  {next}");
            }

            if (comparison.Differences.Count > Shown + 1)
            {
                text.Append("\n  ..");
            }
        }

        return text.ToString();
    }
}
