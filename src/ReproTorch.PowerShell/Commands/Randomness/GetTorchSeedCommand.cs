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
    public RandomSource[] Source { get; set; } = Enum.GetValues<RandomSource>();

    /// <inheritdoc/>
    protected override void Process() => WriteObject(RandomStreams.Report(Source), enumerateCollection: true);
}
