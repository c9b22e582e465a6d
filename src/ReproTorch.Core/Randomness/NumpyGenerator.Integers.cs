using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Randomness;

/// <content>Integers in a range: D. Lemire, "Fast Random Integer Generation in an Interval", 2019.</content>
public sealed partial class NumpyGenerator
{
    // Below one draw in 32 a group of eight mostly goes through.
    private const uint RareThreshold = 1U << 27;

    /// <summary><c>integers(low, high, endpoint=endpoint)</c> with the dtype of int64.</summary>
    /// <param name="low">Smallest value.</param>
    /// <param name="high">One above the greatest value, or with <paramref name="endpoint"/> the greatest. (NumPy's
    /// <c>integers(n)</c> is <c>Integers(0, n)</c>.)</param>
    /// <param name="endpoint">Whether <paramref name="high"/> itself can come.</param>
    /// <exception cref="ReproTorchException">A bound does not fit the type, or there is no value between
    /// them.</exception>
    public long Integers(Int128 low, Int128 high, bool endpoint = false)
    {
        Span<long> value = stackalloc long[1];
        Integers(value, low, high, endpoint);
        return value[0];
    }

    /// <summary><c>integers(low, high, size, dtype, endpoint)</c>.</summary>
    /// <typeparam name="T">sbyte, byte, short, ushort, int, uint, long, ulong or bool: NumPy's dtype.</typeparam>
    /// <param name="destination">Values; of 8 and 16 bits and bool several come from one 32-bit draw, so the draws
    /// depend on the length. Nothing is checked or drawn when it is empty.</param>
    /// <param name="low">Smallest value.</param>
    /// <param name="high">One above the greatest value, or with <paramref name="endpoint"/> the greatest.</param>
    /// <param name="endpoint">Whether <paramref name="high"/> itself can come.</param>
    /// <exception cref="ReproTorchException">A bound does not fit the type, or there is no value between
    /// them.</exception>
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
        if (range == 0)
        {
            destination.Fill(Unsafe.As<ulong, T>(ref offset));
        }
        else if (typeof(T) == typeof(bool))
        {
            var draws = default(SharedDraw);
            foreach (ref byte value in MemoryMarshal.AsBytes(destination))
            {
                value = (byte)draws.Next(_bits, 1);
            }
        }
        else if (Unsafe.SizeOf<T>() == sizeof(byte))
        {
            FillShared(MemoryMarshal.AsBytes(destination), (byte)offset, (uint)range);
        }
        else if (Unsafe.SizeOf<T>() == sizeof(ushort))
        {
            FillShared(MemoryMarshal.Cast<T, ushort>(destination), (ushort)offset, (uint)range);
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
            FillBounded(MemoryMarshal.Cast<T, ulong>(destination), offset, range);
        }
    }

    /// <summary><c>integers(low, high, dtype, endpoint)</c> with arrays of bounds.</summary>
    /// <typeparam name="T">As for <see cref="Integers{T}(Span{T}, Int128, Int128, bool)"/>.</typeparam>
    /// <param name="destination">One value for each pair of bounds.</param>
    /// <param name="low">Smallest values: one for all, or one for each.</param>
    /// <param name="high">Ends: one for all, or one for each.</param>
    /// <param name="endpoint">Whether the ends themselves can come.</param>
    /// <exception cref="ReproTorchException">A bound does not fit the type, or there is no value between two of
    /// them.</exception>
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
                value += typeof(T) == typeof(bool) ? (byte)draws.Next(_bits, 1)
                    : Unsafe.SizeOf<T>() <= sizeof(ushort) ? NextShared((uint)range, 8 * Unsafe.SizeOf<T>(), ref draws)
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

        public uint Next(BitGenerator source, int width)
        {
            if (_left == 0)
            {
                _bits = source.NextUInt32();
                _left = 32 / width;
            }
            else
            {
                _bits >>= width;
            }

            _left--;
            return _bits & ((1U << width) - 1);
        }
    }

    // Values of 8 or 16 bits, several from one 32-bit draw, the lowest first. Here and below: of all products of a draw
    // with the number of values, those whose lower half is below the threshold are too many and are drawn again. The
    // loops write each value and step on only if it counts, because a branch would go wrong as often as chance has it.
    private void FillShared<T>(Span<T> destination, T offset, uint range)
        where T : unmanaged, IBinaryInteger<T>
    {
        int width = 8 * Unsafe.SizeOf<T>();
        uint mask = (1U << width) - 1;
        uint values = range + 1;
        uint threshold = (1U << width) % values;
        int i = 0;
        while (i < destination.Length)
        {
            ReadOnlySpan<uint> ready = _bits.ReadyHalves();
            int taken = 0;
            for (; taken < ready.Length && i < destination.Length; taken++)
            {
                Spread(destination, ready[taken]);
            }

            _bits.TakeHalves(taken);
            if (ready.IsEmpty)
            {
                Spread(destination, _bits.NextUInt32());
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Spread(Span<T> destination, uint draw)
        {
            for (int left = 32; left > 0 && i < destination.Length; left -= width, draw >>= width)
            {
                uint product = (draw & mask) * values;
                destination[i] = offset + T.CreateTruncating(product >> width);
                i += (product & mask) >= threshold ? 1 : 0;
            }
        }
    }

    private void FillBounded<T>(Span<T> destination, T offset, uint range)
        where T : unmanaged, IBinaryInteger<T>
    {
        ulong values = (ulong)range + 1;
        uint threshold = (uint)((1UL << 32) % values);
        int i = 0;
        while (i < destination.Length)
        {
            ReadOnlySpan<uint> ready = _bits.ReadyHalves();
            int taken = threshold < RareThreshold ? FillGroups(ready, destination[i..], offset, values, threshold) : 0;
            i += taken;
            for (; taken < ready.Length && i < destination.Length; taken++)
            {
                ulong product = ready[taken] * values;
                destination[i] = offset + T.CreateTruncating(product >> 32);
                i += (uint)product >= threshold ? 1 : 0;
            }

            _bits.TakeHalves(taken);
            if (ready.IsEmpty)
            {
                destination[i++] = offset + T.CreateTruncating(Next32(range));
            }
        }
    }

    // Eight draws at once, up to the first group in which one has to be drawn again.
    private static int FillGroups<T>(ReadOnlySpan<uint> draws, Span<T> destination, T offset, ulong values, uint threshold)
        where T : unmanaged, IBinaryInteger<T>
    {
        int count = 0;
        int end = Math.Min(draws.Length, destination.Length) - Vector256<uint>.Count;
        for (; Vector256.IsHardwareAccelerated && count <= end; count += Vector256<uint>.Count)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(Vector256.Create(draws[count..]));
            low *= values;
            high *= values;
            if (Vector256.LessThanAny(Vector256.Narrow(low, high), Vector256.Create(threshold)))
            {
                break;
            }

            if (Unsafe.SizeOf<T>() == sizeof(ulong))
            {
                Vector256<T> offsets = Vector256.Create(offset);
                ((low >>> 32).As<ulong, T>() + offsets).CopyTo(destination[count..]);
                ((high >>> 32).As<ulong, T>() + offsets).CopyTo(destination[(count + Vector256<ulong>.Count)..]);
            }
            else
            {
                (Vector256.Narrow(low >>> 32, high >>> 32).As<uint, T>() + Vector256.Create(offset)).CopyTo(destination[count..]);
            }
        }

        return count;
    }

    private void FillBounded(Span<ulong> destination, ulong offset, ulong range)
    {
        // With all of 2^64 the number of values wraps to 0; then every draw is a value.
        ulong values = range + 1;
        ulong threshold = values == 0 ? 0 : (ulong.MaxValue - range) % values;
        int i = 0;
        while (i < destination.Length)
        {
            ReadOnlySpan<ulong> ready = _bits.Ready();
            int taken = 0;
            for (; taken < ready.Length && i < destination.Length; taken++)
            {
                ulong high = Math.BigMul(ready[taken], values, out ulong low);
                destination[i] = offset + (values == 0 ? ready[taken] : high);
                i += low >= threshold ? 1 : 0;
            }

            _bits.Take(taken);
            if (ready.IsEmpty)
            {
                destination[i++] = offset + Next64(range);
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

    private uint NextShared(uint range, int width, ref SharedDraw draws)
    {
        uint values = range + 1;
        uint threshold = (1U << width) % values;
        uint product;
        do
        {
            product = draws.Next(_bits, width) * values;
        }
        while ((product & ((1U << width) - 1)) < threshold);
        return product >> width;
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
