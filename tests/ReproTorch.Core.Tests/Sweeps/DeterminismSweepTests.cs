using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Sweeps;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Sweeps;

/// <summary>Verdicts beside Python's over whole networks, child processes included: tests/python/verify_side_by_side.py.</summary>
public sealed class DeterminismSweepTests : ProcessStateTests
{
    private static readonly SweepDimension[] s_here =
    [
        SweepDimension.Repeat, SweepDimension.Thread, SweepDimension.Batch, SweepDimension.Order, SweepDimension.MklDnn,
        SweepDimension.Traced, SweepDimension.Scripted,
    ];

    [Fact]
    public void ALinearModelGivesTheSameBitsAlongAll()
    {
        SweepResult result = Sweep(["Linear(8, 4)", "ReLU"], [5, 8], s_here);
        Assert.True(result.Identical);
        Assert.Equal(s_here, result.Dimensions.Select(finding => finding.Name));
        Assert.All(result.Dimensions.SelectMany(finding => finding.Variants), variant => Assert.Equal(0, variant.MaxAbsolute));
        Assert.Equal(["each sample alone", "batches of 2", "batches of 3", "batches of 4"], result.Dimensions[2].Variants.Select(variant => variant.Name));
    }

    [Fact]
    public void WhatDrawsAgainForEachBatchDiffersAndTheOperatorIsNamed()
    {
        // In training mode dropout draws for the places of the batch, whichever sample stands there.
        SweepResult result = Sweep(["Linear(8, 4)", "Dropout(0.5)"], [6, 8], [SweepDimension.Repeat, SweepDimension.Order], training: true);
        Assert.False(result.Identical);
        Assert.True(result.Dimensions[0].Identical);
        Assert.Equal(["in reverse order", "rolled by one"], result.Dimensions[1].Variants.Select(variant => variant.Name));
        Assert.All(result.Dimensions[1].Variants, order =>
        {
            Assert.False(order.Identical);
            Assert.Equal("aten::dropout", order.FirstDifference!.Operator);
            Assert.True(order.MaxAbsolute > 0);
            Assert.NotNull(order.Message);
        });
    }

    // Which sample stands opposite decides the bits, and in reverse order that is the same one.
    [Theory]
    [InlineData("torch.linear(x.flip([0]), torch.eye(3))", "aten::flip")]
    [InlineData("x + x.flip([0])", "aten::flip")]
    public void WhatIsTheSameInReverseOrderIsFoundRolled(string result, string first)
    {
        using ScriptModel model = new ModelSource { Source = $"def forward(self, x):\n    return {result}" }.Compile();
        RandomStreams.Seed(3, [RandomSource.Torch], null);
        using TorchTensor input = TensorFactory.Create("rand", [6, 3], []);
        SweepFinding finding = Assert.Single(Sweep(model, input, SweepDimension.Order).Dimensions);
        Assert.Equal([true, false], finding.Variants.Select(variant => variant.Identical));
        Assert.Equal(first, finding.Variants[1].FirstDifference?.Operator);
        Assert.Equal(
            $"A sample's bits depend on its place in the batch (rolled by one, first in {first}): keep the order to get them again.", finding.Meaning);
    }

    [Theory]
    [InlineData(2, "A sample gives the same bits with the batch in reverse order.")]
    [InlineData(3, "A sample gives the same bits with the batch in reverse order and rolled by one.")]
    public void TheOrdersThatWereTriedAreTold(int rows, string meaning) =>
        Assert.Equal(meaning, Assert.Single(Sweep(["ReLU"], [rows, 8], [SweepDimension.Order]).Dimensions).Meaning);

    [Theory]
    [InlineData("return x + torch.arange(4).view([4, 1])", "(4) at non-singleton dimension 0")]
    [InlineData("assert x.size(0) == 4, 'four, please'\n    return x * 2", "four, please")]
    public void ADimensionThatTheModelDoesNotTakeIsNamed(string body, string reason)
    {
        using ScriptModel model = new ModelSource { Source = $"def forward(self, x):\n    {body}" }.Compile();
        using TorchTensor input = TensorFactory.Create("ones", [4, 3], []);
        ReproTorchException error = Assert.Throws<ReproTorchException>(
            () => Sweep(model, input, SweepDimension.Batch, SweepDimension.Order, SweepDimension.Repeat));
        Assert.StartsWith("Batch cannot be varied on this model: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"{reason}. Leave it out: name only the others with -Vary.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);

        SweepResult result = DeterminismSweep.Run(model, new ModelInput { Arguments = [input] }, new SweepOptions { Count = 1 });
        string omitted = Assert.Single(result.Omitted, omission => omission.Name == SweepDimension.Batch).Reason;
        Assert.EndsWith($"{reason}.", omitted, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', omitted);
    }

    // 0/0 gives a NaN of another sign in another type.
    [Fact]
    public void AnotherTypesNaNIsNoDifference()
    {
        using ScriptModel model = new ModelSource { Source = "def forward(self, x):\n    return (x * 0) / (x * 0)" }.Compile();
        using TorchTensor input = TensorFactory.Create("ones", [4], []);
        SweepFinding finding = Assert.Single(DeterminismSweep.Run(
            model, new ModelInput { Arguments = [input] }, new SweepOptions { Dimensions = [SweepDimension.DType] }).Dimensions);
        Assert.All(finding.Variants, variant => Assert.True(variant.Identical, variant.Message));
    }

    // What is made from the model has the buffers that the plain run began with, not those that it left.
    [Fact]
    public void AModelThatWritesToABufferIsCopiedAsItWasBefore()
    {
        using ScriptModel model = Counter();
        model.SetTraining(false);
        using TorchTensor input = TensorFactory.Create("ones", [4], []);
        SweepResult result = Sweep(
            model, input, SweepDimension.Optimized, SweepDimension.DType, SweepDimension.Traced, SweepDimension.Scripted);
        Assert.True(result.Identical, result.ToString());
    }

    // Each piece of a batch begins as the whole does.
    [Fact]
    public void AModelThatWritesToABufferGivesASampleTheSameBitsInABatchOfAnySize()
    {
        using ScriptModel model = Counter();
        using TorchTensor input = TensorFactory.Create("ones", [5, 2], []);
        SweepFinding finding = Assert.Single(Sweep(model, input, SweepDimension.Batch).Dimensions);
        Assert.All(finding.Variants, variant => Assert.True(variant.Identical, variant.Message));
    }

    // Beside its own seed and buffers a piece has other numbers for the second sample, in the run that is compared and in the one
    // that is observed.
    [Fact]
    public void WhatDrawsForEachSampleIsNamedForSmallerBatches()
    {
        SweepFinding finding = Assert.Single(Sweep(["Linear(8, 4)", "Dropout(0.5)"], [6, 8], [SweepDimension.Batch], training: true).Dimensions);
        Assert.All(finding.Variants, variant => Assert.Equal(new SweepDifference("aten::dropout", 1), variant.FirstDifference));
        Assert.Contains(", first in aten::dropout)", finding.Meaning, StringComparison.Ordinal);
    }

    // Attention holds the batch behind the sequence, and together with the heads: (6, 5, ..), (5 * 4, ..); with as many samples as
    // places in the sequence the sizes alone do not tell them apart.
    [Theory]
    [InlineData(5, 6)]
    [InlineData(4, 4)]
    [InlineData(2, 8)]
    public void TheOperatorIsFoundWhereTheBatchIsNotInFront(int batch, int sequence)
    {
        RandomStreams.Seed(3, [RandomSource.Torch], null);
        using ScriptModel model = LayerModel.Build(["TransformerEncoderLayer(16, 4, 32, batch_first=True)"], new LayerModelOptions());
        using TorchTensor input = TensorFactory.Create("rand", [batch, sequence, 16], []);
        model.SetTraining(false);
        SweepResult evaluated = Sweep(model, input, SweepDimension.Order, SweepDimension.Batch);
        Assert.True(evaluated.Identical, evaluated.ToString());

        model.SetTraining(true);
        OperatorObserver.Record(
            () => ModelRunner.Run(model, new ModelInput { Arguments = [input] }, new RunOptions()), new ObserverOptions(), out OperatorTrace trace);
        SweepDifference[] dropouts = [.. trace.Operators
            .Select((record, index) => new SweepDifference(record.Name, index))
            .Where(found => found.Operator == "aten::dropout")];
        Assert.Equal(4, dropouts.Length);
        SweepResult result = Sweep(model, input, SweepDimension.Order, SweepDimension.Batch);
        Assert.All(result.Dimensions[0].Variants, variant => Assert.Equal(dropouts[0], variant.FirstDifference));

        // In a smaller batch the first sample, which is the first to differ, has the same numbers in the first dropout: they begin at
        // the seed. In the second they do not, since those between are fewer.
        Assert.All(result.Dimensions[1].Variants, variant => Assert.Equal(dropouts[1], variant.FirstDifference));
    }

    [Fact]
    public void WhereTheSamplesCannotBeFollowedNoOperatorIsNamedAndTheReasonIsTold()
    {
        // Each sample against each other has the batch twice; what the sum has in front is the batch again.
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x):\n    return torch.dropout(torch.mm(x, x.t()).sum([1], keepdim=True), 0.5, True)",
        }.Compile();
        using TorchTensor input = TensorFactory.Create("ones", [8, 3], []);
        SweepFinding finding = Assert.Single(Sweep(model, input, SweepDimension.Order).Dimensions);
        SweepVariant variant = finding.Variants[0];
        Assert.False(variant.Identical);
        Assert.Null(variant.FirstDifference);
        const string Reason = "the samples cannot be followed through the result of aten::mm, and what comes after it differs.";
        Assert.Equal(Reason, variant.FirstDifferenceReason);
        Assert.EndsWith($" The first operator cannot be told: {Reason}", finding.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void WhereTheModelTakesNoOtherBatchTheReasonIsToldInOneLine()
    {
        using ScriptModel model = new ModelSource { Source = "def forward(self, x):\n    return x + torch.arange(4).view([4, 1])" }.Compile();
        using TorchTensor input = TensorFactory.Create("ones", [4, 3], []);
        SweepFinding finding = Assert.Single(Sweep(model, input, SweepDimension.Order).Dimensions);
        SweepVariant variant = finding.Variants[0];
        Assert.Null(variant.FirstDifference);
        Assert.StartsWith("where the batch is within the model shows only on one of another size", variant.FirstDifferenceReason, StringComparison.Ordinal);
        Assert.EndsWith("must match the size of tensor b (4) at non-singleton dimension 0.", variant.FirstDifferenceReason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', finding.Meaning);
    }

    // It counts its runs in an attribute that is no tensor, which nothing puts back.
    [Fact]
    public void WhatDiffersWithNothingVariedIsBlamedOnNoDimension()
    {
        using ScriptModel model = Unsteady();
        using TorchTensor input = TensorFactory.Create("ones", [4, 3], []);
        SweepDimension[] dimensions = [SweepDimension.Thread, SweepDimension.MklDnn, SweepDimension.Batch, SweepDimension.Order, SweepDimension.DType];
        SweepResult result = Sweep(model, input, dimensions);
        Assert.False(result.Identical);
        Assert.All(result.Dimensions, finding => Assert.Contains(
            "but so too when it runs again with nothing changed: nothing can be said of ", finding.Meaning, StringComparison.Ordinal));

        result = Sweep(model, input, SweepDimension.Repeat, SweepDimension.Thread);
        Assert.Equal(
            "Run again in one process with the same seed, it gives other bits, first in aten::add: something besides the seed decides them.",
            result.Dimensions[0].Meaning);
        Assert.EndsWith("nothing can be said of the number of threads.", result.Dimensions[1].Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDrawsAsManyNumbersAsItHasRunIsBlamedOnNoDimension()
    {
        using ScriptModel model = new ModelSource
        {
            Attributes = [KeyValuePair.Create<string, object?>("n", 0L)],
            Source = "def forward(self, x):\n    self.n += 1\n    return x + torch.rand([self.n])[-1]",
        }.Compile();
        using TorchTensor input = TensorFactory.Create("ones", [4, 3], []);
        SweepFinding finding = Assert.Single(Sweep(model, input, SweepDimension.Thread).Dimensions);
        Assert.EndsWith("nothing can be said of the number of threads.", finding.Meaning, StringComparison.Ordinal);
    }

    // Such memory may well have the same bytes each time that the model runs again with nothing varied.
    [Theory]
    [InlineData("x / 3 + 0 * torch.isnan(torch.empty_like(x))", true)]
    [InlineData("x / 3 + 0 * torch.isnan(torch.zeros_like(x))", false)]
    public void UninitializedMemoryThatTheModelHandsOnIsToldBesideTheDimension(string result, bool isTold)
    {
        using ScriptModel model = new ModelSource { Source = $"def forward(self, x):\n    return {result}" }.Compile();
        using TorchTensor input = TensorFactory.Create("ones", [4, 3], []);
        string meaning = Assert.Single(Sweep(model, input, SweepDimension.DType).Dimensions).Meaning;
        Assert.StartsWith("In another floating-point type the results differ", meaning, StringComparison.Ordinal);
        Assert.Equal(isTold, meaning.EndsWith(
            " The model also hands on memory that nothing was written to (aten::empty_like), which may be why.", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatDiffersWithNothingVariedIsNotBlamedOnMachines()
    {
        using ScriptModel model = Unsteady();
        using TorchTensor input = TensorFactory.Create("ones", [4, 3], []);
        var options = new SweepOptions { Dimensions = [SweepDimension.MklDnn] };
        MachineReport here = MachineSweep.Run(model, new ModelInput { Arguments = [input] }, options);
        MachineReport there = MachineSweep.Run(model, new ModelInput { Arguments = [input] }, options);
        SweepFinding finding = MachineSweep.Compare(here, [KeyValuePair.Create("other", there)]).Dimensions[^1];
        Assert.Equal(
            "Other bits (other), but so too when it runs again with nothing changed: nothing can be said of the machines.", finding.Meaning);
    }

    [Fact]
    public void AFolderThatAKilledProcessLeftIsCleared()
    {
        string left = Path.Combine(Path.GetTempPath(), "reprotorch-sweep-" + Guid.NewGuid().ToString("N"));
        string mine = left + "-mine";
        using (var folder = new TemporaryFolder())
        {
            Abandon(folder.Path, left);
            Directory.CreateDirectory(mine);
            File.WriteAllText(Path.Combine(mine, ".reprotorch-sweep-lock"), "not ReproTorch's");
            using var other = new TemporaryFolder();
            Assert.False(Directory.Exists(left));
            Assert.True(Directory.Exists(folder.Path));
            Assert.True(Directory.Exists(mine));
        }

        Directory.Delete(mine, recursive: true);
    }

    // As a killed process leaves it: the same files, locked by no one.
    private static void Abandon(string from, string to)
    {
        Directory.CreateDirectory(to);
        string name = Path.GetFileName(Assert.Single(Directory.EnumerateFiles(from)));
        File.WriteAllText(Path.Combine(to, name), "A sweep of ReproTorch works in this folder. When it has ended, the next one deletes the folder.\n");
    }

    [Fact]
    public void BuffersStreamsAndSwitchesAreAsBefore()
    {
        using ScriptModel model = LayerModel.Build(["BatchNorm1d(4)", "Dropout(0.5)"], new LayerModelOptions());
        using TorchTensor input = TensorFactory.Create("rand", [6, 4], []);
        RandomStreams.Seed(5, RandomStreams.SeededByDefault, "a.ps1:1");
        using TorchTensor mean = model.Tensor("0.running_mean");
        string before = mean.ContentHash();
        DeterminismSettings switches = DeterminismPolicy.Get();
        SweepResult result = DeterminismSweep.Run(
            model, new ModelInput { Arguments = [input] }, new SweepOptions { Dimensions = [SweepDimension.Repeat, SweepDimension.MklDnn] });
        Assert.True(result.Identical);
        Assert.Equal(before, mean.ContentHash());
        Assert.Equal(switches, DeterminismPolicy.Get());
        StreamReport report = RandomStreams.Report([RandomSource.Torch])[0];
        Assert.Equal((5, 0L, "a.ps1:1"), ((int)report.Seed!.Value, report.DrawCount, report.SeededAt));
    }

    [Fact]
    public void WhatCannotBeShownIsOmittedOrRefusedByName()
    {
        SweepResult result = Sweep(["Linear(8, 4)"], [8], dimensions: null, count: 1);
        Assert.Equal([SweepDimension.Batch, SweepDimension.Order], result.Omitted.Select(omission => omission.Name)
            .Where(name => name is SweepDimension.Batch or SweepDimension.Order));
        ReproTorchException error = Assert.Throws<ReproTorchException>(() => Sweep(["Linear(8, 4)"], [1, 8], [SweepDimension.Batch]));
        Assert.Equal("Batch cannot be varied: the input has one sample only.", error.Message);
        error = Assert.Throws<ReproTorchException>(() => Sweep(["Linear(8, 4)"], [0, 8], [SweepDimension.Batch]));
        Assert.Equal("Batch cannot be varied: the batch is empty: the input's first dimension is 0.", error.Message);
    }

    [Fact]
    public void OtherTypesAreComparedInTheModelsOwn()
    {
        SweepFinding finding = Assert.Single(Sweep(["Linear(8, 4)"], [5, 8], [SweepDimension.DType]).Dimensions);
        Assert.Equal(["float64", "bfloat16"], finding.Variants.Select(variant => variant.Name));
        Assert.All(finding.Variants, variant => Assert.InRange(variant.MaxAbsolute!.Value, 0, 0.1));
        Assert.True(finding.Variants[0].MaxAbsolute < finding.Variants[1].MaxAbsolute);
    }

    [Fact]
    public void CancellationEndsItBetweenRuns()
    {
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Sweep(
            ["Linear(8, 4)"], [5, 8], [SweepDimension.Repeat], progress: (_, variant, _) =>
            {
                if (variant == "run 3")
                {
                    source.Cancel();
                }
            },
            cancellation: source.Token));
    }

    private static ScriptModel Counter() => new ModelSource
    {
        Buffers = [KeyValuePair.Create("n", TensorFactory.Create("zeros", [1], []))],
        Source = "def forward(self, x):\n    self.n += 1\n    return x + self.n",
    }.Compile();

    private static ScriptModel Unsteady() => new ModelSource
    {
        Attributes = [KeyValuePair.Create<string, object?>("n", 0L)],
        Source = "def forward(self, x):\n    self.n += 1\n    return x + self.n",
    }.Compile();

    private static SweepResult Sweep(ScriptModel model, TorchTensor input, params SweepDimension[] dimensions) => DeterminismSweep.Run(
        model, new ModelInput { Arguments = [input] }, new SweepOptions { Dimensions = dimensions });

    private static SweepResult Sweep(
        string[] layers, long[] shape, SweepDimension[]? dimensions, bool training = false, int count = 3,
        Action<SweepDimension, string, double>? progress = null, CancellationToken cancellation = default)
    {
        RandomStreams.Seed(3, [RandomSource.Torch], null);
        using ScriptModel model = LayerModel.Build(layers, new LayerModelOptions());
        model.SetTraining(training);
        using TorchTensor input = TensorFactory.Create("rand", shape, []);
        return DeterminismSweep.Run(model, new ModelInput { Arguments = [input] }, new SweepOptions
        {
            Dimensions = dimensions,
            Count = count,
            Progress = progress,
            Cancellation = cancellation,
        });
    }
}
