using System.Text.Json.Serialization;
using ReproTorch.Determinism;
using ReproTorch.Provenance;

namespace ReproTorch.Runs;

/// <summary>The document run.json in a run file. What a file leaves out, or sets to null, reads as empty: the serializer knows nothing of
/// defaults.</summary>
internal sealed record RunDocument
{
    /// <summary>Always <c>reprotorch-run</c>.</summary>
    public string Format { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>1. A reader refuses what is newer than it knows.</summary>
    public int Version { get; init; }

    /// <summary>The runs, in order.</summary>
    public IReadOnlyList<RunRecord> Runs { get; init => field = value ?? []; } = [];
}

/// <summary>One run in run.json: what <see cref="RunOutput"/> holds, without the data.</summary>
internal sealed record RunRecord
{
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    public string? Seed { get; init; }

    public string? Model { get; init; }

    public string? ModelSha256 { get; init; }

    public string? ModelContentHash { get; init; }

    public string? Method { get; init; }

    public bool Traced { get; init; }

    public long? BatchSize { get; init; }

    public string? Device { get; init; }

    /// <summary>Of inputs and outputs (<see cref="RunHash"/>).</summary>
    public string? ContentHash { get; init; }

    public IReadOnlyList<InputRecord> Inputs { get; init => field = value ?? []; } = [];

    /// <summary>How the inputs were nested; null when they were not kept, or each is one argument by position.</summary>
    public IReadOnlyList<RunArgument>? Arguments { get; init; }

    /// <summary>The folder of the members that hold the states of the random streams; null when they were not kept.</summary>
    public string? RandomState { get; init; }

    /// <summary>The member that holds the operators that ran; null when they were not kept.</summary>
    public string? Operators { get; init; }

    public IReadOnlyList<ValueRecord> Outputs { get; init => field = value ?? []; } = [];

    public TorchEnvironment? Environment { get; init; }

    public DateTimeOffset? Time { get; init; }

    /// <summary>Seconds.</summary>
    public double? Duration { get; init; }
}

/// <summary>One input in run.json.</summary>
internal sealed record InputRecord
{
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    public required RunValueKind Kind { get; init; }

    public string? DType { get; init; }

    public IReadOnlyList<long>? Shape { get; init; }

    public string? Hash { get; init; }

    /// <summary>The member that holds the data, without .npy; null for strings and None, and where inputs were not kept.</summary>
    public string? Member { get; init; }

    /// <summary>The text of a string that was kept.</summary>
    public string? Text { get; init; }

    /// <summary>Whether the value was kept.</summary>
    public bool Kept { get; init; }
}

/// <summary>One output in run.json.</summary>
internal sealed record ValueRecord
{
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    public required RunValueKind Kind { get; init; }

    /// <summary>The true dtype, which NumPy may not have; null for strings and None.</summary>
    public string? DType { get; init; }

    /// <summary>The member that holds the data, without .npy; null for strings and None.</summary>
    public string? Member { get; init; }

    /// <summary>The text of a string.</summary>
    public string? Text { get; init; }
}

// Arguments nest as deep as a model's inputs may.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    Converters = [typeof(ExactNameConverter<RunValueKind>), typeof(ExactNameConverter<DeterminismMode>), typeof(ExactNameConverter<MatmulPrecision>)],
    MaxDepth = 256)]
[JsonSerializable(typeof(RunDocument))]
internal sealed partial class RunJson : JsonSerializerContext;
