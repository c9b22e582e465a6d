using ReproTorch.Determinism;

namespace ReproTorch.Provenance;

/// <summary>One CUDA device.</summary>
public sealed record CudaDeviceInfo
{
    /// <summary>Its number, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Its name, such as "NVIDIA H200".</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Compute capability, such as "9.0".</summary>
    public string ComputeCapability { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Memory in bytes.</summary>
    public long TotalMemory { get; init; }
}

/// <summary>What decides the bits of a result, beside model, input and seed: libraries, machine and switches, as they stood
/// at one moment.</summary>
public sealed record TorchEnvironment
{
    /// <summary>Version of ReproTorch.</summary>
    public string ReproTorchVersion { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Version of libtorch that is loaded.</summary>
    public string TorchVersion { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>at::show_config(): compiler, BLAS, oneDNN, build settings.</summary>
    public string TorchBuild { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The vector instructions of ATen's kernels: DEFAULT, AVX2, AVX512, ...</summary>
    public string CpuCapability { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The processor's own name.</summary>
    public string CpuName { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Logical processors that this process may use.</summary>
    public int ProcessorCount { get; init; }

    /// <summary>Processor architecture, such as X64.</summary>
    public string Architecture { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The operating system.</summary>
    public string OperatingSystem { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The .NET that runs this, or the Python that recorded it.</summary>
    public string Runtime { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The C library whose mathematical functions are used, such as "glibc 2.36".</summary>
    public string CLibrary { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>at::get_parallel_info(): thread pools.</summary>
    public string ParallelBuild { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>CUDA devices; empty without CUDA.</summary>
    public IReadOnlyList<CudaDeviceInfo> CudaDevices { get; init => field = value ?? []; } = [];

    /// <summary>CUDA runtime version, or null.</summary>
    public string? CudaVersion { get; init; }

    /// <summary>CUDA driver version, or null.</summary>
    public string? CudaDriverVersion { get; init; }

    /// <summary>cuDNN version, or null.</summary>
    public string? CudnnVersion { get; init; }

    /// <summary>Environment variables that libtorch, OpenMP, oneDNN and CUDA read, where set.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init => field = value ?? new Dictionary<string, string>(); }
        = new Dictionary<string, string>();

    /// <summary>The switches.</summary>
    public DeterminismSettings Determinism { get; init => field = value ?? new(); } = new();

    /// <summary>The seed of the default CPU generator, as torch.initial_seed() gives it.</summary>
    public ulong? TorchSeed { get; init; }

    /// <summary>The few things that most often tell two environments apart.</summary>
    public override string ToString() =>
        $"libtorch {TorchVersion}, {CpuCapability}, {Determinism.Threads} threads, {Determinism.Mode}, {Runtime}";
}
