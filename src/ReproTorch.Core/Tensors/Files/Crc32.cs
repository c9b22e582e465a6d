using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ArmCrc32 = System.Runtime.Intrinsics.Arm.Crc32;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// CRC-32 as zip has it (ISO 3309, polynomial 0xEDB88320 reflected). By carry-less multiplication where the processor has it
/// (V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009), by Arm's own
/// instruction, else by tables eight bytes at a time.
/// </summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    // x^n mod P, bit-reflected, for the distances that the folding jumps over; from section "Reflected" of the paper.
    private static readonly Vector128<ulong> s_fold64 = Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL);
    private static readonly Vector128<ulong> s_fold16 = Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL);

    private static readonly uint[][] s_tables = MakeTables();

    /// <summary>The CRC of all that was before and of these bytes; begin with 0.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint state = ~crc;
        if (Pclmulqdq.IsSupported && BitConverter.IsLittleEndian && bytes.Length >= 128)
        {
            int folded = bytes.Length & ~15;
            state = Fold(state, bytes[..folded]);
            bytes = bytes[folded..];
        }

        return ~(ArmCrc32.Arm64.IsSupported ? ByInstruction(state, bytes) : ByTables(state, bytes));
    }

    /// <summary>The CRC of two pieces end to end, from the CRC of each: the first is moved up by the second's length, which is to say
    /// multiplied by x^(8 * length), and they are added.</summary>
    public static uint Combine(uint first, uint second, long secondLength)
    {
        // Reflected: the highest bit is x^0. x^8 is squared over and over, and taken where the length has a bit.
        uint power = 1u << 23;
        for (ulong left = (ulong)secondLength; left != 0; left >>= 1)
        {
            first = (left & 1) != 0 ? Multiply(first, power) : first;
            power = Multiply(power, power);
        }

        return first ^ second;
    }

    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (uint bit = 1u << 31; bit != 0; bit >>= 1)
        {
            product ^= (a & bit) != 0 ? b : 0;
            b = (b >> 1) ^ ((b & 1) != 0 ? Polynomial : 0);
        }

        return product;
    }

    /// <summary>The same by tables alone, for comparison.</summary>
    internal static uint AppendByTables(uint crc, ReadOnlySpan<byte> bytes) => ~ByTables(~crc, bytes);

    // Four lanes of 128 bits are folded over 64 bytes at a time, then into one, and what is left goes through the tables: the
    // remainder of 16 bytes is what the tables would have made of the whole.
    private static uint Fold(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector128<ulong>> lanes = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        Vector128<ulong> a = lanes[0] ^ Vector128.CreateScalar((ulong)state);
        Vector128<ulong> b = lanes[1];
        Vector128<ulong> c = lanes[2];
        Vector128<ulong> d = lanes[3];
        int i = 4;
        for (; i + 4 <= lanes.Length; i += 4)
        {
            a = Step(a, lanes[i], s_fold64);
            b = Step(b, lanes[i + 1], s_fold64);
            c = Step(c, lanes[i + 2], s_fold64);
            d = Step(d, lanes[i + 3], s_fold64);
        }

        a = Step(Step(Step(a, b, s_fold16), c, s_fold16), d, s_fold16);
        for (; i < lanes.Length; i++)
        {
            a = Step(a, lanes[i], s_fold16);
        }

        Span<byte> rest = stackalloc byte[16];
        MemoryMarshal.Write(rest, a);
        return ByTables(0, rest);
    }

    private static Vector128<ulong> Step(Vector128<ulong> value, Vector128<ulong> next, Vector128<ulong> distance) =>
        Pclmulqdq.CarrylessMultiply(value, distance, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, distance, 0x11) ^ next;

    private static uint ByInstruction(uint state, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            state = ArmCrc32.Arm64.ComputeCrc32(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            state = ArmCrc32.ComputeCrc32(state, value);
        }

        return state;
    }

    private static uint ByTables(uint state, ReadOnlySpan<byte> bytes)
    {
        uint[][] t = s_tables;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            state = t[7][(byte)low] ^ t[6][(byte)(low >> 8)] ^ t[5][(byte)(low >> 16)] ^ t[4][low >> 24]
                ^ t[3][(byte)high] ^ t[2][(byte)(high >> 8)] ^ t[1][(byte)(high >> 16)] ^ t[0][high >> 24];
        }

        foreach (byte value in bytes)
        {
            state = t[0][(byte)(state ^ value)] ^ (state >> 8);
        }

        return state;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (int k = 0; k < 8; k++)
        {
            tables[k] = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                uint value = k == 0 ? i : tables[k - 1][i];
                for (int bit = 0; bit < (k == 0 ? 8 : 0); bit++)
                {
                    value = (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;
                }

                tables[k][i] = k == 0 ? value : (value >> 8) ^ tables[0][(byte)value];
            }
        }

        return tables;
    }
}
