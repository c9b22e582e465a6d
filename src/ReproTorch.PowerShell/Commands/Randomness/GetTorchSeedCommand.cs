using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Says for each random stream which seed it had, where, and how many numbers were drawn since.</summary>
[Cmdlet(VerbsCommon.Get, "TorchSeed")]
[OutputType(typeof(StreamReport))]
public sealed class GetTorchSeedCommand : ReproTorchCmdlet
{
    /// <summary>Which streams to tell of; all when left out.</summary>
    [Parameter(Position = 0)]
    [ValidateSet(nameof(RandomSource.Torch), nameof(RandomSource.Python), nameof(RandomSource.NumPy), nameof(RandomSource.PowerShell))]
    public RandomSource[] Source { get; set; } = [RandomSource.Torch, RandomSource.Python, RandomSource.NumPy, RandomSource.PowerShell];

    /// <inheritdoc/>
    protected override void Process() => WriteObject(SessionSeed.Report(Source, Cancellation), enumerateCollection: true);
}
