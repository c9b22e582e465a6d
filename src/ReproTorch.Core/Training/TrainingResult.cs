using System.Runtime.InteropServices;
using ReproTorch.Provenance;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Training;

/// <summary>Why a training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs are done.</summary>
    Completed,

    /// <summary>It got no better for too long.</summary>
    NoBetter,

    /// <summary>It was cancelled after a step.</summary>
    Cancelled,
}

/// <summary>What one epoch gave.</summary>
public sealed record TrainingEpoch
{
    /// <summary>Its number, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>The mean of its steps' losses, added up in their order in double.</summary>
    public required double Loss { get; init; }

    /// <summary>What the model was measured by after it, by name: <c>validationLoss</c>, <c>validationAccuracy</c>. Empty without a
    /// validation.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init => field = value ?? new Dictionary<string, double>(); }
        = new Dictionary<string, double>();

    /// <summary>The learning rate of the first group in its last step.</summary>
    public double LearningRate { get; init; }

    /// <summary>XXH3-128 over the names and content hashes of all parameters and buffers after it, in hex.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>Number, loss and metrics.</summary>
    public override string ToString() => FormattableString.Invariant($"Epoch {Epoch}: Loss: {Loss:F4}")
        + string.Concat(Metrics.Select(metric => FormattableString.Invariant($", {metric.Key}: {metric.Value:F4}")));
}

/// <summary>A training that has ended: all that is needed to compare it with another one. Immutable.</summary>
public sealed record TrainingResult
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Why it ended.</summary>
    public required TrainingEnd End { get; init; }

    /// <summary>The loss of each step (batch), in order, of all epochs; those from before a checkpoint too.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    /// <summary>The dtype that the losses were computed in.</summary>
    public required DType LossDType { get; init; }

    /// <summary>The epochs that were ended.</summary>
    public required IReadOnlyList<TrainingEpoch> Epochs { get; init; }

    /// <summary>XXH3-128 over the names and content hashes of all parameters and buffers, in hex, at the end.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>The parameters at the end, by name.</summary>
    public required IReadOnlyList<NamedTensorData> Parameters { get; init; }

    /// <summary>The buffers at the end, by name.</summary>
    public required IReadOnlyList<NamedTensorData> Buffers { get; init; }

    /// <summary>The seed that was set before the loop; null when none was.</summary>
    public string? Seed { get; init; }

    /// <summary>What was asked for, by name: loss, optimizer, batch size, ...</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The examples, by hash.</summary>
    public required IReadOnlyList<RunInputInfo> Inputs { get; init; }

    /// <summary>What decided the bits.</summary>
    public required TorchEnvironment Environment { get; init; }

    /// <summary>When it began, or went on, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>How long it took since then.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The training as a run, for comparisons and run files: <c>loss</c> (one number a step), <c>metric.loss</c> and what else was
    /// measured (one float64 an epoch), <c>parameter.NAME</c> and <c>buffer.NAME</c>. So the first difference of two trainings is the first
    /// step, and the first parameter, that differ.</summary>
    /// <param name="name">The run's name; null for "training".</param>
    public RunOutput ToRunOutput(string? name = null)
    {
        var outputs = new List<RunValue> { RunValue.OfTensor("loss", LossData()) };
        if (Epochs.Count > 0)
        {
            outputs.Add(RunValue.OfTensor("metric.loss", Vector([.. Epochs.Select(epoch => epoch.Loss)])));
            outputs.AddRange(Epochs[0].Metrics.Keys.Select(metric => RunValue.OfTensor(
                "metric." + metric, Vector([.. Epochs.Select(epoch => epoch.Metrics.GetValueOrDefault(metric, double.NaN))]))));
        }

        outputs.AddRange(Parameters.Select(parameter => RunValue.OfTensor("parameter." + parameter.Name, parameter.Data)));
        outputs.AddRange(Buffers.Select(buffer => RunValue.OfTensor("buffer." + buffer.Name, buffer.Data)));
        return new RunOutput
        {
            Name = name ?? "training",
            Outputs = outputs,
            Seed = Seed,
            Model = Model,
            Method = Settings.GetValueOrDefault("method"),
            BatchSize = long.Parse(Settings["batchSize"], System.Globalization.CultureInfo.InvariantCulture),
            Inputs = Inputs,
            Environment = Environment,
            Time = Time,
            Duration = Duration,
        };
    }

    /// <summary>The training wherever a run is taken.</summary>
    public static implicit operator RunOutput(TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.ToRunOutput();
    }

    /// <summary>How it ended, in one line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Model}: {Epochs.Count} epochs, {Losses.Count} steps, {End}, last loss {(Losses.Count > 0 ? Losses[^1] : double.NaN):F4}, weights {WeightsHash}");

    private TensorData LossData() => LossDType == DType.float32
        ? TensorData.FromArray(DType.float32, [Losses.Count], MemoryMarshal.AsBytes(Losses.Select(loss => (float)loss).ToArray().AsSpan()).ToArray())
        : Vector(Losses);

    private static TensorData Vector(IReadOnlyList<double> values) =>
        TensorData.FromArray(DType.float64, [values.Count], MemoryMarshal.AsBytes(values.ToArray().AsSpan()).ToArray());
}
