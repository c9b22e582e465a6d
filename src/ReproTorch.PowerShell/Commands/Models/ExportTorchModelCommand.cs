using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Writes a model to a TorchScript file.</summary>
[Cmdlet(VerbsData.Export, "TorchModel", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTorchModelCommand : ReproTorchCmdlet
{
    /// <summary>The model.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [Alias("InputObject")]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "PSPath")]
    public string Path { get; set; } = string.Empty;

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        string file = ToFilePath(Path);
        if (!ShouldProcess(file, $"Write model {Model!.Name}"))
        {
            return;
        }

        Model!.Save(file, Force);
        WriteVerbose($"Wrote {file}.");
        if (PassThru)
        {
            WriteObject(new FileInfo(file));
        }
    }
}
