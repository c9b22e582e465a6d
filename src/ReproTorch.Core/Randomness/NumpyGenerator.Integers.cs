using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReproTorch.Randomness;

/// <content>Integers in a range: D. Lemire, "Fast Random Integer Generation in an Interval", 2019.</content>
public sealed partial class NumpyGenerator
{
    /// <summary><c>integers(low, high, endpoint=endpoint)</c> with the dtype of int64.</summary>
    /// <param name="low">Smallest value.</param>
    /// <param name="high">One above the greatest value, or with <paramref name="endpoint"/> the greatest. (NumPy's
    /// <c>integers(n)</c> is <c>Integers(0, n)</c>.)</param>
    /// <param name="endpoint">Whether <paramref name="high"/> itself can come.</param>
    /// <exception cref="ReproTorchException">A bound does not fit the type, or there is no value between them.</exception>
    public long Integers(Int128 low, Int128 high, bool endpoint = false)
    {
        Span<long> value = stackalloc long[1];
        Integers(value, low, high, endpoint);
        return value[0];
    }

    /// <summary><c>integers(low, high, size, dtype, endpoint)</c>.</summary>
    /// <typeparam name="T">sbyte, byte, short, ushort, int, uint, long, ulong or bool: NumPy's dtype.</typeparam>
    /// <param name="destination">Values; of 8 and 16 bits and bool several come from one 32-bit draw, so the draws depend on the
    /// length. Nothing is checked or drawn when it is empty.</param>
    /// <inheritdoc cref="Integers(Int128, Int128, bool)"/>
    /// <param name="low"/><param name="high"/><param name="endpoint"/>
    /// <exception cref="NotSupportedException">The type is none of those.</exception>
    public void Integers<T>(Span<T> destination, Int128 low, Int128 high, bool endpoint = false)
        where T : unmanaged
    {
        (Int128 minimum, Int128 maximum, string name) = IntegerType<T>();
        if (destination.IsEmpty)
        {
            return;
        }

        Int128 last = endpoint ? high : high - 1;
        CheckBounds(low, high, last, endpoint, minimum, maximum, name);
        ulong range = unchecked((ulong)(last - low));
        ulong offset = unchecked((ulong)low);
        if (typeof(T) == typeof(bool))
        {
            FillBits(MemoryMarshal.AsBytes(destination), (byte)offset, (byte)range);
        }
        else if (Unsafe.SizeOf<T>() == sizeof(byte))
        {
            var draws = default(SharedDraw);
            foreach (ref byte value in MemoryMarshal.AsBytes(destination))
            {
                value = (byte)(offset + Next8((byte)range, ref draws));
            }
        }
        else if (Unsafe.SizeOf<T>() == sizeof(ushort))
        {
            var draws = default(SharedDraw);
            foreach (ref ushort value in MemoryMarshal.Cast<T, ushort>(destination))
            {
                value = (ushort)(offset + Next16((ushort)range, ref draws));
            }
        }
        else if (Unsafe.SizeOf<T>() == sizeof(uint))
        {
            FillBounded(MemoryMarshal.Cast<T, uint>(destination), (uint)offset, (uint)range);
        }
        else if (range <= uint.MaxValue)
        {
            FillBounded(MemoryMarshal.Cast<T, ulong>(destination), offset, (uint)range);
        }
        else
        {
            foreach (ref ulong value in MemoryMarshal.Cast<T, ulong>(destination))
            {
                value = offset + Next64(range);
            }
        }
    }

    /// <summary><c>integers(low, high, dtype, endpoint)</c> with arrays of bounds.</summary>
    /// <typeparam name="T">As for <see cref="Integers{T}(Span{T}, Int128, Int128, bool)"/>.</typeparam>
    /// <param name="destination">One value for each pair of bounds.</param>
    /// <param name="low">Smallest values: one for all, or one for each.</param>
    /// <param name="high">Ends: one for all, or one for each.</param>
    /// <param name="endpoint">Whether the ends themselves can come.</param>
    /// <exception cref="ReproTorchException">A bound does not fit the type, or there is no value between two of them.</exception>
    /// <exception cref="ArgumentException">The bounds are neither one nor as many as the values.</exception>
    /// <exception cref="NotSupportedException">The type is none of those.</exception>
    public void Integers<T>(Span<T> destination, ReadOnlySpan<Int128> low, ReadOnlySpan<Int128> high, bool endpoint = false)
        where T : unmanaged
    {
        (Int128 minimum, Int128 maximum, string name) = IntegerType<T>();
        CheckBroadcast(low.Length, destination.Length);
        CheckBroadcast(high.Length, destination.Length);
        for (int i = 0; i < destination.Length; i++)
        {
            Int128 end = At(high, i);
            CheckBounds(At(low, i), end, endpoint ? end : end - 1, endpoint, minimum, maximum, name);
        }

        var draws = default(SharedDraw);
        for (int i = 0; i < destination.Length; i++)
        {
            Int128 first = At(low, i);
            ulong range = unchecked((ulong)((endpoint ? At(high, i) : At(high, i) - 1) - first));
            ulong value = unchecked((ulong)first);
            if (range != 0)
            {
                value += typeof(T) == typeof(bool) ? draws.NextBit(_bits)
                    : Unsafe.SizeOf<T>() == sizeof(byte) ? Next8((byte)range, ref draws)
                    : Unsafe.SizeOf<T>() == sizeof(ushort) ? Next16((ushort)range, ref draws)
                    : Next64(range);
            }

            destination[i] = Unsafe.As<ulong, T>(ref value);
        }

        static Int128 At(ReadOnlySpan<Int128> bounds, int i) => bounds.Length == 1 ? bounds[0] : bounds[i];
    }

    private static void CheckBroadcast(int bounds, int length)
    {
        if (bounds != 1 && bounds != length)
        {
            throw new ArgumentException($"{bounds} bounds were given for {length} values: give one, or one for each.");
        }
    }

    private static void CheckBounds(
        Int128 low, Int128 high, Int128 last, bool endpoint, Int128 minimum, Int128 maximum, string name)
    {
        if (low < minimum)
        {
            throw NumpyGeneratorArgument.Invalid($"low is out of bounds for {name}", (BigInteger)low);
        }

        if (last > maximum)
        {
            throw NumpyGeneratorArgument.Invalid($"high is out of bounds for {name}", (BigInteger)high);
        }

        if (low > last)
        {
            string text = (low == 0, endpoint) switch
            {
                (true, true) => "high < 0",
                (true, false) => "high <= 0",
                (false, true) => "low > high",
                (false, false) => "low >= high",
            };
            throw NumpyGeneratorArgument.Invalid($"{text}: got low {low} and high {high}.");
        }
    }

    private static (Int128 Minimum, Int128 Maximum, string Name) IntegerType<T>()
        where T : unmanaged => default(T) switch
        {
            sbyte => (sbyte.MinValue, sbyte.MaxValue, "int8"),
            byte => (byte.MinValue, byte.MaxValue, "uint8"),
            short => (short.MinValue, short.MaxValue, "int16"),
            ushort => (ushort.MinValue, ushort.MaxValue, "uint16"),
            int => (int.MinValue, int.MaxValue, "int32"),
            uint => (uint.MinValue, uint.MaxValue, "uint32"),
            long => (long.MinValue, long.MaxValue, "int64"),
            ulong => (ulong.MinValue, ulong.MaxValue, "uint64"),
            bool => (0, 1, "bool"),
            _ => throw new NotSupportedException($"Unsupported dtype {typeof(T).Name} for integers"),
        };

    /// <summary>A 32-bit draw that several small values share.</summary>
    private struct SharedDraw
    {
        private uint _bits;
        private int _left;

        public byte Next8(BitGenerator source) => (byte)Next(source, 8, 3);

        public ushort Next16(BitGenerator source) => (ushort)Next(source, 16, 1);

        public byte NextBit(BitGenerator source) => (byte)(Next(source, 1, 31) & 1);

        private uint Next(BitGenerator source, int width, int more)
        {
            if (_left == 0)
            {
                _bits = source.NextUInt32();
                _left = more;
            }
            else
            {
                _bits >>= width;
                _left--;
            }

            return _bits;
        }
    }

    private void FillBits(Span<byte> destination, byte offset, byte range)
    {
        if (range == 0)
        {
            destination.Fill(offset);
            return;
        }

        var draws = default(SharedDraw);
        foreach (ref byte value in destination)
        {
            value = draws.NextBit(_bits);
        }
    }

    private void FillBounded<T>(Span<T> destination, T offset, uint range)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (range == 0)
        {
            destination.Fill(offset);
            return;
        }

        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> ready = _bits.ReadyHalves();
            int count = Math.Min(ready.Length, destination.Length);
            int i = 0;
            if (range == uint.MaxValue)
            {
                for (; i < count; i++)
                {
                    destination[i] = offset + T.CreateTruncating(ready[i]);
                }
            }
            else
            {
                uint values = range + 1;
                for (; i < count; i++)
                {
                    ulong product = (ulong)ready[i] * values;
                    if ((uint)product < values)
                    {
                        break;
                    }

                    destination[i] = offset + T.CreateTruncating(product >> 32);
                }
            }

            _bits.TakeHalves(i);
            destination = destination[i..];
            if (!destination.IsEmpty && (i < count || ready.IsEmpty))
            {
                destination[0] = offset + T.CreateTruncating(Next32(range));
                destination = destination[1..];
            }
        }
    }

    // 0 .. range. A range below 2^32 takes 32-bit draws also where the type is wider.
    private ulong Next64(ulong range)
    {
        if (range <= uint.MaxValue)
        {
            return Next32((uint)range);
        }

        if (range == ulong.MaxValue)
        {
            return _bits.NextUInt64();
        }

        ulong values = range + 1;
        ulong high = Math.BigMul(_bits.NextUInt64(), values, out ulong low);
        if (low < values)
        {
            ulong threshold = (ulong.MaxValue - range) % values;
            while (low < threshold)
            {
                high = Math.BigMul(_bits.NextUInt64(), values, out low);
            }
        }

        return high;
    }

    private uint Next32(uint range)
    {
        if (range == 0)
        {
            return 0;
        }

        if (range == uint.MaxValue)
        {
            return _bits.NextUInt32();
        }

        uint values = range + 1;
        ulong product = (ulong)_bits.NextUInt32() * values;
        if ((uint)product < values)
        {
            uint threshold = (uint.MaxValue - range) % values;
            while ((uint)product < threshold)
            {
                product = (ulong)_bits.NextUInt32() * values;
            }
        }

        return (uint)(product >> 32);
    }

    private ushort Next16(ushort range, ref SharedDraw draws)
    {
        if (range == 0)
        {
            return 0;
        }

        if (range == ushort.MaxValue)
        {
            return draws.Next16(_bits);
        }

        uint values = (uint)range + 1;
        uint product = draws.Next16(_bits) * values;
        if ((ushort)product < values)
        {
            uint threshold = (uint)(ushort.MaxValue - range) % values;
            while ((ushort)product < threshold)
            {
                product = draws.Next16(_bits) * values;
            }
        }

        return (ushort)(product >> 16);
    }

    private byte Next8(byte range, ref SharedDraw draws)
    {
        if (range == 0)
        {
            return 0;
        }

        if (range == byte.MaxValue)
        {
            return draws.Next8(_bits);
        }

        uint values = (uint)range + 1;
        uint product = draws.Next8(_bits) * values;
        if ((byte)product < values)
        {
            uint threshold = (uint)(byte.MaxValue - range) % values;
            while ((byte)product < threshold)
            {
                product = draws.Next8(_bits) * values;
            }
        }

        return (byte)(product >> 8);
    }

    // 0 .. maximum by masking and trying again, which shuffles and urns use.
    private ulong NextInterval(ulong maximum)
    {
        if (maximum == 0)
        {
            return 0;
        }

        ulong mask = ulong.MaxValue >> BitOperations.LeadingZeroCount(maximum);
        ulong value;
        if (maximum <= uint.MaxValue)
        {
            do
            {
                value = _bits.NextUInt32() & mask;
            }
            while (value > maximum);
        }
        else
        {
            do
            {
                value = _bits.NextUInt64() & mask;
            }
            while (value > maximum);
        }

        return value;
    }
}
