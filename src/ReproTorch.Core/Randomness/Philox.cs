using System.Buffers.Binary;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's <c>Philox</c>: Philox4x64 with 10 rounds, J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel
/// Random Numbers: As Easy as 1, 2, 3", 2011. A 256-bit counter is enciphered under a 128-bit key; each value of the
/// counter gives four outputs.
/// </summary>
public sealed class Philox : BitGenerator
{
    private const int Group = 4;
    private const int Rounds = 10;
    private const ulong Multiplier0 = 0xD2E7470EE14C6C93;
    private const ulong Multiplier1 = 0xCA5A826395121157;
    private const ulong Weyl0 = 0x9E3779B97F4A7C15;
    private const ulong Weyl1 = 0xBB67AE8584CAA73B;

    private readonly ulong[] _counter = new ulong[Group];
    private readonly ulong[] _key = new ulong[2];

    // NumPy's buffer: the last four outputs, of which those from _position on are still to come. It is only brought up
    // to date when the state is asked for.
    private readonly ulong[] _buffer = new ulong[Group];
    private int _position = Group;

    // What the last block began with, as the counter and NumPy's position then.
    private readonly ulong[] _counterAtBlock = new ulong[Group];
    private int _positionAtBlock;
    private bool _blockIsWhole;

    /// <summary>Seeds from the operating system.</summary>
    public Philox()
        : this(new SeedSequence())
    {
    }

    /// <summary>Seeds as <c>Philox(seed)</c>.</summary>
    /// <param name="seed">0 or more, of any size.</param>
    /// <param name="counter">Where the counter begins: 0 to 2^256-1.</param>
    /// <exception cref="ReproTorchException">The seed or the counter is out of range.</exception>
    public Philox(BigInteger seed, BigInteger counter = default)
        : this(new SeedSequence(seed), counter)
    {
    }

    /// <summary>Seeds as <c>Philox(SeedSequence)</c>: the key is made of the seed.</summary>
    /// <param name="seed">Gives the key.</param>
    /// <param name="counter">Where the counter begins: 0 to 2^256-1.</param>
    /// <exception cref="ReproTorchException">The counter is out of range.</exception>
    public Philox(SeedSequence seed, BigInteger counter = default)
        : base(seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        seed.GenerateState64(2).CopyTo(_key, 0);
        Split(counter, "counter", _counter);
    }

    private Philox(BigInteger key, BigInteger counter, bool ofKey)
        : base(seedSequence: null)
    {
        Split(key, "key", _key);
        Split(counter, "counter", _counter);
    }

    /// <summary>Takes the key itself, as <c>Philox(key=..)</c>.</summary>
    /// <param name="key">0 to 2^128-1.</param>
    /// <param name="counter">Where the counter begins: 0 to 2^256-1.</param>
    /// <exception cref="ReproTorchException">A number is out of range.</exception>
    public static Philox FromKey(BigInteger key, BigInteger counter = default) => new(key, counter, ofKey: true);

    /// <inheritdoc/>
    public override string Name => "Philox";

    /// <summary><c>advance(delta)</c>: adds to the counter and drops the outputs and the half that wait. One step of
    /// the counter is four outputs.</summary>
    /// <param name="delta">Taken modulo 2^256.</param>
    /// <returns>This object.</returns>
    public Philox Advance(BigInteger delta)
    {
        Settle();
        BigInteger modulus = BigInteger.One << 256;
        BigInteger sum = (Join(_counter) + delta) % modulus;
        Split(sum.Sign < 0 ? sum + modulus : sum, "counter", _counter);
        (HasUInt32, UInteger, _position) = (false, 0, Group);
        Array.Clear(_buffer);
        return this;
    }

    /// <summary><c>jumped(jumps)</c>: a new object whose counter stands 2^128 times <paramref name="jumps"/>
    /// on.</summary>
    public Philox Jumped(BigInteger jumps)
    {
        var target = new Philox(Join(_key), 0, ofKey: true);
        target.SetState(GetState());
        return target.Advance(jumps << 128);
    }

    /// <inheritdoc cref="Jumped(BigInteger)"/>
    public Philox Jumped() => Jumped(BigInteger.One);

    private protected override int Generate(Span<ulong> block)
    {
        _counter.CopyTo(_counterAtBlock, 0);
        _positionAtBlock = _position;
        if (_position < Group)
        {
            // What is left of a group comes first, as a short block.
            _buffer.AsSpan(_position).CopyTo(block);
            _position = Group;
            _blockIsWhole = false;
            return Group - _positionAtBlock;
        }

        if (_blockIsWhole)
        {
            block[^Group..].CopyTo(_buffer);
        }

        _blockIsWhole = true;
        for (int i = 0; i < block.Length; i += Group)
        {
            Increment(_counter);
            Encipher(_counter, _key, block.Slice(i, Group));
        }

        return block.Length;
    }

    private protected override void Rewind(ReadOnlySpan<ulong> block, int taken)
    {
        if (_positionAtBlock < Group)
        {
            _position = _positionAtBlock + taken;
            return;
        }

        _blockIsWhole = false;
        _counterAtBlock.CopyTo(_counter, 0);
        if (taken == 0)
        {
            // The buffer still holds the group before this block, or whatever a state had put there.
            _position = Group;
            return;
        }

        int groups = (taken + Group - 1) / Group;
        for (int i = 0; i < groups; i++)
        {
            Increment(_counter);
        }

        block.Slice((groups - 1) * Group, Group).CopyTo(_buffer);
        _position = taken - ((groups - 1) * Group);
    }

    private protected override Dictionary<string, object> DescribeState() => new()
    {
        ["bit_generator"] = Name,
        ["state"] = new Dictionary<string, object>
        {
            ["counter"] = _counter.Clone(),
            ["key"] = _key.Clone(),
        },
        ["buffer"] = _buffer.Clone(),
        ["buffer_pos"] = _position,
        ["has_uint32"] = HasUInt32 ? 1 : 0,
        ["uinteger"] = UInteger,
    };

    private protected override void AcceptState(BitGeneratorState state, long drawCount)
    {
        (ulong[] counter, ulong[] key, ulong[] buffer) =
            (state.Words64("counter", Group), state.Words64("key", 2), state.Buffer(Group));
        (_position, HasUInt32, UInteger) = (state.BufferPosition(Group), state.HasUInt32, state.UInteger);
        counter.CopyTo(_counter, 0);
        key.CopyTo(_key, 0);
        buffer.CopyTo(_buffer, 0);
    }

    private static void Increment(Span<ulong> counter)
    {
        for (int i = 0; i < counter.Length && ++counter[i] == 0; i++)
        {
        }
    }

    private static void Encipher(ReadOnlySpan<ulong> counter, ReadOnlySpan<ulong> key, Span<ulong> output)
    {
        (ulong x0, ulong x1, ulong x2, ulong x3) = (counter[0], counter[1], counter[2], counter[3]);
        (ulong key0, ulong key1) = (key[0], key[1]);
        for (int round = 0; round < Rounds; round++)
        {
            ulong high0 = Math.BigMul(Multiplier0, x0, out ulong low0);
            ulong high1 = Math.BigMul(Multiplier1, x2, out ulong low1);
            (x0, x1, x2, x3) = (high1 ^ x1 ^ key0, low1, high0 ^ x3 ^ key1, low0);
            key0 += Weyl0;
            key1 += Weyl1;
        }

        output[3] = x3;
        output[2] = x2;
        output[1] = x1;
        output[0] = x0;
    }

    private static BigInteger Join(ReadOnlySpan<ulong> words)
    {
        BigInteger number = BigInteger.Zero;
        for (int i = words.Length - 1; i >= 0; i--)
        {
            number = (number << 64) | words[i];
        }

        return number;
    }

    private static void Split(BigInteger number, string name, Span<ulong> words)
    {
        int bits = 64 * words.Length;
        if (number.Sign < 0 || number.GetBitLength() > bits)
        {
            throw NumpyGeneratorArgument.Invalid($"{name} must be positive and less than 2**{bits}", number);
        }

        Span<byte> bytes = stackalloc byte[bits / 8];
        bytes.Clear();
        number.TryWriteBytes(bytes, out _, isUnsigned: true);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * i)..]);
        }
    }
}
