using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>What <see cref="BitPass"/> gathers: which elements differ in their bits, and by how many units in the last place.</summary>
internal sealed class BitStatistics(int keep, ulong? limit)
{
    // Up to so many buckets, counting the distances that reach each is faster than sorting them out.
    private const int FewBuckets = 4;

    // Exponents of float32 begin here.
    private const int SingleBias = 127;

    // Distances by powers of two: 0; 1; 2; 3-4; 5-8; .. up to 2^63+1 .. 2^64-1.
    private readonly long[] _buckets = new long[66];

    /// <summary>Elements whose bits differ.</summary>
    public long Differing { get; private set; }

    /// <summary>The first of them.</summary>
    public List<long> FirstDiffering { get; } = [];

    /// <summary>The first that lie further apart than the limit, or on one side of a NaN.</summary>
    public List<long> FirstBeyond { get; } = [];

    /// <summary>Pairs of differing bits with a NaN in them: these have no distance.</summary>
    public long WithoutDistance { get; private set; }

    /// <summary>The greatest distance.</summary>
    public ulong Greatest { get; private set; }

    /// <summary>The first element that has it.</summary>
    public long GreatestIndex { get; private set; }

    /// <summary>Distances above 0, by bucket: bucket 1 is distance 1, bucket k above that 2^(k-2)+1 .. 2^(k-1).</summary>
    public ReadOnlySpan<long> Buckets => _buckets;

    /// <summary>Whether the last block's distances were all so small that <see cref="TryAdd"/> is worth a try.</summary>
    public bool Small { get; private set; }

    /// <summary>Takes a block in whose distances are small and which has nothing that is kept by place; without writing
    /// distances anywhere.</summary>
    /// <returns>False when it has: then nothing was taken in.</returns>
    public bool TryAdd(in SmallDistances block)
    {
        Small = block.Greatest <= SmallDistances.Most;
        if (!Small || block.Greatest > Greatest || FirstDiffering.Count < keep || (limit < block.Greatest && FirstBeyond.Count < keep))
        {
            return false;
        }

        Differing += block.Differing;
        _buckets[1] += block.Reaching1 - block.Reaching2;
        _buckets[2] += block.Reaching2 - block.Reaching3;
        _buckets[3] += block.Reaching3 - block.Reaching5;
        _buckets[4] += block.Reaching5 - block.Reaching9;
        _buckets[5] += block.Reaching9 - block.Reaching17;
        _buckets[6] += block.Reaching17 - block.Reaching33;
        _buckets[7] += block.Reaching33;
        return true;
    }

    /// <summary>Takes a block in.</summary>
    /// <param name="distances">Units in the last place; all bits set where there is a NaN.</param>
    /// <param name="differs">All bits set where bits differ.</param>
    /// <param name="first">The flat index of the first.</param>
    /// <param name="hasNaN">Whether the type has NaNs.</param>
    public void Add<TUnsigned>(Span<TUnsigned> distances, ReadOnlySpan<TUnsigned> differs, long first, bool hasNaN)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        (long differing, bool withoutDistance, ulong greatest) = Scan(distances, differs);
        if (differing == 0)
        {
            return;
        }

        Differing += differing;
        if ((hasNaN && withoutDistance) || greatest > Greatest || FirstDiffering.Count < keep || (limit < greatest && FirstBeyond.Count < keep))
        {
            greatest = Look(distances, differs, first, hasNaN);
        }

        Small = greatest <= SmallDistances.Most;
        Count(distances, greatest);
    }

    /// <summary>Takes in what was gathered of the elements that follow.</summary>
    public void Add(BitStatistics next)
    {
        Differing += next.Differing;
        WithoutDistance += next.WithoutDistance;
        FirstDiffering.AddRange(next.FirstDiffering.Take(keep - FirstDiffering.Count));
        FirstBeyond.AddRange(next.FirstBeyond.Take(keep - FirstBeyond.Count));
        if (next.Greatest > Greatest)
        {
            Greatest = next.Greatest;
            GreatestIndex = next.GreatestIndex;
        }

        for (int bucket = 0; bucket < _buckets.Length; bucket++)
        {
            _buckets[bucket] += next._buckets[bucket];
        }
    }

    /// <summary>What every block adds, and whether there is more to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (long Differing, bool WithoutDistance, ulong Greatest) Scan<TUnsigned>(
        ReadOnlySpan<TUnsigned> distances, ReadOnlySpan<TUnsigned> differs)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        ref TUnsigned distance = ref MemoryMarshal.GetReference(distances);
        ref TUnsigned differ = ref MemoryMarshal.GetReference(differs);
        Vector512<TUnsigned> greatest = Vector512<TUnsigned>.Zero;
        ulong differing = 0;
        for (nuint i = 0; i < (nuint)distances.Length; i += (nuint)Vector512<TUnsigned>.Count)
        {
            differing += (ulong)BitOperations.PopCount(Vector512.LoadUnsafe(ref differ, i).ExtractMostSignificantBits());
            greatest = Vector512.Max(greatest, Vector512.LoadUnsafe(ref distance, i));
        }

        ulong most = GreatestLane(greatest);
        return ((long)differing, most == ulong.CreateTruncating(TUnsigned.MaxValue), most);
    }

    /// <summary>Goes through a block in order for what is kept by place.</summary>
    /// <returns>The greatest distance, NaNs aside; their distances are set to 0.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong Look<TUnsigned>(Span<TUnsigned> distances, ReadOnlySpan<TUnsigned> differs, long first, bool hasNaN)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        ref TUnsigned distance = ref MemoryMarshal.GetReference(distances);
        ref TUnsigned differ = ref MemoryMarshal.GetReference(differs);
        Vector512<TUnsigned> none = Vector512.Create(TUnsigned.MaxValue);
        Vector512<TUnsigned> beyondLimit = Vector512.Create(TUnsigned.CreateSaturating(limit ?? ulong.MaxValue));
        Vector512<TUnsigned> greatest = Vector512<TUnsigned>.Zero;
        for (nuint i = 0; i < (nuint)distances.Length; i += (nuint)Vector512<TUnsigned>.Count)
        {
            ulong differsBits = Vector512.LoadUnsafe(ref differ, i).ExtractMostSignificantBits();
            Keep(FirstDiffering, differsBits, first + (long)i);
            Vector512<TUnsigned> x = Vector512.LoadUnsafe(ref distance, i);
            ulong beyond = limit is null ? 0 : Vector512.GreaterThan(x, beyondLimit).ExtractMostSignificantBits();
            if (hasNaN)
            {
                Vector512<TUnsigned> nan = Vector512.Equals(x, none);
                ulong nanBits = nan.ExtractMostSignificantBits();
                WithoutDistance += BitOperations.PopCount(nanBits);
                beyond |= limit is null ? 0 : nanBits;
                x = Vector512.AndNot(x, nan);
                x.StoreUnsafe(ref distance, i);
            }

            Keep(FirstBeyond, beyond, first + (long)i);
            greatest = Vector512.Max(greatest, x);
            if (Vector512.GreaterThanAny(x, Vector512.Create(TUnsigned.CreateTruncating(Greatest))))
            {
                Raise(x, first + (long)i);
            }
        }

        return GreatestLane(greatest);
    }

    internal static ulong GreatestLane<TUnsigned>(Vector512<TUnsigned> lanes)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>
    {
        ulong most = 0;
        for (int lane = 0; lane < Vector512<TUnsigned>.Count; lane++)
        {
            most = Math.Max(most, ulong.CreateTruncating(lanes[lane]));
        }

        return most;
    }

    private void Keep(List<long> list, ulong lanes, long first)
    {
        for (; lanes != 0 && list.Count < keep; lanes &= lanes - 1)
        {
            list.Add(first + BitOperations.TrailingZeroCount(lanes));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Raise<TUnsigned>(Vector512<TUnsigned> x, long first)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        for (int lane = 0; lane < Vector512<TUnsigned>.Count; lane++)
        {
            ulong value = ulong.CreateTruncating(x[lane]);
            if (value > Greatest)
            {
                Greatest = value;
                GreatestIndex = first + lane;
            }
        }
    }

    /// <summary>Adds a block's distances to the buckets.</summary>
    private void Count<TUnsigned>(ReadOnlySpan<TUnsigned> distances, ulong greatest)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        int last = BucketOf(greatest);
        if (last > FewBuckets && typeof(TUnsigned) == typeof(uint))
        {
            CountByExponent(MemoryMarshal.Cast<TUnsigned, uint>(distances), last);
            return;
        }

        if (last > FewBuckets && typeof(TUnsigned) == typeof(ulong))
        {
            CountByExponent(MemoryMarshal.Cast<TUnsigned, ulong>(distances), last);
            return;
        }

        // For each bucket, how many distances reach it.
        int reaching = CountReaching(distances, TUnsigned.One);
        for (int bucket = 1; bucket < last; bucket++)
        {
            int next = CountReaching(distances, TUnsigned.CreateTruncating(LeastOf(bucket + 1)));
            _buckets[bucket] += reaching - next;
            reaching = next;
        }

        _buckets[last] += reaching;
    }

    /// <summary>As a floating point number, a distance less 1 tells its bucket by its exponent. A byte each, so that 64 are counted at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CountByExponent(ReadOnlySpan<uint> distances, int last)
    {
        Span<byte> exponents = stackalloc byte[BlockPair.Elements];
        ref uint start = ref MemoryMarshal.GetReference(distances);
        ref byte store = ref MemoryMarshal.GetReference(exponents);
        for (nuint i = 0; i < (nuint)distances.Length; i += 64)
        {
            Vector512.Narrow(
                Vector512.Narrow(Exponent(Vector512.LoadUnsafe(ref start, i)), Exponent(Vector512.LoadUnsafe(ref start, i + 16))),
                Vector512.Narrow(Exponent(Vector512.LoadUnsafe(ref start, i + 32)), Exponent(Vector512.LoadUnsafe(ref start, i + 48))))
                .StoreUnsafe(ref store, i);
        }

        CountExponents(exponents[..distances.Length], last);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CountByExponent(ReadOnlySpan<ulong> distances, int last)
    {
        Span<byte> exponents = stackalloc byte[BlockPair.Elements];
        ref ulong start = ref MemoryMarshal.GetReference(distances);
        ref byte store = ref MemoryMarshal.GetReference(exponents);
        for (nuint i = 0; i < (nuint)distances.Length; i += 64)
        {
            Vector512.Narrow(
                Vector512.Narrow(
                    Vector512.Narrow(Exponent(Vector512.LoadUnsafe(ref start, i)), Exponent(Vector512.LoadUnsafe(ref start, i + 8))),
                    Vector512.Narrow(Exponent(Vector512.LoadUnsafe(ref start, i + 16)), Exponent(Vector512.LoadUnsafe(ref start, i + 24)))),
                Vector512.Narrow(
                    Vector512.Narrow(Exponent(Vector512.LoadUnsafe(ref start, i + 32)), Exponent(Vector512.LoadUnsafe(ref start, i + 40))),
                    Vector512.Narrow(Exponent(Vector512.LoadUnsafe(ref start, i + 48)), Exponent(Vector512.LoadUnsafe(ref start, i + 56)))))
                .StoreUnsafe(ref store, i);
        }

        CountExponents(exponents[..distances.Length], last);
    }

    /// <summary>A byte that tells the bucket; 255 for 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Exponent(Vector512<uint> distances)
    {
        // With the bit after the leading one cleared, the conversion cannot round up to the next power of two. 1 becomes 0, whose
        // exponent is 0.
        Vector512<uint> less = distances - Vector512<uint>.One;
        less = Vector512.AndNot(less, less >>> 1);
        Vector512<uint> exponent = Vector512.ConvertToSingle(less).AsUInt32() >>> 23;
        return exponent | Vector512.Equals(distances, Vector512<uint>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Exponent(Vector512<ulong> distances)
    {
        Vector512<ulong> less = distances - Vector512<ulong>.One;
        less = Vector512.AndNot(less, less >>> 1);

        // float64's exponents are brought to float32's, so that they fit a byte.
        Vector512<ulong> exponent = (Vector512.ConvertToDouble(less).AsUInt64() >>> 52) - Vector512.Create(1023UL - SingleBias);
        exponent = Vector512.AndNot(exponent, Vector512.Equals(less, Vector512<ulong>.Zero));
        return exponent | Vector512.Equals(distances, Vector512<ulong>.Zero);
    }

    private void CountExponents(ReadOnlySpan<byte> exponents, int last)
    {
        // From the greatest down: most distances share the last few buckets, and when all are found the rest is empty.
        int left = exponents.Length - CountEqual(exponents, byte.MaxValue);
        for (int bucket = last; left > 0; bucket--)
        {
            int count = CountEqual(exponents, (byte)(bucket == 1 ? 0 : bucket - 2 + SingleBias));
            _buckets[bucket] += count;
            left -= count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountEqual(ReadOnlySpan<byte> values, byte wanted)
    {
        ref byte start = ref MemoryMarshal.GetReference(values);
        Vector512<byte> equal = Vector512.Create(wanted);
        int count = 0;
        for (nuint i = 0; i < (nuint)values.Length; i += (nuint)Vector512<byte>.Count)
        {
            count += BitOperations.PopCount(Vector512.Equals(Vector512.LoadUnsafe(ref start, i), equal).ExtractMostSignificantBits());
        }

        return count;
    }

    /// <summary>The bucket of a distance.</summary>
    public static int BucketOf(ulong distance) => distance == 0 ? 0 : 1 + BitOperations.Log2(distance) + (BitOperations.IsPow2(distance) ? 0 : 1);

    /// <summary>The least distance of a bucket.</summary>
    public static ulong LeastOf(int bucket) => bucket < 2 ? (ulong)bucket : (1UL << (bucket - 2)) + 1;

    /// <summary>The greatest distance of a bucket.</summary>
    public static ulong GreatestOf(int bucket) => bucket == 0 ? 0 : bucket == 65 ? ulong.MaxValue : 1UL << (bucket - 1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountReaching<TUnsigned>(ReadOnlySpan<TUnsigned> distances, TUnsigned least)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        ref TUnsigned start = ref MemoryMarshal.GetReference(distances);
        Vector512<TUnsigned> threshold = Vector512.Create(least);
        int count = 0;
        for (nuint i = 0; i < (nuint)distances.Length; i += (nuint)Vector512<TUnsigned>.Count)
        {
            count += BitOperations.PopCount(
                Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref start, i), threshold).ExtractMostSignificantBits());
        }

        return count;
    }
}

/// <summary>The distances of a block, counted while they were in registers.</summary>
internal readonly record struct SmallDistances(
    int Differing, ulong Greatest,
    int Reaching1, int Reaching2, int Reaching3, int Reaching5, int Reaching9, int Reaching17, int Reaching33)
{
    /// <summary>The greatest distance that the counts tell apart: the last counts all from 33 on, a bucket that ends with 64.</summary>
    public const ulong Most = 64;
}
