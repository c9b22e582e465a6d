using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Runs;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>Reads run files.</summary>
[Cmdlet(VerbsData.Import, "RunOutput", DefaultParameterSetName = PathSet)]
[OutputType(typeof(RunOutput))]
public sealed class ImportRunOutputCommand : ReproTorchCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Run files; wildcards may name several. A folder stands for all run files in it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Run files, taken as written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void Process()
    {
        bool literal = LiteralPath.Length > 0;
        foreach (string path in literal ? LiteralPath : Path)
        {
            Attempt(path, () =>
            {
                foreach (string found in ToExistingPaths(path, literal))
                {
                    foreach (string file in RunFolder.Files(found))
                    {
                        Attempt(file, () =>
                        {
                            IReadOnlyList<RunOutput> runs = RunFile.Read(file);
                            WriteVerbose($"Read {runs.Count} run{(runs.Count == 1 ? string.Empty : "s")} from {file}.");
                            WriteObject(runs, enumerateCollection: true);
                        });
                    }
                }
            });
        }
    }
}
