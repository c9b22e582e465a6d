using System.IO.Compression;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
using ReproTorch.Tensors;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

/// <summary>Checkpoints whose every member is whole, and that do not fit together.</summary>
public sealed class CheckpointTests : ProcessStateTests
{
    [Theory]
    [InlineData("model.0.weight.npy", "model.0.weight")]
    [InlineData("model.1.running_mean.npy", "model.1.running_mean")]
    [InlineData("optimizer.0.weight.exp_avg.npy", "optimizer.0.weight.exp_avg")]
    [InlineData("optimizer.1.bias.step.npy", "optimizer.1.bias.step")]
    [InlineData("has_gradient.npy", "has_gradient")]
    [InlineData("losses.npy", "losses")]
    [InlineData("order.npy", "order")]
    [InlineData("torch_cpu.npy", "libtorch on cpu")]
    [InlineData("python_state.npy", "Python's random")]
    [InlineData("numpy_key.npy", "NumPy's random")]
    public void OneWithoutAMemberIsRefused(string member, string named) =>
        Assert.Contains(named, Refused(archive => archive.GetEntry(member)!.Delete()), StringComparison.Ordinal);

    [Theory]
    [InlineData("model.0.weight.npy", "model.4.weight.npy", "of the shape")]
    [InlineData("order.npy", "losses.npy", "'order' is float64")]
    [InlineData("losses.npy", "optimizer.0.weight.exp_avg.npy", "'losses' is float32")]
    [InlineData("optimizer.0.weight.exp_avg.npy", "losses.npy", "'optimizer.0.weight.exp_avg' is float64")]
    [InlineData("optimizer.0.weight.momentum_buffer.npy", "model.0.weight.npy", "which this model and its optimizer have not")]
    public void OneWithAnotherMemberInItsPlaceIsRefused(string member, string from, string message) => Assert.Contains(
        message,
        Refused(archive =>
        {
            using var bytes = new MemoryStream();
            using (Stream source = archive.GetEntry(from)!.Open())
            {
                source.CopyTo(bytes);
            }

            archive.GetEntry(member)?.Delete();
            using Stream target = archive.CreateEntry(member).Open();
            target.Write(bytes.ToArray());
        }),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("\"batch\": 2,", "\"batch\": 3,", "losses have the shape")]
    [InlineData("\"batch\": 2,", "\"batch\": 4,", "at batch 4 of 4")]
    [InlineData("\"epoch\": 1,\n  \"batch\"", "\"epoch\": 2,\n  \"batch\"", "losses have the shape")]
    [InlineData("\"epoch\": 1,\n  \"batch\"", "\"epoch\": 9,\n  \"batch\"", "stands in epoch 10; asked for 3")]
    [InlineData("\"count\": 1", "\"count\": 2", "schedule moved 2 times")]
    [InlineData("\"schedule\": {", "\"other\": {", "learning rates")]
    public void OneWhosePlaceDoesNotFitIsRefused(string before, string after, string message) => Assert.Contains(
        message,
        Refused(archive =>
        {
            ZipArchiveEntry entry = archive.GetEntry("training.json")!;
            string text;
            using (var reader = new StreamReader(entry.Open()))
            {
                text = reader.ReadToEnd().ReplaceLineEndings("\n");
            }

            Assert.Contains(before, text, StringComparison.Ordinal);
            entry.Delete();
            using var writer = new StreamWriter(archive.CreateEntry("training.json").Open());
            writer.Write(text.Replace(before, after, StringComparison.Ordinal));
        }),
        StringComparison.Ordinal);

    [Fact]
    public void FewerEpochsThanItHasAreRefused()
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        Train(Options() with { Checkpoint = file });
        string message = Assert.Throws<ReproTorchException>(() => Train(Options() with { Epochs = 2, Resume = file })).Message;
        Assert.Contains("stands in epoch 3; asked for 2", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SGD(lr=0.1)", "OneCycleLR(0.1, base_momentum=0.5, max_momentum=0.0)")]
    [InlineData("SGD(lr=0.1, momentum=0.9)", "OneCycleLR(0.1, base_momentum=0.0, max_momentum=0.5)")]
    [InlineData("RMSprop(lr=0.1)", "OneCycleLR(0.1, base_momentum=0.5, max_momentum=0.0)")]
    public void AMomentumThatBeginsOrEndsWithZeroGoesOn(string optimizer, string schedule)
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        TrainingOptions options = Options() with { Optimizer = OptimizerOptions.Parse(optimizer), Schedule = LearningRateSchedule.Parse(schedule) };
        string whole = Train(options).WeightsHash;
        for (int stop = 1; stop < 12; stop++)
        {
            using var source = new CancellationTokenSource();
            int steps = 0;
            Train(options with
            {
                Checkpoint = file,
                Cancellation = source.Token,
                OnStep = _ =>
                {
                    if (++steps == stop)
                    {
                        source.Cancel();
                    }
                },
            });
            Assert.Equal(whole, Train(options with { Resume = file }).WeightsHash);
        }
    }

    [Theory]
    [InlineData("OneCycleLR(0.1, total_steps=20)")]
    [InlineData("OneCycleLR(0.1, epochs=5, steps_per_epoch=4)")]
    public void AScheduleWithAGivenNumberOfStepsGoesOnForMoreEpochs(string schedule)
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        TrainingOptions options = Options() with { Schedule = LearningRateSchedule.Parse(schedule) };
        Train(options with { Epochs = 2, Checkpoint = file });
        Assert.Equal(Train(options with { Epochs = 5 }).WeightsHash, Train(options with { Epochs = 5, Resume = file }).WeightsHash);
        options = options with { Schedule = LearningRateSchedule.Parse("OneCycleLR(0.1)") };
        Train(options with { Epochs = 2, Checkpoint = file });
        Assert.Contains(
            "steps was '8' and is now '20'",
            Assert.Throws<ReproTorchException>(() => Train(options with { Epochs = 5, Resume = file })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AMetricThatIsNoNumberKeepsItsBits()
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        TrainingOptions options = Options() with { Optimizer = OptimizerOptions.Parse("SGD", 1e38), Schedule = null };
        TrainingResult whole = Train(options with { Epochs = 2 });
        Train(options with { Epochs = 1, Checkpoint = file });
        TrainingResult rest = Train(options with { Epochs = 2, Resume = file });
        Assert.Equal(0x7FF8000000000000, BitConverter.DoubleToInt64Bits(whole.Epochs[0].Loss));
        Assert.Equal(
            whole.Epochs.Select(epoch => BitConverter.DoubleToInt64Bits(epoch.Loss)), rest.Epochs.Select(epoch => BitConverter.DoubleToInt64Bits(epoch.Loss)));
        TrainingResult sent = TrainingResultFile.FromBytes(TrainingResultFile.ToBytes(whole));
        Assert.Equal(0x7FF8000000000000, BitConverter.DoubleToInt64Bits(sent.Epochs[0].Loss));
    }

    [Fact]
    public void TheEnvironmentTellsOfTheSeedThatTheTrainingBeganWith()
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        RandomStreams.Seed(5, [RandomSource.Torch], location: null);
        TrainingResult first = Train(Options() with { Epochs = 1, Checkpoint = file });
        RandomStreams.Seed(77, [RandomSource.Torch], location: null);
        TrainingResult rest = Train(Options() with { Resume = file });
        Assert.Equal(0u, first.Environment.TorchSeed);
        Assert.Equal(0u, rest.Environment.TorchSeed);
    }

    [Fact]
    public void WhatIsNoNumberIsNeverTheBest()
    {
        TrainingOptions options = Options() with { Epochs = 9, Schedule = null, EarlyEnd = new EarlyEnd { Patience = 1 } };
        using ScriptModel model = Model();
        float[] values = [.. Enumerable.Repeat(float.NaN, 360)];
        TrainingResult result = Trainer.Train(
            model, new TrainingData([TorchTensor.FromSpan<float>(values, DType.float32, 60, 6)], Classes(DType.int64)), options);
        Assert.Equal(TrainingEnd.NoBetter, result.End);
        Assert.Equal(2, result.Epochs.Count);
    }

    [Theory]
    [InlineData("CrossEntropyLoss", DType.@bool, "The target is bool. CrossEntropyLoss expects class numbers")]
    [InlineData("NLLLoss", DType.float32, "The target is float32. NLLLoss expects class numbers")]
    [InlineData("MSELoss", DType.int64, "The target is int64. MSELoss expects numbers")]
    [InlineData("BCEWithLogitsLoss", DType.int64, "The target is int64. BCEWithLogitsLoss expects numbers")]
    public void TargetsOfAnotherDtypeAreRefused(string loss, DType dtype, string message)
    {
        using ScriptModel model = Model();
        var error = Assert.Throws<ReproTorchException>(() => Trainer.Train(
            model, new TrainingData([Floats()], Classes(dtype)), Options() with { Loss = TrainingLoss.Parse(loss) }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    // Writes a checkpoint in the middle of the second epoch, changes it, and goes on from it.
    private static string Refused(Action<ZipArchive> change)
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        using var source = new CancellationTokenSource();
        Train(Options() with
        {
            Checkpoint = file,
            Cancellation = source.Token,
            OnStep = step =>
            {
                if (step is { Epoch: 2, Step: 2 })
                {
                    source.Cancel();
                }
            },
        });
        Train(Options() with { Resume = file });
        using (ZipArchive archive = ZipFile.Open(file, ZipArchiveMode.Update))
        {
            change(archive);
        }

        using ScriptModel model = Model();
        string before = model.ContentHash;
        byte[] stream = TorchGenerator.Default(TorchDevice.Cpu).GetState();
        var error = Assert.Throws<ReproTorchException>(() => Trainer.Train(model, new TrainingData([Floats()], Classes(DType.int64)), Options() with { Resume = file }));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.ContentHash);
        Assert.Equal(stream, TorchGenerator.Default(TorchDevice.Cpu).GetState());
        return error.Message;
    }

    private static TrainingResult Train(TrainingOptions options)
    {
        using ScriptModel model = Model();
        return Trainer.Train(model, new TrainingData([Floats()], Classes(DType.int64)), options);
    }

    private static ScriptModel Model() => LayerModel.Build(
        ["Linear(6, 8)", "BatchNorm1d(8)", "ReLU", "Dropout(0.3)", "Linear(8, 3)"], new LayerModelOptions { Seed = TorchSeedValue.From(5) });

    private static TorchTensor Floats() =>
        TorchTensor.FromSpan<float>([.. Enumerable.Range(0, 360).Select(i => MathF.Sin(i * i))], DType.float32, 60, 6);

    private static TorchTensor Classes(DType dtype)
    {
        using var whole = TorchTensor.FromSpan<long>([.. Enumerable.Range(0, 60).Select(i => (long)(i % 3))], DType.int64, 60);
        return whole.To(dtype);
    }

    private static TrainingOptions Options() => new()
    {
        Loss = TrainingLoss.Parse("CrossEntropyLoss"),
        Optimizer = OptimizerOptions.Parse("Adam", 0.01),
        Schedule = LearningRateSchedule.Parse("StepLR(1)"),
        Epochs = 3,
        BatchSize = 16,
        Shuffle = true,
        Seed = TorchSeedValue.From(0),
    };
}
