namespace ReproTorch.Reporting;

/// <summary>What a <see cref="RunReport"/> can say beyond the comparison itself.</summary>
public sealed record RunReportOptions
{
    /// <summary>The page's title; null for the names of the two runs.</summary>
    public string? Title { get; init; }

    /// <summary>Where the two runs part ways, one sentence that names the first operator which differs. Null for what
    /// the comparison knows of it, which it does when both runs carry a trace of their operators.</summary>
    public string? FirstDifferingOperator { get; init; }

    /// <summary>Of several comparisons, how many that are not identical are shown in full, 0 or more; all are in the table.</summary>
    public int DetailedComparisons { get; init; } = 20;

    /// <summary>How many outputs that differ are shown with statistics and charts, 0 or more; all are in the table.</summary>
    public int DetailedOutputs { get; init; } = 20;
}
