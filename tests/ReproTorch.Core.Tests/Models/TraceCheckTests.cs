using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Models;

/// <summary>What tracing must get right beyond what tests/python/trace_side_by_side.py compares with Python.</summary>
public sealed class TraceCheckTests : ProcessStateTests
{
    private const string Branch = "def forward(self, x: Tensor):\n    y = x * 3\n    z = x * 5\n    if bool(x.sum() > 0):\n        return y\n    return z";

    [Fact]
    public void ADifferingOutputNamesTheGraphNodeThatDiffersToo()
    {
        using ScriptModel model = ScriptModelTests.Compile(Branch);
        var error = Assert.Throws<ReproTorchException>(() => Trace(model, Of(1), Of(-1)));
        Assert.Contains("On check input 1 the output output of the trace is not that of the model", error.Message, StringComparison.Ordinal);
        Assert.Contains("First differing node, number 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("first trace:  %2 : int = prim::Constant[value=3]()", error.Message, StringComparison.Ordinal);
        Assert.Contains("second trace: %2 : int = prim::Constant[value=5]()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelThatItselfFailsOnACheckInputIsToldAsSuch()
    {
        using ScriptModel model = ScriptModelTests.Compile("def forward(self, x: Tensor):\n    return x + torch.ones(2)");
        var error = Assert.Throws<ReproTorchException>(() => Trace(model, Of(1, 2), Of(1, 2, 3)));
        Assert.Contains("On check input 1 the model itself fails", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATraceIsTheSameHoweverOftenTheModelHasRun()
    {
        using ScriptModel model = ScriptModelTests.Compile(
            "def forward(self, x: Tensor):\n    a = torch.zeros(2) + 1\n    b = torch.zeros(2) + 1\n    return x + a * b");
        using TorchModel before = model.Trace("forward", Of(1, 2), strict: true).Model;
        for (int i = 0; i < 4; i++)
        {
            model.Invoke("forward", Of(1, 2));
        }

        using TorchModel after = model.Trace("forward", Of(1, 2), strict: true).Model;
        Assert.Equal(before.Nodes("forward").Select(node => node.Text), after.Nodes("forward").Select(node => node.Text));
    }

    [Fact]
    public void WhatTorchTensorMakesIsInTheTraceAndEachRunHasItsOwn()
    {
        using ScriptModel model = ScriptModelTests.Compile(
            "def forward(self, x: Tensor):\n    y = torch.tensor([1.0, 2.0])\n    y.add_(x)\n    return y");
        using TorchModel trace = Trace(model, Of(5, 5), Of(1, 1)).Model;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([11f, 22f], ((TorchTensor)trace.Invoke("forward", Of(10, 20))!).ToArray<float>());
        }
    }

    [Fact]
    public void TracingOnFirstUseDoesNotChangeTheInput()
    {
        using ScriptModel model = ScriptModelTests.Compile("def forward(self, x: Tensor):\n    return x.add_(1) * 1");
        TorchTensor input = ScriptModelTests.Floats(1);
        ModelRunner.Run(model, new ModelInput { Arguments = [input] }, new RunOptions { Traced = true });
        Assert.Equal([2f], input.ToArray<float>());
    }

    [Fact]
    public void TheCheckLeavesStreamsAndBuffersAsTracingAloneDoes()
    {
        RandomSource[] torch = [RandomSource.Torch];
        var counts = new List<(long? Draws, float Calls)>();
        foreach (bool check in (bool[])[false, true])
        {
            using ScriptModel model = new ModelSource
            {
                Source = "def forward(self, x: Tensor):\n    self.calls.add_(1)\n    return torch.dropout(x, 0.5, True) * self.calls",
                Buffers = [KeyValuePair.Create("calls", ScriptModelTests.Floats(0))],
            }.Compile();
            RandomStreams.Seed(3, torch, null);
            TraceCheck.Trace(model, "forward", Of(1, 2, 3), new TraceOptions { Check = check, CheckInputs = [Of(4, 5)] }).Model.Dispose();
            counts.Add((RandomStreams.Report(torch)[0].DrawCount, model.Tensor("calls").ToArray<float>()[0]));
        }

        Assert.Equal(counts[0], counts[1]);
        Assert.Equal(1f, counts[1].Calls);
    }

    [Theory]
    [InlineData("torch.dropout(x, 0.5, True)", "training mode")]
    [InlineData("torch.dropout(x, 0.5, False)", null)]
    [InlineData("torch.batch_norm(x, None, None, torch.zeros(3), torch.ones(3), True, 0.1, 1e-5, True)", "training mode")]
    [InlineData("torch.batch_norm(x, None, None, torch.zeros(3), torch.ones(3), False, 0.1, 1e-5, True)", null)]
    [InlineData("torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, True)", null)]
    [InlineData("x + torch.rand(3)", "draws random numbers")]
    [InlineData("x + 1", null)]
    public void AModeThatTheTraceKeepsAndRandomNumbersAreTold(string expression, string? told)
    {
        using ScriptModel model = ScriptModelTests.Compile($"def forward(self, x: Tensor):\n    return {expression}");
        using TorchTensor input = TorchTensor.FromSpan<float>([1, 2, 3, 4, 5, 6], DType.float32, 2, 3);
        TraceResult trace = TraceCheck.Trace(model, "forward", new ModelInput { Arguments = [input] }, new TraceOptions());
        string[] texts = [.. TraceWarnings.OfMode(trace)];
        if (told is null)
        {
            Assert.Empty(texts);
        }
        else
        {
            Assert.Contains(told, Assert.Single(texts), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnAssignedAttributeIsToldAndOneThatOnlyCountsInPlaceIsNot()
    {
        var counting = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    self.calls += 1\n    return x * self.calls",
            Buffers = [KeyValuePair.Create("calls", ScriptModelTests.Floats(0))],
        };
        using ScriptModel inPlace = counting.Compile();
        Assert.Empty(inPlace.Trace("forward", Of(1), strict: true).Frozen);
        using ScriptModel assigned = (counting with { Source = "def forward(self, x: Tensor):\n    self.calls = self.calls + 1\n    return x" }).Compile();
        TraceResult trace = assigned.Trace("forward", Of(1), strict: true);
        Assert.Contains("does not assign the attribute", Assert.Single(TraceWarnings.Of(trace)), StringComparison.Ordinal);
    }

    private static ModelInput Of(params float[] values) => new() { Arguments = [ScriptModelTests.Floats(values)] };

    private static TraceResult Trace(TorchModel model, ModelInput example, params ModelInput[] checks) =>
        TraceCheck.Trace(model, "forward", example, new TraceOptions { CheckInputs = checks });
}
