using System.Management.Automation;
using System.Management.Automation.Runspaces;
using ReproTorch.Observation;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Tensors.Files;

namespace ReproTorch.PowerShell.Commands.Observation;

/// <summary>Runs a script block and records each operator of libtorch that runs meanwhile.</summary>
[Cmdlet(VerbsDiagnostic.Trace, "TorchOperator", SupportsShouldProcess = true)]
[OutputType(typeof(OperatorTrace), typeof(FileInfo))]
public sealed class TraceTorchOperatorCommand : ReproTorchCmdlet
{
    private readonly List<object?> _items = [];

    /// <summary>What to run, in the caller's scope.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock ScriptBlock { get; set; } = null!;

    /// <summary>What the block gets as $input.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <summary>Also hashes the bytes of the operators' results.</summary>
    [Parameter]
    public SwitchParameter Hash { get; set; }

    /// <summary>Records only operators that draw random numbers.</summary>
    [Parameter]
    public SwitchParameter RandomOnly { get; set; }

    /// <summary>The file to record into, in place of an object.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (MyInvocation.ExpectingInput)
        {
            _items.Add(InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        var options = new ObserverOptions { Hash = Hash, HashDispatched = Hash, RandomOnly = RandomOnly };
        if (Path is null)
        {
            string file = System.IO.Path.GetTempFileName();
            try
            {
                object?[] output = Record(file, options);
                WriteVerbose($"Recorded the operators of a block that wrote {output.Length} objects{(Hash ? ", with hashes of their results" : string.Empty)}.");
                WriteObject(OperatorTraceFile.Read(file, output));
            }
            finally
            {
                File.Delete(file);
            }

            return;
        }

        string target = ToFilePath(Path);
        if (ShouldProcess(target, "Record the operators that run"))
        {
            AtomicFile.WriteWith(target, Force, temporary => _ = Record(temporary, options));
            WriteVerbose($"Wrote {target}.");
            WriteObject(new FileInfo(target));
        }
    }

    // Dot-sourced without a scope of its own: what the block assigns is the caller's.
    private object?[] Record(string file, ObserverOptions options)
    {
        using OperatorObserver observer = OperatorObserver.Start(file, options);
        using IDisposable? places = ScriptPlaces.SearchScriptsOf(ScriptBlock);
        object?[] output = [.. InvokeCommand.InvokeScript(
            "$args[1] | . $args[0]", useNewScope: false, PipelineResultTypes.None, null, ScriptBlock, _items.ToArray()).Select(item => Unwrap.Value(item))];
        observer.Stop();
        return output;
    }
}
