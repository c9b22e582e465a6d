using System.Collections;
using System.Collections.Specialized;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Text;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Reporting;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.PowerShell.Commands.Training;

/// <summary>Trains a model, in place.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "TorchTraining", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingResult))]
public sealed class InvokeTorchTrainingCommand : ReproTorchCmdlet
{
    private static readonly TimeSpan s_betweenProgress = TimeSpan.FromMilliseconds(200);

    private long _shownAt;

    /// <summary>The model.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>The inputs: one tensor, or one for each argument of the method.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public TorchTensor[] InputObject { get; set; } = [];

    /// <summary>What the model should give.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    public TorchTensor? Target { get; set; }

    /// <summary>The loss.</summary>
    [Parameter(Mandatory = true)]
    [ArgumentCompleter(typeof(LossCompleter))]
    public string Loss { get; set; } = string.Empty;

    /// <summary>The optimizer.</summary>
    [Parameter(Mandatory = true)]
    [ArgumentCompleter(typeof(OptimizerCompleter))]
    public string Optimizer { get; set; } = string.Empty;

    /// <summary>The learning rate.</summary>
    [Parameter]
    public double? LearningRate { get; set; }

    /// <summary>The schedule of the learning rate.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    public string? Schedule { get; set; }

    /// <summary>How often all examples are seen.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Epoch { get; set; } = 1;

    /// <summary>Examples in a batch.</summary>
    [Parameter(Mandatory = true)]
    [ValidateRange(1, long.MaxValue)]
    public long BatchSize { get; set; }

    /// <summary>Gives each epoch an order of its own.</summary>
    [Parameter]
    public SwitchParameter Shuffle { get; set; }

    /// <summary>Leaves out a last batch that is not full.</summary>
    [Parameter]
    public SwitchParameter DropLast { get; set; }

    /// <summary>Seeds libtorch's generators right before the loop.</summary>
    [Parameter]
    [SeedTransformation]
    public BigInteger? Seed { get; set; }

    /// <summary>Names of parameters that stay as they are.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ModelParameterCompleter))]
    public string[] Freeze { get; set; } = [];

    /// <summary>Names of parameters that alone are trained.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ModelParameterCompleter))]
    public string[] Train { get; set; } = [];

    /// <summary>Optimizers by names of parameters.</summary>
    [Parameter]
    public IDictionary? ParameterGroup { get; set; }

    /// <summary>Batches whose gradients make one step.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Accumulate { get; set; } = 1;

    /// <summary>Clips the norm of all gradients.</summary>
    [Parameter]
    [ValidateRange(0d, double.MaxValue)]
    public double? ClipNorm { get; set; }

    /// <summary>The order of that norm.</summary>
    [Parameter]
    public double ClipNormType { get; set; } = 2;

    /// <summary>Clips each element of the gradients.</summary>
    [Parameter]
    [ValidateRange(0d, double.MaxValue)]
    public double? ClipValue { get; set; }

    /// <summary>Takes gradients away in place of setting them to zero.</summary>
    [Parameter]
    public SwitchParameter GradientToNone { get; set; }

    /// <summary>Inputs that the model is tried on after each epoch.</summary>
    [Parameter]
    public TorchTensor[]? ValidationInput { get; set; }

    /// <summary>What the model should give for them.</summary>
    [Parameter]
    public TorchTensor? ValidationTarget { get; set; }

    /// <summary>Examples in a batch of the validation.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? ValidationBatchSize { get; set; }

    /// <summary>Leaves the random streams as they are while the model is tried.</summary>
    [Parameter]
    public SwitchParameter NoValidationDraw { get; set; }

    /// <summary>Ends the training when so many epochs have passed without getting better.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Patience { get; set; }

    /// <summary>What counts as better.</summary>
    [Parameter]
    [ValidateRange(0d, double.MaxValue)]
    public double MinimumChange { get; set; }

    /// <summary>The method that is trained.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string Method { get; set; } = "forward";

    /// <summary>Every how many steps a message is written.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int LogEvery { get; set; } = 100;

    /// <summary>A file that holds all that is needed to go on.</summary>
    [Parameter]
    public string? Checkpoint { get; set; }

    /// <summary>Writes it also every so many steps.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? CheckpointEvery { get; set; }

    /// <summary>A checkpoint to go on from.</summary>
    [Parameter]
    public string? ResumeFrom { get; set; }

    /// <summary>Writes the trained model there.</summary>
    [Parameter]
    public string? Path { get; set; }

    /// <summary>Writes the curve of the losses there, as SVG.</summary>
    [Parameter]
    public string? ChartPath { get; set; }

    /// <summary>Replaces existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (!ShouldProcess(Model!.Name, $"Train for {Epoch} {(Epoch == 1 ? "epoch" : "epochs")}"))
        {
            return;
        }

        RequireUse(nameof(MinimumChange), nameof(Patience));
        RequireUse(nameof(CheckpointEvery), nameof(Checkpoint));
        RequireUse(nameof(ClipNormType), nameof(ClipNorm));
        RequireUse(nameof(ValidationBatchSize), nameof(ValidationInput));
        TorchSeedValue? seed = Seed is { } value ? TorchSeedValue.From(value) : null;
        if (seed is { IsAliasOnCpu: true })
        {
            WriteWarning(SeedWarnings.Alias(seed.Value));
        }

        string? modelFile = Writable(Path);
        string? chartFile = Writable(ChartPath);
        string? checkpointFile = CheckpointFile();
        (string, string?)[] outputs = [("model", modelFile), ("chart", chartFile), ("checkpoint", checkpointFile)];
        TrainingFiles.RequireWritable(outputs);
        TrainingFiles.RequireApart(outputs, [("checkpoint", ResumeFrom is null ? null : ToFilePath(ResumeFrom))]);
        OptimizerOptions optimizer = OptimizerOptions.Parse(Optimizer, LearningRate);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        ExceptionDispatchInfo? failure = null;
        var options = new TrainingOptions
        {
            Loss = TrainingLoss.Parse(Loss),
            Optimizer = optimizer,
            Groups = Groups(optimizer),
            GroupsHaveOrder = ParameterGroup is IOrderedDictionary,
            Frozen = Freeze,
            Trained = Train,
            Schedule = Schedule is null ? null : LearningRateSchedule.Parse(Schedule),
            Epochs = Epoch,
            BatchSize = BatchSize,
            Shuffle = Shuffle,
            DropLast = DropLast,
            Accumulate = Accumulate,
            ClipNorm = ClipNorm,
            ClipNormType = ClipNormType,
            ClipValue = ClipValue,
            SetGradientsToNone = GradientToNone,
            Seed = seed,
            SeedLocation = ScriptLocation,
            Validation = Validation(),
            ValidationBatchSize = ValidationBatchSize,
            ValidationDraws = !NoValidationDraw,
            EarlyEnd = Patience is { } patience ? new EarlyEnd { Patience = patience, MinimumChange = MinimumChange } : null,
            Method = Method,
            LogEvery = LogEvery,
            OnStep = step => Tell(() => ShowStep(step)),
            OnEpoch = epoch => Tell(() => Say(epoch.ToString())),
            OnWarning = WriteWarning,
            Cancellation = end.Token,
            Checkpoint = checkpointFile,
            CheckpointEvery = CheckpointEvery,
            Resume = ResumeFrom is null ? null : ToFilePath(ResumeFrom),
        };
        TrainingResult result = Trainer.Train(Model, new TrainingData(InputObject, Target!), options);
        if (modelFile is not null)
        {
            Model.Save(modelFile, Force);
        }

        if (chartFile is not null)
        {
            AtomicFile.Write(chartFile, Force, stream => stream.Write(Encoding.UTF8.GetBytes(LossChart.ToSvg(result.Losses))));
        }

        failure?.Throw();
        if (!Cancellation.IsCancellationRequested)
        {
            ShowProgress($"Training {Model.Name}", "done", percent: null);
            WriteObject(result);
        }

        // Writing ends in an exception when nobody wants more, as after Select-Object -First, or when a preference says Stop. The training
        // then ends as by Ctrl+C, and the exception goes on afterwards. Nothing can be written once the pipeline is stopping.
        void Tell(Action write)
        {
            if (end.IsCancellationRequested)
            {
                return;
            }

            try
            {
                write();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
                end.Cancel();
            }
        }
    }

    private void RequireUse(string parameter, string needed)
    {
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        if (bound.ContainsKey(parameter) && (!bound.TryGetValue(needed, out object? value) || value is null))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"-{parameter} does nothing without -{needed}. Nothing was trained. Give both, or neither.");
        }
    }

    private string? Writable(string? path)
    {
        if (path is null)
        {
            return null;
        }

        string file = ToFilePath(path);
        if (File.Exists(file) && !Force)
        {
            throw new IOException($"The file '{file}' exists. It was left as it is, and nothing was trained; use -Force to replace it.");
        }

        return file;
    }

    private string? CheckpointFile()
    {
        if (Checkpoint is null)
        {
            return null;
        }

        string file = ToFilePath(Checkpoint);
        bool goesOn = ResumeFrom is not null && ToFilePath(ResumeFrom) == file;
        return File.Exists(file) && !Force && !goesOn
            ? throw new IOException(
                $"The file '{file}' exists. It was left as it is, and nothing was trained; go on from it with -ResumeFrom, or use -Force to replace it.")
            : file;
    }

    private TrainingData? Validation() => (ValidationInput, ValidationTarget) switch
    {
        (null, null) => null,
        ({ } inputs, { } target) => new TrainingData(inputs, target),
        _ => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument, "-ValidationInput and -ValidationTarget belong together; one of them is missing."),
    };

    private ParameterGroup[] Groups(OptimizerOptions optimizer)
    {
        if (ParameterGroup is null)
        {
            return [];
        }

        IEnumerable<object> keys = ParameterGroup.Keys.Cast<object>();
        if (ParameterGroup is not IOrderedDictionary)
        {
            // The keys of a hashtable come in an order that changes from process to process.
            keys = keys.OrderBy(Text, StringComparer.Ordinal);
        }

        return [.. keys.Select(key => new ParameterGroup(
            [Text(key)], OptimizerOptions.ParseGroup(Text(Unwrap.Value(ParameterGroup[key])), optimizer, LearningRate)))];

        static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }

    private void ShowStep(TrainingStep step)
    {
        if (step.IsLogged)
        {
            Say(step.ToString());
        }

        if (_shownAt == 0 || Stopwatch.GetElapsedTime(_shownAt) >= s_betweenProgress)
        {
            _shownAt = Stopwatch.GetTimestamp();
            double done = ((step.Epoch - 1) * step.Steps) + step.Step;
            ShowProgress($"Training {Model!.Name}", step.ToString(), (int)(100 * done / (step.Epochs * step.Steps)), step.Remaining);
        }
    }

    // As Write-Host: on the console, and in the information stream.
    private void Say(string message) => WriteInformation(new HostInformationMessage { Message = message }, ["PSHOST"]);
}
