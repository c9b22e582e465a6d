using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>What <see cref="BitPass"/> gathers: which elements differ in their bits, and by how many units in the last place.</summary>
internal sealed class BitStatistics(int keep, ulong? limit)
{
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

    /// <summary>Takes a block in.</summary>
    /// <param name="distances">Units in the last place; all bits set where there is a NaN.</param>
    /// <param name="differs">All bits set where bits differ.</param>
    /// <param name="first">The flat index of the first.</param>
    /// <param name="hasNaN">Whether the type has NaNs.</param>
    public void Add<TUnsigned>(Span<TUnsigned> distances, ReadOnlySpan<TUnsigned> differs, long first, bool hasNaN)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        ref TUnsigned distance = ref MemoryMarshal.GetReference(distances);
        ref TUnsigned differ = ref MemoryMarshal.GetReference(differs);
        nuint lanes = (nuint)Vector512<TUnsigned>.Count;
        Vector512<TUnsigned> none = Vector512.Create(TUnsigned.MaxValue);
        Vector512<TUnsigned> beyondLimit = Vector512.Create(TUnsigned.CreateSaturating(limit ?? ulong.MaxValue));
        Vector512<TUnsigned> greatestSoFar = Vector512.Create(TUnsigned.CreateSaturating(Greatest));
        Vector512<TUnsigned> greatest = Vector512<TUnsigned>.Zero;
        long differing = 0;
        for (nuint i = 0; i < (nuint)distances.Length; i += lanes)
        {
            Vector512<TUnsigned> differsHere = Vector512.LoadUnsafe(ref differ, i);
            ulong differsBits = differsHere.ExtractMostSignificantBits();
            if (differsBits == 0)
            {
                continue;
            }

            differing += BitOperations.PopCount(differsBits);
            if (FirstDiffering.Count < keep)
            {
                Keep(FirstDiffering, differsBits, first + (long)i);
            }

            Vector512<TUnsigned> x = Vector512.LoadUnsafe(ref distance, i);
            if (hasNaN)
            {
                Vector512<TUnsigned> nan = Vector512.Equals(x, none);
                if (nan != Vector512<TUnsigned>.Zero)
                {
                    ulong nanBits = nan.ExtractMostSignificantBits();
                    WithoutDistance += BitOperations.PopCount(nanBits);
                    x = Vector512.AndNot(x, nan);
                    x.StoreUnsafe(ref distance, i);
                    Keep(FirstBeyond, limit is null ? 0 : nanBits, first + (long)i);
                }
            }

            if (limit is not null && FirstBeyond.Count < keep)
            {
                Keep(FirstBeyond, Vector512.GreaterThan(x, beyondLimit).ExtractMostSignificantBits(), first + (long)i);
            }

            greatest = Vector512.Max(greatest, x);
            if (Vector512.GreaterThanAny(x, greatestSoFar))
            {
                Raise(x, first + (long)i);
                greatestSoFar = Vector512.Create(TUnsigned.CreateSaturating(Greatest));
            }
        }

        if (differing > 0)
        {
            Differing += differing;
            Count(distances, greatest);
        }
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

    /// <summary>Counts, for each bucket up to that of the block's greatest distance, the distances that reach it.</summary>
    private void Count<TUnsigned>(ReadOnlySpan<TUnsigned> distances, Vector512<TUnsigned> greatest)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
    {
        ulong most = 0;
        for (int lane = 0; lane < Vector512<TUnsigned>.Count; lane++)
        {
            most = Math.Max(most, ulong.CreateTruncating(greatest[lane]));
        }

        int last = BucketOf(most);
        int reaching = CountReaching(distances, TUnsigned.One);
        for (int bucket = 1; bucket < last; bucket++)
        {
            int next = CountReaching(distances, TUnsigned.CreateTruncating(LeastOf(bucket + 1)));
            _buckets[bucket] += reaching - next;
            reaching = next;
        }

        _buckets[last] += reaching;
    }

    /// <summary>The bucket of a distance.</summary>
    public static int BucketOf(ulong distance) => distance == 0 ? 0 : 1 + BitOperations.Log2(distance) + (BitOperations.IsPow2(distance) ? 0 : 1);

    /// <summary>The least distance of a bucket.</summary>
    public static ulong LeastOf(int bucket) => bucket < 2 ? (ulong)bucket : (1UL << (bucket - 2)) + 1;

    /// <summary>The greatest distance of a bucket.</summary>
    public static ulong GreatestOf(int bucket) => bucket == 0 ? 0 : bucket == 65 ? ulong.MaxValue : 1UL << (bucket - 1);

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
