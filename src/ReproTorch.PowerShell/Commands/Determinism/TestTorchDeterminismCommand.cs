using System.Management.Automation;
using System.Numerics;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Sweeps;

namespace ReproTorch.PowerShell.Commands.Determinism;

/// <summary>Runs a model along several dimensions and says whether it gives the same bits.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TorchDeterminism")]
[OutputType(typeof(SweepResult), typeof(bool))]
public sealed class TestTorchDeterminismCommand : ReproTorchCmdlet
{
    /// <summary>The model to run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public TorchModel? Model { get; set; }

    /// <summary>The input: a tensor, a list of arguments, or a dictionary of arguments by name.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <summary>What to vary.</summary>
    [Parameter]
    public SweepDimension[]? Vary { get; set; }

    /// <summary>How often Repeat runs the model.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 5;

    /// <summary>Set right before every run.</summary>
    [Parameter]
    [SeedTransformation]
    public BigInteger Seed { get; set; }

    /// <summary>The method to run.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string Method { get; set; } = "forward";

    /// <summary>The most threads that Thread tries.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int? MaxThread { get; set; }

    /// <summary>Writes only whether the bits are the same along all dimensions.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        object? value = Unwrap.Deep(InputObject);
        Attempt(value, () =>
        {
            ModelMethod method = Model!.Method(Method);
            ModelInput input = value is null && method.Arguments.Count == 0 ? new ModelInput() : ModelInput.From(value, method);
            SweepResult result = DeterminismSweep.Run(Model, input, new SweepOptions
            {
                Dimensions = Vary,
                Count = Count,
                Seed = TorchSeedValue.From(Seed),
                Method = Method,
                MaxThread = MaxThread,
                Progress = (dimension, variant, share) => ShowProgress($"Testing {Model.Name}", $"{dimension}: {variant}", (int)(100 * share)),
                Cancellation = Cancellation,
            });
            ShowProgress($"Testing {Model.Name}", "done", percent: null);
            foreach (SweepOmission omission in result.Omitted)
            {
                WriteVerbose($"{omission.Name} was not tried: {omission.Reason}");
            }

            foreach (var dimension in result.Dimensions)
            {
                WriteVerbose($"{dimension.Name}: {(dimension.Identical ? "the same bits" : "other bits")} in {dimension.Variants.Count} variants.");
            }

            WriteObject(Quiet ? result.Identical : result);
        });
    }
}
