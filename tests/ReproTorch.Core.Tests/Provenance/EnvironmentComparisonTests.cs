using ReproTorch.Determinism;
using ReproTorch.Provenance;

namespace ReproTorch.Core.Tests.Provenance;

public sealed class EnvironmentComparisonTests : ProcessStateTests
{
    // at::get_parallel_info() of libtorch 1.13.1, with MKL and without.
    private const string Pools = """
        ATen/Parallel:
        	at::get_num_threads() : 4
        	at::get_num_interop_threads() : 2
        OpenMP 201511 (a.k.a. OpenMP 4.5)
        	omp_get_max_threads() : 4
        Intel(R) oneAPI Math Kernel Library Version 2022.1-Product Build 20220311 for Intel(R) 64 architecture applications
        	mkl_get_max_threads() : 4
        Intel(R) MKL-DNN v2.6.3 (Git Hash N/A)
        std::thread::hardware_concurrency() : 8
        Environment variables:
        	OMP_NUM_THREADS : [not set]
        	MKL_NUM_THREADS : [not set]
        ATen parallel backend: OpenMP
        """;

    [Theory]
    [InlineData("at::get_num_threads() : 4", "at::get_num_threads() : 1")]
    [InlineData("at::get_num_interop_threads() : 2", "at::get_num_interop_threads() : 8")]
    [InlineData("omp_get_max_threads() : 4", "omp_get_max_threads() : 1")]
    [InlineData("mkl_get_max_threads() : 4", "mkl_get_max_threads() : 1")]
    [InlineData("hardware_concurrency() : 8", "hardware_concurrency() : 2")]
    [InlineData("OMP_NUM_THREADS : [not set]", "OMP_NUM_THREADS : 4")]
    [InlineData("\n", "\r\n")]
    public void NumbersOfThreadsAreNoOtherThreadPools(string there, string here) => Assert.True(Compare(there, here).Match);

    [Theory]
    [InlineData("backend: OpenMP", "backend: native thread pool")]
    [InlineData("OpenMP 4.5", "OpenMP 5.0")]
    [InlineData("v2.6.3", "v2.7.0")]
    public void OtherThreadPoolsAreADifference(string there, string here) => Assert.Equal("ParallelBuild", Assert.Single(Compare(there, here).Differences).Name);

    // What one side did not record may be the same: nothing is claimed of it. A cuBLAS workspace may not be set.
    [Fact]
    public void OfASwitchThatOneSideDidNotRecordNothingIsClaimed()
    {
        var reference = new TorchEnvironment { Determinism = new DeterminismSettings() };
        var difference = new TorchEnvironment
        {
            Determinism = new DeterminismSettings { FlushDenormal = false, CublasWorkspaceConfig = ":4096:8" },
        };
        EnvironmentComparison comparison = EnvironmentComparison.Compare(reference, difference);
        Assert.Equal(
            [("Determinism.FlushDenormal", "Recorded on one side only: whether it differs is not known."),
                ("Determinism.CublasWorkspaceConfig", "cuBLAS may split its sums otherwise.")],
            comparison.Differences.Select(found => (found.Name, found.Meaning)));
    }

    // One thread and back: the environment tells what is, and thread pools stay the same.
    [Fact]
    public void TheNumberOfThreadsIsOneDifferenceAndNotTwo()
    {
        DeterminismPolicy.Set(new DeterminismSettings { Threads = 2 });
        TorchEnvironment two = TorchEnvironmentProbe.Capture();
        DeterminismPolicy.Set(new DeterminismSettings { Threads = 1 });
        TorchEnvironment one = TorchEnvironmentProbe.Capture();
        Assert.Contains("at::get_num_threads() : 2", two.ParallelBuild, StringComparison.Ordinal);
        Assert.Contains("at::get_num_threads() : 1", one.ParallelBuild, StringComparison.Ordinal);
        Assert.Equal("Determinism.Threads", Assert.Single(EnvironmentComparison.Compare(two, one).Differences).Name);
    }

    private static EnvironmentComparison Compare(string there, string here)
    {
        Assert.Contains(there, Pools.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        string reference = Pools.ReplaceLineEndings("\n");
        return EnvironmentComparison.Compare(
            new TorchEnvironment { ParallelBuild = reference }, new TorchEnvironment { ParallelBuild = reference.Replace(there, here, StringComparison.Ordinal) });
    }
}
