using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Traces a model on an example and checks the trace.</summary>
[Cmdlet(VerbsData.ConvertTo, "TracedModel")]
[OutputType(typeof(TorchModel))]
public sealed class ConvertToTracedModelCommand : ReproTorchCmdlet
{
    /// <summary>The model to trace.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject")]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>The input to trace with: a tensor, a list of arguments, or a dictionary of arguments by name.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public object? Example { get; set; }

    /// <summary>More inputs to check the trace with, each as -Example.</summary>
    [Parameter]
    [ValidateNotNull]
    public object[] CheckInput { get; set; } = [];

    /// <summary>Traces without a check.</summary>
    [Parameter]
    public SwitchParameter NoCheck { get; set; }

    /// <summary>The relative tolerance of the check.</summary>
    [Parameter]
    [ValidateRange(0.0, double.MaxValue)]
    public double Tolerance { get; set; } = TraceCheck.DefaultTolerance;

    /// <summary>The method to trace.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string Method { get; set; } = "forward";

    /// <summary>Refuses lists and dictionaries as outputs, as torch.jit.trace does by default.</summary>
    [Parameter]
    public SwitchParameter Strict { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        ModelMethod method = Model!.Method(Method);
        TraceResult trace = TraceCheck.Trace(Model, Method, ModelInput.From(Unwrap.Deep(Example), method), new TraceOptions
        {
            Check = !NoCheck,
            CheckInputs = [.. CheckInput.Select(input => ModelInput.From(Unwrap.Deep(input), method))],
            Tolerance = Tolerance,
            Strict = Strict,
        });
        foreach (string warning in TraceWarnings.Of(trace).Concat(TraceWarnings.OfMode(trace)))
        {
            WriteWarning(warning);
        }

        WriteVerbose($"Traced {Model.Name}.{Method}, {(NoCheck ? "not checked" : $"checked on {CheckInput.Length + 1} inputs")}.");
        WriteObject(trace.Model);
    }
}
