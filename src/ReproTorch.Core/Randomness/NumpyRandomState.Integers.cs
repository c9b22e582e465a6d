using System.Numerics;
using System.Runtime.InteropServices;

namespace ReproTorch.Randomness;

// Integers of a range, of any NumPy width, by masked rejection (numpy/random/_bounded_integers.pyx.in with use_masked):
// as many low bits as the greatest value has, again until they are not above it. Widths of 8 and 16 bits and bool use
// up a word bit by bit.
public sealed partial class NumpyRandomState
{
    /// <summary>A random integer in [<paramref name="low"/>, <paramref name="high"/>). NumPy's <c>randint(low,
    /// high)</c> with its 64-bit dtype.</summary>
    /// <param name="low">The lowest, or, without <paramref name="high"/>, the bound above: then 0 is the lowest.</param>
    /// <param name="high">The bound above.</param>
    /// <exception cref="ReproTorchException">"low >= high", "high &lt;= 0".</exception>
    public long RandInt(long low, long? high = null)
    {
        (long from, long to) = high is null ? (0, low) : (low, high.Value);
        return from < to
            ? (long)((ulong)from + NextMasked64((ulong)to - (ulong)from - 1))
            : throw EmptyRange(from == 0, from, to);
    }

    /// <summary>As many as the span holds, in the order of that many calls.</summary>
    /// <exception cref="ReproTorchException">"low >= high", "high &lt;= 0".</exception>
    public void RandInt(Span<long> destination, long low, long? high = null)
    {
        (long from, long to) = high is null ? (0, low) : (low, high.Value);
        if (from >= to)
        {
            throw EmptyRange(from == 0, from, to);
        }

        FillMasked64(MemoryMarshal.Cast<long, ulong>(destination), (ulong)from, (ulong)to - (ulong)from - 1);
    }

    /// <summary>An array of integers in [<paramref name="low"/>, <paramref name="high"/>). NumPy's <c>randint(low,
    /// high, size, dtype)</c>, where <typeparamref name="T"/> is the dtype: the same range gives other sequences in
    /// other widths.</summary>
    /// <typeparam name="T">bool, sbyte, byte, short, ushort, int, uint, long or ulong.</typeparam>
    /// <param name="low">The lowest, or, without <paramref name="high"/>, the bound above: then 0 is the lowest.</param>
    /// <param name="high">The bound above, up to the dtype's greatest value plus 1.</param>
    /// <param name="size">The shape; null for one number (a 0-d array).</param>
    /// <exception cref="ReproTorchException">"low is out of bounds for int8" (or another dtype), "high is out of bounds
    /// for ..", "low >= high", "high &lt;= 0", "Unsupported dtype ..".</exception>
    public NumpyArray<T> RandInt<T>(BigInteger low, BigInteger? high = null, long[]? size = null)
        where T : unmanaged
    {
        (BigInteger from, BigInteger to) = high is null ? (BigInteger.Zero, low) : (low, high.Value);
        IntegerKind kind = IntegerKind.Of<T>();
        if (size is not null && size.Contains(0))
        {
            return NewArray<T>(size);
        }

        Int128 first = Narrow(from);
        Int128 last = Narrow(to) - 1;
        kind.CheckBounds(first, last);
        if (first > last)
        {
            throw EmptyRange(first == 0, from, to);
        }

        NumpyArray<T> result = NewArray<T>(size ?? []);
        Fill(MemoryMarshal.AsBytes(result.Values.AsSpan()), kind, (ulong)first, (ulong)(last - first));
        return result;
    }

    /// <summary>The same with bounds that are arrays and broadcast.</summary>
    /// <typeparam name="T">bool, sbyte, byte, short, ushort, int, uint, long or ulong.</typeparam>
    /// <param name="low">The lowest numbers.</param>
    /// <param name="high">The bounds above.</param>
    /// <param name="size">The shape; null for that of the bounds.</param>
    /// <exception cref="ReproTorchException">As above.</exception>
    public NumpyArray<T> RandInt<T>(NumpyArray<BigInteger> low, NumpyArray<BigInteger> high, long[]? size = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        if (low.Shape.Length == 0 && high.Shape.Length == 0)
        {
            return RandInt<T>(low.Values[0], high.Values[0], size);
        }

        IntegerKind kind = IntegerKind.Of<T>();
        if (size is not null && size.Contains(0))
        {
            return NewArray<T>(size);
        }

        long[] bounds = NumpyShape.Broadcast(low.Shape, high.Shape);
        Int128[] first = Array.ConvertAll(NumpyShape.Expand(low, bounds), Narrow);
        Int128[] last = Array.ConvertAll(NumpyShape.Expand(high, bounds), x => Narrow(x) - 1);
        foreach (Int128 bound in first)
        {
            kind.CheckLow(bound);
        }

        foreach (Int128 bound in last)
        {
            kind.CheckHigh(bound);
        }

        bool allZero = first.All(x => x == 0);
        for (int i = 0; i < first.Length; i++)
        {
            if (first[i] > last[i])
            {
                throw EmptyRange(allZero, (BigInteger)first[i], (BigInteger)last[i] + 1);
            }
        }

        // NumPy does not look whether the size holds all that the bounds broadcast to, and takes the first ones; this
        // refuses it.
        long[] shape = NumpyRandomStateDistribution<T>.OutputShape(size, bounds);
        first = NumpyShape.Expand(new NumpyArray<Int128>(first, bounds), shape);
        last = NumpyShape.Expand(new NumpyArray<Int128>(last, bounds), shape);
        NumpyArray<T> result = NewArray<T>(shape);
        Span<byte> bytes = MemoryMarshal.AsBytes(result.Values.AsSpan());
        WordBuffer buffer = default;
        for (int i = 0; i < first.Length; i++)
        {
            Span<byte> item = bytes.Slice(i * kind.ItemSize, kind.ItemSize);
            FillOne(item, kind, (ulong)first[i], (ulong)(last[i] - first[i]), ref buffer);
        }

        return result;
    }

    /// <summary>A random integer in [<paramref name="low"/>, <paramref name="high"/>], both ends included. NumPy's
    /// <c>random_integers(low, high)</c>, which it calls deprecated.</summary>
    /// <param name="low">The lowest, or, without <paramref name="high"/>, the highest: then 1 is the lowest.</param>
    /// <param name="high">The highest.</param>
    /// <exception cref="ReproTorchException">"low >= high".</exception>
    public long RandomIntegers(long low, long? high = null) => RandomIntegers(low, high, []).Values[0];

    /// <summary>An array of them. NumPy's <c>random_integers(low, high, size)</c>.</summary>
    /// <exception cref="ReproTorchException">"low >= high".</exception>
    public NumpyArray<long> RandomIntegers(long low, long? high, long[] size) =>
        high is null ? RandInt<long>(1, (BigInteger)low + 1, size) : RandInt<long>(low, (BigInteger)high.Value + 1, size);

    /// <summary>A random integer in [0, <paramref name="max"/>], with masks. NumPy's C function <c>random_interval</c>,
    /// which shuffles.</summary>
    private ulong NextInterval(ulong max) => NextMasked64(max);

    // Nothing is drawn for a range of one number; up to 32 bits take words of 32, more of 64. The mask rejects nothing
    // where all bits are used, so that the full ranges need no case of their own.
    private ulong NextMasked64(ulong range)
    {
        if (range == 0)
        {
            return 0;
        }

        ulong mask = Mask(range);
        ulong value;
        if (range <= uint.MaxValue)
        {
            do
            {
                value = _twister.NextUInt32() & mask;
            }
            while (value > range);
        }
        else
        {
            do
            {
                value = _twister.NextUInt64() & mask;
            }
            while (value > range);
        }

        return value;
    }

    private void FillMasked64(Span<ulong> destination, ulong offset, ulong range)
    {
        if (range is 0 or > uint.MaxValue)
        {
            foreach (ref ulong value in destination)
            {
                value = offset + NextMasked64(range);
            }

            return;
        }

        // What is rejected is stored too and overwritten by the next.
        uint mask = (uint)Mask(range);
        for (int i = 0; i < destination.Length;)
        {
            uint word = _twister.NextUInt32() & mask;
            destination[i] = offset + word;
            i += word <= (uint)range ? 1 : 0;
        }
    }

    private void Fill(Span<byte> destination, IntegerKind kind, ulong offset, ulong range)
    {
        if (kind.ItemSize == 8)
        {
            FillMasked64(MemoryMarshal.Cast<byte, ulong>(destination), offset, range);
            return;
        }

        WordBuffer buffer = default;
        for (int i = 0; i < destination.Length; i += kind.ItemSize)
        {
            FillOne(destination.Slice(i, kind.ItemSize), kind, offset, range, ref buffer);
        }
    }

    private void FillOne(Span<byte> destination, IntegerKind kind, ulong offset, ulong range, ref WordBuffer buffer)
    {
        switch (kind.Bits)
        {
            case 64:
                MemoryMarshal.Write(destination, offset + NextMasked64(range));
                break;
            case 32:
                MemoryMarshal.Write(destination, (uint)offset + (uint)NextMasked64(range));
                break;
            case 16:
                MemoryMarshal.Write(destination, (ushort)(offset + NextNarrow(range, 16, ref buffer)));
                break;
            default:
                destination[0] = (byte)(offset + NextNarrow(range, kind.Bits, ref buffer));
                break;
        }
    }

    // 1, 8 or 16 bits at a time, from the low end of a word.
    private uint NextNarrow(ulong range, int bits, ref WordBuffer buffer)
    {
        if (range == 0)
        {
            return 0;
        }

        uint mask = (uint)Mask(range);
        uint value;
        do
        {
            if (buffer.Remaining == 0)
            {
                buffer = new WordBuffer(_twister.NextUInt32(), (32 / bits) - 1);
            }
            else
            {
                buffer = new WordBuffer(buffer.Word >> bits, buffer.Remaining - 1);
            }

            value = buffer.Word & mask;
        }
        while (value > range);

        return value;
    }

    /// <summary>The lowest number of the form 2^k-1 that is not below.</summary>
    private static ulong Mask(ulong max) => ulong.MaxValue >> BitOperations.LeadingZeroCount(max);

    // All bounds of all dtypes fit in 66 bits; what is farther out stays out of bounds.
    private static Int128 Narrow(BigInteger bound) =>
        (Int128)BigInteger.Clamp(bound, -(BigInteger.One << 100), BigInteger.One << 100);

    private static ReproTorchException EmptyRange(bool lowIsZero, BigInteger low, BigInteger high) =>
        Invalid($"{(lowIsZero ? "high <= 0" : "low >= high")}: got {low} and {high}.");

    /// <summary>The rest of a word that is used up in parts.</summary>
    private readonly record struct WordBuffer(uint Word, int Remaining);

    /// <summary>A dtype of <c>randint</c>.</summary>
    private readonly record struct IntegerKind(string Name, int Bits, int ItemSize, Int128 Lowest, Int128 Highest)
    {
        public static IntegerKind Of<T>()
            where T : unmanaged => default(T) switch
            {
                bool => new("bool", 1, 1, 0, 1),
                sbyte => Signed("int8", 8),
                byte => Unsigned("uint8", 8),
                short => Signed("int16", 16),
                ushort => Unsigned("uint16", 16),
                int => Signed("int32", 32),
                uint => Unsigned("uint32", 32),
                long => Signed("int64", 64),
                ulong => Unsigned("uint64", 64),
                _ => throw Invalid(
                    $"Unsupported dtype {typeof(T).Name} for randint: bool or an integer of 8 to 64 bits is needed."),
            };

        public void CheckBounds(Int128 first, Int128 last)
        {
            CheckLow(first);
            CheckHigh(last);
        }

        public void CheckLow(Int128 first)
        {
            if (first < Lowest)
            {
                throw Invalid($"low is out of bounds for {Name}: got {first}.");
            }
        }

        public void CheckHigh(Int128 last)
        {
            if (last > Highest)
            {
                throw Invalid($"high is out of bounds for {Name}: got {last + 1}.");
            }
        }

        private static IntegerKind Signed(string name, int bits) =>
            new(name, bits, bits / 8, -(Int128.One << (bits - 1)), (Int128.One << (bits - 1)) - 1);

        private static IntegerKind Unsigned(string name, int bits) => new(name, bits, bits / 8, 0, (Int128.One << bits) - 1);
    }
}
