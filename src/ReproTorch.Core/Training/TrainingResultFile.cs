using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using ReproTorch.Comparison;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Training;

/// <summary>The whole of a training's result as bytes: a run file of its run, with what a run has no place for in one more output.</summary>
public static class TrainingResultFile
{
    private const string Rest = "training.json";
    private const string Parameter = "parameter.";
    private const string Buffer = "buffer.";

    /// <summary>The result as bytes, every number with every bit.</summary>
    public static byte[] ToBytes(TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var rest = new TrainingRest(result.End, result.Epochs, result.WeightsHash, result.Settings);
        RunOutput run = result.ToRunOutput();
        return RunFile.ToBytes(
            [run with { Outputs = [.. run.Outputs, RunValue.OfString(Rest, JsonSerializer.Serialize(rest, TrainingRestJson.Default.TrainingRest))] }]);
    }

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="ReproTorchException">The bytes are damaged, or no training's.</exception>
    public static TrainingResult FromBytes(byte[] bytes)
    {
        RunOutput run = RunFile.FromBytes(bytes)[0];
        if (RestOf(run) is not { End: { } end, Epochs: { } epochs, WeightsHash: { } hash, Settings: { } settings }
            || run is not { Time: { } time, Duration: { } duration, Environment: { } environment }
            || run.Outputs.FirstOrDefault(output => output.Name == "loss")?.Data is not { } losses)
        {
            throw new ReproTorchException(ReproTorchErrorKind.FileFormat, "The result of a training that was sent is none: something is missing in it.");
        }

        return new TrainingResult
        {
            Model = run.Model ?? string.Empty,
            End = end,
            Losses = losses.DType == DType.float32
                ? [.. MemoryMarshal.Cast<byte, float>(losses.AllBytes()).ToArray().Select(loss => (double)loss)]
                : MemoryMarshal.Cast<byte, double>(losses.AllBytes()).ToArray(),
            LossDType = losses.DType,
            Epochs = [.. epochs.Select((epoch, i) => WithBits(epoch, i, run))],
            WeightsHash = hash,
            Parameters = Named(run, Parameter),
            Buffers = Named(run, Buffer),
            Seed = run.Seed,
            Settings = settings,
            Inputs = run.Inputs,
            Environment = environment,
            Time = time,
            Duration = duration,
        };
    }

    // The text of an epoch has one NaN; the run has the bits.
    private static TrainingEpoch WithBits(TrainingEpoch epoch, int index, RunOutput run)
    {
        return epoch with
        {
            Loss = Bits("loss", epoch.Loss),
            Metrics = epoch.Metrics.ToDictionary(metric => metric.Key, metric => Bits(metric.Key, metric.Value), StringComparer.Ordinal),
        };

        double Bits(string metric, double otherwise) =>
            run.Outputs.FirstOrDefault(output => output.Name == "metric." + metric)?.Data is { DType: DType.float64, Shape.Length: 1 } data
            && index < data.Count
                ? MemoryMarshal.Cast<byte, double>(data.AllBytes())[index]
                : otherwise;
    }

    private static TrainingRest? RestOf(RunOutput run)
    {
        try
        {
            return run.Outputs.FirstOrDefault(output => output.Name == Rest)?.Text is { } text
                ? JsonSerializer.Deserialize(text, TrainingRestJson.Default.TrainingRest)
                : null;
        }
        catch (JsonException e)
        {
            throw new ReproTorchException(ReproTorchErrorKind.FileFormat, $"The result of a training that was sent is damaged: {e.Message}", e);
        }
    }

    private static NamedTensorData[] Named(RunOutput run, string kind) =>
    [
        .. run.Outputs.Where(output => output.Data is not null && output.Name.StartsWith(kind, StringComparison.Ordinal))
            .Select(output => new NamedTensorData(output.Name[kind.Length..], output.Data!)),
    ];
}

/// <summary>What a training has beside what its run has.</summary>
internal sealed record TrainingRest(
    TrainingEnd? End, IReadOnlyList<TrainingEpoch>? Epochs, string? WeightsHash, IReadOnlyDictionary<string, string>? Settings);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    MaxDepth = 32,
    Converters = [typeof(ExactDoubleConverter)])]
[JsonSerializable(typeof(TrainingRest))]
internal sealed partial class TrainingRestJson : JsonSerializerContext;
