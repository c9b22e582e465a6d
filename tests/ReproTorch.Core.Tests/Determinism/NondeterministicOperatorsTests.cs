using ReproTorch.Determinism;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Determinism;

public sealed class NondeterministicOperatorsTests
{
    [Theory]
    [InlineData("1.13.1", 1, 13)]
    [InlineData("1.13.0a0+gitunknown", 1, 13)]
    [InlineData("2.1a0", 2, 1)]
    [InlineData("", 1, 13)]
    public void AVersionIsReadFromWhatLibtorchSays(string text, int major, int minor) =>
        Assert.Equal(new Version(major, minor), NondeterministicOperators.VersionOf(text));

    [Fact]
    public void EachRuleNamesItsSourceAndTheOperatorsOfALibrary()
    {
        Assert.All(NondeterministicOperators.All, rule =>
        {
            Assert.NotEmpty(rule.Source);
            Assert.NotEmpty(rule.Operators);
            Assert.All(rule.Operators, name => Assert.Contains("::", name, StringComparison.Ordinal));
            Assert.True(rule.Since is null || rule.Until is null || rule.Since < rule.Until);
        });
    }

    // What one operator does on one device is told once for each version.
    [Theory]
    [InlineData(1, 13)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(2, 6)]
    [InlineData(2, 14)]
    public void NoTwoRulesOfAVersionContradictEachOther(int major, int minor)
    {
        var version = new Version(major, minor);
        Assert.All(NondeterministicOperators.For(version), rules =>
        {
            NondeterminismRule[] forms = [.. rules.Where(rule => rule.Assumed && rule.Behaviour is NondeterministicBehaviour.Throws
                or NondeterministicBehaviour.Silent or NondeterministicBehaviour.TakesDeterministicForm)];
            var distinct = forms.Select(rule =>
                (rule.Device, rule.Pass, When: string.Join(';', rule.When.Select(pair => $"{pair.Key}={string.Join(',', pair.Value)}")))).Distinct();
            Assert.Equal(forms.Length, distinct.Count());
        });
    }

    [Theory]
    [InlineData("aten::scatter.src", 1, 13, NondeterministicBehaviour.Silent)]
    [InlineData("aten::scatter.src", 2, 0, NondeterministicBehaviour.Throws)]
    [InlineData("aten::scatter.src", 2, 1, NondeterministicBehaviour.TakesDeterministicForm)]
    [InlineData("aten::empty", 1, 13, NondeterministicBehaviour.LeavesUninitialized)]
    [InlineData("aten::empty", 2, 14, NondeterministicBehaviour.FillsInDeterministicMode)]
    [InlineData("aten::cumsum", 1, 13, NondeterministicBehaviour.Throws)]
    [InlineData("aten::cumsum", 2, 14, NondeterministicBehaviour.TakesDeterministicForm)]
    public void ARuleHoldsForItsVersions(string name, int major, int minor, NondeterministicBehaviour behaviour) =>
        Assert.Equal(behaviour, Assert.Single(NondeterministicOperators.For(new Version(major, minor))[name]).Behaviour);

    [Fact]
    public void MatrixProductsOnCudaNeedTheWorkspaceOnlyUntilItsCheckWentAway()
    {
        Assert.Contains(NondeterministicOperators.For(new Version(2, 9))["aten::mm"], rule => rule.Device == TorchDeviceType.Cuda);
        Assert.Empty(NondeterministicOperators.For(new Version(2, 10))["aten::mm"]);
    }
}
