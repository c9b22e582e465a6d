using System.Management.Automation;
using ReproTorch.Observation;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Observation;

/// <summary>Says where two traces of operators part ways.</summary>
[Cmdlet(VerbsData.Compare, "TorchOperatorTrace")]
[OutputType(typeof(OperatorTraceComparison), typeof(bool))]
public sealed class CompareTorchOperatorTraceCommand : ReproTorchCmdlet
{
    /// <summary>What should be: a trace, or the path of its file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public object ReferenceObject { get; set; } = null!;

    /// <summary>What is: traces, or paths of their files.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    public object DifferenceObject { get; set; } = null!;

    /// <summary>Writes only whether they are the same.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private OperatorTrace _reference = null!;

    /// <inheritdoc/>
    protected override void Begin() => _reference = ToTrace(ReferenceObject);

    /// <inheritdoc/>
    protected override void Process()
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(_reference, ToTrace(DifferenceObject));
        WriteVerbose(
            $"Compared {comparison.DifferenceCount} operators with {comparison.ReferenceCount}, {(comparison.HashesCompared ? "with" : "without")} "
                + $"their results: {comparison.SameBefore} are the same from the beginning.");
        WriteObject(Quiet ? comparison.Identical : comparison);
    }

    private OperatorTrace ToTrace(object value) => Unwrap.Value(value) switch
    {
        OperatorTrace trace => trace,
        FileInfo file => OperatorTraceFile.Read(file.FullName),
        // A path with brackets may be meant as written.
        string path => ToExistingPaths(path, literal: File.Exists(ToFilePath(path))) is [string file]
            ? OperatorTraceFile.Read(file)
            : throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"'{path}' names several files. Expected one trace."),
        var other => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"A {other?.GetType().Name ?? "null"} was given. Expected a trace of Trace-TorchOperator, or the path of its file."),
    };
}
