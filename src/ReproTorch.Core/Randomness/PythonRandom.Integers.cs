using System.Numerics;

namespace ReproTorch.Randomness;

// Integers below a bound: CPython's _randbelow takes as many bits as the bound has and tries again until they are below
// it.
public sealed partial class PythonRandom
{
    /// <summary>A random integer in [<paramref name="a"/>, <paramref name="b"/>], both ends included. CPython's
    /// <c>randint(a, b)</c>.</summary>
    /// <exception cref="ReproTorchException">"empty range for randrange() (a, b + 1, width)": <paramref name="b"/> is
    /// below <paramref name="a"/>.</exception>
    public long RandInt(long a, long b)
    {
        ulong span = (ulong)b - (ulong)a;
        return b < a || span == ulong.MaxValue
            ? (long)RandInt((BigInteger)a, b)
            : (long)((ulong)a + Below(span + 1));
    }

    /// <summary>The same for integers of any size.</summary>
    /// <exception cref="ReproTorchException">As above.</exception>
    public BigInteger RandInt(BigInteger a, BigInteger b) => RandRange(a, b + 1);

    /// <summary>As many integers as the span holds; the same as that many calls of
    /// <see cref="RandInt(long, long)"/>.</summary>
    /// <exception cref="ReproTorchException">"empty range for randrange() ...".</exception>
    public void RandInt(Span<long> destination, long a, long b)
    {
        ulong span = (ulong)b - (ulong)a;
        if (b < a || span >= uint.MaxValue)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = RandInt(a, b);
            }

            return;
        }

        // What is rejected is stored too and overwritten by the next: a branch on a random bit costs more than the
        // store.
        uint bound = (uint)span + 1;
        int shift = BitOperations.LeadingZeroCount(bound);
        for (int i = 0; i < destination.Length;)
        {
            uint word = _twister.NextUInt32() >> shift;
            destination[i] = a + word;
            i += word < bound ? 1 : 0;
        }
    }

    /// <summary>A random integer in [0, <paramref name="stop"/>). CPython's <c>randrange(stop)</c>.</summary>
    /// <exception cref="ReproTorchException">"empty range for randrange()": the bound is not positive.</exception>
    public long RandRange(long stop) => stop > 0 ? (long)Below((ulong)stop) : throw EmptyRange(stop);

    /// <summary>The same for integers of any size.</summary>
    /// <exception cref="ReproTorchException">As above.</exception>
    public BigInteger RandRange(BigInteger stop) => stop.Sign > 0 ? Below(stop) : throw EmptyRange(stop);

    /// <summary>A random element of <c>range(start, stop, step)</c>. CPython's <c>randrange(start, stop,
    /// step)</c>.</summary>
    /// <exception cref="ReproTorchException">"empty range for randrange() (start, stop, width)", "empty range for
    /// randrange()" (with a step other than 1), "zero step for randrange()".</exception>
    public long RandRange(long start, long stop, long step = 1) =>
        step == 1 && start < stop
            ? (long)((ulong)start + Below((ulong)stop - (ulong)start))
            : (long)RandRange((BigInteger)start, stop, step);

    /// <summary>The same for integers of any size, with step 1.</summary>
    /// <exception cref="ReproTorchException">As above.</exception>
    public BigInteger RandRange(BigInteger start, BigInteger stop) => RandRange(start, stop, BigInteger.One);

    /// <summary>The same for integers of any size.</summary>
    /// <exception cref="ReproTorchException">As above.</exception>
    public BigInteger RandRange(BigInteger start, BigInteger stop, BigInteger step)
    {
        BigInteger width = stop - start;
        if (step.IsOne)
        {
            return width.Sign > 0
                ? start + Below(width)
                : throw Invalid($"empty range for randrange() ({start}, {stop}, {width})");
        }

        if (step.IsZero)
        {
            throw Invalid("zero step for randrange()");
        }

        // Both numerator and denominator have the step's sign when there is an element, and then the quotient that
        // rounds towards zero is Python's; otherwise there is none.
        BigInteger count = (width + step - step.Sign) / step;
        return count.Sign > 0 && width.Sign == step.Sign
            ? start + (step * Below(count))
            : throw Invalid($"empty range for randrange(): from {start} to {stop} by {step} there is no element.");
    }

    /// <summary>A random integer in [0, <paramref name="bound"/>); the bound is known to be positive.</summary>
    private ulong Below(ulong bound) => bound <= uint.MaxValue ? _twister.NextBelow((uint)bound) : BelowWide(bound);

    private ulong BelowWide(ulong bound)
    {
        int bits = 64 - BitOperations.LeadingZeroCount(bound);
        ulong drawn;
        do
        {
            drawn = NextBits(bits);
        }
        while (drawn >= bound);

        return drawn;
    }

    private BigInteger Below(BigInteger bound)
    {
        if (bound <= ulong.MaxValue)
        {
            return Below((ulong)bound);
        }

        // Of more than 2^31 bits .NET makes no integer, so the cast holds.
        int bits = (int)bound.GetBitLength();
        BigInteger drawn;
        do
        {
            drawn = NextBigBits(bits);
        }
        while (drawn >= bound);

        return drawn;
    }

    private static ReproTorchException EmptyRange(BigInteger stop) =>
        Invalid($"empty range for randrange(): the bound is {stop}; it must be 1 or more.");
}
