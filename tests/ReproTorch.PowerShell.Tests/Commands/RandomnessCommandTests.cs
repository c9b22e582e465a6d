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

    [Fact]
    public void SetTorchSeedSeedsThreeStreamsOrNone()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 0));
        Assert.Equal([6L, 6L, 0L, 4L, 8L], Draw("Python", "randint", [0, 9], 5));
        Assert.Equal([7L, 6L, 4L, 7L, 5L], Draw("Python", "randint", [0, 9], 5));
        Assert.Equal([0.5488135039273248], Draw("NumPy", "rand", [], 1));
        ErrorRecord error = Assert.Single(Engine.Run<SetTorchSeedCommand>(("Seed", -1)).Errors);
        Assert.StartsWith("The seed -1 is out of range for NumPy.", error.Exception.Message, StringComparison.Ordinal);
        Assert.All(RandomStreams.Report(RandomStreams.SeededByDefault), report => Assert.Equal(0, report.Seed));
        Assert.Empty(Engine.Run<SetTorchSeedCommand>(("Seed", -1), ("Source", new[] { "Torch", "Python" })).Errors);
    }

    [Fact]
    public void UseTorchSeedPutsEveryStreamAndSwitchBack()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 3));
        Draw("Python", "random", [], 5);
        IReadOnlyList<StreamReport> before = RandomStreams.Report(RandomStreams.SeededByDefault);
        RngState states = RandomStreams.Capture(RandomStreams.SeededByDefault);
        var block = new ScriptBlock(_ =>
        {
            Assert.Equal([6L, 6L, 0L, 4L, 8L], Draw("Python", "randint", [0, 9], 5));
            Draw("NumPy", "randn", [], 3);
            Draw("Torch", "randn", [], 3);
            Engine.Run<SetTorchSeedCommand>(("Seed", 99));
            Assert.Equal(DeterminismMode.Error, DeterminismPolicy.Get().Mode);
            throw new InvalidOperationException("the block failed");
        });
        Assert.Throws<InvalidOperationException>(() =>
            Engine.Run<UseTorchSeedCommand>(("Seed", 0), ("ScriptBlock", block), ("Deterministic", true)));
        Assert.Equal(before, RandomStreams.Report(RandomStreams.SeededByDefault));
        Assert.Equal(states.Torch["cpu"], RandomStreams.Capture(RandomStreams.SeededByDefault).Torch["cpu"]);
        Assert.Equal(states.Python!.Internal, RandomStreams.Capture(RandomStreams.SeededByDefault).Python!.Internal);
        Assert.Equal(states.NumPy!.Key, RandomStreams.Capture(RandomStreams.SeededByDefault).NumPy!.Key);
        Assert.Equal(DeterminismMode.Off, DeterminismPolicy.Get().Mode);
    }

    [Fact]
    public void PipelineInputIsTheSequence()
    {
        Shell shell = Engine.Pipe<GetRandomSequenceCommand>(
            ["a", "b", "c", "d", "e"], ("Source", "Python"), ("Seed", 1), ("Method", "sample"), ("ArgumentList", new object[] { 3 }));

        // random.Random(1).sample(list("abcde"), 3)
        Assert.Equal(["b", "a", "e"], shell.Output.Cast<string>());
    }

    [Theory]
    [InlineData("Python", "choice", "Cannot choose from an empty sequence")]
    [InlineData("Python", "shuffle", null)]
    [InlineData("NumPy", "choice", "'a' cannot be empty unless no samples are taken")]
    public void AnEmptyPipelineIsAnEmptySequence(string source, string method, string? message)
    {
        Shell shell = Engine.Pipe<GetRandomSequenceCommand>([], ("Source", source), ("Seed", 1), ("Method", method));
        Assert.Empty(shell.Output);
        if (message is not null)
        {
            Assert.StartsWith(message, Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AStreamOfOnesOwnLeavesTheSharedOneAlone()
    {
        Engine.Run<SetTorchSeedCommand>(("Seed", 0));
        object stream = Assert.Single(Engine.Run<NewRandomStreamCommand>(("Source", "Torch"), ("Seed", 0)).Output)!;
        Shell shell = Engine.Run<NewTorchTensorCommand>(("Factory", "randn"), ("Shape", new long[] { 2 }), ("Generator", stream));
        Assert.Equal([1.5409960746765137f, -0.293428897857666f], ((TorchTensor)shell.Output[0]!).ToArray<float>());
        Assert.Equal(0, RandomStreams.Report([RandomSource.Torch])[0].DrawCount);
        Assert.Equal(4, ((RandomStream)stream).DrawCount);
        object python = Assert.Single(Engine.Run<NewRandomStreamCommand>(("Source", "Python"), ("Seed", "abc")).Output)!;
        Assert.Single(Engine.Run<NewTorchTensorCommand>(("Factory", "randn"), ("Generator", python)).Errors);
    }

    [Fact]
    public void StatesGoThroughAFile()
    {
        string file = Path.Combine(Folder, "states [1] 乱数.npz");
        Engine.Run<SetTorchSeedCommand>(("Seed", 5));
        Draw("Python", "gauss", [0, 1], 3);
        Assert.Empty(Engine.Run<GetTorchRngStateCommand>(("Path", file)).Errors);
        object[] wanted = [.. Draw("Python", "gauss", [0, 1], 3), .. Draw("NumPy", "rand", [], 3), .. Draw("Torch", "rand", [], 3)];
        Assert.Single(Engine.Run<GetTorchRngStateCommand>(("Path", file)).Errors);
        Shell shell = Engine.Run<SetTorchRngStateCommand>(("LiteralPath", file), ("PassThru", true));
        Assert.Equal([0L, 8, 0], shell.Output.Cast<StreamReport>().Select(report => report.DrawCount!.Value));
        Assert.Equal(wanted, [.. Draw("Python", "gauss", [0, 1], 3), .. Draw("NumPy", "rand", [], 3), .. Draw("Torch", "rand", [], 3)]);
    }

    [Theory]
    [InlineData("Python", "BitGenerator", "Philox")]
    [InlineData("NumPyGenerator", "Device", "cpu")]
    public void ParametersOfAnotherSourceAreRefused(string source, string parameter, string value) =>
        Assert.Single(Engine.Run<NewRandomStreamCommand>(("Source", source), (parameter, value)).Errors);

    private static object[] Draw(string source, string method, object[] arguments, long count) =>
        [.. Engine.Run<GetRandomSequenceCommand>(
            ("Source", source), ("Method", method), ("ArgumentList", arguments), ("Count", count)).Output.Cast<object>()];
}
