using System.Management.Automation;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Provenance;
using ReproTorch.Runs;

namespace ReproTorch.PowerShell.Commands.Provenance;

/// <summary>Says in what two environments differ, and what each difference can do to a result.</summary>
[Cmdlet(VerbsData.Compare, "TorchEnvironment")]
[OutputType(typeof(EnvironmentComparison))]
public sealed class CompareTorchEnvironmentCommand : ReproTorchCmdlet
{
    /// <summary>An environment, a run that recorded one, or a run file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public object? ReferenceObject { get; set; }

    /// <summary>The same, to compare with it; this process's own environment when left out.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    public object? DifferenceObject { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        TorchEnvironment reference = Environment(ReferenceObject);
        TorchEnvironment difference = DifferenceObject is null ? TorchEnvironmentProbe.Capture() : Environment(DifferenceObject);
        WriteObject(EnvironmentComparison.Compare(reference, difference));
    }

    private TorchEnvironment Environment(object? value) => Unwrap.Value(value) switch
    {
        TorchEnvironment environment => environment,
        RunOutput run => OfRun(run, run.Name),
        string path => OfFile(ToFilePath(path)),
        FileInfo file => OfFile(file.FullName),
        var other => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument, $"'{other}' is no environment. Expected one, a run output, or the path of a run file."),
    };

    private static TorchEnvironment OfFile(string path)
    {
        IReadOnlyList<RunOutput> runs = RunFile.Read(path);
        return runs.Count > 0
            ? OfRun(runs[0], path)
            : throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"{path} holds no run.");
    }

    private static TorchEnvironment OfRun(RunOutput run, string name) => run.Environment
        ?? throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"{name} was recorded without its environment.");
}
