namespace ReproTorch.Determinism;

/// <summary>How <c>torch.use_deterministic_algorithms</c> stands.</summary>
public enum DeterminismMode
{
    /// <summary>Off: the fastest form of each operator.</summary>
    Off = 0,

    /// <summary>Deterministic forms where there are any, a warning where there is none (<c>warn_only=True</c>).</summary>
    Warn = 1,

    /// <summary>Deterministic forms where there are any, an error where there is none.</summary>
    Error = 2,
}

/// <summary>The internal precision of float32 matrix products (<c>torch.set_float32_matmul_precision</c>).</summary>
public enum MatmulPrecision
{
    /// <summary>Full float32.</summary>
    Highest = 0,

    /// <summary>TF32 or two bfloat16 where the hardware has them.</summary>
    High = 1,

    /// <summary>bfloat16 where the hardware has it.</summary>
    Medium = 2,
}

/// <summary>
/// All switches that decide which numbers libtorch computes. As a reading, a null says that the libtorch or machine at hand has
/// no such switch; as a change, that the switch is to stay as it is.
/// </summary>
public sealed record DeterminismSettings
{
    /// <summary>torch.use_deterministic_algorithms.</summary>
    public DeterminismMode? Mode { get; init; }

    /// <summary>torch.backends.cudnn.enabled.</summary>
    public bool? CudnnEnabled { get; init; }

    /// <summary>torch.backends.cudnn.benchmark: choose convolution algorithms by timing them.</summary>
    public bool? CudnnBenchmark { get; init; }

    /// <summary>torch.backends.cudnn.deterministic.</summary>
    public bool? CudnnDeterministic { get; init; }

    /// <summary>torch.backends.cudnn.allow_tf32.</summary>
    public bool? CudnnAllowTF32 { get; init; }

    /// <summary>torch.backends.cuda.matmul.allow_tf32.</summary>
    public bool? CublasAllowTF32 { get; init; }

    /// <summary>torch.set_float32_matmul_precision.</summary>
    public MatmulPrecision? MatmulPrecision { get; init; }

    /// <summary>torch.utils.deterministic.fill_uninitialized_memory; ReproTorch fills its own new tensors where this
    /// libtorch has no such switch.</summary>
    public bool? FillUninitializedMemory { get; init; }

    /// <summary>torch.backends.mkldnn.enabled (oneDNN).</summary>
    public bool? MkldnnEnabled { get; init; }

    /// <summary>torch.set_flush_denormal, of the calling thread.</summary>
    public bool? FlushDenormal { get; init; }

    /// <summary>torch.set_num_threads: threads within one operator.</summary>
    public int? Threads { get; init; }

    /// <summary>torch.set_num_interop_threads: threads between operators.</summary>
    public int? InteropThreads { get; init; }

    /// <summary>The environment variable CUBLAS_WORKSPACE_CONFIG; null when it is not set.</summary>
    public string? CublasWorkspaceConfig { get; init; }
}
