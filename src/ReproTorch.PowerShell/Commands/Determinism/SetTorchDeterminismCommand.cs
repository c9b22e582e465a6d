using System.Management.Automation;
using ReproTorch.Determinism;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Determinism;

/// <summary>Sets the switches that decide which numbers libtorch computes, for the whole process.</summary>
[Cmdlet(VerbsCommon.Set, "TorchDeterminism", SupportsShouldProcess = true)]
[OutputType(typeof(DeterminismSettings))]
public sealed class SetTorchDeterminismCommand : ReproTorchCmdlet
{
    /// <summary>torch.use_deterministic_algorithms: Off, Warn or Error.</summary>
    [Parameter(Position = 0)]
    public DeterminismMode? Mode { get; set; }

    /// <summary>torch.backends.cudnn.enabled.</summary>
    [Parameter]
    public bool? CudnnEnabled { get; set; }

    /// <summary>torch.backends.cudnn.benchmark.</summary>
    [Parameter]
    public bool? CudnnBenchmark { get; set; }

    /// <summary>torch.backends.cudnn.deterministic.</summary>
    [Parameter]
    public bool? CudnnDeterministic { get; set; }

    /// <summary>torch.backends.cudnn.allow_tf32.</summary>
    [Parameter]
    public bool? CudnnAllowTF32 { get; set; }

    /// <summary>torch.backends.cuda.matmul.allow_tf32.</summary>
    [Parameter]
    public bool? CublasAllowTF32 { get; set; }

    /// <summary>torch.set_float32_matmul_precision.</summary>
    [Parameter]
    public MatmulPrecision? MatmulPrecision { get; set; }

    /// <summary>torch.utils.deterministic.fill_uninitialized_memory.</summary>
    [Parameter]
    public bool? FillUninitializedMemory { get; set; }

    /// <summary>torch.backends.mkldnn.enabled.</summary>
    [Parameter]
    public bool? MkldnnEnabled { get; set; }

    /// <summary>torch.set_flush_denormal, of the shell's own thread.</summary>
    [Parameter]
    public bool? FlushDenormal { get; set; }

    /// <summary>torch.set_num_threads.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Threads { get; set; }

    /// <summary>torch.set_num_interop_threads: once in a process, before parallel work has started.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? InteropThreads { get; set; }

    /// <summary>The variable CUBLAS_WORKSPACE_CONFIG, such as :4096:8; an empty text removes it.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? CublasWorkspaceConfig { get; set; }

    /// <summary>Takes every switch from a reading of Get-TorchDeterminism.</summary>
    [Parameter(ValueFromPipeline = true)]
    public DeterminismSettings? InputObject { get; set; }

    /// <summary>Returns the switches as they stood before.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (!ShouldProcess("libtorch in this process", "Set determinism"))
        {
            return;
        }

        DeterminismSettings before = DeterminismPolicy.Get();
        if (InputObject is not null)
        {
            DeterminismPolicy.Restore(InputObject);
        }

        try
        {
            DeterminismPolicy.Set(Given());
        }
        catch (ReproTorchException) when (InputObject is not null)
        {
            DeterminismPolicy.Restore(before);
            throw;
        }

        WriteVerbose($"Switches are now: {DeterminismPolicy.Get()}");
        if (PassThru)
        {
            WriteObject(before);
        }
    }

    private DeterminismSettings Given() => new()
    {
        Mode = Mode,
        CudnnEnabled = CudnnEnabled,
        CudnnBenchmark = CudnnBenchmark,
        CudnnDeterministic = CudnnDeterministic,
        CudnnAllowTF32 = CudnnAllowTF32,
        CublasAllowTF32 = CublasAllowTF32,
        MatmulPrecision = MatmulPrecision,
        FillUninitializedMemory = FillUninitializedMemory,
        MkldnnEnabled = MkldnnEnabled,
        FlushDenormal = FlushDenormal,
        Threads = Threads,
        InteropThreads = InteropThreads,
        CublasWorkspaceConfig = CublasWorkspaceConfig,
    };
}
