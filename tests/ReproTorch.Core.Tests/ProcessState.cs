using ReproTorch.Determinism;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests;

/// <summary>The tests that touch what libtorch keeps for the whole process run one after the other, and each leaves the streams and
/// switches as it found them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessState
{
    public const string Name = "process state";
}

/// <summary>Base of such tests.</summary>
[Collection(ProcessState.Name)]
public abstract class ProcessStateTests : IDisposable
{
    private readonly TorchRngSnapshot _streams = TorchRngSnapshot.Take();
    private readonly DeterminismSettings _switches = DeterminismPolicy.Get();

    public void Dispose()
    {
        DeterminismPolicy.Restore(_switches);
        _streams.Restore();
        GC.SuppressFinalize(this);
    }
}
