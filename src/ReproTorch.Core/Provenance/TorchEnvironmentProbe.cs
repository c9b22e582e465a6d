using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using ReproTorch.Determinism;
using ReproTorch.Interop;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Provenance;

/// <summary>Reads the <see cref="TorchEnvironment"/> of this process.</summary>
public static class TorchEnvironmentProbe
{
    // What libtorch, OpenMP, oneDNN, BLAS libraries and CUDA read and that can change bits.
    private static readonly string[] s_variables =
    [
        "ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "CUDA_LAUNCH_BLOCKING", "CUDA_VISIBLE_DEVICES", "DNNL_DEFAULT_FPMATH_MODE",
        "DNNL_MAX_CPU_ISA", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "KMP_BLOCKTIME", "KMP_DETERMINISTIC_REDUCTION", "MKL_CBWR",
        "MKL_NUM_THREADS", "NVIDIA_TF32_OVERRIDE", "OMP_DYNAMIC", "OMP_NUM_THREADS", "OMP_PROC_BIND", "ONEDNN_DEFAULT_FPMATH_MODE",
        "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    ];

    // Nothing of this changes while the process lives.
    private static readonly Lazy<TorchEnvironment> s_fixed = new(ReadFixed);

    /// <summary>The environment as it stands now. Cheap: what cannot change is read once.</summary>
    public static TorchEnvironment Capture()
    {
        using TorchGenerator generator = TorchGenerator.Default(TorchDevice.Cpu);
        NativeError.ThrowIfFailed(NativeMethods.rpt_torch_parallel_summary(out nint parallel));
        return s_fixed.Value with
        {
            // It tells numbers of threads, which change.
            ParallelBuild = NativeText.Take(parallel).Trim(),
            Variables = s_variables
                .Select(name => (Name: name, Value: NativeEnvironment.Get(name)))
                .Where(variable => variable.Value is not null)
                .ToDictionary(variable => variable.Name, variable => variable.Value!, StringComparer.Ordinal),
            Determinism = DeterminismPolicy.Get(),
            TorchSeed = generator.InitialSeed,
        };
    }

    private static TorchEnvironment ReadFixed()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_torch_build_summary(out nint build));
        string torchBuild = NativeText.Take(build);
        NativeError.ThrowIfFailed(NativeMethods.rpt_torch_cpu_capability(out nint capability));
        string cpuCapability = NativeText.Take(capability);
        string loaded = TorchLibrary.LoadedVersion;
        string built = Marshal.PtrToStringUTF8(NativeMethods.rpt_torch_version_built()) ?? string.Empty;
        var environment = new TorchEnvironment
        {
            ReproTorchVersion = typeof(TorchEnvironmentProbe).Assembly.GetName().Version!.ToString(fieldCount: 3),
            TorchVersion = loaded.Length > 0 ? loaded : built,
            TorchBuild = torchBuild.Trim(),
            CpuCapability = cpuCapability,
            CpuName = ReadCpuName(),
            ProcessorCount = System.Environment.ProcessorCount,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            OperatingSystem = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            CLibrary = ReadCLibrary(),
        };
        return ReadCuda(environment);
    }

    private static TorchEnvironment ReadCuda(TorchEnvironment environment)
    {
        int count = NativeMethods.rpt_cuda_device_count();
        if (count == 0)
        {
            return environment;
        }

        var devices = new List<CudaDeviceInfo>();
        string? cuda = null;
        string? driver = null;
        string? cudnn = null;
        for (int i = 0; i < count; i++)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_cuda_device_describe(i, out nint text));
            using JsonDocument json = JsonDocument.Parse(NativeText.Take(text));
            JsonElement device = json.RootElement;
            devices.Add(new CudaDeviceInfo
            {
                Index = i,
                Name = Text(device, "name") ?? string.Empty,
                ComputeCapability = Text(device, "computeCapability") ?? string.Empty,
                TotalMemory = device.TryGetProperty("totalMemory", out JsonElement memory) ? memory.GetInt64() : 0,
            });
            cuda ??= Text(device, "cudaVersion");
            driver ??= Text(device, "driverVersion");
            cudnn ??= Text(device, "cudnnVersion");
        }

        return environment with { CudaDevices = devices, CudaVersion = cuda, CudaDriverVersion = driver, CudnnVersion = cudnn };
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? value.ToString()
            : null;

    private static string ReadCpuName()
    {
        const string file = "/proc/cpuinfo";
        if (OperatingSystem.IsLinux() && File.Exists(file))
        {
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith("model name", StringComparison.Ordinal) || line.StartsWith("CPU part", StringComparison.Ordinal))
                {
                    return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
                }
            }
        }

        return System.Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? string.Empty;
    }

    private static string ReadCLibrary()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library)
            && NativeLibrary.TryGetExport(library, "gnu_get_libc_version", out nint function))
        {
            unsafe
            {
                return "glibc " + Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)function)());
            }
        }

        return OperatingSystem.IsWindows() ? "UCRT" : OperatingSystem.IsMacOS() ? "libSystem" : "unknown";
    }
}
