using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Loads TorchScript models from files.</summary>
[Cmdlet(VerbsData.Import, "TorchModel", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TorchModel))]
public sealed class ImportTorchModelCommand : ReproTorchCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Files to load; wildcards may name several.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files to load, taken as written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The SHA-256 that the file must have.</summary>
    [Parameter]
    [ValidatePattern("^[0-9a-fA-F]{64}$")]
    public string? Sha256 { get; set; }

    /// <summary>Where parameters and buffers are put.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <summary>Accepts a model whose code reads or writes files.</summary>
    [Parameter]
    public SwitchParameter AllowFileAccess { get; set; }

    /// <summary>Loads the file in a process of its own first, where a crash does no harm.</summary>
    [Parameter]
    public SwitchParameter Probe { get; set; }

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
                    Attempt(file, () => Load(file));
                }
            });
        }
    }

    private void Load(string file)
    {
        TorchModel model = ModelLoader.Load(file, new LoadOptions
        {
            Sha256 = Sha256,
            Device = Device,
            AllowFileAccess = AllowFileAccess,
            Probe = Probe,
            Cancellation = Cancellation,
        });
        WriteVerbose($"Loaded {file}: {model.Methods.Count} methods, {model.ParameterCount} parameters.");
        WriteObject(model);
    }
}
