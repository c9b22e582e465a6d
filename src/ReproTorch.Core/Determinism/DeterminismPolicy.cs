using System.Globalization;
using ReproTorch.Interop;

namespace ReproTorch.Determinism;

/// <summary>
/// Reads and sets the switches that decide which numbers libtorch computes. They belong to the process: every runspace and
/// thread shares them (flush of denormals alone belongs to a thread).
/// </summary>
public static class DeterminismPolicy
{
    private const string CublasWorkspaceVariable = "CUBLAS_WORKSPACE_CONFIG";

    // What cuBLAS takes, from the reproducibility page of its documentation.
    private const string DeterministicCublasWorkspace = ":4096:8";

    private static readonly Lock s_lock = new();

    // Used where libtorch has no such switch (before 2.1); PyTorch's default is on.
    private static bool s_fillUninitializedMemory = true;

    /// <summary>True when new tensors without given values are to be filled: NaN for floats, the greatest value for integers
    /// (torch.utils.deterministic.fill_uninitialized_memory).</summary>
    public static bool FillsUninitializedMemory =>
        Get() is { Mode: not DeterminismMode.Off, FillUninitializedMemory: true };

    /// <summary>The switches as they stand now.</summary>
    public static DeterminismSettings Get()
    {
        var native = NativeDeterminism.Unchanged();
        NativeError.ThrowIfFailed(NativeMethods.rpt_determinism_get(ref native));
        return new DeterminismSettings
        {
            Mode = (DeterminismMode)native.Algorithms,
            CudnnEnabled = Flag(native.CudnnEnabled),
            CudnnBenchmark = Flag(native.CudnnBenchmark),
            CudnnDeterministic = Flag(native.CudnnDeterministic),
            CudnnAllowTF32 = Flag(native.CudnnAllowTF32),
            CublasAllowTF32 = Flag(native.CublasAllowTF32),
            MatmulPrecision = native.MatmulPrecision < 0 ? null : (MatmulPrecision)native.MatmulPrecision,
            FillUninitializedMemory = Flag(native.FillUninitializedMemory) ?? s_fillUninitializedMemory,
            MkldnnEnabled = Flag(native.MkldnnEnabled),
            FlushDenormal = Flag(native.FlushDenormal),
            Threads = native.Threads < 0 ? null : native.Threads,
            InteropThreads = native.InteropThreads < 0 ? null : native.InteropThreads,
            CublasWorkspaceConfig = NativeEnvironment.Get(CublasWorkspaceVariable),
        };
    }

    /// <summary>Sets what is not null in <paramref name="changes"/> and leaves the rest.</summary>
    /// <returns>The switches as they stood before.</returns>
    /// <exception cref="ReproTorchException">A value is out of range, or this libtorch or machine has no such switch, or threads
    /// between operators were set too late. Nothing is changed then.</exception>
    public static DeterminismSettings Set(DeterminismSettings changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        lock (s_lock)
        {
            DeterminismSettings before = Get();
            NativeDeterminism native = ToNative(changes, before);
            NativeError.ThrowIfFailed(NativeMethods.rpt_determinism_set(ref native));
            s_fillUninitializedMemory = changes.FillUninitializedMemory ?? s_fillUninitializedMemory;
            if (changes.CublasWorkspaceConfig is { } workspace)
            {
                // An empty text takes the variable away.
                NativeEnvironment.Set(CublasWorkspaceVariable, workspace.Length == 0 ? null : workspace);
            }

            return before;
        }
    }

    /// <summary>The whole set that makes results repeatable: deterministic algorithms, deterministic cuDNN, no cuDNN benchmark,
    /// and, where there is a CUDA device and none is set, a cuBLAS workspace that allows it.</summary>
    /// <param name="warnOnly">Operators without a deterministic form warn and do not fail.</param>
    public static DeterminismSettings Deterministic(bool warnOnly) => new()
    {
        Mode = warnOnly ? DeterminismMode.Warn : DeterminismMode.Error,
        CudnnDeterministic = true,
        CudnnBenchmark = false,
        CublasWorkspaceConfig = NativeMethods.rpt_cuda_device_count() > 0 && NativeEnvironment.Get(CublasWorkspaceVariable) is null
            ? DeterministicCublasWorkspace
            : null,
    };

    /// <summary>Puts back switches that <see cref="Get"/> or <see cref="Set"/> gave. Threads between operators can be set only
    /// once in a process and are left.</summary>
    public static void Restore(DeterminismSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Set(settings with { InteropThreads = null, CublasWorkspaceConfig = settings.CublasWorkspaceConfig ?? string.Empty });
    }

    private static NativeDeterminism ToNative(DeterminismSettings changes, DeterminismSettings before)
    {
        RequireSwitch(changes.FlushDenormal, before.FlushDenormal, "flushing of denormals");
        RequireSwitch(changes.MkldnnEnabled, before.MkldnnEnabled, "MKL-DNN (oneDNN)");
        RequirePositive(changes.Threads, "Threads");
        RequirePositive(changes.InteropThreads, "InteropThreads");
        var native = NativeDeterminism.Unchanged();
        native.Algorithms = changes.Mode is { } mode ? (int)mode : -1;
        native.CudnnEnabled = Number(changes.CudnnEnabled);
        native.CudnnBenchmark = Number(changes.CudnnBenchmark);
        native.CudnnDeterministic = Number(changes.CudnnDeterministic);
        native.CudnnAllowTF32 = Number(changes.CudnnAllowTF32);
        native.CublasAllowTF32 = Number(changes.CublasAllowTF32);
        native.MatmulPrecision = changes.MatmulPrecision is { } precision ? (int)precision : -1;
        native.MkldnnEnabled = Number(changes.MkldnnEnabled);
        native.FlushDenormal = Number(changes.FlushDenormal);
        native.Threads = changes.Threads ?? -1;

        // Only a real change: libtorch takes this one once, and refuses even the value that it has.
        native.InteropThreads = changes.InteropThreads is { } interop && interop != before.InteropThreads ? interop : -1;
        native.FillUninitializedMemory = NativeHasFill() ? Number(changes.FillUninitializedMemory) : -1;
        return native;
    }

    private static bool NativeHasFill()
    {
        var native = NativeDeterminism.Unchanged();
        NativeError.ThrowIfFailed(NativeMethods.rpt_determinism_get(ref native));
        return native.FillUninitializedMemory >= 0;
    }

    private static void RequireSwitch(bool? wanted, bool? there, string name)
    {
        if (wanted is not null && there is null)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"This libtorch or processor has no switch for {name}. Leave that parameter out.");
        }
    }

    private static void RequirePositive(int? value, string name)
    {
        if (value is < 1)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"{name} was {value}. Expected 1 or more."));
        }
    }

    private static bool? Flag(int value) => value < 0 ? null : value != 0;

    private static int Number(bool? value) => value is { } flag ? (flag ? 1 : 0) : -1;
}
