using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>Bits against bits: which elements differ, and the distance of each pair in units in the last place.</summary>
internal static class BitPass
{
    /// <summary>Writes the distances of a block.</summary>
    /// <param name="reference">One side.</param>
    /// <param name="difference">The other.</param>
    /// <param name="distances">One number an element: 0 for equal bits, all bits set for unequal bits with a NaN among them.</param>
    /// <param name="differs">One mask an element: all bits set where bits differ.</param>
    /// <param name="equalNaN">Whether two NaNs are 0 apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distances<TSigned, TUnsigned, TOrder>(
        ReadOnlySpan<byte> reference, ReadOnlySpan<byte> difference, Span<TUnsigned> distances, Span<TUnsigned> differs, bool equalNaN)
        where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
        where TOrder : struct, IBitOrder<TSigned>
    {
        ref TSigned r = ref Lanes.As<TSigned>(in Lanes.Start(reference));
        ref TSigned d = ref Lanes.As<TSigned>(in Lanes.Start(difference));
        ref TUnsigned distance = ref MemoryMarshal.GetReference(distances);
        ref TUnsigned differ = ref MemoryMarshal.GetReference(differs);
        for (nuint i = 0; i < (nuint)distances.Length; i += (nuint)Vector512<TSigned>.Count)
        {
            Vector512<TSigned> x = Vector512.LoadUnsafe(ref r, i);
            Vector512<TSigned> y = Vector512.LoadUnsafe(ref d, i);
            Vector512<TSigned> unequal = Vector512.OnesComplement(Vector512.Equals(x, y));
            Vector512<TSigned> apart = Apart<TSigned, TOrder>(x, y, unequal, equalNaN);
            apart.As<TSigned, TUnsigned>().StoreUnsafe(ref distance, i);
            unequal.As<TSigned, TUnsigned>().StoreUnsafe(ref differ, i);
        }
    }

    /// <summary>Counts the distances of a block whose distances are likely small.</summary>
    /// <param name="reference">One side.</param>
    /// <param name="difference">The other.</param>
    /// <param name="equalNaN">Whether two NaNs are 0 apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SmallDistances CountSmall<TSigned, TUnsigned, TOrder>(
        ReadOnlySpan<byte> reference, ReadOnlySpan<byte> difference, bool equalNaN)
        where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
        where TOrder : struct, IBitOrder<TSigned>
    {
        ref byte r = ref Lanes.Start(reference);
        ref byte d = ref Lanes.Start(difference);
        Vector512<TUnsigned> one = Vector512.Create(TUnsigned.One);
        Vector512<TUnsigned> two = one + one;
        Vector512<TUnsigned> three = two + one;
        Vector512<TUnsigned> five = three + two;
        Vector512<TUnsigned> nine = five + two + two;
        Vector512<TUnsigned> seventeen = nine + nine - one;
        Vector512<TUnsigned> thirtyThree = seventeen + seventeen - one;
        Vector512<TUnsigned> greatest = Vector512<TUnsigned>.Zero;
        int differing = 0;
        int reaching1 = 0;
        int reaching2 = 0;
        int reaching3 = 0;
        int reaching5 = 0;
        int reaching9 = 0;
        int reaching17 = 0;
        int reaching33 = 0;
        for (nuint i = 0; i < (nuint)reference.Length; i += (nuint)Vector512<byte>.Count)
        {
            Vector512<TSigned> x = Vector512.LoadUnsafe(ref r, i).As<byte, TSigned>();
            Vector512<TSigned> y = Vector512.LoadUnsafe(ref d, i).As<byte, TSigned>();
            Vector512<TSigned> unequal = Vector512.OnesComplement(Vector512.Equals(x, y));
            Vector512<TUnsigned> apart = Apart<TSigned, TOrder>(x, y, unequal, equalNaN).As<TSigned, TUnsigned>();
            differing += BitOperations.PopCount(unequal.ExtractMostSignificantBits());
            greatest = Vector512.Max(greatest, apart);
            reaching1 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, one).ExtractMostSignificantBits());
            reaching2 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, two).ExtractMostSignificantBits());
            reaching3 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, three).ExtractMostSignificantBits());
            reaching5 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, five).ExtractMostSignificantBits());
            reaching9 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, nine).ExtractMostSignificantBits());
            reaching17 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, seventeen).ExtractMostSignificantBits());
            reaching33 += BitOperations.PopCount(Vector512.GreaterThanOrEqual(apart, thirtyThree).ExtractMostSignificantBits());
        }

        return new(
            differing, BitStatistics.GreatestLane(greatest),
            reaching1, reaching2, reaching3, reaching5, reaching9, reaching17, reaching33);
    }

    /// <summary>Folds the imaginary parts' distances into the real parts': a complex element differs where either part does,
    /// by the greater distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fold<TUnsigned>(
        Span<TUnsigned> distances, Span<TUnsigned> differs, ReadOnlySpan<TUnsigned> imaginaryDistances, ReadOnlySpan<TUnsigned> imaginaryDiffers)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>
    {
        ref TUnsigned distance = ref MemoryMarshal.GetReference(distances);
        ref TUnsigned differ = ref MemoryMarshal.GetReference(differs);
        ref TUnsigned imaginaryDistance = ref MemoryMarshal.GetReference(imaginaryDistances);
        ref TUnsigned imaginaryDiffer = ref MemoryMarshal.GetReference(imaginaryDiffers);
        for (nuint i = 0; i < (nuint)distances.Length; i += (nuint)Vector512<TUnsigned>.Count)
        {
            Vector512.Max(Vector512.LoadUnsafe(ref distance, i), Vector512.LoadUnsafe(ref imaginaryDistance, i)).StoreUnsafe(ref distance, i);
            (Vector512.LoadUnsafe(ref differ, i) | Vector512.LoadUnsafe(ref imaginaryDiffer, i)).StoreUnsafe(ref differ, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<TSigned> Apart<TSigned, TOrder>(
        Vector512<TSigned> x, Vector512<TSigned> y, Vector512<TSigned> unequal, bool equalNaN)
        where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
        where TOrder : struct, IBitOrder<TSigned>
    {
        Vector512<TSigned> a = TOrder.Order(x);
        Vector512<TSigned> b = TOrder.Order(y);

        // The subtraction may pass the signed range; read as unsigned it is right.
        Vector512<TSigned> apart = Vector512.Max(a, b) - Vector512.Min(a, b);
        if (TOrder.HasNaN)
        {
            Vector512<TSigned> nanX = TOrder.IsNaN(x);
            Vector512<TSigned> nanY = TOrder.IsNaN(y);
            apart = (apart | nanX | nanY) & unequal;
            apart = equalNaN ? Vector512.AndNot(apart, nanX & nanY) : apart;
        }

        return apart;
    }
}
