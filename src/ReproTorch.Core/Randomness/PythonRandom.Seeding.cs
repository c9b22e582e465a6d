using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ReproTorch.Randomness;

// CPython's seed(): everything becomes one non-negative integer, whose 32-bit digits go to init_by_array, lowest first.
public sealed partial class PythonRandom
{
    // CPython's numeric hashes are residues modulo this prime (sys.hash_info: modulus, inf), Include/cpython/pyport on
    // 64 bits.
    private const int HashBits = 61;
    private const ulong HashModulus = (1UL << HashBits) - 1;
    private const long HashOfInfinity = 314159;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Seeds from the operating system's entropy, as <c>seed()</c> and <c>seed(None)</c>.</summary>
    public void Seed()
    {
        Span<uint> key = stackalloc uint[MersenneTwister.StateLength];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(key));
        Begin(key);
    }

    /// <summary>Seeds from an integer. See <see cref="Seed(BigInteger)"/>.</summary>
    public void Seed(long seed) => Seed((BigInteger)seed);

    /// <summary>Seeds from an integer of any size and sign; the sign does not count: -5 and 5 give one
    /// sequence.</summary>
    public void Seed(BigInteger seed)
    {
        byte[] bytes = BigInteger.Abs(seed).ToByteArray(isUnsigned: true);
        Span<uint> key = new uint[(bytes.Length + 3) / 4];
        bytes.CopyTo(MemoryMarshal.AsBytes(key));
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(key, key);
        }

        Begin(key);
    }

    /// <summary>Seeds from a float, by way of its hash: 1.0 gives the sequence of 1, while 0.5 gives that of
    /// 2^60.</summary>
    /// <exception cref="ReproTorchException">The seed is NaN: its hash is an address in CPython, so that no sequence
    /// belongs to it.</exception>
    public void Seed(double seed)
    {
        if (double.IsNaN(seed))
        {
            throw Invalid(
                "nan cannot be a seed: CPython hashes it by its address, and every run gives another sequence. Give a number.");
        }

        // A negative hash is taken as an unsigned 64-bit number.
        Seed(new BigInteger((ulong)HashOf(seed)));
    }

    /// <summary>Seeds from a string, as <c>seed(text, version)</c>.</summary>
    /// <param name="seed">The text.</param>
    /// <param name="version">2: all of the text counts (its UTF-8 bytes with their SHA-512 appended are one big
    /// integer). 1: the 64-bit string hash of Python 2, for old sequences.</param>
    /// <exception cref="ReproTorchException">Another version, or (version 2) text that is not valid UTF-16.</exception>
    public void Seed(string seed, int version = 2)
    {
        ArgumentNullException.ThrowIfNull(seed);
        CheckVersion(version);
        if (version == 1)
        {
            SeedFromCodePoints(CodePoints(seed));
            return;
        }

        try
        {
            Seed(s_strictUtf8.GetBytes(seed), version: 2);
        }
        catch (EncoderFallbackException e)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"'utf-8' codec can't encode the seed: half of a surrogate pair stands alone at position {e.Index}.",
                e);
        }
    }

    /// <summary>Seeds from bytes, as <c>seed(bytes, version)</c> and <c>seed(bytearray)</c>.</summary>
    /// <param name="seed">The bytes.</param>
    /// <param name="version">As for strings. CPython takes a bytearray in version 2 only; here both are bytes.</param>
    /// <exception cref="ReproTorchException">Another version.</exception>
    public void Seed(ReadOnlySpan<byte> seed, int version = 2)
    {
        CheckVersion(version);
        if (version == 1)
        {
            SeedFromCodePoints([.. seed]);
            return;
        }

        byte[] bytes = [.. seed, .. SHA512.HashData(seed)];
        Seed(new BigInteger(bytes, isUnsigned: true, isBigEndian: true));
    }

    private void Begin(ReadOnlySpan<uint> key)
    {
        _twister.InitByArray(key);
        _gaussNext = null;
    }

    private void SeedFromCodePoints(int[] codePoints)
    {
        ulong hash = codePoints.Length == 0 ? 0 : (ulong)codePoints[0] << 7;
        foreach (int codePoint in codePoints)
        {
            hash = (1000003 * hash) ^ (ulong)codePoint;
        }

        Seed(new BigInteger(hash ^ (ulong)codePoints.Length));
    }

    // Python's strings are made of code points; half of a surrogate pair that stands alone is one.
    private static int[] CodePoints(string text)
    {
        List<int> codePoints = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                codePoints.Add(char.ConvertToUtf32(text[i], text[i + 1]));
                i++;
            }
            else
            {
                codePoints.Add(text[i]);
            }
        }

        return [.. codePoints];
    }

    /// <summary>CPython's hash of a float: m 2^e modulo 2^61-1, with the float's sign.</summary>
    private static long HashOf(double value)
    {
        if (double.IsInfinity(value))
        {
            return value > 0 ? HashOfInfinity : -HashOfInfinity;
        }

        if (value == 0)
        {
            return 0;
        }

        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7ff);
        ulong mantissa = (ulong)bits & ((1UL << 52) - 1);
        mantissa |= exponent == 0 ? 0 : 1UL << 52;
        int shift = (exponent == 0 ? 1 : exponent) - 1075;

        // Multiplying by 2 rotates the 61 bits of a residue.
        int rotation = ((shift % HashBits) + HashBits) % HashBits;
        ulong hash = ((mantissa << rotation) & HashModulus) | (mantissa >> (HashBits - rotation));
        long signed = value < 0 ? -(long)hash : (long)hash;

        // -1 is what C code returns for an error, so no hash is -1.
        return signed == -1 ? -2 : signed;
    }

    private static void CheckVersion(int version)
    {
        if (version is not (1 or 2))
        {
            throw Invalid($"Seeding has the versions 1 and 2; {version} was given.");
        }
    }
}
