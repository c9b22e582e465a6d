using System.Globalization;
using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.PowerShell.Commands.Tensors;

/// <summary>Writes tensors to a .npy, .npz, .safetensors or torch.save file.</summary>
[Cmdlet(VerbsData.Export, "TorchTensor", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTorchTensorCommand : ReproTorchCmdlet
{
    private readonly List<TorchTensor> _tensors = [];

    /// <summary>The tensors.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public TorchTensor[] InputObject { get; set; } = [];

    /// <summary>The file to write; its extension tells the format.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "PSPath")]
    public string Path { get; set; } = string.Empty;

    /// <summary>Names in the file, one a tensor; each tensor's own name when left out.</summary>
    [Parameter]
    public string[] Name { get; set; } = [];

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process() => _tensors.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void End()
    {
        string file = ToFilePath(Path);
        List<NamedTensorData> named = Named(file);
        if (!ShouldProcess(file, $"Write {named.Count} tensors"))
        {
            return;
        }

        TensorFile.Write(file, named, Force);
        WriteVerbose($"Wrote {named.Count} tensors to {file}.");
        if (PassThru)
        {
            WriteObject(new FileInfo(file));
        }
    }

    private List<NamedTensorData> Named(string file)
    {
        if (Name.Length > 0 && Name.Length != _tensors.Count)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"{Name.Length} names were given for {_tensors.Count} tensors. Give one a tensor.");
        }

        // torch.save(tensor): alone, unless it was asked to have a name.
        if (_tensors.Count == 1 && Name.Length == 0 && TensorFile.CanHoldUnnamed(file))
        {
            return [new NamedTensorData(string.Empty, _tensors[0].ToData())];
        }

        // As numpy.savez names arrays that have no name of their own.
        return [.. _tensors.Select((tensor, i) => new NamedTensorData(
            Name.Length > 0 ? Name[i] : tensor.Name ?? string.Create(CultureInfo.InvariantCulture, $"arr_{i}"), tensor.ToData()))];
    }
}
