using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>How one stream stands.</summary>
public sealed record StreamReport
{
    /// <summary>Whose stream.</summary>
    public RandomSource Source { get; init; }

    /// <summary>For Torch the device whose generator it is (cpu, cuda:0, ..); null for the others.</summary>
    public string? Device { get; init; }

    /// <summary>The seed as it was given; for Torch what the generator says where it was not seeded here. Null for a stream that
    /// the operating system seeded, or whose state was put back from elsewhere.</summary>
    public BigInteger? Seed { get; init; }

    /// <summary>Numbers drawn since it was seeded, exactly, in 32-bit words of its generator. Null when that cannot be known: its
    /// state is not one that the seed leads to (it was put back from elsewhere), or the walk would take minutes.</summary>
    public long? DrawCount { get; init; }

    /// <summary>Script and line of the command that seeded it; null when it was seeded at a prompt or not here.</summary>
    public string? SeededAt { get; init; }

    /// <summary>True when ReproTorch seeded it and nothing else has since.</summary>
    public bool SeededHere { get; init; }
}
