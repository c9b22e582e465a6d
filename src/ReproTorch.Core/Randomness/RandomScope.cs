using ReproTorch.Determinism;

namespace ReproTorch.Randomness;

/// <summary>Remembers every shared stream and switch, and puts them back when it is disposed.</summary>
public sealed class RandomScope : IDisposable
{
    private readonly RngState _streams = RandomStreams.Capture(RandomStreams.SeededByDefault);
    private readonly DeterminismSettings _switches = DeterminismPolicy.Get();
    private bool _restored;

    /// <summary>Puts them back.</summary>
    public void Dispose()
    {
        if (!_restored)
        {
            _restored = true;
            try
            {
                RandomStreams.Restore(_streams);
            }
            finally
            {
                DeterminismPolicy.Restore(_switches);
            }
        }
    }
}
