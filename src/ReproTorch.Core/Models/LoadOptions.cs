using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>How <see cref="ModelLoader"/> loads a file.</summary>
public sealed record LoadOptions
{
    /// <summary>The SHA-256 that the file must have, in hex; null asks for none.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Where parameters and buffers are put; null leaves them where the file says.</summary>
    public TorchDevice? Device { get; init; }

    /// <summary>Accepts a model whose code reads or writes files.</summary>
    public bool AllowFileAccess { get; init; }

    /// <summary>Loads the file in a process of its own first (<see cref="ModelProbe"/>); the same bytes are then loaded here.</summary>
    public bool Probe { get; init; }

    /// <summary>Ends the probe.</summary>
    public CancellationToken Cancellation { get; init; }
}
