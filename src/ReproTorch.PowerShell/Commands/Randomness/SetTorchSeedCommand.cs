using System.Management.Automation;
using System.Numerics;
using ReproTorch.Determinism;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Seeds the random streams of this process.</summary>
[Cmdlet(VerbsCommon.Set, "TorchSeed", SupportsShouldProcess = true)]
[OutputType(typeof(StreamReport))]
public sealed class SetTorchSeedCommand : ReproTorchCmdlet
{
    /// <summary>The seed: any that every named source takes.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [SeedTransformation]
    public BigInteger Seed { get; set; }

    /// <summary>Which streams to seed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateSet(nameof(RandomSource.Torch), nameof(RandomSource.Python), nameof(RandomSource.NumPy), nameof(RandomSource.PowerShell))]
    public RandomSource[] Source { get; set; } = RandomStreams.SeededByDefault;

    /// <summary>Also sets the switches that make results repeatable (Set-TorchDeterminism -Mode Error and cuDNN's).</summary>
    [Parameter]
    public SwitchParameter Deterministic { get; set; }

    /// <summary>With -Deterministic: an operator without a deterministic form warns and does not fail.</summary>
    [Parameter]
    public SwitchParameter WarnOnly { get; set; }

    /// <summary>Returns what Get-TorchSeed says now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (WarnOnly && !Deterministic)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "-WarnOnly was given without -Deterministic, which it softens. Give both, or neither.");
        }

        RandomSource[] sources = [.. Source.Distinct()];
        RandomStreams.Check(Seed, sources);
        if (!ShouldProcess($"{string.Join(", ", sources)} in this process", $"Seed with {Seed}"))
        {
            return;
        }

        SessionSeed.Seed(Seed, sources, ScriptLocation);
        if (Deterministic)
        {
            DeterminismPolicy.Set(DeterminismPolicy.Deterministic(WarnOnly));
        }

        if (SessionSeed.Warning(Seed, sources) is { } warning)
        {
            WriteWarning(warning);
        }

        WriteVerbose($"Seeded {string.Join(", ", sources)} with {Seed}{(Deterministic ? ", deterministic" : string.Empty)}.");
        if (PassThru)
        {
            WriteObject(SessionSeed.Report(sources, Cancellation), enumerateCollection: true);
        }
    }
}
