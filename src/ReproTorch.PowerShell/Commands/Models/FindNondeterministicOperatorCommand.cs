using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Reads a model's graphs for operators whose results may differ.</summary>
[Cmdlet(VerbsCommon.Find, "NondeterministicOperator")]
[OutputType(typeof(NondeterministicOperator))]
public sealed class FindNondeterministicOperatorCommand : ReproTorchCmdlet
{
    /// <summary>The model, or the path of a TorchScript file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject")]
    public object? Model { get; set; }

    /// <summary>The device to judge for.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <summary>The methods to read.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string[]? Method { get; set; }

    /// <summary>Writes what does not matter now, too.</summary>
    [Parameter]
    public SwitchParameter IncludeInactive { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        switch (Unwrap.Value(Model))
        {
            case TorchModel model:
                Read(model);
                break;
            case string path:
                ReadFile(ToFilePath(path));
                break;
            case FileInfo file:
                ReadFile(file.FullName);
                break;
            default:
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, $"'{Model}' is no model. Expected a model, or the path of a TorchScript file.");
        }
    }

    // No method of it is run, so code that reads or writes files does no harm.
    private void ReadFile(string file)
    {
        using TorchModel model = ModelLoader.Load(file, new LoadOptions { AllowFileAccess = true, Cancellation = Cancellation });
        Read(model);
    }

    private void Read(TorchModel model)
    {
        IReadOnlyList<NondeterministicOperator> found = NondeterminismFinder.Find(model, Device, Method);
        NondeterministicOperator[] active = [.. found.Where(one => one.Active)];
        WriteVerbose($"{model}: {active.Length} active, {found.Count - active.Length} inactive.");
        WriteObject(IncludeInactive ? found : active, enumerateCollection: true);
    }
}
