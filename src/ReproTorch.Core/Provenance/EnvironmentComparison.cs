using System.Globalization;

namespace ReproTorch.Provenance;

/// <summary>One thing in which two environments differ.</summary>
/// <param name="Name">The property's dotted name, such as <c>Determinism.Threads</c>.</param>
/// <param name="Reference">Its value on the reference side; null where it is absent.</param>
/// <param name="Difference">Its value on the other side; null where it is absent.</param>
/// <param name="Meaning">What such a difference can do to a result.</param>
public sealed record EnvironmentDifference(string Name, string? Reference, string? Difference, string Meaning);

/// <summary>What differs between two environments.</summary>
public sealed record EnvironmentComparison
{
    /// <summary>True when nothing differs.</summary>
    public bool Match => Differences.Count == 0;

    /// <summary>The differences, those that most often change bits first.</summary>
    public required IReadOnlyList<EnvironmentDifference> Differences { get; init; }

    /// <summary>Compares property by property. The seed is told apart from the rest: it is not compared here.</summary>
    public static EnvironmentComparison Compare(TorchEnvironment reference, TorchEnvironment difference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(difference);
        var differences = new List<EnvironmentDifference>();
        foreach ((string name, string meaning, Func<TorchEnvironment, object?> read) in s_properties)
        {
            string? one = Text(read(reference));
            string? other = Text(read(difference));
            Add(differences, name, one, other, (one is null || other is null) && IsAlwaysSomething(name) ? OnOneSide : meaning);
        }

        foreach (string name in reference.Variables.Keys.Union(difference.Variables.Keys).Order(StringComparer.Ordinal))
        {
            Add(
                differences,
                "Variables." + name,
                reference.Variables.GetValueOrDefault(name),
                difference.Variables.GetValueOrDefault(name),
                "libtorch or a library below it reads this variable when it starts.");
        }

        return new EnvironmentComparison { Differences = differences };
    }

    private const string OnOneSide = "Recorded on one side only: whether it differs is not known.";

    // A switch is on or off; a variable may not be set, and a device or a library may not be there.
    private static bool IsAlwaysSomething(string name) =>
        name.StartsWith("Determinism.", StringComparison.Ordinal) && name != "Determinism.CublasWorkspaceConfig";

    private static readonly (string Name, string Meaning, Func<TorchEnvironment, object?> Read)[] s_properties =
    [
        ("TorchVersion", "Operators may compute otherwise in another version.", e => e.TorchVersion),
        ("CpuCapability", "Kernels for other vector instructions round otherwise: randn, softmax, convolutions.", e => e.CpuCapability),
        ("Determinism.Threads", "Sums that are split among threads round otherwise, such as convolution weight gradients.",
            e => e.Determinism.Threads),
        ("Determinism.InteropThreads", "Operators that run side by side may finish in another order.", e => e.Determinism.InteropThreads),
        ("Determinism.Mode", "Other, deterministic forms of operators may be used.", e => e.Determinism.Mode),
        ("Determinism.MkldnnEnabled", "Convolutions and matrix products use other kernels.", e => e.Determinism.MkldnnEnabled),
        ("Determinism.MatmulPrecision", "float32 products are computed at another precision.", e => e.Determinism.MatmulPrecision),
        ("Determinism.FlushDenormal", "Very small numbers become zero on one side.", e => e.Determinism.FlushDenormal),
        ("Determinism.FillUninitializedMemory", "Memory that was never written holds other values.",
            e => e.Determinism.FillUninitializedMemory),
        ("Determinism.CudnnEnabled", "Convolutions on CUDA use other kernels.", e => e.Determinism.CudnnEnabled),
        ("Determinism.CudnnBenchmark", "cuDNN chooses its algorithms by timing them: another one each time.", e => e.Determinism.CudnnBenchmark),
        ("Determinism.CudnnDeterministic", "cuDNN may choose algorithms whose sums have no fixed order.", e => e.Determinism.CudnnDeterministic),
        ("Determinism.CudnnAllowTF32", "Convolutions on CUDA round their inputs to TF32.", e => e.Determinism.CudnnAllowTF32),
        ("Determinism.CublasAllowTF32", "Matrix products on CUDA round their inputs to TF32.", e => e.Determinism.CublasAllowTF32),
        ("Determinism.CublasWorkspaceConfig", "cuBLAS may split its sums otherwise.", e => e.Determinism.CublasWorkspaceConfig),
        ("TorchBuild", "Compiler, BLAS or oneDNN differ.", e => e.TorchBuild),
        ("ParallelBuild", "Thread pools differ.", e => WithoutNumbersOfThreads(e.ParallelBuild)),
        ("CpuName", "oneDNN and BLAS choose their kernels by the processor.", e => e.CpuName),
        ("Architecture", "Kernels for another architecture round otherwise.", e => e.Architecture),
        ("ProcessorCount", "The default number of threads follows it.", e => e.ProcessorCount),
        ("CLibrary", "exp, log, sin and their like come from the C library.", e => e.CLibrary),
        ("CudaDevices", "Kernels are chosen by device.", e => string.Join("; ", e.CudaDevices.Select(
            d => string.Create(CultureInfo.InvariantCulture, $"{d.Index}: {d.Name} ({d.ComputeCapability})")))),
        ("CudaVersion", "CUDA libraries may compute otherwise in another version.", e => e.CudaVersion),
        ("CudaDriverVersion", "Seldom changes bits.", e => e.CudaDriverVersion),
        ("CudnnVersion", "cuDNN may compute otherwise in another version.", e => e.CudnnVersion),
        ("OperatingSystem", "Seldom changes bits by itself.", e => e.OperatingSystem),
        ("Runtime", "Does not change what libtorch computes.", e => e.Runtime),
        ("ReproTorchVersion", "Does not change what libtorch computes.", e => e.ReproTorchVersion),
    ];

    /// <summary>at::get_parallel_info() without the numbers of threads, its own and those of the libraries below, and without the processors and
    /// variables that they follow from: each of these is compared by itself.</summary>
    internal static string WithoutNumbersOfThreads(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()).Where(line =>
        !s_told.Any(told => line.StartsWith(told, StringComparison.Ordinal))));

    private static readonly string[] s_told =
    [
        "at::get_num_threads()", "at::get_num_interop_threads()", "omp_get_max_threads()", "mkl_get_max_threads()",
        "std::thread::hardware_concurrency()", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "Environment variables:",
    ];

    private static void Add(List<EnvironmentDifference> differences, string name, string? reference, string? difference, string meaning)
    {
        if (!string.Equals(reference, difference, StringComparison.Ordinal))
        {
            differences.Add(new EnvironmentDifference(name, reference, difference, meaning));
        }
    }

    private static string? Text(object? value) =>
        value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture);
}
