using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
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
        // In training mode dropout draws for what it is given, and the pieces of a batch draw one after the other.
        SweepResult result = Sweep(["Linear(8, 4)", "Dropout(0.5)"], [6, 8], [SweepDimension.Repeat, SweepDimension.Order], training: true);
        Assert.False(result.Identical);
        Assert.True(result.Dimensions[0].Identical);
        SweepVariant order = Assert.Single(result.Dimensions[1].Variants);
        Assert.False(order.Identical);
        Assert.Equal("aten::dropout", order.FirstDifference!.Operator);
        Assert.True(order.MaxAbsolute > 0);
        Assert.NotNull(order.Message);
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
