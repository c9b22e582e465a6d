using ReproTorch.Randomness;

namespace ReproTorch.Sweeps;

/// <summary>What a sweep varies, and how.</summary>
public sealed record SweepOptions
{
    /// <summary>The dimensions that are swept when none is named: all that keep the model's type and device.</summary>
    public static IReadOnlyList<SweepDimension> DefaultDimensions { get; } =
    [
        SweepDimension.Repeat, SweepDimension.Thread, SweepDimension.Batch, SweepDimension.Order, SweepDimension.Process,
        SweepDimension.CpuCapability, SweepDimension.MklDnn, SweepDimension.Traced, SweepDimension.Scripted, SweepDimension.Optimized,
    ];

    /// <summary>Which; null for the default ones, of which those that this input or machine cannot show are passed over.</summary>
    public IReadOnlyList<SweepDimension>? Dimensions { get; init; }

    /// <summary>Set right before every run.</summary>
    public TorchSeedValue Seed { get; init; } = TorchSeedValue.From(0);

    /// <summary>How often Repeat runs it: 1 or more.</summary>
    public int Count { get; init; } = 5;

    /// <summary>The method.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>The most threads that Thread tries; null for as many as there are processors, at least 4.</summary>
    public int? MaxThread { get; init; }

    /// <summary>Told before each run: dimension, variant, how far the whole has come (0 to 1).</summary>
    public Action<SweepDimension, string, double>? Progress { get; init; }

    /// <summary>Looked at between runs; ends child processes at once.</summary>
    public CancellationToken Cancellation { get; init; }
}
