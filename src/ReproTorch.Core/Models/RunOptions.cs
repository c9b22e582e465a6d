using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>How <see cref="ModelRunner"/> runs a model.</summary>
public sealed record RunOptions
{
    /// <summary>The method; <c>forward</c> when nothing else is said.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>Seeds libtorch's generators right before each input; null leaves them as they are.</summary>
    public TorchSeedValue? Seed { get; init; }

    /// <summary>Script and line that Get-TorchSeed is to name for that seed; null for none.</summary>
    public string? SeedLocation { get; init; }

    /// <summary>Cuts every tensor along its first dimension into pieces of this many rows, runs them one after the other, and
    /// puts the outputs together again; null runs the input whole. 1 or more.</summary>
    public long? BatchSize { get; init; }

    /// <summary>Runs a trace of the model, made on first use.</summary>
    public bool Traced { get; init; }

    /// <summary>Moves the model and every input there first; null leaves them where they are.</summary>
    public TorchDevice? Device { get; init; }

    /// <summary>Records the operators that run, with the hashes of their results.</summary>
    public bool TraceOperators { get; init; }

    /// <summary>Keeps what a replay needs: copies of the inputs, the states of the random streams right before the run, and the hash of the
    /// model's content.</summary>
    public bool IncludeInput { get; init; }

    /// <summary>Asked between batches.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Told of each trace that was made, with what it froze.</summary>
    public Action<TraceResult>? OnTraced { get; init; }
}
