using System.Numerics;
using System.Runtime.Intrinsics;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's <c>PCG64DXSM</c>: PCG CM DXSM 128/64, with a 64-bit multiplier and a stronger output function than
/// <see cref="Pcg64"/>. Period 2^128.
/// </summary>
public sealed class Pcg64Dxsm : Pcg64Base
{
    private const ulong CheapMultiplier = 0xda942042e4dd58b5;

    /// <summary>Seeds from the operating system.</summary>
    public Pcg64Dxsm()
        : this(new SeedSequence())
    {
    }

    /// <summary>Seeds as <c>PCG64DXSM(seed)</c>.</summary>
    /// <param name="seed">0 or more, of any size.</param>
    /// <exception cref="ReproTorchException">The seed is negative.</exception>
    public Pcg64Dxsm(BigInteger seed)
        : this(new SeedSequence(seed))
    {
    }

    /// <summary>Seeds as <c>PCG64DXSM(SeedSequence)</c>.</summary>
    public Pcg64Dxsm(SeedSequence seed)
        : base(seed)
    {
    }

    /// <inheritdoc/>
    public override string Name => "PCG64DXSM";

    /// <inheritdoc cref="Pcg64.Advance"/>
    public Pcg64Dxsm Advance(BigInteger delta)
    {
        AdvanceBy(delta);
        return this;
    }

    /// <inheritdoc cref="Pcg64.Jumped(BigInteger)"/>
    public Pcg64Dxsm Jumped(BigInteger jumps) => JumpInto(new Pcg64Dxsm(SeedSequence!), jumps);

    /// <inheritdoc cref="Pcg64.Jumped(BigInteger)"/>
    public Pcg64Dxsm Jumped() => Jumped(BigInteger.One);

    private protected override UInt128 Multiplier => CheapMultiplier;

    private protected override bool StepsFirst => false;

    private protected override int Generate(Span<ulong> block)
    {
        Fill<Dxsm>(block);
        return block.Length;
    }

    /// <summary>Puts out the state before it steps: double xorshift multiply.</summary>
    private readonly struct Dxsm : IOutput
    {
        public static ulong Output(ulong high, ulong low)
        {
            high ^= high >> 32;
            high *= CheapMultiplier;
            high ^= high >> 48;
            return high * (low | 1);
        }

        public static Vector512<ulong> Output(Vector512<ulong> high, Vector512<ulong> low)
        {
            high ^= high >>> 32;
            high *= CheapMultiplier;
            high ^= high >>> 48;
            return high * (low | Vector512<ulong>.One);
        }

        public static Vector256<ulong> Output(Vector256<ulong> high, Vector256<ulong> low)
        {
            high ^= high >>> 32;
            high *= CheapMultiplier;
            high ^= high >>> 48;
            return high * (low | Vector256<ulong>.One);
        }
    }
}
