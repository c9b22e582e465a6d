using System.Management.Automation;
using ReproTorch.Determinism;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Determinism;

/// <summary>Reads the switches that decide which numbers libtorch computes.</summary>
[Cmdlet(VerbsCommon.Get, "TorchDeterminism")]
[OutputType(typeof(DeterminismSettings))]
public sealed class GetTorchDeterminismCommand : ReproTorchCmdlet
{
    /// <inheritdoc/>
    protected override void Process() => WriteObject(DeterminismPolicy.Get());
}
