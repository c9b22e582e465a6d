using System.Buffers.Binary;

namespace ReproTorch.Tensors;

/// <summary>Reads single elements out of little-endian bytes.</summary>
internal static class ElementReader
{
    /// <summary>A float of any width; each is exact as float64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The dtype is no float.</exception>
    public static double Float(DType dtype, ReadOnlySpan<byte> element) => dtype switch
    {
        DType.float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
        DType.bfloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
        DType.float32 => BinaryPrimitives.ReadSingleLittleEndian(element),
        DType.float64 => BinaryPrimitives.ReadDoubleLittleEndian(element),
        // The upper byte of a binary16.
        DType.float8_e5m2 => (double)BitConverter.UInt16BitsToHalf((ushort)(element[0] << 8)),
        DType.float8_e4m3fn => Float8E4M3(element[0]),
        _ => throw DTypes.Unknown(dtype),
    };

    /// <summary>An integer of any width, bool (0 or 1) and the stored integer of a quantized dtype included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The dtype has no integers.</exception>
    public static Int128 Integer(DType dtype, ReadOnlySpan<byte> element) => dtype switch
    {
        DType.@bool => element[0] != 0 ? 1 : 0,
        DType.uint8 or DType.quint8 => element[0],
        DType.int8 or DType.qint8 => (sbyte)element[0],
        DType.int16 => BinaryPrimitives.ReadInt16LittleEndian(element),
        DType.uint16 => BinaryPrimitives.ReadUInt16LittleEndian(element),
        DType.int32 or DType.qint32 => BinaryPrimitives.ReadInt32LittleEndian(element),
        DType.uint32 => BinaryPrimitives.ReadUInt32LittleEndian(element),
        DType.int64 => BinaryPrimitives.ReadInt64LittleEndian(element),
        DType.uint64 => BinaryPrimitives.ReadUInt64LittleEndian(element),
        _ => throw DTypes.Unknown(dtype),
    };

    /// <summary>The dtype of a complex dtype's two parts.</summary>
    public static DType PartOf(DType complex) => complex switch
    {
        DType.complex32 => DType.float16,
        DType.complex64 => DType.float32,
        DType.complex128 => DType.float64,
        _ => throw DTypes.Unknown(complex),
    };

    // Sign, 4 bits of exponent with bias 7, 3 bits of fraction; all ones is NaN and there are no infinities
    // (Micikevicius et al., FP8 Formats for Deep Learning, 2022, table 1).
    private static double Float8E4M3(byte bits)
    {
        int exponent = (bits >> 3) & 0xF;
        int fraction = bits & 7;
        double magnitude = (bits & 0x7F) == 0x7F ? double.NaN
            : exponent == 0 ? Math.ScaleB(fraction, -9)
            : Math.ScaleB(8 + fraction, exponent - 10);
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }
}
