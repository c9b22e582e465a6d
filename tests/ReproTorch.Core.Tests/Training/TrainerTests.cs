using System.Numerics;
using ReproTorch.Comparison;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

/// <summary>What a training does beside its numbers, which tests/python/train_side_by_side.py holds against Python's.</summary>
public sealed class TrainerTests : ProcessStateTests
{
    [Fact]
    public void TheOrderOfAnEpochIsThatOfPythonsDataLoader()
    {
        // for x in DataLoader(range(10), shuffle=True) after torch.manual_seed(0), PyTorch 1.13.
        RandomStreams.Seed(0, [RandomSource.Torch], location: null);
        using TorchTensor rows = new DataOrder(10, 1, Shuffle: true, DropLast: false).Begin()!;
        Assert.Equal([6, 7, 1, 4, 2, 0, 9, 8, 3, 5], rows.ToArray<long>());
        Assert.Null(new DataOrder(10, 1, Shuffle: false, DropLast: false).Begin());
    }

    [Theory]
    [InlineData(10, 3, false, 4, 1)]
    [InlineData(10, 3, true, 3, 3)]
    [InlineData(9, 3, false, 3, 3)]
    [InlineData(2, 3, false, 1, 2)]
    [InlineData(2, 3, true, 0, 0)]
    public void TheLastBatchIsShortOrLeftOut(long rows, long batchSize, bool dropLast, long batches, long last)
    {
        var order = new DataOrder(rows, batchSize, Shuffle: false, dropLast);
        Assert.Equal(batches, order.Batches);
        Assert.Equal(last, batches == 0 ? 0 : order.Batch(batches - 1).Length);
    }

    [Fact]
    public void WithOneSeedItIsTheSameAndTheFirstStepAndParameterThatDifferAreNamed()
    {
        TrainingResult first = Train(Options());
        TrainingResult second = Train(Options());
        Assert.Equal(first.WeightsHash, second.WeightsHash);
        Assert.True(RunComparer.Compare(first.ToRunOutput(), second.ToRunOutput(), new ComparisonOptions()).Identical);
        RunComparison comparison = RunComparer.Compare(first, Train(Options() with { Optimizer = Sgd(0.2) }).ToRunOutput(), new ComparisonOptions());
        Assert.False(comparison.Match);
        Assert.Equal("loss", comparison.FirstDifference!.Output);

        // The first loss comes before the first step.
        Assert.Equal([1], comparison.FirstDifference.Index!);
        Assert.Equal("parameter.0.weight", comparison.Outputs.First(output => output.Name.StartsWith("parameter.", StringComparison.Ordinal) && !output.Identical).Name);
    }

    [Fact]
    public void TrainingsOfTwoLengthsAreComparedAsFarAsBothWent()
    {
        TrainingResult longer = Train(Options() with { Epochs = 3 });
        RunComparison same = RunComparer.Compare(longer, Train(Options()).ToRunOutput(), new ComparisonOptions());
        Assert.False(same.Match);
        Assert.Null(same.FirstDifference!.Index);
        Assert.Equal(
            "shape (8,) instead of (12,): all 8 steps that both have are the same, and the reference goes on to step 12", same.FirstDifference.Reason);
        Assert.Contains(" First parameter that differs: parameter.0.weight.", same.Message, StringComparison.Ordinal);

        TrainingResult other = Train(Options() with { Optimizer = Sgd(0.2) });
        RunComparison differs = RunComparer.Compare(other, longer.ToRunOutput(), new ComparisonOptions());
        Assert.False(differs.Match);
        Assert.Equal([1], differs.FirstDifference!.Index!);
        Assert.Equal("shape (12,) instead of (8,): of the 8 steps that both have, step 2 is the first that differs", differs.FirstDifference.Reason);
        Assert.Contains("First difference: loss at (1,) (step 2), ", differs.Message, StringComparison.Ordinal);
        Assert.Contains(" First parameter that differs: parameter.0.weight.", differs.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheModelHasItsModeAndItsFlagsOfBefore()
    {
        using ScriptModel model = Model();
        model.SetTraining(false);
        Trainer.Train(model, Data(), Options() with { Frozen = ["0.*"] });
        Assert.False(model.IsTraining);
        Assert.All(model.Describe().Parameters, parameter => Assert.True(parameter.RequiresGrad));
        using ScriptModel fresh = Model();
        Assert.Equal(fresh.Tensor("0.weight").ContentHash(), model.Tensor("0.weight").ContentHash());
        Assert.NotEqual(fresh.Tensor("4.weight").ContentHash(), model.Tensor("4.weight").ContentHash());
    }

    [Fact]
    public void OnlyWhatIsNamedIsTrained()
    {
        using ScriptModel model = Model();
        using ScriptModel fresh = Model();
        TrainingResult result = Trainer.Train(model, Data(), Options() with { Trained = ["*.bias"] });
        Assert.Equal("0.bias 1.bias 4.bias", result.Settings["trained"]);
        Assert.Equal(fresh.Tensor("4.weight").ContentHash(), model.Tensor("4.weight").ContentHash());
    }

    [Fact]
    public void MessagesAreInTheWordsThatScriptsKnow()
    {
        var messages = new List<string>();
        Train(Options() with
        {
            LogEvery = 2,
            OnStep = step =>
            {
                if (step.IsLogged)
                {
                    messages.Add(step.ToString());
                }
            },
        });
        Assert.Equal(4, messages.Count);
        Assert.Matches(@"^Epoch 1/2, Step 2/4: Loss: \d\.\d{4}$", messages[0]);
        Assert.Matches(@"^Epoch 2/2, Step 4/4: Loss: \d\.\d{4}$", messages[3]);
    }

    [Fact]
    public void CancelledAfterAStepItKeepsAllAndGoesOn()
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        TrainingResult whole = Train(Options() with { Epochs = 3 });
        for (int stop = 1; stop < 12; stop++)
        {
            using var source = new CancellationTokenSource();
            int steps = 0;
            TrainingResult part = Train(Options() with
            {
                Epochs = 3,
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
            Assert.Equal(TrainingEnd.Cancelled, part.End);
            Assert.Equal(stop, part.Losses.Count);
            RandomStreams.Seed(77, [RandomSource.Torch], location: null);
            TrainingResult rest = Train(Options() with { Epochs = 3, Resume = file });
            Assert.Equal(TrainingEnd.Completed, rest.End);
            Assert.Equal(whole.Losses, rest.Losses);
            Assert.Equal(whole.WeightsHash, rest.WeightsHash);
            Assert.Equal(whole.Epochs.Select(epoch => epoch.WeightsHash), rest.Epochs.Select(epoch => epoch.WeightsHash));
        }
    }

    [Fact]
    public void ADamagedCheckpointIsRefusedAndChangesNothing()
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        string damaged = folder.File("damaged.npz");
        Train(Options() with { Checkpoint = file });
        byte[] bytes = File.ReadAllBytes(file);
        var chance = new Random(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] changed = [.. bytes];
            if (i % 3 == 0)
            {
                changed = changed[..chance.Next(bytes.Length)];
            }
            else
            {
                changed[chance.Next(bytes.Length)] ^= (byte)(1 << chance.Next(8));
            }

            File.WriteAllBytes(damaged, changed);
            using ScriptModel model = Model();
            string before = model.ContentHash;
            try
            {
                Trainer.Train(model, Data(), Options() with { Epochs = 3, Resume = damaged });
            }
            catch (ReproTorchException e)
            {
                Assert.True(e.Kind is ReproTorchErrorKind.FileFormat or ReproTorchErrorKind.InvalidArgument, e.ToString());
                Assert.Equal(before, model.ContentHash);
                continue;
            }

            // A flip in the padding between members, or in a time stamp, changes nothing that is read.
            Assert.Equal(0, i % 3 == 0 ? 1 : 0);
        }
    }

    [Fact]
    public void ACheckpointOfAnotherTrainingIsRefused()
    {
        using var folder = new TestFolder();
        string file = folder.File("training.npz");
        Train(Options() with { Checkpoint = file });
        TrainingOptions other = Options() with { Epochs = 3, Resume = file };
        Assert.Contains("optimizer was", Refused(other with { Optimizer = Sgd(0.3) }), StringComparison.Ordinal);
        Assert.Contains("batchSize was '16' and is now '8'", Refused(other with { BatchSize = 8 }), StringComparison.Ordinal);
        using ScriptModel model = Model();
        Assert.Contains("other data", Assert.Throws<ReproTorchException>(() => Trainer.Train(model, Data(shift: 1), other)).Message, StringComparison.Ordinal);
        using ScriptModel larger = LayerModel.Build(["Linear(6, 9)", "BatchNorm1d(9)", "ReLU", "Dropout(0.3)", "Linear(9, 3)"], null);
        Assert.Throws<ReproTorchException>(() => Trainer.Train(larger, Data(), other));
        using ScriptModel gentler = LayerModel.Build(["Linear(6, 8)", "BatchNorm1d(8)", "ReLU", "Dropout(0.2)", "Linear(8, 3)"], null);
        Assert.Contains("modelStructure was", Assert.Throws<ReproTorchException>(() => Trainer.Train(gentler, Data(), other)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => Train(Options() with { Resume = folder.File("none.npz") }));
    }

    [Fact]
    public void AModelThatWorksInPlaceLeavesTheDataAsTheyWere()
    {
        TrainingData data = Data();
        string before = data.Identity();
        using ScriptModel model = LayerModel.Build(["LeakyReLU(0.5, inplace=True)", "Linear(6, 3)"], null);
        Trainer.Train(model, data, Options() with { Shuffle = false, Validation = data });
        Assert.Equal(before, data.Identity());
    }

    [Fact]
    public void RowsOfAnIgnoredClassCountNeitherAsRightNorAsWrong()
    {
        TrainingData data = Data();
        TrainingResult result = Train(Options() with
        {
            Validation = data, Loss = TrainingLoss.Parse("CrossEntropyLoss(ignore_index=0)"),
        });
        Assert.All(result.Epochs, epoch => Assert.InRange(epoch.Metrics["validationAccuracy"], 0, 1));
        using ScriptModel model = LayerModel.Build(["Linear(6, 3)"], null);
        using (TorchTensor bias = model.Tensor("0.bias"))
        {
            // Every answer is class 0, which is right for a third of the rows and does not count.
            TorchOperator.Call("aten::copy_", bias, TorchTensor.FromSpan<float>([1000, 0, 0], DType.float32, 3), false);
        }

        TrainingResult none = Trainer.Train(model, data, Options() with
        {
            Epochs = 1, Validation = data, Loss = TrainingLoss.Parse("CrossEntropyLoss(ignore_index=0)"), Optimizer = OptimizerOptions.Parse("SGD", 0.0),
        });
        Assert.Equal(0, none.Epochs[0].Metrics["validationAccuracy"]);
    }

    [Fact]
    public void GroupsWithoutAnOrderThatShareAParameterAreRefused()
    {
        TrainingOptions options = Options() with
        {
            Groups = [new ParameterGroup(["*.bias"], Sgd(0.2)), new ParameterGroup(["0.*"], Sgd(0.3))],
        };
        Train(options);
        Assert.Contains("0.bias is in two groups, '*.bias' and '0.*'", Refused(options with { GroupsHaveOrder = false }), StringComparison.Ordinal);
        Train(options with { GroupsHaveOrder = false, Groups = [new ParameterGroup(["*.bias"], Sgd(0.2)), new ParameterGroup(["*.weight"], Sgd(0.3))] });
    }

    [Fact]
    public void ALossThatIsNoNumberHasTheBitsOfPythonsNaNInTheMeanOfAnEpoch()
    {
        using ScriptModel model = Model();
        using TorchTensor weight = model.Tensor("4.weight");
        TorchOperator.Call("aten::fill_", weight, -double.NaN);
        TrainingResult result = Trainer.Train(model, Data(), Options());
        Assert.All(result.Epochs, epoch => Assert.Equal(0x7FF8000000000000, BitConverter.DoubleToInt64Bits(epoch.Loss)));
    }

    [Fact]
    public void ItEndsWhenItGetsNoBetter()
    {
        TrainingResult result = Train(Options() with { Epochs = 50, EarlyEnd = new EarlyEnd { Patience = 1, MinimumChange = 1 } });
        Assert.Equal(TrainingEnd.NoBetter, result.End);
        Assert.Equal(3, result.Epochs.Count);
    }

    [Fact]
    public void AValidationMeasuresInEvalModeAndDrawsOnlyWhereItIsAskedTo()
    {
        TrainingData data = Data();
        TrainingResult without = Train(Options());
        TrainingResult quiet = Train(Options() with { Validation = data, ValidationDraws = false });
        TrainingResult drawing = Train(Options() with { Validation = data });
        Assert.Equal(without.WeightsHash, quiet.WeightsHash);
        Assert.NotEqual(without.WeightsHash, drawing.WeightsHash);
        Assert.InRange(quiet.Epochs[1].Metrics["validationAccuracy"], 0, 1);
        Assert.Equal(["loss", "metric.loss", "metric.validationLoss", "metric.validationAccuracy"], quiet.ToRunOutput().Outputs.Take(4).Select(output => output.Name));
    }

    [Fact]
    public void AStepThatFailsIsNamedAndTheWeightsStandAsAfterTheOneBefore()
    {
        using ScriptModel model = Model();
        using ScriptModel expected = Model();
        TrainingOptions options = Options() with { Shuffle = false, Epochs = 1 };
        Trainer.Train(expected, DataOf(48), options);
        string message = Assert.Throws<ReproTorchException>(() => Trainer.Train(model, DataOf(60, wrongRow: 59), options)).Message;
        Assert.StartsWith("Epoch 1, step 4: ", message, StringComparison.Ordinal);
        Assert.Contains(" The weights stand as after step 3; ", message, StringComparison.Ordinal);
        foreach (string name in (string[])["0.weight", "4.weight", "4.bias"])
        {
            Assert.Equal(expected.Tensor(name).ToData().AllBytes().ToArray(), model.Tensor(name).ToData().AllBytes().ToArray());
        }
    }

    [Fact]
    public void WhenTheFirstStepFailsModelAndStreamsAreAsBefore()
    {
        using ScriptModel model = Model();
        string before = model.ContentHash;
        RandomStreams.Seed(3, [RandomSource.Torch], location: null);
        byte[] stream = TorchGenerator.Default(TorchDevice.Cpu).GetState();
        string message = Assert.Throws<ReproTorchException>(
            () => Trainer.Train(model, DataOf(60, wrongRow: 2), Options() with { Shuffle = false })).Message;
        Assert.StartsWith("Epoch 1, step 1: ", message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was trained; the model is as before.", message, StringComparison.Ordinal);
        Assert.Equal(before, model.ContentHash);
        Assert.Equal(stream, TorchGenerator.Default(TorchDevice.Cpu).GetState());
    }

    [Fact]
    public void AValidationThatDoesNotFitIsFoundBeforeTheFirstStep()
    {
        using ScriptModel model = Model();
        string before = model.ContentHash;
        int steps = 0;
        using TorchTensor target = TorchTensor.FromSpan<long>([0, 1, 2], DType.int64, 3);
        string message = Assert.Throws<ReproTorchException>(() => Trainer.Train(
            model, Data(), Options() with { Validation = new TrainingData([Floats(3, 5)], target), OnStep = _ => steps++ })).Message;
        Assert.StartsWith("Validation: ", message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was trained; the model is as before.", message, StringComparison.Ordinal);
        Assert.Equal(0, steps);
        Assert.Equal(before, model.ContentHash);
    }

    [Fact]
    public void AClassWithoutAWeightIsFoundBeforeTheFirstStep()
    {
        TrainingOptions options = Options() with { Loss = TrainingLoss.Parse("CrossEntropyLoss(weight=[1.0, 2.0, 3.0])") };
        using ScriptModel model = Model();
        Assert.Contains(
            "The target has the class 9 in row 59 (from 0), and CrossEntropyLoss has weights for 3 classes.",
            Assert.Throws<ReproTorchException>(() => Trainer.Train(model, DataOf(60, wrongRow: 59), options)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "The validation's target has the class 9 in row 1 ",
            Assert.Throws<ReproTorchException>(() => Trainer.Train(model, Data(), options with { Validation = DataOf(3, wrongRow: 1) })).Message,
            StringComparison.Ordinal);
        Trainer.Train(model, DataOf(60, wrongRow: 59), options with { Loss = TrainingLoss.Parse("CrossEntropyLoss(weight=[1, 2, 3], ignore_index=9)") });
    }

    [Fact]
    public void ASparseGradientIsRefusedBeforeAnyParameterChanged()
    {
        using ScriptModel sparse = LayerModel.Build(["Embedding(7, 3, sparse=True)", "Linear(3, 3)"], null);
        string before = sparse.ContentHash;
        using TorchTensor words = TorchTensor.FromSpan<long>([0, 1, 2], DType.int64, 3);
        using TorchTensor target = TorchTensor.FromSpan<long>([0, 1, 2], DType.int64, 3);
        string message = Assert.Throws<ReproTorchException>(
            () => Trainer.Train(sparse, new TrainingData([words], target), Options() with { ClipNorm = 1 })).Message;
        Assert.Contains("The gradient of 0.weight is sparse", message, StringComparison.Ordinal);
        Assert.Equal(before, sparse.ContentHash);
        Trainer.Train(sparse, new TrainingData([words], target), Options() with { Frozen = ["0.weight"] });
    }

    [Fact]
    public void WhatDoesNotFitIsNamed()
    {
        Assert.Contains("fill no batch of 100", Refused(Options() with { BatchSize = 100, DropLast = true }), StringComparison.Ordinal);
        Assert.Contains("No parameter has a name like", Refused(Options() with { Frozen = ["x*"] }), StringComparison.Ordinal);
        Assert.Contains("nothing to train", Refused(Options() with { Frozen = ["*"] }), StringComparison.Ordinal);
        Assert.Contains("element by element", Refused(Options() with { Loss = TrainingLoss.Parse("L1Loss") }), StringComparison.Ordinal);
        Assert.Contains("Expected 1 or more", Refused(Options() with { Epochs = 0 }), StringComparison.Ordinal);
        Assert.Contains(
            "All groups have one optimizer",
            Refused(Options() with { Groups = [new ParameterGroup(["*.bias"], OptimizerOptions.Parse("Adam"))] }),
            StringComparison.Ordinal);
        Assert.Throws<ReproTorchException>(() => TrainingLoss.Parse("MSELoss(reduction='none')"));
        Assert.Throws<ReproTorchException>(() => new TrainingData([Floats(3, 2)], Floats(4, 2)));
    }

    private static string Refused(TrainingOptions options) => Assert.Throws<ReproTorchException>(() => Train(options)).Message;

    private static TrainingResult Train(TrainingOptions options)
    {
        using ScriptModel model = Model();
        return Trainer.Train(model, Data(), options);
    }

    private static ScriptModel Model() => LayerModel.Build(
        ["Linear(6, 8)", "BatchNorm1d(8)", "ReLU", "Dropout(0.3)", "Linear(8, 3)"], new LayerModelOptions { Seed = TorchSeedValue.From(5) });

    private static TrainingData Data(int shift = 0)
    {
        long[] classes = [.. Enumerable.Range(0, 60).Select(i => (long)((i + shift) % 3))];
        return new TrainingData([Floats(60, 6)], TorchTensor.FromSpan<long>(classes, DType.int64, 60));
    }

    // A row whose class is none of the model's three, where one is asked for.
    private static TrainingData DataOf(int rows, int wrongRow = -1)
    {
        long[] classes = [.. Enumerable.Range(0, rows).Select(i => i == wrongRow ? 9L : i % 3)];
        return new TrainingData([Floats(rows, 6)], TorchTensor.FromSpan<long>(classes, DType.int64, rows));
    }

    private static TorchTensor Floats(long rows, long columns) => TorchTensor.FromSpan<float>(
        [.. Enumerable.Range(0, (int)(rows * columns)).Select(i => MathF.Sin(i * i))], DType.float32, rows, columns);

    private static OptimizerOptions Sgd(double rate) => OptimizerOptions.Parse("SGD(momentum=0.9)", rate);

    private static TrainingOptions Options() => new()
    {
        Loss = TrainingLoss.Parse("CrossEntropyLoss"),
        Optimizer = Sgd(0.1),
        Epochs = 2,
        BatchSize = 16,
        Shuffle = true,
        Seed = TorchSeedValue.From(BigInteger.Zero),
    };
}
