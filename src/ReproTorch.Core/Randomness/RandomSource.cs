namespace ReproTorch.Randomness;

/// <summary>Whose random numbers.</summary>
public enum RandomSource
{
    /// <summary>libtorch's generators (<c>torch.manual_seed</c>, <c>torch.Generator</c>).</summary>
    Torch,

    /// <summary>CPython's <c>random</c>.</summary>
    Python,

    /// <summary>NumPy's legacy stream: <c>np.random.seed</c> and <c>np.random.RandomState</c>.</summary>
    NumPy,

    /// <summary>NumPy's <c>np.random.Generator</c>. It has no stream that a process shares.</summary>
    NumPyGenerator,

    /// <summary>PowerShell's <c>Get-Random</c> in this session.</summary>
    PowerShell,
}
