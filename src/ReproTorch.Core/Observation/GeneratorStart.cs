using System.Globalization;
using System.Security.Cryptography;
using ReproTorch.Randomness;

namespace ReproTorch.Observation;

/// <summary>Where a generator stood when a trace began.</summary>
/// <param name="Seed">What it was seeded with, in decimals.</param>
/// <param name="State">SHA-256 of its state, in hex: two that are equal give the same numbers from there on.</param>
public sealed record GeneratorStart(string Seed, string State)
{
    /// <summary>The default generators', by device: <c>cpu</c>, <c>cuda:0</c>.</summary>
    internal static Dictionary<string, GeneratorStart> OfDefaults()
    {
        var starts = new Dictionary<string, GeneratorStart>();
        foreach (TorchGenerator generator in TorchGenerator.AllDefaults())
        {
            using (generator)
            {
                starts[generator.Device.ToString()] = new GeneratorStart(
                    generator.InitialSeed.ToString(CultureInfo.InvariantCulture), Convert.ToHexStringLower(SHA256.HashData(generator.GetState())));
            }
        }

        return starts;
    }
}
