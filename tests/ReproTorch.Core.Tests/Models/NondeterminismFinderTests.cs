using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Models;

/// <summary>What tests/python/nondeterminism_side_by_side.py does not compare with Python: how arguments are followed, what is inactive,
/// what tracing froze.</summary>
public sealed class NondeterminismFinderTests : ProcessStateTests
{
    private static readonly TorchDevice s_cuda = TorchDevice.Parse("cuda");

    [Fact]
    public void AFindingTellsWhereItIs()
    {
        using ScriptModel inner = ScriptModelTests.Compile("def forward(self, x: Tensor):\n    y = x + 1\n    return torch.bernoulli(y)");
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    return self.sampler.forward(x)",
            Submodules = [new("sampler", inner)],
        }.Compile();
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(model));
        Assert.Equal(NondeterminismKind.Random, found.Kind);
        Assert.Equal("aten::bernoulli", found.Operator);
        Assert.Equal("forward", found.Method);
        Assert.Equal("sampler", found.Submodule);
        Assert.Equal("return torch.bernoulli(y)", found.Line);
        Assert.EndsWith(":3", found.Source, StringComparison.Ordinal);
        Assert.True(found.Active);
        Assert.Equal(TorchDevice.Cpu, found.Device);
    }

    [Theory]
    [InlineData("torch.dropout(x, 0.0, True)")]
    [InlineData("torch.dropout(x, 1.0, True)")]
    [InlineData("torch.dropout(x, 0.5, False)")]
    [InlineData("torch.dropout(x, 0.25 - 0.25, self.training)")]
    [InlineData("torch.native_dropout(x, 0.5, False)[0]")]
    [InlineData("torch.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False)")]
    [InlineData("torch.rrelu(x)")]
    [InlineData("torch.rrelu(x, training=False)")]
    [InlineData("x.relu() + torch.zeros_like(x)")]
    [InlineData("torch.empty(3).fill_(0) + x")]
    [InlineData("torch.empty(0) + x")]
    [InlineData("x.sort()[0]")]
    [InlineData("torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)")]
    public void WhatDrawsNothingInAnyModeIsNoFinding(string expression) => Assert.Empty(Find(Returning(expression)));

    [Fact]
    public void DropoutFollowsTheModelsMode()
    {
        using ScriptModel model = Returning("torch.dropout(x, self.p, self.training)", new KeyValuePair<string, object?>("p", 0.5));
        model.SetTraining(true);
        Assert.True(Assert.Single(NondeterminismFinder.Find(model)).Active);
        model.SetTraining(false);
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(model));
        Assert.False(found.Active);
        Assert.Equal(NondeterminismKind.Random, found.Kind);
    }

    [Fact]
    public void WhatTheModeLeadsToIsFollowedThroughBranchesAndArithmetic()
    {
        using ScriptModel model = new ModelSource
        {
            Source = """
                def forward(self, x: Tensor):
                    p = self.p
                    if not self.training:
                        p = 0.0
                    if p > 0.0:
                        x = torch.dropout(x, p, True)
                    return x
                """,
            Attributes = [new("p", 0.5)],
        }.Compile();
        model.SetTraining(false);
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(model));
        Assert.False(found.Active);
        Assert.Equal(NondeterminismKind.Random, found.Kind);
        model.SetTraining(true);
        Assert.True(Assert.Single(NondeterminismFinder.Find(model)).Active);
    }

    [Fact]
    public void ABranchThatNoModeTakesIsNotRead() => Assert.Empty(Find(
        ScriptModelTests.Compile("def forward(self, x: Tensor):\n    if 1 > 2:\n        x = torch.rand_like(x)\n    return x")));

    // As torch.nn.functional.interpolate is written: each mode beside a question that only the input answers.
    [Theory]
    [InlineData("'nearest'", "")]
    [InlineData("'area'", "adaptive_avg_pool2d")]
    [InlineData("'bilinear'", "upsample_bilinear2d")]
    [InlineData("'bicubic'", "upsample_bicubic2d")]
    [InlineData("self.mode", "upsample_bicubic2d")]
    [InlineData("mode", "adaptive_avg_pool2d upsample_bicubic2d upsample_bilinear2d")]
    [InlineData("'nearest' if x.dim() == 4 else mode", "adaptive_avg_pool2d upsample_bicubic2d upsample_bilinear2d")]
    [InlineData("'nearest' if x.dim() == 4 else 'bicubic'", "adaptive_avg_pool2d upsample_bicubic2d upsample_bilinear2d")]
    [InlineData("'nearest' if x.dim() == 4 else 'nearest'", "")]
    public void AConstantIsFollowedIntoTheFunctionsThatItIsHandedTo(string mode, string expected)
    {
        using ScriptModel model = new ModelSource
        {
            Source = $"""
                def resize(self, x: Tensor, mode: str):
                    corners: Optional[bool] = None
                    if not mode in ['nearest', 'area']:
                        corners = False
                    if x.dim() == 4 and mode == 'nearest':
                        return torch.upsample_nearest2d(x, [4, 4])
                    if x.dim() == 4 and mode == 'area':
                        return torch.adaptive_avg_pool2d(x, [4, 4])
                    if x.dim() == 4 and mode == 'bilinear':
                        assert corners is not None
                        return torch.upsample_bilinear2d(x, [4, 4], corners)
                    if x.dim() == 4 and mode == 'bicubic':
                        assert corners is not None
                        return torch.upsample_bicubic2d(x, [4, 4], corners)
                    raise NotImplementedError('other dimensions')

                def forward(self, x: Tensor, mode: str):
                    return self.resize(x, {mode})
                """,
            Attributes = [new("mode", "bicubic")],
        }.Compile();
        string[] found = [.. NondeterminismFinder.Find(model, s_cuda, ["forward"]).Select(one => one.Operator["aten::".Length..]).Order()];
        Assert.Equal(expected, string.Join(' ', found));
    }

    [Theory]
    [InlineData("mode in ['a', 'b']", false)]
    [InlineData("mode in ['b', 'c']", true)]
    [InlineData("not (mode in ['b', 'c'])", false)]
    [InlineData("x.dim() == 1 and mode == 'a'", false)]
    [InlineData("x.dim() == 1 or mode == 'a'", true)]
    [InlineData("not (x.dim() == 1 or mode == 'c')", false)]
    [InlineData("mode in [other, 'a']", true)]
    [InlineData("mode in names", true)]
    public void WhatAConstantRulesOutIsNotReadAndWhatItMayLeadToIs(string condition, bool read)
    {
        using ScriptModel model = ScriptModelTests.Compile($"""
            def forward(self, x: Tensor, other: str):
                mode = 'c'
                names = ['a']
                names.append(other)
                if {condition}:
                    x = torch.rand_like(x)
                return x
            """);
        Assert.Equal(read, NondeterminismFinder.Find(model).Count == 1);
    }

    [Fact]
    public void ABranchThatTheInputDecidesIsRead() => Assert.True(Assert.Single(Find(ScriptModelTests.Compile(
        "def forward(self, x: Tensor):\n    if bool(x.sum() > 0):\n        for i in range(2):\n            x = torch.rand_like(x)\n    return x"))).Active);

    [Fact]
    public void AnAttributeThatTheMethodSetsIsNotTakenForGranted()
    {
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    self.p = 0.5\n    return torch.dropout(x, self.p, True)",
            Attributes = [new("p", 0.0)],
        }.Compile();
        Assert.Single(NondeterminismFinder.Find(model));
    }

    [Fact]
    public void AnAttributeThatAnotherMethodSetsIsNotTakenForGranted()
    {
        using ScriptModel inner = new ModelSource
        {
            Source = """
                def forward(self, x: Tensor):
                    if self.noise:
                        x = torch.rand_like(x)
                    return torch.dropout(x, self.p, self.training)
                """,
            Attributes = [new("noise", false), new("p", 0.0)],
        }.Compile();
        using ScriptModel constant = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    return self.inner.forward(x)",
            Submodules = [new("inner", inner)],
        }.Compile();
        Assert.Empty(NondeterminismFinder.Find(constant));
        using ScriptModel changed = new ModelSource
        {
            Source = """
                def forward(self, x: Tensor):
                    return self.inner.forward(x)

                def begin(self, p: float):
                    self.inner.noise = True
                    self.inner.p = p
                """,
            Submodules = [new("inner", inner)],
        }.Compile();
        Assert.Equal(
            ["aten::rand_like", "aten::dropout"],
            NondeterminismFinder.Find(changed, methods: ["forward"]).Select(found => found.Operator));
    }

    [Theory]
    [InlineData("y = torch.zeros([2])\n    y.resize_([4])\n    return y", "aten::resize_")]
    [InlineData("y = torch.zeros([2])\n    y.resize_as_(x)\n    return y", "aten::resize_as_")]
    [InlineData("y = torch.zeros([2])\n    z = [y]\n    y.resize_([4])\n    w = z[0] + 1\n    y.zero_()\n    return w", "aten::resize_")]
    [InlineData("x.resize_([4])\n    x.zero_()\n    return x", "aten::resize_")]
    [InlineData("for i in range(2):\n        x = x + 1\n        x.resize_([4])\n    return x", "aten::resize_")]
    [InlineData("y = torch.empty([4])\n    y.copy_(y)\n    return y", "aten::empty.memory_format")]
    [InlineData("y = torch.zeros([2])\n    y.resize_([4])\n    y.zero_()\n    return y", "")]
    [InlineData("y = torch.zeros([2])\n    y.resize_([x.size(0)]).copy_(x)\n    return y", "")]
    public void MemoryThatAResizeAddsIsSeenByWhatUsesTheTensorLater(string body, string expected) => Assert.Equal(
        expected,
        string.Join(' ', Find(ScriptModelTests.Compile($"def forward(self, x: Tensor):\n    {body}")).Select(found => found.Operator)));

    [Theory]
    [InlineData("s[0] = x.size(0)", true)]
    [InlineData("s.append(2)\n    s.pop(0)", true)]
    [InlineData("s.extend([3])\n    del s[0]", true)]
    [InlineData("s.insert(0, 2)\n    s.pop()", true)]
    [InlineData("s.clear()", true)]
    [InlineData("s.sort()", true)]
    [InlineData("t = [s]\n    t[0][0] = 4", true)]
    [InlineData("t = s\n    t[0] = 4", true)]
    [InlineData("x = x + s[0] + len(s)", false)]
    public void AListOfSizesIsWhatWasWrittenUnlessItWasChanged(string change, bool found) => Assert.Equal(
        found,
        Find(ScriptModelTests.Compile($"def forward(self, x: Tensor):\n    s = [0]\n    {change}\n    return x + torch.empty(s).sum()")).Count == 1);

    [Fact]
    public void MasksThatWereReplacedAreNoMasks() => Assert.Equal(NondeterminismKind.NeedsDeterministicMode, Assert.Single(Find(ScriptModelTests.Compile(
        """
        def forward(self, x: Tensor, i: Tensor):
            masks: List[Optional[Tensor]] = [x > 0]
            masks[0] = i
            return x.index_put_(masks, torch.ones([2]))
        """))).Kind);

    [Theory]
    [InlineData("torch.native_dropout(x, 0.0, True)[0]")]
    [InlineData("torch.native_dropout(x, 1.0, True)[0]")]
    [InlineData("torch.native_dropout(x, 0.0, None)[0]")]
    public void NativeDropoutDrawsForAnyProbability(string expression) => Assert.True(Assert.Single(Find(Returning(expression))).Active);

    [Fact]
    public void InstanceNormThatALiteralKeepsInTrainingModeIsFrozen()
    {
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    return torch.instance_norm(x, None, None, self.mean, self.var, True, 0.1, 1e-5, False)",
            Buffers = [new("mean", Ones()), new("var", Ones())],
        }.Compile();
        Assert.Equal(NondeterminismKind.FrozenTraining, Assert.Single(NondeterminismFinder.Find(model)).Kind);
    }

    [Fact]
    public void DropoutThatATraceKeepsInTrainingModeIsFrozen()
    {
        using ScriptModel model = Returning("torch.dropout(x, 0.5, self.training)");
        model.SetTraining(true);
        using TorchModel trace = model.Trace("forward", new ModelInput { Arguments = [ScriptModelTests.Floats(1, 2)] }, strict: true).Model;
        trace.SetTraining(false);
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(trace));
        Assert.Equal(NondeterminismKind.FrozenTraining, found.Kind);
        Assert.True(found.Active);
    }

    [Fact]
    public void BatchNormThatALiteralKeepsInTrainingModeIsFrozen()
    {
        ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    return torch.batch_norm(x, None, None, self.mean, self.var, True, 0.1, 1e-5, False)",
            Buffers = [new("mean", Ones()), new("var", Ones())],
        }.Compile();
        NondeterministicOperator found = Assert.Single(Find(model));
        Assert.Equal(NondeterminismKind.FrozenTraining, found.Kind);
        Assert.Contains("statistics of each batch", found.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsThatFreezingWroteDownAreNoFinding()
    {
        using ScriptModel model = ModelLoader.Load(Path.Combine(Repository.Root, "samples", "digits", "digits.pt"), new LoadOptions());
        using TorchModel frozen = ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, [], []);
        Assert.Contains(frozen.Uses("forward"), use => use.Constant is not null);
        Assert.Empty(NondeterminismFinder.Find(frozen));
    }

    [Theory]
    [InlineData("x.put_(torch.tensor([0]), torch.ones(1))", NondeterminismKind.NoDeterministicForm)]
    [InlineData("x.put_(torch.tensor([0]), torch.ones(1), True)", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("x.index_put_([torch.tensor([0])], torch.ones(1))", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("x + hash(x)", NondeterminismKind.NoDeterministicForm)]
    [InlineData("torch.empty_like(x) + x", NondeterminismKind.UninitializedMemory)]
    [InlineData("torch.empty([2], device=torch.device('cpu')).fill_(0)", NondeterminismKind.FixedDevice)]
    public void TheKindIsWhatTheTableSays(string expression, NondeterminismKind kind) =>
        Assert.Equal(kind, Assert.Single(Find(Returning(expression))).Kind);

    [Theory]
    [InlineData("x.index_put_([x > 0], torch.tensor(0.0))")]
    [InlineData("x.index_put_([x > 0], torch.ones(1))")]
    [InlineData("x.index_put_([torch.tensor([0])], torch.tensor(0.0))")]
    [InlineData("torch.histc(x)")]
    [InlineData("x.cumsum(0)")]
    public void WhatIsDeterministicOnTheCpuIsNoFinding(string expression) => Assert.Empty(Find(Returning(expression)));

    [Theory]
    [InlineData("torch.histc(x)", NondeterminismKind.NoDeterministicForm)]
    [InlineData("x.median(0)[0]", NondeterminismKind.NoDeterministicForm)]
    [InlineData("torch.mm(x, x)", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("torch.inner(x, x)", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("torch.matrix_power(x, 2)", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("torch.cov(x)", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("torch.gru_cell(x, x, x, x)", NondeterminismKind.NeedsDeterministicMode)]
    [InlineData("torch.cumulative_trapezoid(x)", NondeterminismKind.NoDeterministicForm)]
    [InlineData("x.index_add(0, torch.tensor([0]), x)", NondeterminismKind.NeedsDeterministicMode)]
    public void TheDeviceIsTheOneThatIsAskedFor(string expression, NondeterminismKind kind)
    {
        using ScriptModel model = Returning(expression);
        Assert.Empty(NondeterminismFinder.Find(model));
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(model, s_cuda));
        Assert.Equal(kind, found.Kind);
        Assert.Equal(s_cuda, found.Device);
    }

    [Fact]
    public void TheMedianOfAllNumbersHasNoIndicesToDifferIn()
    {
        using ScriptModel model = Returning("x.median()");
        Assert.Empty(NondeterminismFinder.Find(model, s_cuda));
    }

    [Fact]
    public void ADeviceInTheCodeMattersElsewhere()
    {
        using ScriptModel model = Returning("x + torch.zeros([2], device=torch.device('cpu'))");
        Assert.False(Assert.Single(NondeterminismFinder.Find(model)).Active);
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(model, s_cuda));
        Assert.True(found.Active);
        Assert.Equal(TorchDevice.Cpu, found.Device);
    }

    [Fact]
    public void WhatDeterministicAlgorithmsMendIsInactiveWhileTheyAreOn()
    {
        using ScriptModel model = Returning("x.put_(torch.tensor([0]), torch.ones(1), True)");
        DeterminismPolicy.Set(new DeterminismSettings { Mode = DeterminismMode.Off });
        Assert.True(Assert.Single(NondeterminismFinder.Find(model)).Active);
        DeterminismPolicy.Set(new DeterminismSettings { Mode = DeterminismMode.Error });
        Assert.False(Assert.Single(NondeterminismFinder.Find(model)).Active);
    }

    [Fact]
    public void AConditionThatTheInputDecidesIsToldWithTheFinding()
    {
        using ScriptModel model = ScriptModelTests.Compile(
            "def forward(self, x: Tensor, add: bool):\n    return x.put_(torch.tensor([0]), torch.ones(1), add)");
        IReadOnlyList<NondeterministicOperator> found = NondeterminismFinder.Find(model);
        Assert.Equal(2, found.Count);
        Assert.Contains("if accumulate is False", found[0].Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void BackwardPassesMatterWhileTheModelTrains()
    {
        using ScriptModel model = Returning("torch.gather(x, 0, x.argsort())");
        model.SetTraining(false);
        Assert.False(Assert.Single(NondeterminismFinder.Find(model, s_cuda)).Active);
        model.SetTraining(true);
        NondeterministicOperator found = Assert.Single(NondeterminismFinder.Find(model, s_cuda));
        Assert.True(found.Active);
        Assert.Equal(OperatorPass.Backward, found.Pass);
    }

    [Fact]
    public void OnlyTheMethodsThatAreAskedForAreRead()
    {
        using ScriptModel model = ScriptModelTests.Compile(
            "def forward(self, x: Tensor):\n    return x\ndef sample(self, x: Tensor):\n    return torch.rand_like(x)");
        Assert.Equal("sample", Assert.Single(NondeterminismFinder.Find(model)).Method);
        Assert.Empty(NondeterminismFinder.Find(model, methods: ["forward"]));
        Assert.Throws<ReproTorchException>(() => NondeterminismFinder.Find(model, methods: ["backward"]));
    }

    private static TorchTensor Ones() => ScriptModelTests.Floats(1, 1);

    private static ScriptModel Returning(string expression, params KeyValuePair<string, object?>[] attributes) => new ModelSource
    {
        Source = $"def forward(self, x: Tensor):\n    return {expression}",
        Attributes = attributes,
    }.Compile();

    private static IReadOnlyList<NondeterministicOperator> Find(ScriptModel model)
    {
        using (model)
        {
            return NondeterminismFinder.Find(model);
        }
    }
}
