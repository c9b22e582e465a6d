using System.Management.Automation;
using System.Numerics;
using ReproTorch.Determinism;
using ReproTorch.PowerShell.Commands.Randomness;
using ReproTorch.PowerShell.Commands.Tensors;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Tests.Commands;

public sealed class RandomnessCommandTests : CmdletTests
{
    [Fact]
    public void SetTorchSeedWritesNothingUnlessAsked()
    {
        Shell shell = Engine.Run<SetTorchSeedCommand>(("Seed", 0));
        Assert.Empty(shell.Output);
        Assert.Empty(shell.Errors);
        Assert.Empty(shell.Warnings);
    }

    [Fact]
    public void PassThruTellsSeedAndPlace()
    {
        Shell shell = NewShell();
        shell.Invocation.ScriptName = "/somewhere/train.ps1";
        shell.Invocation.ScriptLineNumber = 12;
        Engine.Run<SetTorchSeedCommand>(shell, null, ("Seed", 42), ("Source", "Torch"), ("PassThru", true));
        StreamReport report = Assert.IsType<StreamReport>(Assert.Single(shell.Output));
        Assert.Equal(42, report.Seed);
        Assert.Equal("train.ps1:12", report.SeededAt);
        Assert.Equal(0, report.DrawCount);
    }

    [Fact]
    public void GetTorchSeedCountsWhatNewTorchTensorDraws()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 42), ("Source", "Torch"));
        Engine.Run<NewTorchTensorCommand>(("Factory", "rand"), ("Shape", new long[] { 3, 5 }));
        Shell shell = Engine.Run<GetTorchSeedCommand>(("Source", "Torch"));
        Assert.Equal(15, Assert.IsType<StreamReport>(shell.Output[0]).DrawCount);
    }

    [Theory]
    [InlineData("4294967296")]
    [InlineData("-1")]
    public void ASeedThatAliasesASmallerOneDrawsAWarning(string seed)
    {
        Shell shell = Engine.Run<SetTorchSeedCommand>(("Seed", seed), ("Source", "Torch"));
        Assert.Contains("low 32 bits", Assert.Single(shell.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void ASeedOutOfRangeIsAnErrorThatNamesTheSourceAndSeedsNothing()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 1), ("Source", "Torch"));
        Shell shell = Engine.Run<SetTorchSeedCommand>(("Seed", BigInteger.Pow(2, 64)), ("Source", "Torch"));
        ErrorRecord error = Assert.Single(shell.Errors);
        Assert.Equal("InvalidArgument", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.Contains("Torch", error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(1, RandomStreams.Report([RandomSource.Torch])[0].Seed);
    }

    [Fact]
    public void WhatIfSeedsNothing()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 1), ("Source", "Torch"));
        Shell shell = NewShell();
        shell.WhatIf = true;
        Engine.Run<SetTorchSeedCommand>(shell, null, ("Seed", 2), ("Source", "Torch"), ("Deterministic", true));
        (string target, string action) = Assert.Single(shell.Asked);
        Assert.Equal(("Torch in this process", "Seed with 2"), (target, action));
        Assert.Equal(1, RandomStreams.Report([RandomSource.Torch])[0].Seed);
        Assert.Equal(DeterminismMode.Off, DeterminismPolicy.Get().Mode);
    }

    [Theory]
    [InlineData(false, DeterminismMode.Error)]
    [InlineData(true, DeterminismMode.Warn)]
    public void DeterministicSetsTheWholeSet(bool warnOnly, DeterminismMode expected)
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 0), ("Deterministic", true), ("WarnOnly", warnOnly));
        DeterminismSettings now = DeterminismPolicy.Get();
        Assert.Equal(expected, now.Mode);
        Assert.True(now.CudnnDeterministic);
        Assert.False(now.CudnnBenchmark);
    }

    [Fact]
    public void WarnOnlyAloneIsAnError()
    {
        Shell shell = Engine.Run<SetTorchSeedCommand>(("Seed", 0), ("WarnOnly", true));
        Assert.Equal("InvalidArgument", Assert.Single(shell.Errors).FullyQualifiedErrorId);
    }

    [Theory]
    [InlineData(1.5)]
    [InlineData("one")]
    [InlineData(null)]
    public void ASeedThatIsNoWholeNumberIsRefusedByTheBinder(object? seed) =>
        Assert.Throws<ArgumentTransformationMetadataException>(() => Engine.Run<SetTorchSeedCommand>(("Seed", seed)));

    [Fact]
    public void SeededTensorsAreThoseOfPython()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 0), ("Source", "Torch"));
        Shell shell = Engine.Run<NewTorchTensorCommand>(("Factory", "randn"), ("Shape", new long[] { 2 }));
        Assert.Equal([1.5409960746765137f, -0.293428897857666f], ((TorchTensor)shell.Output[0]!).ToArray<float>());
    }
}
