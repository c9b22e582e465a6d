using ReproTorch.Determinism;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Determinism;

public sealed class DeterminismPolicyTests : ProcessStateTests
{
    [Theory]
    [InlineData(DeterminismMode.Off)]
    [InlineData(DeterminismMode.Warn)]
    [InlineData(DeterminismMode.Error)]
    public void ModeIsWhatWasSet(DeterminismMode mode)
    {
        DeterminismPolicy.Set(new DeterminismSettings { Mode = mode });
        Assert.Equal(mode, DeterminismPolicy.Get().Mode);
    }

    [Fact]
    public void ASetChangesNothingElseAndReturnsWhatWas()
    {
        DeterminismSettings before = DeterminismPolicy.Get();
        DeterminismSettings returned = DeterminismPolicy.Set(new DeterminismSettings { CudnnBenchmark = !before.CudnnBenchmark });
        Assert.Equal(before, returned);
        Assert.Equal(before with { CudnnBenchmark = !before.CudnnBenchmark }, DeterminismPolicy.Get());
    }

    [Fact]
    public void EverySwitchCanBeSetAndPutBack()
    {
        DeterminismSettings before = DeterminismPolicy.Get();
        var changed = new DeterminismSettings
        {
            Mode = DeterminismMode.Error,
            CudnnEnabled = !before.CudnnEnabled,
            CudnnBenchmark = !before.CudnnBenchmark,
            CudnnDeterministic = !before.CudnnDeterministic,
            CudnnAllowTF32 = !before.CudnnAllowTF32,
            MatmulPrecision = MatmulPrecision.Medium,
            FillUninitializedMemory = !before.FillUninitializedMemory,
            MkldnnEnabled = !before.MkldnnEnabled,
            Threads = before.Threads + 1,
            CublasWorkspaceConfig = ":16:8",
        };
        DeterminismPolicy.Set(changed);
        DeterminismSettings now = DeterminismPolicy.Get();
        Assert.Equal(
            changed with { FlushDenormal = now.FlushDenormal, InteropThreads = now.InteropThreads, CublasAllowTF32 = now.CublasAllowTF32 },
            now);
        DeterminismPolicy.Restore(before);
        Assert.Equal(before, DeterminismPolicy.Get());
    }

    [Fact]
    public void AValueOutOfRangeSetsNothing()
    {
        DeterminismSettings before = DeterminismPolicy.Get();
        var error = Assert.Throws<ReproTorchException>(
            () => DeterminismPolicy.Set(new DeterminismSettings { Mode = DeterminismMode.Error, Threads = 0 }));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("Threads was 0", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, DeterminismPolicy.Get());
    }

    [Fact]
    public void AnOperatorWithoutADeterministicFormIsRefusedWithPyTorchsWords()
    {
        DeterminismPolicy.Set(DeterminismPolicy.Deterministic(warnOnly: false));
        var error = Assert.Throws<ReproTorchException>(Put);
        Assert.Equal(ReproTorchErrorKind.NondeterministicOperation, error.Kind);
        Assert.StartsWith(
            "put_ does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms(True)'.",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void WarnOnlyGivesAWarningAndTheResult()
    {
        DeterminismPolicy.Set(DeterminismPolicy.Deterministic(warnOnly: true));
        _ = TorchWarnings.Take();
        Put();
        string warning = Assert.Single(TorchWarnings.Take());
        Assert.StartsWith("put_ does not have a deterministic implementation", warning, StringComparison.Ordinal);
        Assert.Empty(TorchWarnings.Take());
    }

    [Theory]
    [InlineData(DType.float32, double.NaN)]
    [InlineData(DType.int16, short.MaxValue)]
    [InlineData(DType.uint8, byte.MaxValue)]
    public void EmptyTensorsAreFilledInDeterministicMode(DType dtype, double expected)
    {
        DeterminismPolicy.Set(new DeterminismSettings { Mode = DeterminismMode.Error, FillUninitializedMemory = true });
        using TorchTensor tensor = TensorFactory.Create("empty", [100], [], dtype);
        using TorchTensor values = tensor.To(DType.float64);
        Assert.All(values.ToArray<double>(), value => Assert.Equal(expected, value));
    }

    private static void Put()
    {
        using TorchTensor target = TorchTensor.FromSpan<float>([1, 2, 3], DType.float32);
        using TorchTensor index = TorchTensor.FromSpan<long>([0, 2], DType.int64);
        using TorchTensor source = TorchTensor.FromSpan<float>([7, 8], DType.float32);
        TorchOperator.Call("aten::put_", target, index, source, false);
    }
}
