using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Numerics;
using ReproTorch.Determinism;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Runs a script block with a seed, and puts every stream and switch back.</summary>
[Cmdlet(VerbsOther.Use, "TorchSeed")]
[OutputType(typeof(object))]
public sealed class UseTorchSeedCommand : ReproTorchCmdlet
{
    /// <summary>The seed: any that every named source takes.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [SeedTransformation]
    public BigInteger Seed { get; set; }

    /// <summary>What to run, in the caller's scope.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock ScriptBlock { get; set; } = null!;

    /// <summary>Which streams to seed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateSet(nameof(RandomSource.Torch), nameof(RandomSource.Python), nameof(RandomSource.NumPy), nameof(RandomSource.PowerShell))]
    public RandomSource[] Source { get; set; } = RandomStreams.SeededByDefault;

    /// <summary>Also sets the switches that make results repeatable, for the block.</summary>
    [Parameter]
    public SwitchParameter Deterministic { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        RandomSource[] sources = [.. Source.Distinct()];
        RandomStreams.Check(Seed, sources);
        if (SessionSeed.Warning(Seed, sources) is { } warning)
        {
            WriteWarning(warning);
        }

        object? session = PowerShellRandom.Take();
        using var scope = new RandomScope();
        try
        {
            SessionSeed.Seed(Seed, sources, ScriptLocation);
            if (Deterministic)
            {
                DeterminismPolicy.Set(DeterminismPolicy.Deterministic(warnOnly: false));
            }

            // Dot-sourced without a scope of its own: what the block assigns is the caller's, what it writes goes straight on.
            InvokeCommand.InvokeScript(
                ". $args[0]", useNewScope: false, PipelineResultTypes.Output | PipelineResultTypes.Error, null, ScriptBlock);
        }
        finally
        {
            PowerShellRandom.Put(session);
        }
    }
}
