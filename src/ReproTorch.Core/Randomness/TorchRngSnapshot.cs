namespace ReproTorch.Randomness;

/// <summary>The states of libtorch's default generators at one moment, to be put back.</summary>
public sealed class TorchRngSnapshot
{
    private readonly List<(TorchGenerator Generator, byte[] State)> _states;

    private TorchRngSnapshot(List<(TorchGenerator, byte[])> states) => _states = states;

    /// <summary>Reads the states of the CPU's and every CUDA device's default generator.</summary>
    public static TorchRngSnapshot Take() =>
        new([.. TorchGenerator.AllDefaults().Select(generator => (generator, generator.GetState()))]);

    /// <summary>Puts the states back. May be called again.</summary>
    public void Restore()
    {
        foreach ((TorchGenerator generator, byte[] state) in _states)
        {
            generator.SetState(state);
        }
    }
}
