using System.Management.Automation;
using ReproTorch.Comparison;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Replay;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Runs;

/// <summary>Replays recorded runs and judges what comes.</summary>
[Cmdlet(VerbsDiagnostic.Test, "RunOutput", DefaultParameterSetName = PathSet)]
[OutputType(typeof(RunReplay), typeof(bool))]
public sealed class TestRunOutputCommand : ReproTorchCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string InputSet = "InputObject";

    private ReplayOptions _options = new();

    /// <summary>Run files; wildcards may name several. A folder stands for all run files in it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Run files, taken as written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Runs that hold their inputs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputSet, ValueFromPipeline = true)]
    public RunOutput[] InputObject { get; set; } = [];

    /// <summary>The model to run.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>Where to run, in place of the recorded device.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <summary>Asks for closeness as torch.testing.assert_close has it, with its tolerances by dtype unless others are given.</summary>
    [Parameter]
    public SwitchParameter Close { get; set; }

    /// <summary>Asks for closeness with this relative tolerance; -AbsoluteTolerance must be given too.</summary>
    [Parameter]
    [ValidateRange(0.0, double.MaxValue)]
    public double? RelativeTolerance { get; set; }

    /// <summary>Asks for closeness with this absolute tolerance; -RelativeTolerance must be given too.</summary>
    [Parameter]
    [ValidateRange(0.0, double.MaxValue)]
    public double? AbsoluteTolerance { get; set; }

    /// <summary>Asks that no element is farther than this many units in the last place.</summary>
    [Parameter]
    public ulong? MaxUlp { get; set; }

    /// <summary>Takes NaN for close to NaN.</summary>
    [Parameter]
    public SwitchParameter EqualNaN { get; set; }

    /// <summary>Writes true or false for each run, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void Begin()
    {
        _options = new ReplayOptions
        {
            Comparison = new ComparisonOptions
            {
                Close = Close,
                RelativeTolerance = RelativeTolerance,
                AbsoluteTolerance = AbsoluteTolerance,
                MaxUlp = MaxUlp,
                EqualNaN = EqualNaN,
            },
            Device = Device,
            Cancellation = Cancellation,
            OnTraced = trace =>
            {
                foreach (string warning in TraceWarnings.Of(trace))
                {
                    WriteWarning(warning);
                }
            },
            OnStep = WriteVerbose,
            OnWarning = WriteWarning,
        };
        _options.Comparison.Validate();
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        foreach (RunOutput run in InputObject)
        {
            Attempt(run, () => Replay(run, path: null));
        }

        bool literal = LiteralPath.Length > 0;
        foreach (string path in literal ? LiteralPath : Path)
        {
            Attempt(path, () =>
            {
                foreach (string file in ToExistingPaths(path, literal).SelectMany(RunFolder.Files))
                {
                    Attempt(file, () => ReplayFile(file));
                }
            });
        }
    }

    private void ReplayFile(string file)
    {
        foreach (RunOutput run in RunFile.Read(file))
        {
            Cancellation.ThrowIfCancellationRequested();
            Attempt(file, () => Replay(run, file));
        }
    }

    private void Replay(RunOutput run, string? path)
    {
        RunReplay replay = RunReplayer.Replay(run, Model!, _options, path);
        WriteVerbose($"Replayed {run.Name}{(path is null ? string.Empty : $" of {path}")}: {replay.Verdict}.");
        if (replay.Model == ModelIdentity.Different)
        {
            WriteWarning($"The model {Model!.Name} is not the one that the run '{run.Name}' was recorded with.");
        }

        if (replay.Model == ModelIdentity.SameFileChanged)
        {
            WriteWarning($"The model {Model!.Name} was changed since it was loaded: it is not as it was when the run '{run.Name}' was recorded.");
        }

        WriteObject(Quiet ? replay.Match : replay);
    }
}
