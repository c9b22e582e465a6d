using System.Buffers.Binary;
using System.Numerics;
using ReproTorch.Comparison.Kernels;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>The messages of <c>torch.testing.assert_close</c>, as PyTorch 1.13.1 words and formats them.</summary>
internal static class AssertCloseMessage
{
    /// <summary>For tensors of one dimension and more, of which some elements are not close.</summary>
    public static string OfTensors(
        string identifier, IReadOnlyList<long> shape, long mismatched, long count, Tolerances tolerances,
        string absolute, long absoluteIndex, double relative, long relativeIndex) =>
        $"{identifier} are not {(tolerances.IsZero ? "equal" : "close")}!\n\n" +
        $"Mismatched elements: {mismatched} / {count} ({PythonText.Percent(mismatched, count)})\n" +
        $"Greatest absolute difference: {absolute} at index {PythonText.Tuple(Unravel(absoluteIndex, shape))}{Allowed(tolerances, tolerances.Absolute)}\n" +
        $"Greatest relative difference: {PythonText.Of(relative)} at index {PythonText.Tuple(Unravel(relativeIndex, shape))}{Allowed(tolerances, tolerances.Relative)}";

    /// <summary>For two single values that are not close: Python's own arithmetic on them.</summary>
    public static string OfScalars(string identifier, in PythonScalar actual, in PythonScalar expected, Tolerances tolerances)
    {
        (string absolute, double relative) = actual.DistanceFrom(expected);
        return $"{identifier} are not {(tolerances.IsZero ? "equal" : "close")}!\n\n" +
            $"Absolute difference: {absolute}{Allowed(tolerances, tolerances.Absolute)}\n" +
            $"Relative difference: {PythonText.Of(relative)}{Allowed(tolerances, tolerances.Relative)}";
    }

    /// <summary>For an attribute that differs.</summary>
    public static string OfAttribute(string attribute, string actual, string expected) =>
        $"The values for attribute '{attribute}' do not match: {actual} != {expected}.";

    /// <summary>The index in each dimension.</summary>
    public static long[] Unravel(long flat, IReadOnlyList<long> shape)
    {
        long[] index = new long[shape.Count];
        for (int dimension = shape.Count - 1; dimension >= 0; dimension--)
        {
            (flat, index[dimension]) = Math.DivRem(flat, shape[dimension]);
        }

        return index;
    }

    private static string Allowed(Tolerances tolerances, double tolerance) =>
        tolerances.IsZero ? string.Empty : $" (up to {PythonText.Of(tolerance)} allowed)";
}

/// <summary>One element as the Python number that <c>Tensor.item()</c> gives: an int, a float or a complex.</summary>
internal readonly struct PythonScalar
{
    private readonly Int128 _integer;
    private readonly Complex _number;

    private PythonScalar(string type, Int128 integer, Complex number) => (Type, _integer, _number) = (type, integer, number);

    /// <summary><c>bool</c>, <c>int</c>, <c>float</c> or <c>complex</c>.</summary>
    public string Type { get; }

    private bool IsInteger => Type is "int" or "bool";

    /// <summary>Reads the one element.</summary>
    public static PythonScalar Of(DType dtype, ReadOnlySpan<byte> bytes) => dtype switch
    {
        DType.@bool => new("bool", bytes[0] == 0 ? 0 : 1, default),
        DType.int64 => new("int", BinaryPrimitives.ReadInt64LittleEndian(bytes), default),
        DType.uint64 => new("int", BinaryPrimitives.ReadUInt64LittleEndian(bytes), default),
        DType.uint8 => OfInteger<UInt8>(bytes),
        DType.int8 => OfInteger<Int8>(bytes),
        DType.uint16 => OfInteger<Kernels.UInt16>(bytes),
        DType.int16 => OfInteger<Kernels.Int16>(bytes),
        DType.uint32 => OfInteger<Kernels.UInt32>(bytes),
        DType.int32 => OfInteger<Kernels.Int32>(bytes),
        DType.qint8 => OfFloat<QInt8>(bytes),
        DType.quint8 => OfFloat<QUInt8>(bytes),
        DType.qint32 => OfFloat<QInt32>(bytes),
        DType.float16 => OfFloat<Float16>(bytes),
        DType.bfloat16 => OfFloat<BFloat16>(bytes),
        DType.float32 => OfFloat<Float32>(bytes),
        DType.float64 => OfFloat<Float64>(bytes),
        DType.float8_e5m2 => OfFloat<Float8E5M2>(bytes),
        DType.float8_e4m3fn => OfFloat<Float8E4M3>(bytes),
        DType.complex32 => OfComplex<Float16>(bytes),
        DType.complex64 => OfComplex<Float32>(bytes),
        DType.complex128 => OfComplex<Float64>(bytes),
        _ => throw DTypes.Unknown(dtype),
    };

    /// <summary>What <c>assert_close</c> says of two Python numbers.</summary>
    public bool IsCloseTo(in PythonScalar expected, Tolerances tolerances, bool equalNaN)
    {
        if (IsInteger && expected.IsInteger ? _integer == expected._integer : Number == expected.Number && SameIntegers(expected))
        {
            return true;
        }

        if (equalNaN && IsNaN && expected.IsNaN)
        {
            return true;
        }

        double tolerance = tolerances.Absolute + (tolerances.Relative * expected.Absolute);
        if (IsInteger && expected.IsInteger)
        {
            // Python holds an int against a float exactly.
            Int128 apart = Int128.Abs(_integer - expected._integer);
            return tolerance >= Math.ScaleB(1, 70) || (tolerance >= 0 && apart <= (Int128)Math.Floor(tolerance));
        }

        double distance = Distance(expected);
        return double.IsFinite(distance) && distance <= tolerance;
    }

    /// <summary>Absolute and relative difference, computed and written as Python does.</summary>
    public (string Absolute, double Relative) DistanceFrom(in PythonScalar expected)
    {
        if (IsInteger && expected.IsInteger)
        {
            Int128 apart = Int128.Abs(_integer - expected._integer);
            return (apart.ToString(), expected._integer == 0
                ? double.PositiveInfinity
                : TrueQuotient((BigInteger)apart, (BigInteger)Int128.Abs(expected._integer)));
        }

        double absolute = Distance(expected);
        return (PythonText.Of(absolute), expected.Number == Complex.Zero ? double.PositiveInfinity : absolute / expected.Absolute);
    }

    private Complex Number => IsInteger ? (double)_integer : _number;

    private bool IsNaN => double.IsNaN(_number.Real) || double.IsNaN(_number.Imaginary);

    private double Absolute => IsInteger ? (double)Int128.Abs(_integer)
        : Type == "complex" ? Magnitude.Hypot(_number.Real, _number.Imaginary) : Math.Abs(_number.Real);

    private double Distance(in PythonScalar expected)
    {
        Complex a = Number;
        Complex e = expected.Number;
        return Type == "complex" || expected.Type == "complex"
            ? Magnitude.Hypot(a.Real - e.Real, a.Imaginary - e.Imaginary)
            : Math.Abs(a.Real - e.Real);
    }

    /// <summary>A Python int equals a float only if it is exactly that.</summary>
    private bool SameIntegers(in PythonScalar expected)
    {
        if (IsInteger == expected.IsInteger)
        {
            return true;
        }

        Int128 integer = IsInteger ? _integer : expected._integer;
        double number = IsInteger ? expected._number.Real : _number.Real;
        return (Int128)number == integer;
    }

    private static PythonScalar OfInteger<T>(ReadOnlySpan<byte> bytes)
        where T : struct, IElement => new("int", (Int128)T.Scalar(in bytes[0], 0), default);

    private static PythonScalar OfFloat<T>(ReadOnlySpan<byte> bytes)
        where T : struct, IElement => new("float", 0, T.Scalar(in bytes[0], 0));

    private static PythonScalar OfComplex<T>(ReadOnlySpan<byte> bytes)
        where T : struct, IElement => new("complex", 0, new Complex(T.Scalar(in bytes[0], 0), T.Scalar(in bytes[0], 1)));

    /// <summary>a / b rounded once, as Python divides ints.</summary>
    private static double TrueQuotient(BigInteger a, BigInteger b)
    {
        const int Shift = 130;
        BigInteger quotient = BigInteger.DivRem(a << Shift, b, out BigInteger rest);

        // 62 bits and a sticky one below them round to float64 as the whole would.
        int drop = (int)Math.Max(0, quotient.GetBitLength() - 62);
        BigInteger top = quotient >> drop;
        bool sticky = !rest.IsZero || (top << drop) != quotient;
        return Math.ScaleB((double)(((ulong)top << 1) | (sticky ? 1UL : 0)), drop - Shift - 1);
    }
}
