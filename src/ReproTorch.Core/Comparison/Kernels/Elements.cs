using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ReproTorch.Comparison.Kernels;

/// <summary>IEEE binary64.</summary>
internal readonly struct Float64 : IElement
{
    public static int Size => 8;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Vector512.LoadUnsafe(ref Lanes.As<double>(in source), index);

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<double>(in source, index);
}

/// <summary>IEEE binary32.</summary>
internal readonly struct Float32 : IElement
{
    public static int Size => 4;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.Widen(Vector256.LoadUnsafe(ref Lanes.As<float>(in source), index));

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<float>(in source, index);
}

/// <summary>IEEE binary16.</summary>
internal readonly struct Float16 : IElement
{
    public static int Size => 2;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.Widen(Lanes.HalfToSingle(Lanes.LoadUInt16(in source, index)));

    public static double Scalar(ref readonly byte source, nuint index) => (double)Lanes.At<Half>(in source, index);
}

/// <summary>The upper half of a binary32.</summary>
internal readonly struct BFloat16 : IElement
{
    public static int Size => 2;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.Widen((Lanes.LoadUInt16(in source, index) << 16).AsSingle());

    public static double Scalar(ref readonly byte source, nuint index) =>
        BitConverter.UInt32BitsToSingle((uint)Lanes.At<ushort>(in source, index) << 16);
}

/// <summary>8-bit float, 5 exponent bits: the upper half of a binary16.</summary>
internal readonly struct Float8E5M2 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.Widen(Lanes.HalfToSingle(Lanes.LoadByte(in source, index) << 8));

    public static double Scalar(ref readonly byte source, nuint index) =>
        (double)BitConverter.UInt16BitsToHalf((ushort)(Lanes.At<byte>(in source, index) << 8));
}

/// <summary>8-bit float, 4 exponent bits, no infinities: 0x7f and 0xff are NaN (Micikevicius et al., "FP8 Formats for Deep
/// Learning", 2022, arXiv:2209.05433).</summary>
internal readonly struct Float8E4M3 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.Widen(Lanes.E4M3ToSingle(Lanes.LoadByte(in source, index)));

    public static double Scalar(ref readonly byte source, nuint index) =>
        Lanes.E4M3ToSingle(Vector256.CreateScalar((uint)Lanes.At<byte>(in source, index))).ToScalar();
}

/// <summary>One byte that is 0 or not.</summary>
internal readonly struct Bool8 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.ToDouble(Vector256.Min(Lanes.LoadByte(in source, index), Vector256<uint>.One).AsInt32());

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<byte>(in source, index) == 0 ? 0 : 1;
}

/// <summary>8-bit unsigned integer.</summary>
internal readonly struct UInt8 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.ToDouble(Lanes.LoadByte(in source, index).AsInt32());

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<byte>(in source, index);
}

/// <summary>8-bit signed integer.</summary>
internal readonly struct Int8 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.ToDouble(Vector256.ShiftRightArithmetic((Lanes.LoadByte(in source, index) << 24).AsInt32(), 24));

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<sbyte>(in source, index);
}

/// <summary>16-bit unsigned integer.</summary>
internal readonly struct UInt16 : IElement
{
    public static int Size => 2;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.ToDouble(Lanes.LoadUInt16(in source, index).AsInt32());

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<ushort>(in source, index);
}

/// <summary>16-bit signed integer.</summary>
internal readonly struct Int16 : IElement
{
    public static int Size => 2;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.ToDouble(Vector256.ShiftRightArithmetic((Lanes.LoadUInt16(in source, index) << 16).AsInt32(), 16));

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<short>(in source, index);
}

/// <summary>32-bit unsigned integer.</summary>
internal readonly struct UInt32 : IElement
{
    public static int Size => 4;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) => Vector512.ConvertToDouble(
        Vector512.WidenLower(Vector256.LoadUnsafe(ref Lanes.As<uint>(in source), index).ToVector512Unsafe()).AsInt64());

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<uint>(in source, index);
}

/// <summary>32-bit signed integer.</summary>
internal readonly struct Int32 : IElement
{
    public static int Size => 4;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.ToDouble(Vector256.LoadUnsafe(ref Lanes.As<int>(in source), index));

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<int>(in source, index);
}

/// <summary>64-bit signed integer. Read as float64 it may be rounded; differences are taken before that.</summary>
internal readonly struct Int64 : IElement
{
    public static int Size => 8;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Vector512.ConvertToDouble(Vector512.LoadUnsafe(ref Lanes.As<long>(in source), index));

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<long>(in source, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Subtract(
        ref readonly byte reference, ref readonly byte difference, nuint index, Vector512<double> r, Vector512<double> d)
    {
        Vector512<long> a = Vector512.LoadUnsafe(ref Lanes.As<long>(in reference), index);
        Vector512<long> b = Vector512.LoadUnsafe(ref Lanes.As<long>(in difference), index);
        Vector512<ulong> distance = (Vector512.Max(a, b) - Vector512.Min(a, b)).AsUInt64();
        Vector512<double> sign = Vector512.LessThan(b, a).AsDouble() & Vector512.Create(-0.0);
        return Vector512.ConvertToDouble(distance) | sign;
    }

    public static float Single(ref readonly byte source, nuint index, double scalar) => Lanes.At<long>(in source, index);

    /// <summary>PyTorch subtracts as int64, which may wrap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Told(
        ref readonly byte reference, ref readonly byte difference, nuint index, Vector512<double> absolute) =>
        Vector512.ConvertToDouble(Vector512.Abs(Vector512.LoadUnsafe(ref Lanes.As<long>(in difference), index)
            - Vector512.LoadUnsafe(ref Lanes.As<long>(in reference), index)));
}

/// <summary>64-bit unsigned integer. Read as float64 it may be rounded; differences are taken before that.</summary>
internal readonly struct UInt64 : IElement
{
    public static int Size => 8;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Vector512.ConvertToDouble(Vector512.LoadUnsafe(ref Lanes.As<ulong>(in source), index));

    public static double Scalar(ref readonly byte source, nuint index) => Lanes.At<ulong>(in source, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Subtract(
        ref readonly byte reference, ref readonly byte difference, nuint index, Vector512<double> r, Vector512<double> d)
    {
        Vector512<ulong> a = Vector512.LoadUnsafe(ref Lanes.As<ulong>(in reference), index);
        Vector512<ulong> b = Vector512.LoadUnsafe(ref Lanes.As<ulong>(in difference), index);
        Vector512<double> sign = Vector512.LessThan(b, a).AsDouble() & Vector512.Create(-0.0);
        return Vector512.ConvertToDouble(Vector512.Max(a, b) - Vector512.Min(a, b)) | sign;
    }

    public static float Single(ref readonly byte source, nuint index, double scalar) => Lanes.At<ulong>(in source, index);
}

/// <summary>A quantized 32-bit integer at scale 1: dequantizing rounds it to float32.</summary>
internal readonly struct QInt32 : IElement
{
    public static int Size => 4;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) =>
        Lanes.Widen(Vector256.ConvertToSingle(Vector256.LoadUnsafe(ref Lanes.As<int>(in source), index)));

    public static double Scalar(ref readonly byte source, nuint index) => (float)Lanes.At<int>(in source, index);
}

/// <summary>A quantized 8-bit integer at scale 1.</summary>
internal readonly struct QInt8 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) => Int8.Load(in source, index);

    public static double Scalar(ref readonly byte source, nuint index) => Int8.Scalar(in source, index);
}

/// <summary>A quantized unsigned 8-bit integer at scale 1.</summary>
internal readonly struct QUInt8 : IElement
{
    public static int Size => 1;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ref readonly byte source, nuint index) => UInt8.Load(in source, index);

    public static double Scalar(ref readonly byte source, nuint index) => UInt8.Scalar(in source, index);
}

/// <summary>The conversions between vectors that the element types share.</summary>
internal static class Lanes
{
    /// <summary>Lanes of float64 in one vector; what every loop over values goes forward by.</summary>
    public const int Count = 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T As<T>(ref readonly byte source) => ref Unsafe.As<byte, T>(ref Unsafe.AsRef(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T At<T>(ref readonly byte source, nuint index) => Unsafe.Add(ref As<T>(in source), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Widen(Vector256<float> values) => Vector512.WidenLower(values.ToVector512Unsafe());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> ToDouble(Vector256<int> values) =>
        Vector512.ConvertToDouble(Vector512.WidenLower(values.ToVector512Unsafe()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadUInt16(ref readonly byte source, nuint index) =>
        Vector256.WidenLower(Vector128.LoadUnsafe(ref As<ushort>(in source), index).ToVector256Unsafe());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadByte(ref readonly byte source, nuint index) => Vector256.WidenLower(
        Vector128.WidenLower(Vector64.LoadUnsafe(ref Unsafe.AsRef(in source), index).ToVector128Unsafe()).ToVector256Unsafe());

    /// <summary>binary16 to binary32, exact; payloads of NaNs keep their bits. The renormalising of subnormals works on normal
    /// numbers only, so that a thread that flushes subnormals gets the same values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HalfToSingle(Vector256<uint> half)
    {
        Vector256<uint> rebias = Vector256.Create((127u - 15) << 23);
        Vector256<uint> exponentMask = Vector256.Create(0x1Fu << 23);
        Vector256<uint> magnitude = (half & Vector256.Create(0x7FFFu)) << 13;
        Vector256<uint> exponent = magnitude & exponentMask;
        Vector256<uint> normal = magnitude + rebias + (Vector256.Equals(exponent, exponentMask) & rebias);
        Vector256<uint> magic = Vector256.Create(113u << 23);
        Vector256<uint> subnormal = ((magnitude + magic).AsSingle() - magic.AsSingle()).AsUInt32();
        Vector256<uint> bits = Vector256.ConditionalSelect(Vector256.Equals(exponent, Vector256<uint>.Zero), subnormal, normal);
        return (bits | ((half & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <summary>float8_e4m3fn to binary32, exact, the way of <see cref="HalfToSingle"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> E4M3ToSingle(Vector256<uint> bits)
    {
        Vector256<uint> code = bits & Vector256.Create(0x7Fu);
        Vector256<uint> magnitude = code << 20;
        Vector256<uint> normal = magnitude + Vector256.Create((127u - 7) << 23);
        Vector256<uint> magic = Vector256.Create(121u << 23);
        Vector256<uint> subnormal = ((magnitude + magic).AsSingle() - magic.AsSingle()).AsUInt32();
        Vector256<uint> value = Vector256.ConditionalSelect(
            Vector256.LessThan(code, Vector256.Create(8u)), subnormal, normal);
        value = Vector256.ConditionalSelect(
            Vector256.Equals(code, Vector256.Create(0x7Fu)), Vector256.Create(0x7FC00000u), value);
        return (value | ((bits & Vector256.Create(0x80u)) << 24)).AsSingle();
    }

    /// <summary>float64 to the nearest float32 and back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> RoundToSingle(Vector512<double> values) =>
        Vector512.WidenLower(Vector512.Narrow(values, values));

    /// <summary>Asks for memory ahead of time, where the machine can be asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Prefetch(ref readonly byte start, nuint offset)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1((byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in start)) + offset);
        }
    }

    /// <summary>sum + x * y, the product rounded before the sum. Where elements are so narrow that float64 holds their products exactly, a
    /// fused operation gives the same bits in less time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> AddProduct<T>(Vector512<double> x, Vector512<double> y, Vector512<double> sum)
        where T : struct, IElement =>
        T.Size < sizeof(float) || typeof(T) == typeof(Float32) ? Vector512.MultiplyAddEstimate(x, y, sum) : sum + (x * y);

    /// <summary>Lane 0 plus lane 1 plus .. in one fixed order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Vector512<double> lanes) =>
        ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));

    /// <summary>The least lane that is above 0; infinity if there is none.</summary>
    public static double Least(Vector512<double> lanes, bool any)
    {
        double least = double.PositiveInfinity;
        for (int lane = 0; any && lane < Count; lane++)
        {
            least = lanes[lane] > 0 ? Math.Min(least, lanes[lane]) : least;
        }

        return least;
    }

    /// <summary>The greatest lane.</summary>
    public static double Greatest(Vector512<double> lanes)
    {
        Vector256<double> half = Vector256.MaxNative(lanes.GetLower(), lanes.GetUpper());
        Vector128<double> quarter = Vector128.MaxNative(half.GetLower(), half.GetUpper());
        return Math.Max(quarter[0], quarter[1]);
    }

    /// <summary>The first byte, for loads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref byte Start(ReadOnlySpan<byte> bytes) => ref MemoryMarshal.GetReference(bytes);
}
