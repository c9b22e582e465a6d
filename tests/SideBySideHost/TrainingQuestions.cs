using System.Globalization;
using System.Text.Json.Nodes;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.SideBySide;

/// <summary>
/// Trains: <c>{"model": path, or "layers": [..] and "layerSeed", "data": an .npz with x, y and perhaps vx and vy, "loss", "optimizer",
/// "seed", "epochs", "batchSize", "weights": where to write them}</c>, and where they are given what the properties of
/// <see cref="TrainingOptions"/> say; "cancelAfter" ends after so many steps, "threads" sets their number.
/// </summary>
internal static class TrainingQuestions
{
    public static JsonNode Answer(JsonNode question)
    {
        try
        {
            return Train(question);
        }
        catch (Exception e) when (e is ReproTorchException or IOException)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }

    private static JsonObject Train(JsonNode question)
    {
        if (question["threads"] is { } threads)
        {
            DeterminismPolicy.Set(new DeterminismSettings { Threads = (int)threads });
        }

        Dictionary<string, TorchTensor> data = NpzFile.Read((string)question["data"]!)
            .ToDictionary(member => member.Name, member => TorchTensor.FromData(member.Data));
        using TorchModel model = question["layers"] is { } layers
            ? LayerModel.Build(
                [.. layers.AsArray().Select(layer => (string)layer!)],
                new LayerModelOptions { Seed = TorchSeedValue.From((long)question["layerSeed"]!) })
            : ModelLoader.Load((string)question["model"]!, new LoadOptions());
        for (int i = 0; i < ((int?)question["runsBefore"] ?? 0); i++)
        {
            // What the executor learns from runs must not show in a training.
            model.Invoke("forward", new ModelInput { Arguments = [data["x"]] });
        }

        using var stop = new CancellationTokenSource();
        int? cancelAfter = (int?)question["cancelAfter"];
        int steps = 0;
        var messages = new JsonArray();
        TrainingOptions options = Options(question, data) with
        {
            Cancellation = stop.Token,
            OnStep = step =>
            {
                if (step.IsLogged)
                {
                    messages.Add(step.ToString());
                }

                if (++steps == cancelAfter)
                {
                    stop.Cancel();
                }
            },
        };
        TrainingResult result = Trainer.Train(model, new TrainingData([data["x"]], data["y"]), options);
        if (question["weights"] is { } target)
        {
            NpzFile.Write((string)target!, [.. result.Parameters, .. result.Buffers], force: true);
        }

        return new JsonObject
        {
            ["losses"] = Bits(result.Losses),
            ["epochs"] = new JsonArray([.. result.Epochs.Select(epoch => (JsonNode)new JsonObject
            {
                ["loss"] = Bits([epoch.Loss]),
                ["learningRate"] = Bits([epoch.LearningRate]),
                ["metrics"] = new JsonObject(epoch.Metrics.Select(metric => KeyValuePair.Create(metric.Key, (JsonNode?)Bits([metric.Value])))),
            })]),
            ["weightsHash"] = result.WeightsHash,
            ["end"] = result.End.ToString(),
            ["messages"] = messages,
            ["state"] = Convert.ToHexStringLower(TorchGenerator.Default(TorchDevice.Cpu).GetState()),
        };
    }

    private static TrainingOptions Options(JsonNode question, Dictionary<string, TorchTensor> data) => new()
    {
        Loss = TrainingLoss.Parse((string)question["loss"]!),
        Optimizer = OptimizerOptions.Parse((string)question["optimizer"]!),
        Groups = [.. (question["groups"]?.AsArray() ?? []).Select(group => new ParameterGroup(
            [(string)group!["pattern"]!],
            OptimizerOptions.ParseGroup((string)group["optimizer"]!, OptimizerOptions.Parse((string)question["optimizer"]!))))],
        Frozen = [.. (question["frozen"]?.AsArray() ?? []).Select(pattern => (string)pattern!)],
        Schedule = question["schedule"] is { } schedule ? LearningRateSchedule.Parse((string)schedule!) : null,
        Epochs = (int)question["epochs"]!,
        BatchSize = (long)question["batchSize"]!,
        Shuffle = (bool?)question["shuffle"] ?? false,
        DropLast = (bool?)question["dropLast"] ?? false,
        Accumulate = (int?)question["accumulate"] ?? 1,
        ClipNorm = (double?)question["clipNorm"],
        ClipNormType = question["clipNormType"] is { } type
            ? double.Parse((string)type!, CultureInfo.InvariantCulture)
            : 2,
        ClipValue = (double?)question["clipValue"],
        SetGradientsToNone = (bool?)question["setGradientsToNone"] ?? false,
        Seed = question["seed"] is { } seed ? TorchSeedValue.From((long)seed) : null,
        Validation = data.TryGetValue("vx", out TorchTensor? x) ? new TrainingData([x], data["vy"]) : null,
        ValidationBatchSize = (long?)question["validationBatchSize"],
        ValidationDraws = (bool?)question["validationDraws"] ?? true,
        EarlyEnd = question["patience"] is { } patience ? new EarlyEnd { Patience = (int)patience } : null,
        LogEvery = (int?)question["logEvery"] ?? 100,
        Checkpoint = (string?)question["checkpoint"],
        CheckpointEvery = (int?)question["checkpointEvery"],
        Resume = (string?)question["resume"],
    };

    private static JsonArray Bits(IEnumerable<double> values) =>
        [.. values.Select(value => (JsonNode)BitConverter.DoubleToInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture))];
}
