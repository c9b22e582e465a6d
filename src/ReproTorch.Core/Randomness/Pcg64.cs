using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's <c>PCG64</c>, what <c>default_rng</c> uses: PCG XSL RR 128/64, M. E. O'Neill, "PCG: A Family of Simple Fast
/// Space-Efficient Statistically Good Algorithms for Random Number Generation", 2014. Period 2^128.
/// </summary>
public sealed class Pcg64 : Pcg64Base
{
    /// <summary>Seeds from the operating system.</summary>
    public Pcg64()
        : this(new SeedSequence())
    {
    }

    /// <summary>Seeds as <c>PCG64(seed)</c>.</summary>
    /// <param name="seed">0 or more, of any size.</param>
    /// <exception cref="ReproTorchException">The seed is negative.</exception>
    public Pcg64(BigInteger seed)
        : this(new SeedSequence(seed))
    {
    }

    /// <summary>Seeds as <c>PCG64(SeedSequence)</c>.</summary>
    public Pcg64(SeedSequence seed)
        : base(seed)
    {
    }

    /// <inheritdoc/>
    public override string Name => "PCG64";

    /// <summary><c>advance(delta)</c>: skips outputs, and drops a half that waits.</summary>
    /// <param name="delta">How many; taken modulo 2^128, so a negative number steps back.</param>
    /// <returns>This object.</returns>
    public Pcg64 Advance(BigInteger delta)
    {
        AdvanceBy(delta);
        return this;
    }

    /// <summary><c>jumped(jumps)</c>: a new object that stands <paramref name="jumps"/> times
    /// 210306068529402873165736369884012333109 outputs on (2^128 times the golden ratio's fraction).</summary>
    public Pcg64 Jumped(BigInteger jumps) => JumpInto(new Pcg64(SeedSequence!), jumps);

    /// <inheritdoc cref="Jumped(BigInteger)"/>
    public Pcg64 Jumped() => Jumped(BigInteger.One);

    private protected override UInt128 Multiplier => DefaultMultiplier;

    private protected override bool StepsFirst => true;

    private protected override int Generate(Span<ulong> block)
    {
        Fill<XslRr>(block);
        return block.Length;
    }

    /// <summary>Steps, then puts out: the halves xored, rotated by the top six bits.</summary>
    private readonly struct XslRr : IOutput
    {
        public static ulong Output(ulong high, ulong low) => BitOperations.RotateRight(high ^ low, (int)(high >> 58));

        public static Vector512<ulong> Output(Vector512<ulong> high, Vector512<ulong> low) =>
            Avx512F.RotateRightVariable(high ^ low, high >>> 58);

        public static Vector256<ulong> Output(Vector256<ulong> high, Vector256<ulong> low)
        {
            Vector256<ulong> bits = high ^ low;
            Vector256<ulong> count = high >>> 58;
            // A shift by 64 gives 0 in this instruction, so a rotation by 0 comes out right.
            return Avx2.ShiftRightLogicalVariable(bits, count)
                | Avx2.ShiftLeftLogicalVariable(bits, Vector256.Create(64UL) - count);
        }
    }
}
