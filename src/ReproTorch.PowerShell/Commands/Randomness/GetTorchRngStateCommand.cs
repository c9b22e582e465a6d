using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Takes the states of the random streams, as an object or as a file that Python can restore.</summary>
[Cmdlet(VerbsCommon.Get, "TorchRngState", SupportsShouldProcess = true)]
[OutputType(typeof(RngState), typeof(FileInfo))]
public sealed class GetTorchRngStateCommand : ReproTorchCmdlet
{
    /// <summary>Which streams.</summary>
    [Parameter(Position = 0)]
    [ValidateSet(nameof(RandomSource.Torch), nameof(RandomSource.Python), nameof(RandomSource.NumPy))]
    public RandomSource[] Source { get; set; } = RandomStreams.SeededByDefault;

    /// <summary>The .npz file to write, in place of an object.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>With -Path: writes the file as an object.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        RngState state = RandomStreams.Capture(Source);
        if (Path is null)
        {
            WriteObject(state);
            return;
        }

        string file = ToFilePath(Path);
        if (ShouldProcess(file, "Write the states of the random streams"))
        {
            RngStateFile.Write(file, state, Force);
            WriteVerbose($"Wrote {file}.");
            if (PassThru)
            {
                WriteObject(new FileInfo(file));
            }
        }
    }
}
