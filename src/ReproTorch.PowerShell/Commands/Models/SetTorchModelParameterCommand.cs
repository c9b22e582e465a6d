using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Overwrites parameters and buffers of a model.</summary>
[Cmdlet(VerbsCommon.Set, "TorchModelParameter", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorchModel))]
public sealed class SetTorchModelParameterCommand : ReproTorchCmdlet
{
    private const string PathSet = "Path";
    private const string ValueSet = "Value";

    /// <summary>The model.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject")]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>A file of tensors under the names of Python's state_dict().</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PathSet)]
    [Alias("LiteralPath", "PSPath")]
    public string Path { get; set; } = string.Empty;

    /// <summary>False leaves what is missing as it is and passes over what the model has not.</summary>
    [Parameter(ParameterSetName = PathSet)]
    public bool Strict { get; set; } = true;

    /// <summary>The parameter or buffer to overwrite.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ValueSet)]
    [ArgumentCompleter(typeof(ModelParameterCompleter))]
    public string Name { get; set; } = string.Empty;

    /// <summary>Its new value: a tensor, or numbers in nested arrays.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ValueSet)]
    public object? Value { get; set; }

    /// <summary>Returns the model.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        bool isFile = ParameterSetName == PathSet;
        string file = isFile ? ToFilePath(Path) : string.Empty;
        if (!ShouldProcess(Model!.Name, isFile ? $"Overwrite parameters from {file}" : $"Overwrite {Name}"))
        {
            return;
        }

        ParameterUpdate update = isFile
            ? ModelParameters.Write(Model, TensorFile.Read(file), Strict, file)
            : ModelParameters.Write(Model, Name, ToData(Unwrap.Deep(Value)));
        if (update.Converted.Count > 0 && (isFile || Unwrap.Value(Value) is TorchTensor))
        {
            WriteWarning($"The values came in another dtype and were converted: {string.Join(", ", update.Converted)}.");
        }

        WriteVerbose($"Overwrote {update.Written.Count}; left {update.Missing.Count} as they were; passed over {update.Unexpected.Count}.");
        if (PassThru)
        {
            WriteObject(Model);
        }
    }

    private static TensorData ToData(object? value) => value is TorchTensor tensor ? tensor.ToOwnData() : NestedValues.Read(value);
}
