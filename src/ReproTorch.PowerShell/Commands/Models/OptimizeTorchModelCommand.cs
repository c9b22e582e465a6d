using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Freezes a model, and says whether its outputs kept their bits.</summary>
[Cmdlet(VerbsCommon.Optimize, "TorchModel")]
[OutputType(typeof(TorchModel))]
public sealed class OptimizeTorchModelCommand : ReproTorchCmdlet
{
    /// <summary>The model to optimize.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject")]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>Inputs to compare both models on, each a tensor, a list of arguments, or a dictionary of arguments by name.</summary>
    [Parameter(Position = 1)]
    public object[] Example { get; set; } = [];

    /// <summary>Folds batch norm, additions and factors into convolutions.</summary>
    [Parameter]
    public SwitchParameter Numerics { get; set; }

    /// <summary>Lays weights out for this machine, too.</summary>
    [Parameter]
    public SwitchParameter ForInference { get; set; }

    /// <summary>Methods and attributes to keep beside forward.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string[] PreserveMethod { get; set; } = [];

    /// <inheritdoc/>
    protected override void Process()
    {
        OptimizationLevel level = ForInference ? OptimizationLevel.Inference
            : Numerics ? OptimizationLevel.Numerics
            : OptimizationLevel.Freeze;
        ModelMethod forward = Model!.Method("forward");
        TorchModel optimized = ModelOptimizer.Optimize(
            Model, level, PreserveMethod, [.. Example.Select(example => ModelInput.From(Unwrap.Deep(example), forward))]);
        OptimizationResult result = optimized.Optimization!;
        switch (result.Identical)
        {
            case false:
                WriteWarning(result.Message);
                break;
            case null when level != OptimizationLevel.Freeze:
                WriteWarning("This optimization may change the bits, and nothing was compared: give -Example to know.");
                break;
            default:
                WriteVerbose(result.Message);
                break;
        }

        WriteObject(optimized);
    }
}
