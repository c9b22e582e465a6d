using System.Numerics;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>Seeding and asking for the streams of the process and of this session alike.</summary>
internal static class SessionSeed
{
    /// <summary>Seeds the sources, or none of them when one does not take the seed.</summary>
    public static void Seed(BigInteger seed, IReadOnlyList<RandomSource> sources, string? location)
    {
        RandomStreams.Check(seed, sources);
        if (sources.Contains(RandomSource.PowerShell))
        {
            PowerShellRandom.Seed((int)seed, location);
        }

        RandomStreams.Seed(seed, sources, location);
    }

    /// <summary>How the sources stand.</summary>
    public static IEnumerable<StreamReport> Report(IReadOnlyList<RandomSource> sources, CancellationToken cancellation) =>
        sources.Contains(RandomSource.PowerShell)
            ? [.. RandomStreams.Report(sources, cancellation), PowerShellRandom.Report()]
            : RandomStreams.Report(sources, cancellation);

    /// <summary>What a person must know of a seed for these sources.</summary>
    public static string? Warning(BigInteger seed, IReadOnlyList<RandomSource> sources) =>
        sources.Contains(RandomSource.Torch) && TorchSeedValue.From(seed) is { IsAliasOnCpu: true } alias ? SeedWarnings.Alias(alias) : null;
}
