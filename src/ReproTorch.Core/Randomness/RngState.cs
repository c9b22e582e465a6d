namespace ReproTorch.Randomness;

/// <summary>The states of the streams that a process shares, at one moment. Put back with Set-TorchRngState, or written to one
/// <c>.npz</c> that Python can restore too.</summary>
public sealed record RngState
{
    /// <summary>libtorch's default generators by device (cpu, cuda:0, ..): the bytes of <c>torch.get_rng_state()</c>. Empty where the
    /// state does not hold them.</summary>
    public IReadOnlyDictionary<string, byte[]> Torch { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>What <c>random.getstate()</c> gives; null where the state does not hold it.</summary>
    public PythonRandomState? Python { get; init; }

    /// <summary>What <c>np.random.get_state()</c> gives; null where the state does not hold it.</summary>
    public NumpyRandomStateSnapshot? NumPy { get; init; }

    /// <summary>Whose states there are.</summary>
    public IReadOnlyList<RandomSource> Sources => [
        .. Torch.Count > 0 ? [RandomSource.Torch] : Array.Empty<RandomSource>(),
        .. Python is not null ? [RandomSource.Python] : Array.Empty<RandomSource>(),
        .. NumPy is not null ? [RandomSource.NumPy] : Array.Empty<RandomSource>(),
    ];

    /// <summary>With which seed libtorch was seeded, and where; null where that is not known.</summary>
    internal TorchOrigin? TorchOrigin { get; init; }

    /// <summary>What is known of Python's seed.</summary>
    internal StreamOrigin? PythonOrigin { get; init; }

    /// <summary>What is known of NumPy's seed.</summary>
    internal StreamOrigin? NumpyOrigin { get; init; }
}

/// <summary>Where libtorch's default generators were seeded.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="SeededAt">Script and line; null at a prompt.</param>
internal sealed record TorchOrigin(TorchSeedValue Seed, string? SeededAt);
