using System.Management.Automation;
using System.Numerics;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Runs a model: one run output an input.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "TorchModel")]
[OutputType(typeof(RunOutput))]
public sealed class InvokeTorchModelCommand : ReproTorchCmdlet
{
    private RunOptions _options = new();
    private int _runs;

    /// <summary>The model to run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ModelTransformation]
    public TorchModel? Model { get; set; }

    /// <summary>The input of one run: a tensor, a list of arguments, or a dictionary of arguments by name. Left out for a method
    /// without arguments.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <summary>Runs a trace of the model, made on first use and kept for inputs of the same signature.</summary>
    [Parameter]
    public SwitchParameter Traced { get; set; }

    /// <summary>The method to run.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ModelMethodCompleter))]
    public string Method { get; set; } = "forward";

    /// <summary>Seeds libtorch's generators right before each input.</summary>
    [Parameter]
    [SeedTransformation]
    public BigInteger? Seed { get; set; }

    /// <summary>Runs the input in pieces of this many rows.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? BatchSize { get; set; }

    /// <summary>Moves the model and each input there first.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <summary>Records the operators that run, with the hashes of their results, so that Compare-RunOutput names the first that
    /// differs.</summary>
    [Parameter]
    public SwitchParameter OperatorTrace { get; set; }

    /// <summary>Keeps what a replay needs in the run: the inputs, the states of the random streams, the hash of the model's
    /// content.</summary>
    [Parameter]
    public SwitchParameter IncludeInput { get; set; }

    /// <inheritdoc/>
    protected override void Begin()
    {
        TorchSeedValue? seed = Seed is { } value ? TorchSeedValue.From(value) : null;
        _options = new RunOptions
        {
            Method = Method,
            Seed = seed,
            SeedLocation = ScriptLocation,
            BatchSize = BatchSize,
            Traced = Traced,
            TraceOperators = OperatorTrace,
            IncludeInput = IncludeInput,
            Device = Device,
            Cancellation = Cancellation,
            OnTraced = trace =>
            {
                foreach (string warning in TraceWarnings.Of(trace))
                {
                    WriteWarning(warning);
                }
            },
        };
        if (seed is { IsAliasOnCpu: true })
        {
            WriteWarning(SeedWarnings.Alias(seed.Value));
        }
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        object? value = Unwrap.Deep(InputObject);
        Attempt(value, () =>
        {
            ModelMethod method = Model!.Method(Method);
            bool none = value is null && method.Arguments.Count == 0;
            ModelInput input = none ? new ModelInput() : ModelInput.From(value, method);
            _runs++;
            RunOutput run = ModelRunner.Run(Model, input with { Name = input.Name ?? $"run {_runs}" }, _options);
            WriteVerbose($"{Model.Name}.{Method} on {run.Name}: {run.Outputs.Count} outputs in {run.Duration}.");
            WriteObject(run);
        });
    }
}
