using System.Numerics;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Randomness;

public sealed class RandomStreamsTests : ProcessStateTests
{
    private static readonly RandomSource[] s_torch = [RandomSource.Torch];

    // FACTS of PyTorch 1.13.1 with torch.manual_seed(0), as python3-torch gives them.
    [Fact]
    public void SeedZeroGivesPythonsNumbers()
    {
        RandomStreams.Seed(0, s_torch, null);
        using TorchTensor values = TensorFactory.Create("rand", [3], []);
        Assert.Equal([0.49625658988952637f, 0.7682217955589294f, 0.08847743272781372f], values.ToArray<float>());
        RandomStreams.Seed(0, s_torch, null);
        using TorchTensor permutation = TensorFactory.Create("randperm", [], [10L]);
        Assert.Equal([4L, 1, 7, 5, 3, 9, 0, 8, 6, 2], permutation.ToArray<long>());
    }

    // Draws that python3-torch 1.13.1 was measured to make, in 32-bit words.
    [Theory]
    [InlineData("rand", 10, null, 10)]
    [InlineData("rand", 10, DType.float64, 20)]
    [InlineData("randn", 1, null, 4)]
    [InlineData("randn", 3, null, 8)]
    [InlineData("randn", 15, null, 32)]
    [InlineData("randn", 16, null, 16)]
    [InlineData("randn", 17, null, 33)]
    [InlineData("randn", 16, DType.float64, 32)]
    [InlineData("exponential", 10, null, 20)]
    [InlineData("rand", 0, null, 0)]
    [InlineData("rand", 624, null, 624)]
    [InlineData("rand", 625, null, 625)]
    [InlineData("rand", 100_000, null, 100_000)]
    public void DrawsAreCountedExactly(string factory, long size, DType? dtype, long expected)
    {
        RandomStreams.Seed(7, s_torch, "train.ps1:12");
        TensorFactory.Create(factory, [size], [], dtype).Dispose();
        StreamReport report = RandomStreams.Report(s_torch)[0];
        Assert.Equal(expected, report.DrawCount);
        Assert.Equal("train.ps1:12", report.SeededAt);
        Assert.True(report.SeededHere);
    }

    [Fact]
    public void CountsGoOnFromEarlierCountsAndBackAfterAnotherSeed()
    {
        RandomStreams.Seed(3, s_torch, null);
        for (long drawn = 1000; drawn <= 5000; drawn += 1000)
        {
            TensorFactory.Create("rand", [1000], []).Dispose();
            Assert.Equal(drawn, RandomStreams.Report(s_torch)[0].DrawCount);
        }

        TorchRngSnapshot early = TorchRngSnapshot.Take();
        TensorFactory.Create("rand", [5000], []).Dispose();
        Assert.Equal(10_000, RandomStreams.Report(s_torch)[0].DrawCount);
        early.Restore();
        Assert.Equal(5000, RandomStreams.Report(s_torch)[0].DrawCount);
        RandomStreams.Seed(4, s_torch, null);
        Assert.Equal(0, RandomStreams.Report(s_torch)[0].DrawCount);
    }

    [Theory]
    [InlineData("-1", 18446744073709551615UL)]
    [InlineData("-9223372036854775808", 9223372036854775808UL)]
    [InlineData("18446744073709551615", 18446744073709551615UL)]
    public void SeedsMapAsPyTorchMapsThem(string seed, ulong expected)
    {
        RandomStreams.Seed(BigInteger.Parse(seed), s_torch, null);
        using TorchGenerator generator = TorchGenerator.Default(TorchDevice.Cpu);
        Assert.Equal(expected, generator.InitialSeed);
        Assert.Equal(BigInteger.Parse(seed), RandomStreams.Report(s_torch)[0].Seed);
    }

    [Theory]
    [InlineData("18446744073709551616")]
    [InlineData("-9223372036854775809")]
    public void ASeedOutOfRangeSeedsNothing(string seed)
    {
        RandomStreams.Seed(5, s_torch, null);
        TensorFactory.Create("rand", [3], []).Dispose();
        var error = Assert.Throws<ReproTorchException>(() => RandomStreams.Seed(BigInteger.Parse(seed), s_torch, null));
        Assert.Contains(seed, error.Message, StringComparison.Ordinal);
        Assert.Contains("Torch", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, RandomStreams.Report(s_torch)[0].DrawCount);
    }

    [Fact]
    public void AGeneratorOfOnesOwnLeavesTheDefaultOneAlone()
    {
        RandomStreams.Seed(0, s_torch, null);
        using TorchGenerator own = TorchGenerator.Create(TorchDevice.Cpu, 0);
        using TorchTensor mine = TensorFactory.Create("rand", [5], [], generator: own);
        Assert.Equal(0, RandomStreams.Report(s_torch)[0].DrawCount);
        using TorchTensor theirs = TensorFactory.Create("rand", [5], []);
        Assert.Equal(mine.ToArray<float>(), theirs.ToArray<float>());
    }

    [Fact]
    public void AStateThatIsNoStateIsRefusedAndTheOldOneStays()
    {
        RandomStreams.Seed(1, s_torch, null);
        using TorchGenerator generator = TorchGenerator.Default(TorchDevice.Cpu);
        byte[] before = generator.GetState();
        Assert.Equal(5056, before.Length);
        Assert.Throws<ReproTorchException>(() => generator.SetState(new byte[10]));
        Assert.Throws<ReproTorchException>(() => generator.SetState(new byte[5056]));
        Assert.Equal(before, generator.GetState());
    }
}
