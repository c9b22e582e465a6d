using System.Globalization;

namespace ReproTorch.Randomness;

/// <summary>What a person must know of a seed.</summary>
public static class SeedWarnings
{
    /// <summary>The CPU generator does not tell seeds of 2^32 and more, or negative ones, from smaller ones.</summary>
    public static string Alias(TorchSeedValue seed) => string.Create(
        CultureInfo.InvariantCulture,
        $"libtorch's CPU generator uses the low 32 bits of a seed only: {seed} starts the same sequence as {seed.Effective & uint.MaxValue}.");
}
