using System.Buffers.Binary;
using System.Globalization;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>Writes single elements so that no bit is lost.</summary>
internal static class ElementText
{
    /// <summary>Both elements at a flat index. Where two NaNs have other bits, the bits are shown.</summary>
    public static (string Reference, string Difference) Pair(TensorData reference, TensorData difference, long index)
    {
        ReadOnlySpan<byte> r = Element(reference, index);
        ReadOnlySpan<byte> d = Element(difference, index);
        bool showBits = reference.DType == difference.DType && !r.SequenceEqual(d);
        string left = Of(reference.DType, r, showBits);
        string right = Of(difference.DType, d, showBits);

        // A NaN against a number needs no bits to be told from it.
        bool bothNaN = left.Contains("NaN", StringComparison.Ordinal) && right.Contains("NaN", StringComparison.Ordinal);
        return showBits && !bothNaN ? (Of(reference.DType, r, false), Of(difference.DType, d, false)) : (left, right);
    }

    /// <summary>The bytes of one element.</summary>
    public static ReadOnlySpan<byte> Element(TensorData tensor, long index)
    {
        int size = tensor.DType.ItemSize();
        return tensor.Bytes(index * size, size);
    }

    /// <summary>One element.</summary>
    private static string Of(DType dtype, ReadOnlySpan<byte> bytes, bool showBits)
    {
        int half = bytes.Length / 2;
        return dtype switch
        {
            DType.complex32 => Complex(Of(DType.float16, bytes[..half], showBits), Of(DType.float16, bytes[half..], showBits)),
            DType.complex64 => Complex(Of(DType.float32, bytes[..half], showBits), Of(DType.float32, bytes[half..], showBits)),
            DType.complex128 => Complex(Of(DType.float64, bytes[..half], showBits), Of(DType.float64, bytes[half..], showBits)),
            DType.float64 => Real(BinaryPrimitives.ReadDoubleLittleEndian(bytes), bytes, showBits),
            DType.float32 => Real(BinaryPrimitives.ReadSingleLittleEndian(bytes), bytes, showBits),
            DType.float16 => Real(BinaryPrimitives.ReadHalfLittleEndian(bytes), bytes, showBits),
            DType.bfloat16 => Real(BinaryPrimitives.ReadInt16LittleEndian(bytes) is var bits ? BitConverter.Int32BitsToSingle(bits << 16) : 0, bytes, showBits),
            DType.float8_e5m2 => Real(BitConverter.UInt16BitsToHalf((ushort)(bytes[0] << 8)), bytes, showBits),
            DType.float8_e4m3fn => Real((float)Kernels.Float8E4M3.Scalar(in bytes[0], 0), bytes, showBits),
            DType.@bool => bytes[0] == 0 ? "False" : "True",
            DType.uint8 or DType.quint8 => bytes[0].ToString(CultureInfo.InvariantCulture),
            DType.int8 or DType.qint8 => ((sbyte)bytes[0]).ToString(CultureInfo.InvariantCulture),
            DType.uint16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            DType.int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            DType.uint32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            DType.int32 or DType.qint32 => BinaryPrimitives.ReadInt32LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            DType.uint64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            DType.int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
            _ => throw DTypes.Unknown(dtype),
        };
    }

    private static string Real<T>(T value, ReadOnlySpan<byte> bytes, bool showBits)
        where T : System.Numerics.IFloatingPointIeee754<T>
    {
        string text = value is double number ? ExactText.Of(number) : value.ToString("R", CultureInfo.InvariantCulture);
        return T.IsNaN(value) && showBits ? $"{text} (0x{BigEndianHex(bytes)})" : text;
    }

    private static string BigEndianHex(ReadOnlySpan<byte> littleEndian)
    {
        Span<byte> bytes = stackalloc byte[littleEndian.Length];
        littleEndian.CopyTo(bytes);
        bytes.Reverse();
        return Convert.ToHexString(bytes);
    }

    private static string Complex(string re, string im) => im[0] == '-' ? $"{re}{im}j" : $"{re}+{im}j";
}
