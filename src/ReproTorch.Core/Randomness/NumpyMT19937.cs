using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's bit generator <c>MT19937</c>: a <see cref="MersenneTwister"/> that is seeded by a
/// <see cref="SeedSequence"/>. (The same seed given to <c>RandomState</c> gives other words.)
/// </summary>
/// <remarks>Its outputs have 32 bits. A 64-bit draw takes two, the first above the second.</remarks>
public sealed partial class NumpyMT19937 : BitGenerator
{
    private const int StateLength = MersenneTwister.StateLength;

    private readonly MersenneTwister _twister = new();

    /// <summary>Seeds from the operating system.</summary>
    public NumpyMT19937()
        : this(new SeedSequence())
    {
    }

    /// <summary>Seeds as <c>MT19937(seed)</c>.</summary>
    /// <param name="seed">0 or more, of any size.</param>
    /// <exception cref="ReproTorchException">The seed is negative.</exception>
    public NumpyMT19937(BigInteger seed)
        : this(new SeedSequence(seed))
    {
    }

    /// <summary>Seeds as <c>MT19937(SeedSequence)</c>.</summary>
    public NumpyMT19937(SeedSequence seed)
        : base(seed, hasBlock: false)
    {
        ArgumentNullException.ThrowIfNull(seed);
        uint[] key = seed.GenerateState(StateLength);
        // Never all zero.
        key[0] = 0x80000000;
        // NumPy leaves the position at the last word, not past it: the first output is that word's.
        _twister.SetState(key, StateLength - 1);
    }

    /// <inheritdoc/>
    public override string Name => "MT19937";

    /// <inheritdoc/>
    public override int OutputBits => 32;

    /// <inheritdoc/>
    public override long DrawCount => _twister.DrawCount;

    /// <inheritdoc/>
    public override ulong NextRaw() => _twister.NextUInt32();

    /// <summary><c>jumped(jumps)</c>: a new object, as if 2^128 times <paramref name="jumps"/> outputs were taken.
    /// NumPy moves the words as though each were made when it is taken, so the outputs that follow are not those that
    /// drawing would reach; they are NumPy's.</summary>
    /// <param name="jumps">0 or less gives a copy.</param>
    public NumpyMT19937 Jumped(int jumps = 1)
    {
        var key = new uint[StateLength];
        _twister.GetState(key);
        int position = _twister.Position;
        for (int i = 0; i < jumps; i++)
        {
            position = Jump(key, position);
        }

        var target = new NumpyMT19937(SeedSequence!);
        target._twister.SetState(key, position);
        return target;
    }

    private protected override uint NextWord() => _twister.NextUInt32();

    private protected override ulong NextUInt64Slow() => _twister.NextUInt64();

    private protected override double NextDoubleSlow() => _twister.NextDouble();

    private protected override void FillDoublesSlow(Span<double> destination) => _twister.Fill(destination);

    private protected override Dictionary<string, object> DescribeState()
    {
        var key = new uint[StateLength];
        _twister.GetState(key);
        return new Dictionary<string, object>
        {
            ["bit_generator"] = Name,
            ["state"] = new Dictionary<string, object> { ["key"] = key, ["pos"] = _twister.Position },
        };
    }

    private protected override void AcceptState(BitGeneratorState state, long drawCount) =>
        _twister.SetState(state.Words32("key", StateLength), state.Position(StateLength), drawCount);

    // H. Haramoto, M. Matsumoto, T. Nishimura, F. Panneton, P. L'Ecuyer, "Efficient Jump Ahead for F2-Linear Random
    // Number Generators", 2008: the jump is a polynomial in the step, taken by Horner's rule.
    private static int Jump(uint[] key, int position)
    {
        byte[] coefficients = Convert.FromBase64String(JumpPolynomial);
        int origin = position % StateLength;
        var sum = new uint[StateLength];
        int offset = origin;
        bool begun = false;
        for (int i = (8 * coefficients.Length) - 1; i >= 0; i--)
        {
            if (begun)
            {
                Step(sum, offset);
                offset = (offset + 1) % StateLength;
            }

            if (((coefficients[i / 8] >> (i % 8)) & 1) != 0)
            {
                Add(sum, offset, key, origin);
                begun = true;
            }
        }

        sum.CopyTo(key, 0);
        return offset;
    }

    // Makes one word in its place.
    private static void Step(uint[] words, int i)
    {
        uint mixed = (words[i] & 0x80000000) | (words[(i + 1) % StateLength] & 0x7fffffff);
        words[i] = words[(i + 397) % StateLength] ^ (mixed >> 1) ^ ((mixed & 1) != 0 ? 0x9908b0df : 0);
    }

    // Both are rings that begin at their offsets.
    private static void Add(uint[] sum, int sumOffset, uint[] words, int offset)
    {
        for (int done = 0; done < StateLength;)
        {
            int to = (sumOffset + done) % StateLength;
            int from = (offset + done) % StateLength;
            int count = Math.Min(StateLength - done, StateLength - Math.Max(to, from));
            Xor(sum.AsSpan(to, count), words.AsSpan(from, count));
            done += count;
        }
    }

    private static void Xor(Span<uint> target, ReadOnlySpan<uint> source)
    {
        int width = Vector<uint>.Count;
        int i = 0;
        for (; i <= target.Length - width; i += width)
        {
            (new Vector<uint>(target[i..]) ^ new Vector<uint>(source[i..])).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] ^= source[i];
        }
    }
}
