using System.Collections.Specialized;
using ReproTorch.Comparison;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Replay;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Replay;

public sealed class RunReplayerTests : ProcessStateTests
{
    private const string Drawing = """
        def forward(self, x):
            return x + torch.randn_like(x), torch.rand([3])
        def twice(self, x, scale: float):
            return (x + torch.rand_like(x)) * scale
        """;

    [Theory]
    [InlineData(false, null, "forward")]
    [InlineData(true, null, "forward")]
    [InlineData(true, 3L, "forward")]
    [InlineData(false, 2L, "forward")]
    [InlineData(false, null, "twice")]
    public void GivesTheSameBitsFromTheStateThatWas(bool traced, long? batchSize, string method)
    {
        using ScriptModel model = Model(Drawing);
        RandomStreams.Seed(5, [RandomSource.Torch], null);
        using TorchTensor used = TensorFactory.Create("rand", [100], []);
        using TorchTensor x = TensorFactory.Create("rand", [7, 2], []);
        object?[] arguments = method == "twice" ? [x, 0.5] : [x];
        RunOutput run = Record(model, new ModelInput { Arguments = arguments }, new RunOptions
        {
            IncludeInput = true, TraceOperators = true, Traced = traced, BatchSize = method == "twice" ? null : batchSize is 2 ? 7 : null, Method = method,
        });
        using TorchTensor more = TensorFactory.Create("rand", [100], []);
        RunReplay replay = RunReplayer.Replay(run, model, new ReplayOptions());
        Assert.Equal(ReplayVerdict.Identical, replay.Verdict);
        Assert.Equal(ModelIdentity.SameContent, replay.Model);
        Assert.True(replay.Match);
        Assert.True(replay.Comparison.Operators!.Identical, replay.Comparison.Operators.Message);
        Assert.True(replay.Environment!.Match, replay.Message);
        Assert.StartsWith("The replay gave the same bits.", replay.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASeedAloneIsEnoughForWhatDrawsFromTorch()
    {
        using ScriptModel model = Model(Drawing);
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true, Seed = TorchSeedValue.From(9) });
        Assert.Equal(ReplayVerdict.Identical, RunReplayer.Replay(run with { RandomState = null }, model, new ReplayOptions()).Verdict);
        var warnings = new List<string>();
        RunReplay chance = RunReplayer.Replay(run with { RandomState = null, Seed = null }, model, new ReplayOptions { OnWarning = warnings.Add });
        Assert.Equal(ReplayVerdict.Different, chance.Verdict);
        Assert.Contains("chance", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSessionGetsItsStreamsAndSwitchesBack()
    {
        using ScriptModel model = Model(Drawing);
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        DeterminismPolicy.Set(new DeterminismSettings { Mode = DeterminismMode.Error, Threads = 1 });
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true, Seed = TorchSeedValue.From(9) });
        DeterminismPolicy.Set(new DeterminismSettings { Mode = DeterminismMode.Off, Threads = 2 });
        RandomStreams.Seed(77, RandomStreams.SeededByDefault, null);
        RngState before = RandomStreams.Capture(RandomStreams.SeededByDefault);
        DeterminismSettings switches = DeterminismPolicy.Get();

        RunReplay replay = RunReplayer.Replay(run, model, new ReplayOptions());
        Assert.Equal(DeterminismMode.Error, replay.Replayed.Environment!.Determinism.Mode);
        Assert.Equal(1, replay.Replayed.Environment.Determinism.Threads);
        Unchanged();

        using ScriptModel failing = Model("def forward(self, x):\n    y = torch.rand([5])\n    raise ValueError('no')\n    return y");
        Assert.Throws<ReproTorchException>(() => RunReplayer.Replay(run, failing, new ReplayOptions()));
        Unchanged();

        void Unchanged()
        {
            RngState after = RandomStreams.Capture(RandomStreams.SeededByDefault);
            Assert.Equal(before.Torch["cpu"], after.Torch["cpu"]);
            Assert.Equal(before.Python!.Internal, after.Python!.Internal);
            Assert.Equal((before.NumPy!.Position, before.NumPy.Key[0]), (after.NumPy!.Position, after.NumPy.Key[0]));
            Assert.Equal(switches, DeterminismPolicy.Get());
        }
    }

    [Fact]
    public void NestedArgumentsComeBackThroughAFile()
    {
        using ScriptModel model = Model("""
            def forward(self, x, pair: Tuple[Tensor, float], table: Dict[str, Tensor], numbers: Dict[int, float], many: List[Tensor], flag: bool, text: str, none: Optional[Tensor]):
                return x + pair[0] * pair[1] + table["b"] - many[1] * numbers[7], text, flag, none
            """);
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        using TorchTensor y = TensorFactory.Create("rand", [4], []);
        var input = new ModelInput
        {
            Arguments = [x, new TorchTuple([y, 0.25]), new OrderedDictionary { ["a.b"] = x, ["b"] = y }, new OrderedDictionary { { (object)7L, 1.5 } }],
            Keywords =
            [
                KeyValuePair.Create<string, object?>("many", new object?[] { x, y }), KeyValuePair.Create<string, object?>("flag", true),
                KeyValuePair.Create<string, object?>("text", "grüß"), KeyValuePair.Create<string, object?>("none", null),
            ],
        };
        RunOutput run = ThroughAFile(Record(model, input, new RunOptions { IncludeInput = true }));
        Assert.Equal(ReplayVerdict.Identical, RunReplayer.Replay(run, model, new ReplayOptions()).Verdict);
    }

    [Fact]
    public void TheInputIsKeptAsItWasThoughTheModelWritesToIt()
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x.mul_(2.0)");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        byte[] before = x.ToArray<byte>();
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        Assert.Equal(before, run.InputValues![0].Data!.AllBytes().ToArray());
        Assert.Equal(ReplayVerdict.Identical, RunReplayer.Replay(run, model, new ReplayOptions()).Verdict);
    }

    [Fact]
    public void TellsWhetherTheModelIsTheSame()
    {
        using var folder = new TestFolder();
        using ScriptModel made = Model("def forward(self, x):\n    return x * 2.0");
        made.Save(folder.File("a.pt"), force: false);
        using ScriptModel model = ModelLoader.Load(folder.File("a.pt"), new LoadOptions());
        using ScriptModel other = Model("def forward(self, x):\n    return x * 2.5");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        Assert.Equal(ModelIdentity.SameFile, RunReplayer.IdentityOf(run, model));
        Assert.Equal(ModelIdentity.SameContent, RunReplayer.IdentityOf(run, made));
        Assert.Equal(ModelIdentity.Different, RunReplayer.IdentityOf(run, other));
        Assert.Equal(ModelIdentity.Different, RunReplayer.IdentityOf(run with { ModelContentHash = null }, made));
        Assert.Equal(ModelIdentity.Unknown, RunReplayer.IdentityOf(run with { ModelContentHash = null, ModelSha256 = null }, made));
        RunReplay replay = RunReplayer.Replay(run, other, new ReplayOptions());
        Assert.Equal(ReplayVerdict.Different, replay.Verdict);
        Assert.Contains("ANOTHER", replay.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TolerancesDecideWhatMatches()
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x * 1.0");
        using ScriptModel near = Model("def forward(self, x):\n    return x * 1.0000002");
        using TorchTensor x = TensorFactory.Create("rand", [64], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        Assert.Equal(ReplayVerdict.Different, RunReplayer.Replay(run, near, new ReplayOptions()).Verdict);
        Assert.Equal(ReplayVerdict.Match, RunReplayer.Replay(run, near, new ReplayOptions { Comparison = new ComparisonOptions { Close = true } }).Verdict);
        Assert.Throws<ArgumentException>(() => RunReplayer.Replay(
            run, near, new ReplayOptions { Comparison = new ComparisonOptions { RelativeTolerance = 1 } }));
    }

    [Fact]
    public void TellsWhatOfTheEnvironmentChanged()
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x * 2.0");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        run = run with { Environment = run.Environment! with { CpuCapability = "NONE", Variables = new Dictionary<string, string> { ["MKL_CBWR"] = "X" } } };
        RunReplay replay = RunReplayer.Replay(run, model, new ReplayOptions());
        Assert.Equal(["CpuCapability", "Variables.MKL_CBWR"], replay.Environment!.Differences.Select(difference => difference.Name).Where(name =>
            name is "CpuCapability" or "Variables.MKL_CBWR"));
        Assert.Contains("CpuCapability: NONE ->", replay.Message, StringComparison.Ordinal);
        Assert.Null(RunReplayer.Replay(run with { Environment = null }, model, new ReplayOptions()).Environment);
    }

    [Fact]
    public void ARunWithoutInputsSaysHowToRecordOne()
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x * 2.0");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions());
        ReproTorchException error = Assert.Throws<ReproTorchException>(() => RunReplayer.Replay(run, model, new ReplayOptions()));
        Assert.Contains("-IncludeInput", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMethodWithoutArgumentsIsReplayed()
    {
        using ScriptModel model = Model("def forward(self):\n    return torch.rand([3])");
        RunOutput run = ThroughAFile(Record(model, new ModelInput(), new RunOptions { IncludeInput = true }));
        Assert.True(run.IsReplayable);
        Assert.Equal(ReplayVerdict.Identical, RunReplayer.Replay(run, model, new ReplayOptions()).Verdict);
    }

    // Whoever writes the file anew mends its checksums, and not what the hashes are of.
    [Fact]
    public void WhatWasChangedSinceIsRefused()
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x * 2.0");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = ThroughAFile(Record(model, One(x), new RunOptions { IncludeInput = true }));
        RunValue changed = RunValue.OfTensor("output", TensorFileTests.Random(DType.float32, [4]));
        RunValue input = RunValue.OfTensor("x", TensorFileTests.Random(DType.float32, [4]));
        foreach (RunOutput bad in new[] { run with { Outputs = [changed] }, run with { InputValues = [input] } })
        {
            Assert.Equal(
                ReproTorchErrorKind.FileFormat, Assert.Throws<ReproTorchException>(() => RunReplayer.Replay(bad, model, new ReplayOptions())).Kind);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ArgumentsThatReferToNothingAreDamage(int leaf)
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x * 2.0");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        RunNode[] bad = [new RunNode { Leaf = leaf }, new RunNode(), new RunNode { Dict = [new RunEntry { Value = new RunNode { Leaf = 0 } }] }];
        foreach (RunNode node in bad)
        {
            Assert.Equal(ReproTorchErrorKind.FileFormat, Assert.Throws<ReproTorchException>(() => RunReplayer.Replay(
                run with { Arguments = [new RunArgument { Name = "x", Value = node }] }, model, new ReplayOptions())).Kind);
        }
    }

    // Dropout draws and batch norm learns: a replay leaves what was learned as it was.
    [Fact]
    public void AModelInTrainingModeKeepsItsBuffers()
    {
        using ScriptModel model = ModelLoader.Load(Path.Combine(Repository.Root, "samples", "digits", "digits.pt"), new LoadOptions());
        model.SetTraining(true);
        using TorchTensor x = TensorFactory.Create("rand", [8, 1, 8, 8], []);
        string before = model.ContentHash;
        RunOutput first = Record(model, One(x), new RunOptions { IncludeInput = true });
        string learned = model.ContentHash;
        Assert.NotEqual(before, learned);
        RunReplay replay = RunReplayer.Replay(first, model, new ReplayOptions());
        Assert.Equal(learned, model.ContentHash);
        Assert.NotNull(replay.Comparison);
    }

    private static ModelInput One(TorchTensor x) => new() { Arguments = [x] };

    private static ScriptModel Model(string source) => new ModelSource { Source = source.ReplaceLineEndings("\n") }.Compile();

    private static RunOutput Record(TorchModel model, ModelInput input, RunOptions options) => ModelRunner.Run(model, input, options);

    private static RunOutput ThroughAFile(RunOutput run)
    {
        using var folder = new TestFolder();
        RunFile.Write(folder.File("x.npz"), [run], force: false);
        return Assert.Single(RunFile.Read(folder.File("x.npz")));
    }
}
