using System.Collections.Specialized;
using System.Numerics;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Randomness;

/// <summary>Streams that are called by method names. Values over many seeds: tests/python/random_side_by_side.py.</summary>
public sealed class StreamTests : ProcessStateTests
{
    [Theory]
    [InlineData(RandomSource.Python, "randint", "takes at most 2 arguments", 1, 2, 3)]
    [InlineData(RandomSource.Python, "randint", "needs a value for b", 1)]
    [InlineData(RandomSource.Python, "choice", "A list is one argument: give it as one.", 1, 2, 3)]
    [InlineData(RandomSource.Python, "choice", "takes a sequence for seq: got 5.", 5)]
    [InlineData(RandomSource.Python, "nothing", "'Random' object has no attribute 'nothing'. There are: random, ")]
    [InlineData(RandomSource.NumPy, "nothing", "'RandomState' object has no attribute 'nothing'.")]
    [InlineData(RandomSource.NumPyGenerator, "rand", "'Generator' object has no attribute 'rand'.")]
    [InlineData(RandomSource.Torch, "dropout", "'torch' object has no attribute 'dropout'.")]
    [InlineData(RandomSource.NumPy, "bytes", "cannot make 4294967296 elements", 4294967296)]
    public void WrongCallsSayWhatIsWrongAndDrawNothing(RandomSource source, string method, string message, params object[] arguments)
    {
        RandomStream stream = StreamFactory.Create(source, 1);
        Assert.Contains(message, Assert.Throws<ReproTorchException>(() => stream.Draw(method, arguments)).Message, StringComparison.Ordinal);
        Assert.Equal(0, stream.DrawCount);
    }

    // A variable that does not exist must not pass for a number.
    [Theory]
    [InlineData(RandomSource.Python, "randint", "randint() takes a value for b: got None.", 0, null)]
    [InlineData(RandomSource.Python, "getrandbits", "getrandbits() takes a value for k: got None.", null)]
    [InlineData(RandomSource.NumPy, "normal", "normal() takes a value for scale: got None.", 0, null)]
    [InlineData(RandomSource.NumPy, "randint", "randint() takes a value for low: got None.", null)]
    [InlineData(RandomSource.NumPyGenerator, "multinomial", "object too deep for desired array", 5, new double[0])]
    [InlineData(RandomSource.NumPy, "uniform", "uniform() takes a number for low: got 1,5.", "1,5", 5)]
    public void WhatIsNoValueIsRefused(RandomSource source, string method, string message, params object?[]? arguments)
    {
        arguments ??= [null];
        if (method == "multinomial")
        {
            arguments = [5, new object[] { new[] { 0.2, 0.8 }, new[] { 0.5, 0.5 } }];
        }

        RandomStream stream = StreamFactory.Create(source, 1);
        Assert.StartsWith(
            message, Assert.Throws<ReproTorchException>(() => stream.Draw(method, arguments)).Message, StringComparison.Ordinal);
        Assert.Equal(0, stream.DrawCount);
    }

    // States that libtorch's own check lets through: one leads past the end of the engine's words, one to zeros for ever.
    [Theory]
    [InlineData(624, 624)]
    [InlineData(1, 1)]
    [InlineData(600, 24)]
    public void StatesThatContradictThemselvesAreRefused(int left, int next)
    {
        var stream = (TorchStream)StreamFactory.Create(RandomSource.Torch, 1);
        stream.Draw("rand", [3L]);
        byte[] state = (byte[])stream.GetState();
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(state.AsSpan(8), left);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(16), next);
        Assert.Contains("damaged", Assert.Throws<ReproTorchException>(() => stream.SetState(state)).Message, StringComparison.Ordinal);
        Assert.Equal(3, stream.DrawCount);
    }

    [Fact]
    public void StatesOfZerosAreRefused()
    {
        Assert.Contains("all of its words are 0", Assert.Throws<ReproTorchException>(() => StreamFactory.Create(RandomSource.Python, 1)
            .SetState(new PythonRandomState(3, new long[625], null))).Message, StringComparison.Ordinal);
        Assert.Contains("all of its words are 0", Assert.Throws<ReproTorchException>(() => StreamFactory.Create(RandomSource.NumPy, 1)
            .SetState(new NumpyRandomStateSnapshot(new uint[624], 0, false, 0))).Message, StringComparison.Ordinal);
        RandomStream torch = StreamFactory.Create(RandomSource.Torch, 1);
        byte[] state = (byte[])torch.GetState();
        state.AsSpan(24, 8 * 624).Clear();
        Assert.Contains("all of its words are 0", Assert.Throws<ReproTorchException>(() => torch.SetState(state)).Message, StringComparison.Ordinal);
    }

    // One word that is not on the seed's path: the count is not known, and says so.
    [Fact]
    public void ACountThatCannotBeKnownIsNull()
    {
        var stream = (TorchStream)StreamFactory.Create(RandomSource.Torch, 1);
        byte[] state = (byte[])stream.GetState();
        state[24 + (8 * 64)] ^= 1;
        stream.SetState(state);
        Assert.Null(stream.DrawCount);
    }

    [Fact]
    public void AShapeCallsAMethodWithoutSizesAgain()
    {
        RandomStream one = StreamFactory.Create(RandomSource.NumPy, 1);
        RandomStream other = StreamFactory.Create(RandomSource.NumPy, 1);
        RandomValues stacked = one.Draw("permutation", [4L], shape: [2, 3]);
        Assert.Equal([2, 3, 4], stacked.Shape);
        Assert.Equal(
            Enumerable.Range(0, 6).SelectMany(_ => (long[])other.Draw("permutation", [4L]).Values), (long[])stacked.Values);
        Assert.Equal([0, 4], one.Draw("permutation", [4L], shape: [0, 4]).Shape);
    }

    [Fact]
    public void AShapeGivenTwiceIsAnError() => Assert.Contains(
        "given the shape twice",
        Assert.Throws<ReproTorchException>(() => StreamFactory.Create(RandomSource.NumPy, 1).Draw("rand", [2L], shape: [3])).Message,
        StringComparison.Ordinal);

    [Fact]
    public void RowsNestAndTensorsKeepTheType()
    {
        RandomValues values = StreamFactory.Create(RandomSource.NumPy, 1).Draw("randint", [10L], new OrderedDictionary { ["dtype"] = "int16" }, [2, 3]);
        Assert.Equal([3, 3], values.Rows().Select(row => ((short[])row!).Length));
        Assert.Equal(DType.int16, values.ToTensorData().DType);
        Assert.Equal([2, 3], values.ToTensorData().Shape);
        RandomValues letters = StreamFactory.Create(RandomSource.Python, 1).Draw("choice", ["héllo"], shape: [3]);
        Assert.Null(letters.ElementType);
        Assert.Throws<ReproTorchException>(letters.ToTensorData);
    }

    [Fact]
    public void SpawnedStreamsAreNumPysChildren()
    {
        var stream = (NumpyGeneratorStream)StreamFactory.Create(RandomSource.NumPyGenerator, 5);
        NumpyGeneratorStream[] children = stream.Spawn(2);
        foreach ((NumpyGeneratorStream child, int key) in children.Zip([0, 1]))
        {
            RandomStream byKey = StreamFactory.Create(RandomSource.NumPyGenerator, 5, spawnKey: [key]);
            Assert.Equal((double[])byKey.Draw("random", [3L]).Values, (double[])child.Draw("random", [3L]).Values);
        }

        Assert.Equal(0, stream.DrawCount);
        stream.SetState(StreamFactory.Create(RandomSource.NumPyGenerator, 6).GetState());
        Assert.Null(stream.Seed);
        Assert.Null(stream.DrawCount);
    }

    [Theory]
    [InlineData(RandomSource.Python)]
    [InlineData(RandomSource.NumPy)]
    [InlineData(RandomSource.NumPyGenerator)]
    [InlineData(RandomSource.Torch)]
    public void AStatePutBackGoesOnWithTheSameNumbers(RandomSource source)
    {
        RandomStream stream = StreamFactory.Create(source, 11);
        string method = source is RandomSource.Torch or RandomSource.NumPy ? "rand" : "random";
        stream.Draw(method, [], shape: [5]);
        object state = stream.GetState();
        Array wanted = stream.Draw(method, [], shape: [700]).Values;
        stream.SetState(state);
        Assert.Equal(wanted, stream.Draw(method, [], shape: [700]).Values);
        Assert.Throws<ReproTorchException>(() => stream.SetState("no state"));
    }

    [Theory]
    [InlineData(RandomSource.NumPy, "-1", "Seed must be between 0 and 2**32 - 1")]
    [InlineData(RandomSource.NumPy, "[]", "Seed must be non-empty")]
    [InlineData(RandomSource.NumPy, "'x'", "The seed 'x' is no whole number, as NumPy takes.")]
    [InlineData(RandomSource.NumPyGenerator, "-1", "expected non-negative integer")]
    [InlineData(RandomSource.Torch, "18446744073709551616", "The seed 18446744073709551616 is out of range for Torch")]
    [InlineData(RandomSource.Python, "[1]", "The only supported seed types are")]
    [InlineData(RandomSource.PowerShell, "1", "There is no stream of one's own for PowerShell")]
    public void SeedsThatASourceDoesNotTakeAreRefused(RandomSource source, string seed, string message) => Assert.StartsWith(
        message,
        Assert.Throws<ReproTorchException>(() => StreamFactory.Create(source, PythonLiteral.Parse(seed))).Message.TrimStart('['),
        StringComparison.Ordinal);

    // What threads share: each call's numbers are a piece of the one sequence, whole, and no number is given twice or left out.
    [Theory]
    [InlineData(RandomSource.Python, "random")]
    [InlineData(RandomSource.NumPy, "rand")]
    [InlineData(RandomSource.Torch, "rand")]
    public void ThreadsThatShareAStreamGetPiecesOfItsSequence(RandomSource source, string method)
    {
        const int Calls = 200;
        const int Each = 50;
        string dtype = source == RandomSource.Torch ? "float64" : string.Empty;
        OrderedDictionary? named = dtype.Length > 0 ? new OrderedDictionary { ["dtype"] = dtype } : null;
        RandomStreams.Seed(21, RandomStreams.SeededByDefault, null);
        double[] sequence = (double[])RandomStreams.Shared(source).Draw(method, [], named, [Calls * Each]).Values;
        var places = sequence.Select((value, index) => (value, index)).ToDictionary(pair => pair.value, pair => pair.index);
        RandomStreams.Seed(21, RandomStreams.SeededByDefault, null);
        var pieces = new double[Calls][];
        Parallel.For(0, Calls, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            pieces[i] = (double[])RandomStreams.Shared(source).Draw(method, [], named, [Each]).Values);
        var seen = new HashSet<int>();
        foreach (double[] piece in pieces)
        {
            int start = places[piece[0]];
            Assert.True(seen.Add(start));
            Assert.Equal(sequence.AsSpan(start, Each).ToArray(), piece);
        }
    }

    // Whoever seeds, restores or asks while others draw sees whole states only.
    [Fact]
    public void SeedingWhileOthersDrawNeverTearsAState()
    {
        RandomStreams.Seed(1, RandomStreams.SeededByDefault, null);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            switch (i % 4)
            {
                case 0:
                    RandomStreams.Seed(i, RandomStreams.SeededByDefault, $"script.ps1:{i}");
                    break;
                case 1:
                    RandomStreams.Restore(RandomStreams.Capture(RandomStreams.SeededByDefault));
                    break;
                case 2:
                    Assert.All(RandomStreams.Report(RandomStreams.SeededByDefault), report => Assert.NotNull(report.DrawCount));
                    break;
                default:
                    RandomStreams.Python.Draw("gauss", [], shape: [100]);
                    RandomStreams.NumPy.Draw("randn", [], shape: [100]);
                    break;
            }
        });
    }

    [Fact]
    public void AReportTellsWhatIsNotKnown()
    {
        RandomStreams.Seed(4, RandomStreams.SeededByDefault, "a.ps1:3");
        RandomStreams.Python.SetState(new PythonRandom(9).GetState());
        StreamReport report = RandomStreams.Report([RandomSource.Python])[0];
        Assert.Null(report.Seed);
        Assert.Null(report.DrawCount);
        Assert.Null(report.SeededAt);
        Assert.False(report.SeededHere);
    }

    [Fact]
    public void WhatIsPutBackPartlyIsPutBackNotAtAll()
    {
        RandomStreams.Seed(4, RandomStreams.SeededByDefault, null);
        RngState before = RandomStreams.Capture(RandomStreams.SeededByDefault);
        RngState other = RandomStreamsOf(77) with { NumPy = new NumpyRandomStateSnapshot([1, 2, 3], 0, false, 0) };
        Assert.Throws<ReproTorchException>(() => RandomStreams.Restore(other));
        RngState after = RandomStreams.Capture(RandomStreams.SeededByDefault);
        Assert.Equal(before.Torch["cpu"], after.Torch["cpu"]);
        Assert.Equal(before.Python!.Internal, after.Python!.Internal);
        Assert.Equal(before.NumPy!.Key, after.NumPy!.Key);
        Assert.All(RandomStreams.Report(RandomStreams.SeededByDefault), report => Assert.Equal(4, report.Seed));
    }

    private static RngState RandomStreamsOf(BigInteger seed)
    {
        using var scope = new RandomScope();
        RandomStreams.Seed(seed, RandomStreams.SeededByDefault, null);
        return RandomStreams.Capture(RandomStreams.SeededByDefault);
    }
}
