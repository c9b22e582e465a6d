using ReproTorch.Randomness;

namespace ReproTorch.Training;

/// <summary>Parameters that are trained with numbers of their own.</summary>
/// <param name="Patterns">Names, with * and ?, such as <c>*.bias</c>.</param>
/// <param name="Optimizer">The optimizer with its numbers; it must be of the kind of the others.</param>
public sealed record ParameterGroup(IReadOnlyList<string> Patterns, OptimizerOptions Optimizer);

/// <summary>When a training ends before its last epoch, because it gets no better.</summary>
public sealed record EarlyEnd
{
    /// <summary>How many epochs may pass without getting better; 0 or more.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>What counts as better: more than this; 0 or more.</summary>
    public double MinimumChange { get; init; }
}

/// <summary>How a model is trained. What is not said is as in a training loop of Python: DataLoader, zero_grad, backward, step.</summary>
public sealed record TrainingOptions
{
    /// <summary>The loss.</summary>
    public required TrainingLoss Loss { get; init; }

    /// <summary>The optimizer.</summary>
    public required OptimizerOptions Optimizer { get; init; }

    /// <summary>Groups with numbers of their own; a parameter is in the first group whose patterns its name fits, else in that of
    /// <see cref="Optimizer"/>.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; init; } = [];

    /// <summary>False where the groups came without an order: a parameter that fits two is then an error, and not the first's.</summary>
    public bool GroupsHaveOrder { get; init; } = true;

    /// <summary>Names of parameters, with * and ?, that stay as they are.</summary>
    public IReadOnlyList<string> Frozen { get; init; } = [];

    /// <summary>Names of parameters, with * and ?, that alone are trained; empty for all that require a gradient.</summary>
    public IReadOnlyList<string> Trained { get; init; } = [];

    /// <summary>The schedule of the learning rate; null to leave it.</summary>
    public LearningRateSchedule? Schedule { get; init; }

    /// <summary>How often all examples are seen; 1 or more.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Examples in a batch; 1 or more.</summary>
    public long BatchSize { get; init; } = 1;

    /// <summary>Whether each epoch has an order of its own.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Leaves out a last batch that is not full.</summary>
    public bool DropLast { get; init; }

    /// <summary>Batches whose gradients are added up for one step; each loss is divided by this. The last step of an epoch may have
    /// fewer. 1 or more.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>torch.nn.utils.clip_grad_norm_ before each step; null for none.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>The order of that norm; may be infinite.</summary>
    public double ClipNormType { get; init; } = 2;

    /// <summary>torch.nn.utils.clip_grad_value_ before each step; null for none.</summary>
    public double? ClipValue { get; init; }

    /// <summary><c>zero_grad(set_to_none)</c>: false in PyTorch 1.13, true by default since 2.0. A sum that begins with 0 and one that
    /// begins with nothing differ in the sign of zeros, and a parameter without a gradient is stepped or not.</summary>
    public bool SetGradientsToNone { get; init; }

    /// <summary>Seeds libtorch's generators right before the loop; null leaves them as they are.</summary>
    public TorchSeedValue? Seed { get; init; }

    /// <summary>Script and line that Get-TorchSeed is to name for that seed; null for none.</summary>
    public string? SeedLocation { get; init; }

    /// <summary>Examples that the model is tried on after each epoch; null for none.</summary>
    public TrainingData? Validation { get; init; }

    /// <summary>Whether trying the model draws what <c>iter(DataLoader)</c> draws, as a script does that has a DataLoader for it. Without,
    /// the streams stay as they are.</summary>
    public bool ValidationDraws { get; init; } = true;

    /// <summary>Examples in a batch of the validation; null for <see cref="BatchSize"/>.</summary>
    public long? ValidationBatchSize { get; init; }

    /// <summary>Ends early; null to train all epochs. It watches the validation's loss, or without a validation the training's.</summary>
    public EarlyEnd? EarlyEnd { get; init; }

    /// <summary>The method that is trained.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>Every how many steps <see cref="TrainingStep.IsLogged"/> is true; 1 or more.</summary>
    public int LogEvery { get; init; } = 100;

    /// <summary>Told of each step.</summary>
    public Action<TrainingStep>? OnStep { get; init; }

    /// <summary>Told of each epoch.</summary>
    public Action<TrainingEpoch>? OnEpoch { get; init; }

    /// <summary>Told of what is worth a warning.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Asked after each step of the optimizer; the training then ends, and keeps what it has.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>A file that holds all that is needed to go on from where the training stands, written after each epoch and when the training is
    /// cancelled; null for none. An existing one is replaced.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Writes it also every so many steps; null for not.</summary>
    public int? CheckpointEvery { get; init; }

    /// <summary>A checkpoint to go on from; null to begin.</summary>
    public string? Resume { get; init; }

    /// <exception cref="ReproTorchException">A number is out of range.</exception>
    internal void Check()
    {
        Require(Epochs >= 1, "number of epochs", Epochs, "1 or more");
        Require(BatchSize >= 1, "batch size", BatchSize, "1 or more");
        Require(ValidationBatchSize is null or >= 1, "validation's batch size", ValidationBatchSize, "1 or more");
        Require(Accumulate >= 1, "number of batches for a step", Accumulate, "1 or more");
        Require(ClipNorm is null or >= 0, "norm to clip at", ClipNorm, "0 or more");
        Require(ClipNormType > 0, "order of the norm", ClipNormType, "more than 0");
        Require(ClipValue is null or >= 0, "value to clip at", ClipValue, "0 or more");
        Require(LogEvery >= 1, "number of steps between messages", LogEvery, "1 or more");
        Require(CheckpointEvery is null or >= 1, "number of steps between checkpoints", CheckpointEvery, "1 or more");
        Require(EarlyEnd is null or { Patience: >= 0 }, "patience", EarlyEnd?.Patience, "0 or more");
        Require(EarlyEnd is null or { MinimumChange: >= 0 }, "change that counts", EarlyEnd?.MinimumChange, "0 or more");
        if (Groups.FirstOrDefault(group => group.Optimizer.Kind != Optimizer.Kind) is { } other)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"A group is to be trained by {other.Optimizer.Kind} and the rest by {Optimizer.Kind}. All groups have one optimizer, with numbers of their own.");
        }
    }

    private static void Require(bool holds, string what, object? value, string expected)
    {
        if (!holds)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, FormattableString.Invariant($"The {what} was {value}. Expected {expected}."));
        }
    }
}
