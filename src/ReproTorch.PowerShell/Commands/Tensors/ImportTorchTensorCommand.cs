using System.Management.Automation;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.PowerShell.Commands.Tensors;

/// <summary>Reads tensors from .npy, .npz, .safetensors and torch.save files.</summary>
[Cmdlet(VerbsData.Import, "TorchTensor", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorchTensor))]
public sealed class ImportTorchTensorCommand : ReproTorchCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Files to read; wildcards may name several.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files to read, taken as written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Names of the tensors to read; wildcards may name several. All when left out.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Where the tensors are put.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        bool literal = LiteralPath.Length > 0;
        foreach (string path in literal ? LiteralPath : Path)
        {
            Attempt(path, () =>
            {
                foreach (string file in ToExistingPaths(path, literal))
                {
                    Attempt(file, () => Read(file));
                }
            });
        }
    }

    private void Read(string file)
    {
        int found = 0;
        IReadOnlyList<NamedTensorData> tensors = TensorFile.Read(file);
        foreach (NamedTensorData tensor in tensors)
        {
            if (Name.Any(name => WildcardPattern.Get(name, WildcardOptions.None).IsMatch(tensor.Name)))
            {
                found++;
                Cancellation.ThrowIfCancellationRequested();
                WriteObject(TorchTensor.FromData(tensor.Data, Device, tensor.Name));
            }
        }

        WriteVerbose($"Read {found} of {tensors.Count} tensors from {file}.");
        if (found == 0 && tensors.Count > 0)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"{file} has no tensor named {string.Join(", ", Name)}. It has: {string.Join(", ", tensors.Select(tensor => tensor.Name))}.");
        }
    }
}
