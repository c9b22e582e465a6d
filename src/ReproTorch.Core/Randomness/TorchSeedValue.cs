using System.Globalization;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>
/// A seed as torch.manual_seed takes it: -2^63 .. 2^64-1. A negative one counts down from 2^64, as in PyTorch (-1 is 2^64-1).
/// </summary>
public readonly record struct TorchSeedValue
{
    private TorchSeedValue(BigInteger given, ulong effective)
    {
        Given = given;
        Effective = effective;
    }

    /// <summary>The seed as it was written.</summary>
    public BigInteger Given { get; }

    /// <summary>What the generators are given, and what torch.initial_seed() says afterwards.</summary>
    public ulong Effective { get; }

    /// <summary>True when the CPU generator, which uses the low 32 bits only, starts the sequence of a smaller seed.</summary>
    public bool IsAliasOnCpu => Effective > uint.MaxValue;

    /// <summary>Checks the range.</summary>
    /// <exception cref="ReproTorchException">It is outside -2^63 .. 2^64-1.</exception>
    public static TorchSeedValue From(BigInteger seed)
    {
        if (seed < long.MinValue || seed > ulong.MaxValue)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The seed {seed} is out of range for Torch. Expected -9223372036854775808 .. 18446744073709551615. Nothing was seeded.");
        }

        return new TorchSeedValue(seed, seed.Sign < 0 ? unchecked((ulong)(long)seed) : (ulong)seed);
    }

    /// <summary>The seed as it was written.</summary>
    public override string ToString() => Given.ToString(CultureInfo.InvariantCulture);
}
