using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Runs;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>Writes run outputs to a run file, or to a folder, one file a run.</summary>
[Cmdlet(VerbsData.Export, "RunOutput", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportRunOutputCommand : ReproTorchCmdlet
{
    private readonly List<RunOutput> _runs = [];

    /// <summary>The runs.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public RunOutput[] InputObject { get; set; } = [];

    /// <summary>A file that ends in .npz takes all runs; anything else is a folder, made when it is not there, that takes one
    /// file a run, named after the run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "PSPath")]
    public string Path { get; set; } = string.Empty;

    /// <summary>Replaces existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the files.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process() => _runs.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void End()
    {
        string path = ToFilePath(Path);
        if (_runs.Count == 0)
        {
            // What should have given them has failed, mostly; a file that is there is worth more than an empty one.
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"No run came from the pipeline: {path} was not written. Expected one run or more.");
        }

        if (RunFolder.IsRunFile(path))
        {
            Export(path, _runs);
            return;
        }

        foreach ((string file, RunOutput run) in RunFolder.Plan(path, _runs))
        {
            Cancellation.ThrowIfCancellationRequested();
            Attempt(run, () => Export(file, [run]));
        }
    }

    private void Export(string file, List<RunOutput> runs)
    {
        if (!ShouldProcess(file, $"Write {runs.Count} run{(runs.Count == 1 ? string.Empty : "s")}"))
        {
            return;
        }

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        RunFile.Write(file, runs, Force);
        WriteVerbose($"Wrote {file}.");
        if (PassThru)
        {
            WriteObject(new FileInfo(file));
        }
    }
}
