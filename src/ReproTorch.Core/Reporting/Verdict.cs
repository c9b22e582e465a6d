using ReproTorch.Comparison;

namespace ReproTorch.Reporting;

/// <summary>The answer of a comparison in a sign, a colour, a few words and a sentence.</summary>
/// <param name="Class">The style: same, close, differs.</param>
/// <param name="Sign">=, ≈ or ≠: the colour alone must not carry the answer.</param>
/// <param name="Title">A few words.</param>
internal sealed record Verdict(string Class, string Sign, string Title)
{
    private static readonly Verdict s_identical = new("same", "=", "Identical");

    /// <summary>Sign and words on a line of a table; the sign stays with the first word where the line is broken.</summary>
    public string Badge => $"{Sign}\u00A0{Title}";

    /// <summary>Of two runs.</summary>
    public static Verdict Of(RunComparison run) =>
        run.Failure is not null ? new("differs", "≠", "Could not be compared")
        : run.Reason is not null ? new("differs", "≠", "Nothing to compare")
        : run.Identical ? s_identical
        : run.Match ? new("same", "≈", "Match")
        : run.Close ? new("close", "≈", "Close, but not identical")
        : new("differs", "≠", "Different");

    /// <summary>Of several comparisons: that of the worst.</summary>
    public static Verdict Of(IReadOnlyList<RunComparison> runs) =>
        runs.All(run => run.Identical) ? new("same", "=", "All identical")
        : runs.All(run => run.Match) ? new("same", "≈", "All match")
        : runs.All(run => run.Close) ? new("close", "≈", "All close, but not all identical")
        : new("differs", "≠", $"{runs.Count(run => !run.Match)} of {runs.Count} do not match");

    /// <summary>What stands below that title.</summary>
    public static string Sentence(IReadOnlyList<RunComparison> runs)
    {
        int identical = runs.Count(run => run.Identical);
        int failed = runs.Count(run => run.Failure is not null);
        string[] asked = [.. runs.Select(run => run.Criterion).Distinct()];
        return $"{runs.Count(run => run.Match)} of {runs.Count} comparisons match, {identical} of them bit for bit."
            + (failed > 0 ? $" {failed} of {runs.Count} could not be made." : string.Empty)
            + (asked.Length == 1 ? $" Asked for: {asked[0]}." : string.Empty);
    }

    /// <summary>Of one output.</summary>
    public static Verdict Of(TensorComparison output) =>
        output.Identical ? s_identical
        : output.Match ? new("same", "≈", "Match")
        : output.Close ? new("close", "≈", "Close")
        : new("differs", "≠", Problem(output));

    /// <summary>What stands below the title: what was asked for and how many outputs met it.</summary>
    public static string Sentence(RunComparison run)
    {
        if (run.Reason is { Length: > 0 } reason)
        {
            return ComparisonText.Sentence(reason);
        }

        int total = run.Outputs.Count;
        int identical = run.Outputs.Count(output => output.Identical);
        int matching = run.Outputs.Count(output => output.Match);
        string asked = $"Asked for: {run.Criterion}.";
        if (run.Identical)
        {
            return $"{Every(total)} {(total == 1 ? "is" : "are")} the same, bit for bit. {asked}";
        }

        string count = matching == total
            ? $"{Every(total)} {(total == 1 ? "matches" : "match")}"
            : total == 1 ? "The one output does not match"
            : matching == 0 ? $"None of the {total} outputs matches"
            : $"{matching} of {total} outputs {(matching == 1 ? "matches" : "match")}";
        string bits = identical == matching ? "."
            : total == 1 ? ", though not in every bit."
            : $"; {(identical == 0 ? "none has" : identical == 1 ? "1 has" : $"{identical} have")} the same bits.";
        return $"{count}{bits} {asked}";
    }

    private static string Every(int outputs) => outputs switch
    {
        1 => "The one output",
        2 => "Both outputs",
        _ => $"All {outputs} outputs",
    };

    private static string Problem(TensorComparison output) =>
        output.Reason is null ? "Different"
        : output.DifferenceKind is null ? "Missing"
        : output.Kind is null ? "Extra"
        : output.Kind != output.DifferenceKind ? "Other type"
        : !(output.Shape ?? []).SequenceEqual(output.DifferenceShape ?? []) ? "Other shape"
        : output.DType != output.DifferenceDType ? "Other dtype"
        : "Not compared";
}
