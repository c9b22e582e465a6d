using System.Management.Automation;
using System.Text;
using ReproTorch.Comparison;
using ReproTorch.Reporting;
using ReproTorch.Runs;
using ReproTorch.Tensors.Files;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>Writes comparisons as one HTML page.</summary>
[Cmdlet(VerbsData.Export, "RunReport", DefaultParameterSetName = IdenticalSet, SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportRunReportCommand : RunComparisonCmdlet
{
    private const string ComparisonSet = "Comparison";

    private readonly List<RunComparison> _comparisons = [];

    /// <summary>The page.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "PSPath")]
    public string Path { get; set; } = string.Empty;

    /// <summary>What Compare-RunOutput gave.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ComparisonSet)]
    public RunComparison[] InputObject { get; set; } = [];

    /// <summary>What was expected: run outputs, tensors, or paths of run files, folders and tensor files.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = IdenticalSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = CloseSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = UlpSet)]
    public object[] ReferenceObject { get; set; } = [];

    /// <summary>What came: the same.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = IdenticalSet)]
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = CloseSet)]
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = UlpSet)]
    public object[] DifferenceObject { get; set; } = [];

    /// <summary>The page's title; without it, the names of the runs.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>Replaces an existing page.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process() => _comparisons.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void End()
    {
        if (ParameterSetName != ComparisonSet)
        {
            _comparisons.AddRange(CompareRuns());
        }

        if (_comparisons.Count == 0)
        {
            return;
        }

        string file = ToFilePath(Path);
        string what = _comparisons.Count == 1 ? "a report of 1 comparison" : $"a report of {_comparisons.Count} comparisons";
        if (!ShouldProcess(file, $"Write {what}"))
        {
            return;
        }

        string html = RunReport.ToHtml(_comparisons, new RunReportOptions { Title = Title }, Cancellation);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        AtomicFile.Write(file, Force, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
        WriteVerbose($"Wrote {what} to {file}.");
        if (PassThru)
        {
            WriteObject(new FileInfo(file));
        }
    }

    private IEnumerable<RunComparison> CompareRuns()
    {
        ComparisonOptions options = Options();
        if (ReferenceObject is [var reference] && DifferenceObject is [var difference]
            && Folder(reference) is { } expected && Folder(difference) is { } actual)
        {
            return CompareFolders(expected, actual, options);
        }

        (IReadOnlyList<RunOutput> references, IReadOnlyList<RunOutput> differences) = Sides(ReferenceObject, DifferenceObject);
        return Compare(references, differences, options);
    }
}
