using System.Numerics;
using System.Runtime.InteropServices;

namespace ReproTorch.Randomness;

/// <summary>
/// CPython 3.11's <c>random.Random</c>: the same seed gives the same values, bit for bit, from every method. The
/// methods carry CPython's names in .NET's spelling (<c>randint</c> is <see cref="RandInt(long, long)"/>) and take
/// their arguments in its order.
/// </summary>
/// <remarks>
/// <para>The algorithms and constants are those of CPython 3.11's Lib/random.py and Modules/_randommodule.c. What fails
/// there fails here: as a <see cref="ReproTorchException"/> of kind <see cref="ReproTorchErrorKind.InvalidArgument"/>
/// whose message begins with CPython's own text.</para>
/// <para>Results of log, exp, pow, sin, cos and acos come from the C library, by way of <see cref="Math"/> here and of
/// the math module there. On one machine they are the same. Another C library (musl, macOS, Windows, another glibc) may
/// round the last bit differently, here and in the CPython there alike. <c>random</c>, <c>getrandbits</c>,
/// <c>randbytes</c>, <c>randrange</c>, <c>randint</c>, <c>choice</c>, <c>choices</c>, <c>shuffle</c>, <c>sample</c> and
/// <c>uniform</c> use none of them and are the same everywhere.</para>
/// <para>Instances are not thread-safe; a stream that threads share must be guarded by whoever shares it.</para>
/// </remarks>
public sealed partial class PythonRandom
{
    private readonly MersenneTwister _twister = new();
    private double? _gaussNext;

    /// <summary>Creates a stream that is seeded by the operating system, as <c>random.Random()</c>.</summary>
    public PythonRandom() => Seed();

    /// <summary>Creates a stream from an integer, as <c>random.Random(seed)</c>. See
    /// <see cref="Seed(BigInteger)"/>.</summary>
    public PythonRandom(BigInteger seed) => Seed(seed);

    /// <summary>32-bit words drawn from the generator since it was seeded, or since a state was set.</summary>
    public long DrawCount => _twister.DrawCount;

    /// <summary>The next number in [0, 1): a multiple of 2^-53. Two words. CPython's <c>random()</c>.</summary>
    public double Random() => _twister.NextDouble();

    /// <summary>As many numbers as the span holds; the same as that many calls of <see cref="Random()"/>.</summary>
    public void Random(Span<double> destination) => _twister.Fill(destination);

    /// <summary>A number of <paramref name="k"/> random bits. CPython's <c>getrandbits(k)</c>: one word for each 32
    /// bits or part of them, none for 0 bits.</summary>
    /// <param name="k">How many bits, 0 or more.</param>
    /// <exception cref="ReproTorchException">"number of bits must be non-negative".</exception>
    public BigInteger GetRandBits(int k)
    {
        if (k < 0)
        {
            throw Invalid($"number of bits must be non-negative: got {k}.");
        }

        return k <= 64 ? NextBits(k) : NextBigBits(k);
    }

    /// <summary>The same for 0 to 64 bits, without a big integer.</summary>
    /// <exception cref="ReproTorchException">"number of bits must be non-negative", or more than 64.</exception>
    public ulong GetRandBits64(int k) => k switch
    {
        < 0 => throw Invalid($"number of bits must be non-negative: got {k}."),
        > 64 => throw Invalid($"{k} bits do not fit in 64; GetRandBits takes any number."),
        _ => NextBits(k),
    };

    /// <summary><paramref name="n"/> random bytes. CPython's <c>randbytes(n)</c>: one word for each 4 bytes or part of
    /// them.</summary>
    /// <param name="n">How many bytes, 0 or more.</param>
    /// <exception cref="ReproTorchException">"number of bits must be non-negative".</exception>
    public byte[] RandBytes(int n)
    {
        if (n < 0)
        {
            throw Invalid($"number of bits must be non-negative: {n} bytes were asked for.");
        }

        byte[] bytes = new byte[n];
        RandBytes(bytes);
        return bytes;
    }

    /// <summary>As many random bytes as the span holds, in one call of <c>randbytes</c>.</summary>
    public void RandBytes(Span<byte> destination)
    {
        int whole = destination.Length / 4;
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(destination[..(4 * whole)]);
        _twister.Fill(words);
        if (!BitConverter.IsLittleEndian)
        {
            System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(words, words);
        }

        Span<byte> rest = destination[(4 * whole)..];
        if (!rest.IsEmpty)
        {
            // The upper bytes of the last word are kept.
            uint last = _twister.NextUInt32() >> (32 - (8 * rest.Length));
            for (int i = 0; i < rest.Length; i++)
            {
                rest[i] = (byte)(last >> (8 * i));
            }
        }
    }

    /// <summary>The state, as CPython's <c>getstate()</c> gives it (version 3).</summary>
    public PythonRandomState GetState()
    {
        uint[] words = new uint[MersenneTwister.StateLength];
        _twister.GetState(words);
        long[] state = new long[words.Length + 1];
        for (int i = 0; i < words.Length; i++)
        {
            state[i] = words[i];
        }

        state[^1] = _twister.Position;
        return new PythonRandomState(3, state, _gaussNext) { DrawCount = DrawCount };
    }

    /// <summary>Continues from a state of CPython's <c>getstate()</c> or of <see cref="GetState"/>. A state that is
    /// refused changes nothing.</summary>
    /// <exception cref="ReproTorchException">"state with version 1 passed to Random.setstate() of version 3", "state
    /// vector is the wrong size", "invalid state" (a position outside 0..624), or a word that is not in 0..2^32-1
    /// (version 3).</exception>
    public void SetState(PythonRandomState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Version is not (2 or 3))
        {
            throw Invalid($"state with version {state.Version} passed to Random.setstate() of version 3");
        }

        IReadOnlyList<long> numbers = state.Internal;
        if (numbers is null || numbers.Count != MersenneTwister.StateLength + 1)
        {
            throw Invalid($"state vector is the wrong size: it has {numbers?.Count ?? 0} numbers, 625 are needed.");
        }

        if (state.DrawCount < 0)
        {
            throw Invalid($"The state's draw count is negative: {state.DrawCount}.");
        }

        uint[] words = new uint[MersenneTwister.StateLength];
        for (int i = 0; i < words.Length; i++)
        {
            // Version 2 kept words as C's long; their lower 32 bits count. CPython takes larger words of version 3
            // modulo 2^32 too where C's long has 64 bits, but no getstate ever wrote one: such a state is damaged.
            words[i] = state.Version == 2 || numbers[i] is >= 0 and <= uint.MaxValue
                ? (uint)(ulong)numbers[i]
                : throw Invalid($"invalid state: word {i} is {numbers[i]}, which is not in 0..4294967295.");
        }

        long position = state.Version == 2 ? (uint)(ulong)numbers[^1] : numbers[^1];
        if (position is < 0 or > MersenneTwister.StateLength)
        {
            throw Invalid($"invalid state: the position is {position}, which is not in 0..624.");
        }

        MersenneTwister.RequireSequence(words);
        _twister.SetState(words, (int)position, state.DrawCount);
        _gaussNext = state.GaussNext;
    }

    /// <summary>0 to 64 bits; <paramref name="k"/> is known to be in range. The first word is the lower one.</summary>
    private ulong NextBits(int k)
    {
        if (k <= 32)
        {
            return k == 0 ? 0 : _twister.NextUInt32() >> (32 - k);
        }

        ulong lower = _twister.NextUInt32();
        return lower | ((ulong)(_twister.NextUInt32() >> (64 - k)) << 32);
    }

    private BigInteger NextBigBits(int k)
    {
        byte[] bytes = new byte[(k + 31L) / 32 * 4];
        Span<byte> last = bytes.AsSpan(bytes.Length - 4);
        RandBytes(bytes);
        if (k % 32 != 0)
        {
            uint word = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(last) >> (32 - (k % 32));
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(last, word);
        }

        return new BigInteger(bytes, isUnsigned: true);
    }

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);
}
