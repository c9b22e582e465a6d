using System.Text.Json.Serialization;
using ReproTorch.Comparison;
using ReproTorch.Provenance;

namespace ReproTorch.Training;

/// <summary>training.json in a checkpoint: where the training stands, apart from tensors. What a file leaves out, or sets to null, reads
/// as empty.</summary>
internal sealed record CheckpointPlace
{
    /// <summary>Always <c>reprotorch-training</c>.</summary>
    public string Format { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>1. A reader refuses what is newer than it knows.</summary>
    public int Version { get; init; }

    /// <summary>The epoch to go on in, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>The batch to go on with, from 0, which begins the epoch.</summary>
    public long Batch { get; init; }

    public ScheduleState Schedule { get; init => field = value ?? new(); } = new();

    public double? Best { get; init; }

    public int EpochsWithoutBetter { get; init; }

    public string LossDType { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<TrainingEpoch> Epochs { get; init => field = value ?? []; } = [];

    /// <summary>What was asked for, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init => field = value ?? new Dictionary<string, string>(); }
        = new Dictionary<string, string>();

    /// <summary>Content hashes of the examples.</summary>
    public string Data { get; init => field = value ?? string.Empty; } = string.Empty;

    public TorchEnvironment Environment { get; init => field = value ?? new(); } = new();
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    MaxDepth = 32,
    Converters = [typeof(ExactDoubleConverter)])]
[JsonSerializable(typeof(CheckpointPlace))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
