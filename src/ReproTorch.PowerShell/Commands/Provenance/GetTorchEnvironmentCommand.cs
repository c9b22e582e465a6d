using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Provenance;

namespace ReproTorch.PowerShell.Commands.Provenance;

/// <summary>Reads what decides the bits of a result: libraries, machine, switches.</summary>
[Cmdlet(VerbsCommon.Get, "TorchEnvironment")]
[OutputType(typeof(TorchEnvironment))]
public sealed class GetTorchEnvironmentCommand : ReproTorchCmdlet
{
    /// <inheritdoc/>
    protected override void Process() => WriteObject(TorchEnvironmentProbe.Capture());
}
