namespace ReproTorch.Reporting;

/// <summary>What a <see cref="RunReport"/> can say beyond the comparison itself.</summary>
public sealed record RunReportOptions
{
    /// <summary>The page's title; null for the names of the two runs.</summary>
    public string? Title { get; init; }

    /// <summary>Where the two runs part ways, when an operator trace of both is at hand: one sentence that names the first
    /// operator which differs. Null when it is not known.</summary>
    public string? FirstDifferingOperator { get; init; }

    /// <summary>How many outputs that differ are shown with statistics and charts, 0 or more; all are in the table.</summary>
    public int DetailedOutputs { get; init; } = 20;
}
