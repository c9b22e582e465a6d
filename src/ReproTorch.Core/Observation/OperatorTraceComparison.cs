namespace ReproTorch.Observation;

/// <summary>Where two traces part ways.</summary>
public sealed record OperatorTraceComparison
{
    /// <summary>Whether nothing differs: the same operators on the same types, the same draws from the same place in the streams, and,
    /// where both have hashes, the same bytes.</summary>
    public bool Identical => First is null;

    /// <summary>The first place at which they differ; null when they do not.</summary>
    public OperatorDifference? First { get; init; }

    /// <summary>All places, in order.</summary>
    public IReadOnlyList<OperatorDifference> Differences { get; init; } = [];

    /// <summary>Outermost operators that are the same in both before the first difference.</summary>
    public int SameBefore { get; init; }

    /// <summary>Random numbers that both drew before it, in 32-bit words.</summary>
    public long DrawsBefore { get; init; }

    /// <summary>Outermost operators of the reference.</summary>
    public int ReferenceCount { get; init; }

    /// <summary>Outermost operators of the difference.</summary>
    public int DifferenceCount { get; init; }

    /// <summary>Random numbers that the reference drew, in 32-bit words.</summary>
    public long ReferenceDraws { get; init; }

    /// <summary>Random numbers that the difference drew.</summary>
    public long DifferenceDraws { get; init; }

    /// <summary>Whether bytes were compared too.</summary>
    public bool HashesCompared { get; init; }

    /// <summary>Whether the operators were paired in the way that leaves the least different in what ran, and of those ways the one that
    /// leaves the least different in bits; false where so much differs that this was not
    /// found out, and the places named may be others.</summary>
    public bool AlignmentProven { get; init; } = true;

    /// <summary>The verdict in words, several lines where something differs.</summary>
    public string Message { get; init; } = string.Empty;

    /// <summary>The verdict.</summary>
    public override string ToString() => Message;
}
