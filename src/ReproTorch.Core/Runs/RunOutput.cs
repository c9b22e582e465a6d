using System.Text.Json.Serialization;
using ReproTorch.Observation;
using ReproTorch.Provenance;
using ReproTorch.Randomness;

namespace ReproTorch.Runs;

/// <summary>What went into a run or came out of it, told without the data: name, dtype, shape and content hash.</summary>
public sealed record RunInputInfo
{
    /// <summary>The argument's name, dotted where it is nested.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Tensor, Number, String or None.</summary>
    public RunValueKind Kind { get; init; }

    /// <summary>PyTorch's name of the dtype; null for strings and None.</summary>
    public string? DType { get; init; }

    /// <summary>Sizes; null for strings and None.</summary>
    public IReadOnlyList<long>? Shape { get; init; }

    /// <summary>XXH3-128 over dtype, shape and bytes, in hex (see rpt_tensor_hash in reprotorch.h); for a string over its
    /// UTF-8 bytes; null for None.</summary>
    public string? Hash { get; init; }

    /// <summary>Name, dtype and shape.</summary>
    public override string ToString() => Shape is null ? $"{Name} {Kind}" : $"{Name} {DType} ({string.Join(", ", Shape)})";
}

/// <summary>
/// One run of a model: its named outputs, and what is needed to say where they came from. Immutable.
/// </summary>
public sealed record RunOutput
{
    /// <summary>A name for people: the input's file or member name, or "run 1".</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The outputs, flattened, in order (see <see cref="RunValue"/>).</summary>
    public required IReadOnlyList<RunValue> Outputs { get; init; }

    /// <summary>The seed that was set right before the run; null when none was.</summary>
    public string? Seed { get; init; }

    /// <summary>The model's file name or type name.</summary>
    public string? Model { get; init; }

    /// <summary>SHA-256 of the model's file, in hex; null for a model that was not loaded from one.</summary>
    public string? ModelSha256 { get; init; }

    /// <summary>The method that ran.</summary>
    public string? Method { get; init; }

    /// <summary>True when the run went through a trace.</summary>
    public bool Traced { get; init; }

    /// <summary>The batch size that the input was cut into; null when it ran whole.</summary>
    public long? BatchSize { get; init; }

    /// <summary>The device that ran it: "cpu", "cuda:0".</summary>
    public string? Device { get; init; }

    /// <summary>The inputs, by name and hash.</summary>
    public IReadOnlyList<RunInputInfo> Inputs { get; init => field = value ?? []; } = [];

    /// <summary>What decided the bits.</summary>
    public TorchEnvironment? Environment { get; init; }

    /// <summary>When the run began, UTC.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The output of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public RunValue this[string name] => Outputs.FirstOrDefault(output => output.Name == name)
        ?? throw new KeyNotFoundException($"There is no output '{name}'. There are: {string.Join(", ", Outputs.Select(output => output.Name))}.");

    /// <summary>How long it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The operators that ran, with the hashes of their results, where that was asked for.</summary>
    public OperatorTrace? OperatorTrace { get; init; }

    /// <summary>XXH3-128 of the model's content as it stood before the run (<c>TorchModel.ContentHash</c>): the same after repacking.
    /// Taken when the inputs are.</summary>
    public string? ModelContentHash { get; init; }

    /// <summary>The inputs themselves, flattened, in the order of <see cref="Inputs"/>; null when they were not asked for.</summary>
    public IReadOnlyList<RunValue>? InputValues { get; init; }

    /// <summary>How <see cref="InputValues"/> were nested; null when each is one argument by position.</summary>
    public IReadOnlyList<RunArgument>? Arguments { get; init; }

    /// <summary>The states of the random streams right before the run, after it was seeded; null when the inputs were not asked
    /// for.</summary>
    public RngState? RandomState { get; init; }

    /// <summary>XXH3-128, in hex, over the names, kinds and hashes of inputs and outputs, as they are now: every byte is read. Two runs
    /// that gave the same bits for the same inputs have the same, wherever they ran.</summary>
    [JsonIgnore]
    public string ContentHash => RunHash.Of(this);

    /// <summary>The content hash that the run's file tells; null for a run that was not read from one.</summary>
    public string? RecordedContentHash { get; init; }

    /// <summary>Whether it can be replayed: its inputs are there.</summary>
    public bool IsReplayable => InputValues is not null;
}
