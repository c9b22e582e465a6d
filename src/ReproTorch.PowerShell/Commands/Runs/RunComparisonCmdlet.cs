using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using ReproTorch.Comparison;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Training;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>What the cmdlets that compare runs share: what was asked for, what can stand for runs, progress.</summary>
public abstract class RunComparisonCmdlet : ReproTorchCmdlet
{
    private protected const string IdenticalSet = "Identical";
    private protected const string CloseSet = "Close";
    private protected const string UlpSet = "Ulp";

    /// <summary>Asks for closeness as torch.testing.assert_close has it, with its tolerances by dtype unless others are given.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    public SwitchParameter Close { get; set; }

    /// <summary>Asks for closeness with this relative tolerance; -AbsoluteTolerance must be given too.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    [ValidateRange(0.0, double.MaxValue)]
    public double? RelativeTolerance { get; set; }

    /// <summary>Asks for closeness with this absolute tolerance; -RelativeTolerance must be given too.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    [ValidateRange(0.0, double.MaxValue)]
    public double? AbsoluteTolerance { get; set; }

    /// <summary>Asks for closeness, with tolerances by output name.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    [OutputTolerancesTransformation]
    public OutputTolerances[] OutputTolerance { get; set; } = [];

    /// <summary>Asks that no element is farther than this many units in the last place.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UlpSet)]
    public ulong MaxUlp { get; set; }

    /// <summary>Takes NaN for equal to NaN.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    [Parameter(ParameterSetName = UlpSet)]
    public SwitchParameter EqualNaN { get; set; }

    /// <summary>Compares values of different dtypes instead of taking that for a mismatch.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    [Parameter(ParameterSetName = UlpSet)]
    public SwitchParameter IgnoreDType { get; set; }

    /// <summary>Pairs outputs that go by other names: the reference's name, then the difference's.</summary>
    [Parameter(ParameterSetName = IdenticalSet)]
    [Parameter(ParameterSetName = CloseSet)]
    [Parameter(ParameterSetName = UlpSet)]
    [NameMapTransformation]
    public Dictionary<string, string> NameMap { get; set; } = [];

    /// <summary>What was asked for.</summary>
    /// <exception cref="ArgumentException">The parameters contradict each other.</exception>
    private protected ComparisonOptions Options()
    {
        var options = new ComparisonOptions
        {
            Close = Close,
            RelativeTolerance = RelativeTolerance,
            AbsoluteTolerance = AbsoluteTolerance,
            OutputTolerances = OutputTolerance,
            MaxUlp = ParameterSetName == UlpSet ? MaxUlp : null,
            EqualNaN = EqualNaN,
            CheckDType = !IgnoreDType,
            NameMap = NameMap,
        };
        options.Validate();
        return options;
    }

    /// <summary>The runs that an argument stands for.</summary>
    private protected IReadOnlyList<RunOutput> Runs(object? item) => Unwrap.Value(item) switch
    {
        RunOutput run => [run],
        TrainingResult training => [training.ToRunOutput()],
        TorchTensor tensor => [RunSource.OfTensor(tensor)],
        RunValue value => [RunSource.OfValue(value.Name, value)],
        TensorData data => [RunSource.OfValue(string.Empty, RunValue.OfTensor("output", data))],
        string path => Read(path),
        FileSystemInfo file => RunSource.Read(file.FullName),
        IEnumerable items => [.. items.Cast<object?>().SelectMany(Runs)],
        var other => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"'{other ?? "null"}' cannot be compared. Expected a run output, a tensor, or the path of a run file, folder or tensor file."),
    };

    /// <summary>The one folder that an argument names; null when it is anything else.</summary>
    private protected string? Folder(object? item) => Unwrap.Value(item) switch
    {
        DirectoryInfo folder => folder.FullName,
        string path when Paths(path) is [string only] && Directory.Exists(only) => only,
        _ => null,
    };

    /// <summary>The runs of both sides, in the order in which they stand against each other.</summary>
    private protected (IReadOnlyList<RunOutput> References, IReadOnlyList<RunOutput> Differences) Sides(
        IReadOnlyList<object> reference, IReadOnlyList<object> difference)
    {
        IReadOnlyList<RunOutput> references = [.. reference.SelectMany(Runs)];
        IReadOnlyList<RunOutput> differences = [.. difference.SelectMany(Runs)];
        return reference.Any(item => Folder(item) is not null) ? (RunFolder.Arrange(references, differences), differences)
            : difference.Any(item => Folder(item) is not null) ? (references, RunFolder.Arrange(differences, references))
            : (references, differences);
    }

    /// <summary>Compares one pair, showing how far it has come, and tells it to the verbose stream.</summary>
    private protected RunComparison Compare(RunOutput reference, RunOutput difference, ComparisonOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        RunComparison comparison;
        using (Progress progress = new(this))
        {
            comparison = RunComparer.Compare(reference, difference, options, progress, Cancellation);
        }

        long bytes = reference.Outputs.Sum(output => output.Data?.ByteLength ?? 0);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        WriteDebug(string.Create(
            CultureInfo.InvariantCulture, $"Compared {bytes} bytes with as many in {took.TotalMilliseconds:0.###} ms, asked for: {comparison.Criterion}."));
        Tell(comparison);
        return comparison;
    }

    /// <summary>Compares runs in order, pair by pair; what has no counterpart is Core's to say.</summary>
    private protected IEnumerable<RunComparison> Compare(
        IReadOnlyList<RunOutput> references, IReadOnlyList<RunOutput> differences, ComparisonOptions options) =>
        references.Count == differences.Count && references.Count > 0
            ? references.Zip(differences, (reference, difference) => Compare(reference, difference, options))
            : RunComparer.Compare(references, differences, options, progress: null, Cancellation);

    /// <summary>Compares two folders, one pair of files after the other; one that cannot be read is an error, and a comparison that does not
    /// match, so that nobody takes the others for all.</summary>
    private protected IEnumerable<RunComparison> CompareFolders(string reference, string difference, ComparisonOptions options)
    {
        using Progress progress = new(this);
        foreach (RunComparison comparison in RunComparer.CompareFolders(reference, difference, options, progress, Cancellation))
        {
            if (comparison.Failure is { } failure)
            {
                Attempt(comparison.File, () => throw failure);
            }
            else
            {
                Tell(comparison);
            }

            yield return comparison;
        }
    }

    private protected void Tell(RunComparison comparison)
    {
        string names = comparison.File ?? $"'{comparison.Difference?.Name}' with '{comparison.Reference?.Name}'";
        string outputs = comparison.Outputs.Count == 1 ? "1 output" : $"{comparison.Outputs.Count} outputs";
        WriteVerbose($"Compared {names}, {outputs}: {(comparison.Identical ? "identical" : comparison.Match ? "match" : "no match")}.");
    }

    private List<RunOutput> Read(string path) => [.. Paths(path).SelectMany(RunSource.Read)];

    // A path with brackets may be meant as written.
    private IReadOnlyList<string> Paths(string path) =>
        ToExistingPaths(path, literal: File.Exists(ToFilePath(path)) || Directory.Exists(ToFilePath(path)));

    /// <summary>A bar that appears when there is more than one report to it, and goes when it is disposed.</summary>
    private sealed class Progress(RunComparisonCmdlet cmdlet) : IProgress<ComparisonProgress>, IDisposable
    {
        private const string Activity = "Comparing";
        private bool _shown;

        public void Report(ComparisonProgress value)
        {
            if (value.BytesDone > 0 && value.BytesTotal > 0)
            {
                _shown = true;
                cmdlet.ShowProgress(
                    Activity,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{value.Output}: {value.BytesDone / 1e6:#,0} of {value.BytesTotal / 1e6:#,0} MB"),
                    (int)(100.0 * value.BytesDone / value.BytesTotal));
            }
        }

        public void Dispose()
        {
            if (_shown && !cmdlet.Stopping)
            {
                cmdlet.ShowProgress(Activity, "done", percent: null);
            }
        }
    }
}
