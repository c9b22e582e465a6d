using ReproTorch.Runs;

namespace ReproTorch.Sweeps;

/// <summary>One run that is compared with the plain one.</summary>
/// <param name="Name">What is varied, and how.</param>
/// <param name="Run">Runs it; a file to record the operators into may be given.</param>
internal sealed record SweepTrial(string Name, Func<string?, RunOutput> Run)
{
    /// <summary>Runs a part of it that holds one row of the batch, for finding the operator: given the row that differs, runs the piece
    /// that it is in, and tells the piece's size and the row's place in it. Null where rows stay where they are.</summary>
    public Func<long, string, (long Rows, int Row)>? RunPiece { get; init; }

    /// <summary>What to make of the plain run before it is compared with this one; null for nothing.</summary>
    public Func<RunOutput, RunOutput>? Reference { get; init; }

    /// <summary>Why no first operator is looked for: what this runs are not the operators of the plain run. Null where they are.</summary>
    public string? OtherOperators { get; init; }

    /// <summary>Runs in the same way with nothing varied; null for the plain run again.</summary>
    public Func<RunOutput>? Control { get; init; }
}
