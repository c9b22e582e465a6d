using System.Collections.Specialized;
using ReproTorch.Comparison;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Provenance;
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

    // The file is the recorded one still; what was loaded from it is not.
    [Fact]
    public void AModelThatRunningChangedIsNotCalledTheSameFile()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.pt");
        using (ScriptModel made = LayerModel.Build(["BatchNorm1d(4)"]))
        {
            made.SetTraining(false);
            made.Save(path, force: false);
        }

        using ScriptModel model = ModelLoader.Load(path, new LoadOptions());
        using TorchTensor x = TensorFactory.Create("rand", [8, 4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        Assert.Equal(ModelIdentity.SameFile, RunReplayer.Replay(run, model, new ReplayOptions()).Model);

        model.SetTraining(true);
        Record(model, One(x), new RunOptions());
        model.SetTraining(false);
        foreach (RunOutput recorded in new[] { run, run with { ModelContentHash = null } })
        {
            RunReplay replay = RunReplayer.Replay(recorded, model, new ReplayOptions());
            Assert.Equal(ReplayVerdict.Different, replay.Verdict);
            Assert.Equal(ModelIdentity.SameFileChanged, replay.Model);
            Assert.Contains(replay.ModelChanges, name => name.EndsWith("running_mean", StringComparison.Ordinal));
            Assert.Contains("CHANGED SINCE IT WAS LOADED: ", replay.Message, StringComparison.Ordinal);
        }

        // Nothing is left to look into, and the content is another all the same.
        File.Delete(path);
        RunReplay without = RunReplayer.Replay(run, model, new ReplayOptions());
        Assert.Equal(ModelIdentity.SameFileChanged, without.Model);
        Assert.Empty(without.ModelChanges);
        Assert.Contains("ITS CONTENT IS NOT THAT OF THE RECORDED RUN", without.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherFileAtTheSamePathIsAnotherModel()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.pt");
        using ScriptModel one = Model("def forward(self, x):\n    return x * 2.0");
        using ScriptModel two = Model("def forward(self, x):\n    return x * 2.5");
        one.Save(path, force: false);
        using ScriptModel first = ModelLoader.Load(path, new LoadOptions());
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(first, One(x), new RunOptions { IncludeInput = true });
        two.Save(path, force: true);
        using ScriptModel second = ModelLoader.Load(path, new LoadOptions());
        Assert.Equal(ModelIdentity.Different, RunReplayer.Replay(run, second, new ReplayOptions()).Model);
        Assert.Equal(ModelIdentity.SameFile, RunReplayer.Replay(run, first, new ReplayOptions()).Model);
    }

    [Fact]
    public void LongTextsOfTheEnvironmentAreShownWhereTheyDiffer()
    {
        using ScriptModel model = Model("def forward(self, x):\n    return x * 2.0");
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        string build = run.Environment!.TorchBuild;
        const string Flags = ", -Wall, -O2, -fopenmp, -DNDEBUG, -DUSE_KINETO, -DLIBKINETO_NOCUPTI, -DUSE_FBGEMM";
        Assert.Equal("..BLAS_INFO=mkl -> ..BLAS_INFO=open", Told(build + "\nBuild settings: A=1" + Flags + ", BLAS_INFO=mkl", build + "\nBuild settings: A=1" + Flags + ", BLAS_INFO=open"));
        Assert.Equal("GCC 9.3 -> GCC 12.2", Told("libtorch\n  GCC 9.3\n" + Flags, "libtorch\n  GCC 12.2\n" + Flags));
        Assert.Equal("nothing -> cuDNN 8.5", Told(Flags, Flags + "\n  cuDNN 8.5"));
        Assert.Equal("a; b -> b; a", Told("a\nb", "b\na"));

        string Told(string there, string here)
        {
            RunReplay replay = RunReplayer.Replay(run, model, new ReplayOptions());
            replay = replay with
            {
                Environment = EnvironmentComparison.Compare(run.Environment with { TorchBuild = there }, run.Environment with { TorchBuild = here }),
            };
            string line = Assert.Single(replay.Message.Split('\n'), line => line.Contains("TorchBuild: ", StringComparison.Ordinal));
            return line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        }
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

    // A replay that left its model changed would be the last that gives the recorded bits.
    [Fact]
    public void AModelWhoseCodeWritesToItsBuffersCanBeReplayedAgain()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.pt");
        using TorchTensor zero = TensorFactory.Create("zeros", [1], []);
        var source = new ModelSource
        {
            Source = "def forward(self, x):\n    self.n.add_(1.0)\n    return x * self.n",
            Buffers = [KeyValuePair.Create("n", zero)],
        };
        using (ScriptModel made = source.Compile())
        {
            made.Save(path, force: false);
        }

        using ScriptModel model = ModelLoader.Load(path, new LoadOptions());
        using TorchTensor x = TensorFactory.Create("rand", [4], []);
        RunOutput run = Record(model, One(x), new RunOptions { IncludeInput = true });
        Assert.Equal(ModelIdentity.SameFileChanged, RunReplayer.Replay(run, model, new ReplayOptions()).Model);
        using ScriptModel again = ModelLoader.Load(path, new LoadOptions());
        for (int i = 0; i < 2; i++)
        {
            RunReplay replay = RunReplayer.Replay(run, again, new ReplayOptions());
            Assert.Equal((ReplayVerdict.Identical, ModelIdentity.SameFile), (replay.Verdict, replay.Model));
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
