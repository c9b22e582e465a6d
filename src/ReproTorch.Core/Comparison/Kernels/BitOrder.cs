using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>How the bits of a type are put in order as signed integers, so that neighbouring numbers are 1 apart.</summary>
/// <typeparam name="TSigned">The signed integer of the type's size.</typeparam>
internal interface IBitOrder<TSigned>
    where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
{
    /// <summary>True when there are NaNs, which have no place in the order.</summary>
    static abstract bool HasNaN { get; }

    /// <summary>The place of each element in the order.</summary>
    static abstract Vector512<TSigned> Order(Vector512<TSigned> bits);

    /// <summary>All bits set where an element is NaN.</summary>
    static abstract Vector512<TSigned> IsNaN(Vector512<TSigned> bits);
}

/// <summary>Signed integers are their own order.</summary>
internal readonly struct SignedOrder<TSigned> : IBitOrder<TSigned>
    where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
{
    public static bool HasNaN => false;

    public static Vector512<TSigned> Order(Vector512<TSigned> bits) => bits;

    public static Vector512<TSigned> IsNaN(Vector512<TSigned> bits) => Vector512<TSigned>.Zero;
}

/// <summary>Unsigned integers: the highest bit is turned.</summary>
internal readonly struct UnsignedOrder<TSigned> : IBitOrder<TSigned>
    where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
{
    public static bool HasNaN => false;

    public static Vector512<TSigned> Order(Vector512<TSigned> bits) => bits ^ Vector512.Create(TSigned.MinValue);

    public static Vector512<TSigned> IsNaN(Vector512<TSigned> bits) => Vector512<TSigned>.Zero;
}

/// <summary>
/// Floating point: the magnitude, negative for negative numbers (B. Dawson, "Comparing Floating Point Numbers", 2012). -0 and 0 share
/// a place, so that a step across zero counts the numbers between; the largest finite number and infinity are neighbours.
/// </summary>
internal readonly struct FloatOrder<TSigned, TFormat> : IBitOrder<TSigned>
    where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
    where TFormat : struct, IFloatFormat
{
    public static bool HasNaN => true;

    public static Vector512<TSigned> Order(Vector512<TSigned> bits)
    {
        Vector512<TSigned> sign = Vector512.LessThan(bits, Vector512<TSigned>.Zero);
        return ((bits & Vector512.Create(TSigned.MaxValue)) ^ sign) - sign;
    }

    public static Vector512<TSigned> IsNaN(Vector512<TSigned> bits) => Vector512.GreaterThan(
        bits & Vector512.Create(TSigned.MaxValue), Vector512.Create(TSigned.CreateTruncating(TFormat.GreatestNumber)));
}

/// <summary>Where the NaNs of a floating point format begin.</summary>
internal interface IFloatFormat
{
    /// <summary>The bits of the greatest number that is not NaN: infinity where there is one.</summary>
    static abstract ulong GreatestNumber { get; }
}

/// <summary>The formats.</summary>
internal static class FloatFormats
{
    public readonly struct Binary64 : IFloatFormat
    {
        public static ulong GreatestNumber => 0x7FF0_0000_0000_0000;
    }

    public readonly struct Binary32 : IFloatFormat
    {
        public static ulong GreatestNumber => 0x7F80_0000;
    }

    public readonly struct Binary16 : IFloatFormat
    {
        public static ulong GreatestNumber => 0x7C00;
    }

    public readonly struct Brain16 : IFloatFormat
    {
        public static ulong GreatestNumber => 0x7F80;
    }

    public readonly struct E5M2 : IFloatFormat
    {
        public static ulong GreatestNumber => 0x7C;
    }

    public readonly struct E4M3 : IFloatFormat
    {
        public static ulong GreatestNumber => 0x7E;
    }
}
