using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Lists parameters and buffers of a model, with hashes.</summary>
[Cmdlet(VerbsCommon.Get, "TorchModelParameter")]
[OutputType(typeof(ModelParameter))]
public sealed class GetTorchModelParameterCommand : ReproTorchCmdlet
{
    /// <summary>The model.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject")]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>Names to list; wildcards may name several.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ModelParameterCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Lists buffers, too.</summary>
    [Parameter]
    public SwitchParameter Buffer { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        foreach (string name in Name)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.CultureInvariant);
            bool found = false;
            foreach (ModelParameter parameter in ModelParameters.Read(
                Model!, (candidate, kind) => pattern.IsMatch(candidate) && (Buffer || kind == ModelParameterKind.Parameter || candidate == name)))
            {
                Cancellation.ThrowIfCancellationRequested();
                found = true;
                WriteObject(parameter);
            }

            if (!found && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                Attempt(name, () => throw ModelParameters.Unknown(Model!, name));
            }
        }
    }
}
