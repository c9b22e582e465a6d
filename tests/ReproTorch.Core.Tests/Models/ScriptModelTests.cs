using System.Collections.Specialized;
using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Models;

public sealed class ScriptModelTests : ProcessStateTests
{
    private static readonly RandomSource[] s_torch = [RandomSource.Torch];

    [Theory]
    [InlineData(1, 5000)]
    [InlineData(800, 350)]
    public void SourceThatTheCompilersStackWouldNotHoldIsRefused(int methods, int depth)
    {
        IEnumerable<string> code = Enumerable.Range(0, methods)
            .Select(i => $"def f{i}(self, x: Tensor) -> Tensor:\n    return {new string('-', depth)}{(i + 1 < methods ? $"self.f{i + 1}(x)" : "x")}");
        var error = Assert.Throws<ReproTorchException>(() => new ModelSource { Source = string.Join('\n', code) }.Compile());
        Assert.Equal(ReproTorchErrorKind.ScriptSource, error.Kind);
        Assert.Contains("nested deeper", error.Message, StringComparison.Ordinal);
    }

    // Not on a stack of the usual size.
    [Fact]
    public void SourceWhoseMethodsCallOneAnotherCompiles()
    {
        IEnumerable<string> code = Enumerable.Range(0, 200)
            .Select(i => $"def f{i}(self, x: Tensor) -> Tensor:\n    return {new string('-', 300)}{(i < 199 ? $"self.f{i + 1}(x)" : "x")}");
        new ModelSource { Source = string.Join('\n', code) }.Compile().Dispose();
    }

    [Fact]
    public void RunsAMethodOnATensor()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor) -> Tensor:\n    return x * 2 + 1");
        using TorchTensor result = model.Invoke(Floats(1, 2));
        Assert.Equal([3f, 5f], result.ToArray<float>());
    }

    [Fact]
    public void ValuesOfEveryKindGoInAndComeBack()
    {
        using ScriptModel model = Compile("""
            def forward(self, t: Tensor, i: int, f: float, b: bool, s: str, o: Optional[int], l: List[float],
                        d: Dict[str, Tensor], p: Tuple[int, str]):
                return t, i, f, b, s, o, l, d, p
            """);
        var dictionary = new OrderedDictionary { ["b"] = Floats(1), ["a"] = Floats(2) };
        var result = Assert.IsType<TorchTuple>(model.Invoke("forward", new ModelInput
        {
            Arguments = [Floats(5), 7, 3, true, "grüß\0e", null, new object[] { 1, 2.5 }, dictionary, new TorchTuple([4, "four"])],
        }));
        Assert.Equal([5f], ((TorchTensor)result[0]!).ToArray<float>());
        Assert.Equal(7L, result[1]);
        Assert.Equal(3.0, result[2]);
        Assert.Equal(true, result[3]);
        Assert.Equal("grüß\0e", result[4]);
        Assert.Null(result[5]);
        Assert.Equal([1.0, 2.5], ((object?[])result[6]!).Cast<double>());
        Assert.Equal(["b", "a"], ((OrderedDictionary)result[7]!).Keys.Cast<string>());
        Assert.Equal([4L, "four"], (TorchTuple)result[8]!);
    }

    [Fact]
    public void ArgumentsByNameMayComeInAnyOrderAndDefaultsHold()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor, y: Tensor, scale: float = 10.0):\n    return x - y * scale");
        object? result = model.Invoke("forward", new ModelInput
        {
            Keywords = [KeyValuePair.Create<string, object?>("y", Floats(1)), KeyValuePair.Create<string, object?>("x", Floats(3))],
        });
        Assert.Equal([-7f], ((TorchTensor)result!).ToArray<float>());
    }

    [Theory]
    [InlineData("def forward(self, x):\n    return no_such_name", ReproTorchErrorKind.ScriptSource)]
    [InlineData("def forward(self, x) -> Tensor:\n    return torch.no_such_operator(x)", ReproTorchErrorKind.ScriptSource)]
    [InlineData("def forward(self, x:\n", ReproTorchErrorKind.ScriptSource)]
    [InlineData("", ReproTorchErrorKind.ScriptSource)]
    public void BadSourceIsAnError(string source, ReproTorchErrorKind kind)
    {
        var error = Assert.Throws<ReproTorchException>(() => Compile(source).Method("forward"));
        Assert.True(error.Kind == kind || source.Length == 0, error.Message);
    }

    [Fact]
    public void ARaiseInTheModelIsAnErrorWithItsMessage()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor) -> Tensor:\n    assert x.dim() > 5, \"too cold\"\n    return x");
        var error = Assert.Throws<ReproTorchException>(() => model.Invoke(Floats(1)));
        Assert.Equal(ReproTorchErrorKind.ScriptRaise, error.Kind);
        Assert.Contains("too cold", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void AWrongCountOfArgumentsShowsTheSchema(int count)
    {
        using ScriptModel model = Compile("def forward(self, first: Tensor, second: Tensor):\n    return first + second");
        var error = Assert.Throws<ReproTorchException>(
            () => model.Invoke("forward", new ModelInput { Arguments = [.. Enumerable.Range(0, count).Select(i => (object?)Floats(i))] }));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("forward", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AWrongTypeNamesTheArgument()
    {
        using ScriptModel model = Compile("def forward(self, image: Tensor, count: int):\n    return image * count");
        var error = Assert.Throws<ReproTorchException>(
            () => model.Invoke("forward", new ModelInput { Arguments = [Floats(1), "three"] }));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("count", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMethodThatIsNotThereListsThoseThatAre()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor):\n    return x");
        var error = Assert.Throws<ReproTorchException>(() => model.Invoke("backward", new ModelInput { Arguments = [Floats(1)] }));
        Assert.Contains("'backward'", error.Message, StringComparison.Ordinal);
        Assert.Contains("forward", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATracedRunGivesTheSameBitsAndDrawsWhatOneRunDraws()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor):\n    return torch.dropout(x, 0.5, True) + torch.rand(3)");
        var input = new ModelInput { Arguments = [Floats(1, 2, 3)] };
        RunOutput plain = ModelRunner.Run(model, input, new RunOptions { Seed = TorchSeedValue.From(9) });
        long? plainDraws = RandomStreams.Report(s_torch)[0].DrawCount;
        for (int i = 0; i < 3; i++)
        {
            RunOutput traced = ModelRunner.Run(model, input, new RunOptions { Seed = TorchSeedValue.From(9), Traced = true });
            Assert.Equal(plain.Outputs[0].Data!.AllBytes().ToArray(), traced.Outputs[0].Data!.AllBytes().ToArray());
            Assert.Equal(plainDraws, RandomStreams.Report(s_torch)[0].DrawCount);
        }
    }

    [Fact]
    public void AFrozenBranchIsToldOnce()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor):\n    if bool(x.sum() > 0):\n        return x * 2\n    return x - 1");
        var traces = new List<TraceResult>();
        var options = new RunOptions { Traced = true, OnTraced = traces.Add };
        ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1)] }, options);
        ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1)] }, options);
        TraceResult trace = Assert.Single(traces);
        Assert.Contains(trace.Frozen, node => node.Kind == "prim::If");

        // Another shape is another signature.
        ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1, 2)] }, options);
        Assert.Equal(2, traces.Count);
    }

    [Fact]
    public void BatchesArePutTogetherInOrder()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor):\n    return {'double': x * 2, 'rows': [x + 1, x + 2]}");
        using TorchTensor data = TorchTensor.FromSpan<float>([.. Enumerable.Range(0, 14).Select(i => (float)i)], DType.float32, 7, 2);
        RunOutput whole = ModelRunner.Run(model, new ModelInput { Arguments = [data] }, new RunOptions());
        RunOutput pieces = ModelRunner.Run(model, new ModelInput { Arguments = [data] }, new RunOptions { BatchSize = 3 });
        Assert.Equal(["output.double", "output.rows.0", "output.rows.1"], pieces.Outputs.Select(output => output.Name));
        Assert.All(whole.Outputs.Zip(pieces.Outputs), pair =>
        {
            Assert.Equal(pair.First.Data!.Shape, pair.Second.Data!.Shape);
            Assert.Equal(pair.First.Data!.AllBytes().ToArray(), pair.Second.Data!.AllBytes().ToArray());
        });
    }

    [Fact]
    public void ABatchSizeWithoutRowsIsRefused()
    {
        using ScriptModel model = Compile("def forward(self, x: Tensor):\n    return x");
        using TorchTensor scalar = TorchTensor.FromData(TensorData.FromArray(DType.float32, [], new byte[4]));
        Assert.Throws<ReproTorchException>(() => ModelRunner.Run(model, new ModelInput { Arguments = [scalar] }, new RunOptions { BatchSize = 2 }));
        Assert.Throws<ReproTorchException>(() => ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1)] }, new RunOptions { BatchSize = 0 }));
    }

    [Fact]
    public void ARecordedOutputDoesNotChangeWhenTheModelChangesItsBuffer()
    {
        var source = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    self.sum.add_(x)\n    return self.sum",
            Buffers = [KeyValuePair.Create("sum", Floats(0))],
        };
        using ScriptModel model = source.Compile();
        RunOutput first = ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1)] }, new RunOptions());
        RunOutput second = ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1)] }, new RunOptions());
        Assert.Equal(1f, BitConverter.ToSingle(first.Outputs[0].Data!.AllBytes()));
        Assert.Equal(2f, BitConverter.ToSingle(second.Outputs[0].Data!.AllBytes()));
    }

    [Fact]
    public void TracingOnFirstUseLeavesBuffersAsTheyWere()
    {
        var source = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    self.sum.add_(x)\n    return self.sum * 1",
            Buffers = [KeyValuePair.Create("sum", Floats(0))],
        };
        using ScriptModel model = source.Compile();
        RunOutput first = ModelRunner.Run(model, new ModelInput { Arguments = [Floats(1)] }, new RunOptions { Traced = true });
        Assert.Equal(1f, BitConverter.ToSingle(first.Outputs[0].Data!.AllBytes()));
    }

    internal static ScriptModel Compile(string source) => new ModelSource { Source = source }.Compile();

    internal static TorchTensor Floats(params float[] values) => TorchTensor.FromSpan<float>(values, DType.float32);
}
