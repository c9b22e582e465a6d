using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Puts the states of the random streams back, from an object or from a file that Python may have written.</summary>
[Cmdlet(VerbsCommon.Set, "TorchRngState", SupportsShouldProcess = true, DefaultParameterSetName = ObjectSet)]
[OutputType(typeof(StreamReport))]
public sealed class SetTorchRngStateCommand : ReproTorchCmdlet
{
    private const string ObjectSet = "InputObject";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>What Get-TorchRngState gave.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ObjectSet)]
    public RngState? InputObject { get; set; }

    /// <summary>A file of states.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Path { get; set; }

    /// <summary>A file of states, taken as it is written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = string.Empty;

    /// <summary>Returns what Get-TorchSeed says now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        RngState state = InputObject ?? RngStateFile.Read(OneFile());
        if (!ShouldProcess($"{string.Join(", ", state.Sources)} in this process", "Put the states of the random streams back"))
        {
            return;
        }

        RandomStreams.Restore(state);
        WriteVerbose($"Restored the states of {string.Join(", ", state.Sources)}.");
        if (PassThru)
        {
            WriteObject(RandomStreams.Report(state.Sources, Cancellation), enumerateCollection: true);
        }
    }

    private string OneFile()
    {
        string path = Path ?? LiteralPath;
        return ToExistingPaths(path, literal: Path is null) is [string file]
            ? file
            : throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"'{path}' names several files. Expected one: the states of one moment.");
    }
}
