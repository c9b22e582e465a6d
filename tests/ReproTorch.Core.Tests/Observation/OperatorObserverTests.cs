using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Observation;

public sealed class OperatorObserverTests : ProcessStateTests
{
    // Draws that python3-torch 1.13.1 was measured to make, in 32-bit words.
    [Theory]
    [InlineData("rand", 10, null, 10)]
    [InlineData("rand", 10, DType.float64, 20)]
    [InlineData("randn", 1, null, 4)]
    [InlineData("randn", 15, null, 32)]
    [InlineData("randn", 16, null, 16)]
    [InlineData("randn", 17, null, 33)]
    [InlineData("exponential", 10, null, 20)]
    [InlineData("rand", 624, null, 624)]
    [InlineData("rand", 625, null, 625)]
    [InlineData("rand", 100_000, null, 100_000)]
    [InlineData("zeros", 10, null, 0)]
    public void DrawsAreCountedExactly(string factory, long size, DType? dtype, long expected)
    {
        RandomStreams.Seed(7, [RandomSource.Torch], null);
        TensorFactory.Create("rand", [3], []).Dispose();
        OperatorTrace trace = Observe(() => TensorFactory.Create(factory, [size], [], dtype).Dispose());
        Assert.Equal(expected, trace.DrawCount);
        Assert.Equal(expected, RandomStreams.Report([RandomSource.Torch])[0].DrawCount - 3);
    }

    [Fact]
    public void DrawsOfAGeneratorOfOnesOwnAreItsOwn()
    {
        var stream = TorchStream.Create(TorchDevice.Cpu, TorchSeedValue.From(1));
        OperatorTrace trace = Observe(() => TensorFactory.Create("rand", [5], [], generator: stream.Generator).Dispose());
        Assert.Equal(5, trace.Operators[^1].Draws["own"]);
        Assert.False(trace.Operators[^1].Draws.ContainsKey("cpu"));
    }

    // Their kernels hold the generator's lock while they call operators.
    [Theory]
    [InlineData("multinomial")]
    [InlineData("_sample_dirichlet")]
    [InlineData("bernoulli")]
    [InlineData("poisson")]
    public void OperatorsThatHoldTheirGeneratorAreRecorded(string name)
    {
        using TorchTensor values = TorchTensor.FromSpan<float>([0.25f, 0.5f, 0.25f], DType.float32, 3);
        RandomStreams.Seed(7, [RandomSource.Torch], null);
        OperatorTrace trace = Observe(() => ((TorchTensor)(name == "multinomial"
            ? TorchOperator.Call("aten::multinomial", values, 5L, true)
            : TorchOperator.Call("aten::" + name, values))!).Dispose());
        Assert.Equal("aten::" + name, trace.Operators[^1].Name);
        Assert.Equal(RandomStreams.Report([RandomSource.Torch])[0].DrawCount, trace.Operators[^1].DrawCount);
        Assert.True(trace.Operators[^1].DrawCount > 0);
    }

    [Fact]
    public void NestedOperatorsStandBelowWhatCalledThem()
    {
        OperatorTrace trace = Observe(() => TensorFactory.Create("randn", [20], []).Dispose());
        OperatorRecord randn = Assert.Single(trace.Operators);
        Assert.Equal("aten::randn", randn.Name);
        Assert.Equal(["aten::empty", "aten::normal_"], trace.CalledBy(randn).Select(record => record.Name));
        Assert.Equal(36, randn.DrawCount);
        Assert.Equal(36, trace.CalledBy(randn).Last().DrawCount);
        Assert.Equal(36, trace.DrawCount);
    }

    [Fact]
    public void HashesAreOfTheBytesAndOnlyWhereTheyMeanSomething()
    {
        OperatorTrace one = Observe(Draw, new ObserverOptions { Hash = true });
        OperatorTrace same = Observe(Draw, new ObserverOptions { Hash = true });
        OperatorTrace none = Observe(Draw);
        Assert.Equal(one.Operators.Select(record => record.Hashes), same.Operators.Select(record => record.Hashes));
        Assert.All(none.Records, record => Assert.Empty(record.Hashes));
        Assert.All(one.Records.Where(record => !record.IsOutermost), record => Assert.Empty(record.Hashes));
        Assert.Empty(one.Operators.Single(record => record.Name == "aten::empty").Hashes);
        Assert.Single(one.Operators.Single(record => record.Name == "aten::rand").Hashes);

        static void Draw()
        {
            RandomStreams.Seed(7, [RandomSource.Torch], null);
            TensorFactory.Create("empty", [1000], []).Dispose();
            TensorFactory.Create("rand", [5], []).Dispose();
        }
    }

    [Fact]
    public void RowsOfABatchAreHashedEach()
    {
        using TorchTensor batch = TensorFactory.Create("rand", [3, 4], []);
        using TorchTensor row = batch.Narrow(1, 1);
        OperatorTrace whole = Observe(() => Relu(batch), new ObserverOptions { Hash = true, Rows = 3 });
        OperatorTrace alone = Observe(() => Relu(row), new ObserverOptions { Hash = true, Rows = 1 });
        TensorRows rows = Assert.Single(whole.Operators[0].RowHashes);
        Assert.Equal([3, 4], rows.Shape);
        RowView view = Assert.Single(rows.Views);
        Assert.Equal((0, 1L, 3), (view.Dimension, view.Outer, view.Hashes.Count));
        Assert.Equal(view.Hashes[1], alone.Operators[0].RowHashes[0].Views[0].Hashes[0]);

        static void Relu(TorchTensor tensor) => ((TorchTensor)TorchOperator.Call("aten::relu", tensor)!).Dispose();
    }

    // Three rows of (2, 6): in dimension 1 twice, side by side (outer 1) or one after the other (outer 2).
    [Fact]
    public void RowsWithinALargerDimensionAreHashedInEachWayThatTheyMayStand()
    {
        using TorchTensor tensor = TorchTensor.FromSpan<float>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], DType.float32, 2, 6);
        using TorchTensor beside = TorchTensor.FromSpan<float>([2, 3, 8, 9], DType.float32, 1, 4);
        using TorchTensor apart = TorchTensor.FromSpan<float>([1, 4, 7, 10], DType.float32, 1, 4);
        IReadOnlyList<RowView> views = Observe(() => Relu(tensor), new ObserverOptions { Hash = true, Rows = 3 }).Operators[0].RowHashes[0].Views;
        Assert.Equal([(1, 1L), (1, 2L)], views.Select(view => (view.Dimension, view.Outer)));
        Assert.Equal(HashOf(beside), views[0].Hashes[1]);
        Assert.Equal(HashOf(apart), views[1].Hashes[1]);

        static string HashOf(TorchTensor row) =>
            Observe(() => Relu(row), new ObserverOptions { Hash = true, Rows = 1 }).Operators[0].RowHashes[0].Views[0].Hashes[0];

        static void Relu(TorchTensor tensor) => ((TorchTensor)TorchOperator.Call("aten::relu", tensor)!).Dispose();
    }

    [Fact]
    public void OnlyWhatDrewIsThereWhenThatIsAsked()
    {
        OperatorTrace trace = Observe(
            () =>
            {
                TensorFactory.Create("ones", [5], []).Dispose();
                TensorFactory.Create("rand", [5], []).Dispose();
            },
            new ObserverOptions { RandomOnly = true });
        Assert.Equal("aten::rand", Assert.Single(trace.Operators).Name);
    }

    [Fact]
    public void WhatMovesElementsIsNoOperator() => Assert.Empty(Observe(() =>
    {
        using TorchTensor tensor = TorchTensor.FromSpan<float>([1, 2, 3], DType.float32, 3);
        using TorchTensor copy = tensor.Clone();
        _ = copy.ToArray<float>();
        _ = copy.ContentHash();
    }).Records);

    [Fact]
    public void ThePlaceIsThatOfTheMoment()
    {
        OperatorTrace trace = Observe(() =>
        {
            OperatorObserver.Place("train.ps1:12");
            TensorFactory.Create("zeros", [1], []).Dispose();
            OperatorObserver.Place(null);
            TensorFactory.Create("ones", [1], []).Dispose();
        });
        Assert.Equal("train.ps1:12", trace.Operators.Single(record => record.Name == "aten::zeros").Place);
        Assert.Null(trace.Operators.Single(record => record.Name == "aten::ones").Place);
    }

    [Fact]
    public void AllThreadsAreRecorded()
    {
        OperatorTrace trace = Observe(() => Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 50; i++)
            {
                TensorFactory.Create("zeros", [3], []).Dispose();
            }
        }));
        Assert.Equal(400, trace.Operators.Count(record => record.Name == "aten::zeros"));
        Assert.Equal(trace.Records.Count, trace.Records.Select(record => record.Index).Distinct().Count());
    }

    // One thread draws and two do not; all share the default generator, which a fourth seeds again and again.
    [Fact]
    public void DrawsAreToldByThread()
    {
        OperatorTrace trace = Observe(() => Parallel.Invoke(
            () => Repeat(() => TensorFactory.Create("rand", [11], []).Dispose()),
            () => Repeat(() => TensorFactory.Create("rand", [7], []).Dispose()),
            () => Repeat(() => TensorFactory.Create("ones", [3], []).Dispose()),
            () => Repeat(() => RandomStreams.Seed(3, [RandomSource.Torch], null))));
        Assert.All(trace.Operators.Where(record => record.Name == "aten::rand"), record => Assert.Equal(
            long.Parse(record.Inputs[0].Trim('[', ']'), System.Globalization.CultureInfo.InvariantCulture), record.DrawCount));
        Assert.Equal(2 * Times, trace.Operators.Count(record => record.Name == "aten::rand"));
        Assert.All(trace.Operators.Where(record => record.Name != "aten::rand"), record => Assert.Empty(record.Draws));
    }

    // aten::lstm has no tag; the dropout within it has.
    [Fact]
    public void DrawsWithinAnUntaggedOperatorAreToldByThreadToo()
    {
        using ScriptModel model = LayerModel.Build(["LSTM(4, 8, num_layers=2, dropout=0.5)"], new LayerModelOptions());
        model.SetTraining(true);
        using TorchTensor input = TensorFactory.Create("ones", [3, 2, 4], []);
        RandomStreams.Seed(7, [RandomSource.Torch], null);
        Run();
        long expected = RandomStreams.Report([RandomSource.Torch])[0].DrawCount!.Value;
        Assert.NotEqual(0, expected);
        OperatorTrace trace = Observe(() => Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 25; i++)
            {
                Run();
            }
        }));
        OperatorRecord[] drew = [.. trace.Operators.Where(record => record.Name == "aten::lstm")];
        Assert.Equal(100, drew.Length);
        Assert.All(drew, record => Assert.Equal(expected, record.DrawCount));

        void Run() => ModelRunner.Run(model, new ModelInput { Arguments = [input] }, new RunOptions());
    }

    [Fact]
    public void ANormalNumberThatWasKeptIsADrawOfNoWords()
    {
        RandomStreams.Seed(7, [RandomSource.Torch], null);
        TensorFactory.Create("randn", [1], []).Dispose();
        OperatorTrace trace = Observe(
            () =>
            {
                TensorFactory.Create("randn", [1], []).Dispose();
                TensorFactory.Create("randn", [1], []).Dispose();
            },
            new ObserverOptions { RandomOnly = true });
        Assert.Equal([0L, 4L], trace.Operators.Select(record => record.Draws["cpu"]));
    }

    [Fact]
    public void EachThreadHasItsPlace()
    {
        using var first = new Barrier(2);
        OperatorTrace trace = Observe(() => Parallel.Invoke(() => At("a.ps1:1", "zeros"), () => At("b.ps1:2", "ones")));
        Assert.Equal("a.ps1:1", trace.Operators.Single(record => record.Name == "aten::zeros").Place);
        Assert.Equal("b.ps1:2", trace.Operators.Single(record => record.Name == "aten::ones").Place);

        void At(string place, string factory)
        {
            OperatorObserver.Place(place);
            first.SignalAndWait();
            TensorFactory.Create(factory, [1], []).Dispose();
            first.SignalAndWait();
            OperatorObserver.Place(null);
        }
    }

    [Fact]
    public void AnotherObserversFileIsLeftAsItWas()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("b"), "mine");
        using OperatorObserver observer = OperatorObserver.Start(folder.File("a"), new ObserverOptions());
        Assert.Throws<ReproTorchException>(() => OperatorObserver.Start(folder.File("b"), new ObserverOptions()));
        Assert.Equal("mine", File.ReadAllText(folder.File("b")));
    }

    [Fact]
    public void WhereTheGeneratorsStoodIsKept()
    {
        RandomStreams.Seed(7, [RandomSource.Torch], null);
        GeneratorStart start = Observe(() => { }).Generators!["cpu"];
        TensorFactory.Create("rand", [1], []).Dispose();
        GeneratorStart later = Observe(() => { }).Generators!["cpu"];
        Assert.Equal(("7", "7"), (start.Seed, later.Seed));
        Assert.NotEqual(start.State, later.State);
    }

    [Fact]
    public void ThereIsOneObserverAtATime()
    {
        using var folder = new TestFolder();
        using OperatorObserver observer = OperatorObserver.Start(folder.File("a"), new ObserverOptions());
        Assert.Contains(
            "already", Assert.Throws<ReproTorchException>(() => OperatorObserver.Start(folder.File("b"), new ObserverOptions())).Message,
            StringComparison.Ordinal);
        observer.Stop();
        Assert.False(OperatorObserver.IsRunning);
        using OperatorObserver next = OperatorObserver.Start(folder.File("c"), new ObserverOptions());
    }

    [Fact]
    public void AnOperatorThatFailsIsRecordedWithoutResults()
    {
        OperatorTrace trace = Observe(() =>
        {
            using TorchTensor one = TensorFactory.Create("ones", [2, 3], []);
            Assert.Throws<ReproTorchException>(() => TorchOperator.Call("aten::mm", one, one));
        });
        Assert.Contains(trace.Operators, record => record.Name == "aten::mm");
    }

    private const int Times = 300;

    private static void Repeat(Action run)
    {
        for (int i = 0; i < Times; i++)
        {
            run();
        }
    }

    internal static OperatorTrace Observe(Action run, ObserverOptions? options = null)
    {
        using var folder = new TestFolder();
        string file = folder.File("trace.jsonl");
        using (OperatorObserver observer = OperatorObserver.Start(file, options ?? new ObserverOptions()))
        {
            run();
            observer.Stop();
        }

        return OperatorTraceFile.Read(file);
    }
}
