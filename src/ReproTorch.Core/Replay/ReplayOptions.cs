using ReproTorch.Comparison;
using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.Replay;

/// <summary>How a run is replayed and what the outcome is held against.</summary>
public sealed record ReplayOptions
{
    /// <summary>What the outputs are held against; the same bits when nothing else is said.</summary>
    public ComparisonOptions Comparison { get; init; } = ComparisonOptions.Default;

    /// <summary>Where to run; null for the device of the recorded run.</summary>
    public TorchDevice? Device { get; init; }

    /// <summary>Asked between batches and while comparing.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Told of each trace that was made, with what it froze.</summary>
    public Action<TraceResult>? OnTraced { get; init; }

    /// <summary>Told of what is done, step by step.</summary>
    public Action<string>? OnStep { get; init; }

    /// <summary>Told of what could not be put back as it was recorded.</summary>
    public Action<string>? OnWarning { get; init; }
}
