using System.Collections;
using System.Management.Automation;
using ReproTorch.Comparison;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Training;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>Compares runs: bit for bit, or within tolerances.</summary>
[Cmdlet(VerbsData.Compare, "RunOutput", DefaultParameterSetName = IdenticalSet)]
[OutputType(typeof(RunComparison), typeof(bool))]
public sealed class CompareRunOutputCommand : ReproTorchCmdlet
{
    private const string IdenticalSet = "Identical";
    private const string CloseSet = "Close";
    private const string UlpSet = "Ulp";

    private readonly List<RunOutput> _differences = [];
    private ComparisonOptions _options = ComparisonOptions.Default;
    private bool _fromPipeline;
    private bool _failed;

    /// <summary>What was expected: run outputs, tensors, or paths of run files, folders and tensor files.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [AllowEmptyCollection]
    public object[] ReferenceObject { get; set; } = [];

    /// <summary>What came: the same. From the pipeline, each is compared with a single reference, or all with the references in
    /// order.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [AllowEmptyCollection]
    public object[] DifferenceObject { get; set; } = [];

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

    /// <summary>Asks that no element is farther than this many units in the last place.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UlpSet)]
    public ulong MaxUlp { get; set; }

    /// <summary>Takes NaN for equal to NaN.</summary>
    [Parameter(ParameterSetName = CloseSet)]
    [Parameter(ParameterSetName = UlpSet)]
    public SwitchParameter EqualNaN { get; set; }

    /// <summary>Writes true or false for each pair, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void Begin()
    {
        _options = new ComparisonOptions
        {
            Close = Close,
            RelativeTolerance = RelativeTolerance,
            AbsoluteTolerance = AbsoluteTolerance,
            MaxUlp = ParameterSetName == UlpSet ? MaxUlp : null,
            EqualNaN = EqualNaN,
        };
        _options.Validate();

        // What a parameter gives is there before the first input, what the pipeline gives is not.
        _fromPipeline = !MyInvocation.BoundParameters.ContainsKey(nameof(DifferenceObject));
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        foreach (object item in DifferenceObject)
        {
            Attempt(item, () =>
            {
                try
                {
                    _differences.AddRange(Runs(item));
                }
                catch
                {
                    _failed = true;
                    throw;
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        if (_failed && _differences.Count == 0)
        {
            return;
        }

        List<RunOutput> references = [.. ReferenceObject.SelectMany(item => Runs(item))];
        if (_fromPipeline && references.Count == 1 && _differences.Count > 1)
        {
            foreach (RunOutput difference in _differences)
            {
                Cancellation.ThrowIfCancellationRequested();
                WriteResult(RunComparer.Compare(references[0], difference, _options, progress: null, Cancellation));
            }

            return;
        }

        foreach (RunComparison comparison in RunComparer.Compare(references, _differences, _options, progress: null, Cancellation))
        {
            WriteResult(comparison);
        }
    }

    private void WriteResult(RunComparison comparison) => WriteObject(Quiet ? comparison.Match : comparison);

    private IReadOnlyList<RunOutput> Runs(object? item) => Unwrap.Value(item) switch
    {
        RunOutput run => [run],
        TrainingResult training => [training.ToRunOutput()],
        TorchTensor tensor => [RunSource.OfTensor(tensor)],
        RunValue value => [RunSource.OfValue(value.Name, value)],
        TensorData data => [RunSource.OfValue(string.Empty, RunValue.OfTensor("output", data))],
        string path => ReadPath(path),
        FileSystemInfo file => RunSource.Read(file.FullName),
        IEnumerable items => [.. items.Cast<object?>().SelectMany(Runs)],
        var other => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"'{other ?? "null"}' cannot be compared. Expected a run output, a tensor, or the path of a run file, folder or tensor file."),
    };

    private List<RunOutput> ReadPath(string path)
    {
        // A path with brackets may be meant as written.
        bool literal = File.Exists(ToFilePath(path)) || Directory.Exists(ToFilePath(path));
        return [.. ToExistingPaths(path, literal).SelectMany(RunSource.Read)];
    }
}
