namespace ReproTorch.Tensors;

/// <summary>
/// The element types of tensors, written as PyTorch writes them, so that one name serves everywhere: in the shell, in files,
/// in JSON and in messages. The numbers are those of <c>rpt_dtype</c> in reprotorch.h.
/// </summary>
public enum DType
{
    /// <summary>8-bit unsigned integer.</summary>
    uint8 = 0,

    /// <summary>8-bit signed integer.</summary>
    int8 = 1,

    /// <summary>16-bit signed integer.</summary>
    int16 = 2,

    /// <summary>32-bit signed integer.</summary>
    int32 = 3,

    /// <summary>64-bit signed integer.</summary>
    int64 = 4,

    /// <summary>IEEE 754 binary16.</summary>
    float16 = 5,

    /// <summary>IEEE 754 binary32.</summary>
    float32 = 6,

    /// <summary>IEEE 754 binary64.</summary>
    float64 = 7,

    /// <summary>Two binary16: real, imaginary.</summary>
    complex32 = 8,

    /// <summary>Two binary32: real, imaginary.</summary>
    complex64 = 9,

    /// <summary>Two binary64: real, imaginary.</summary>
    complex128 = 10,

    /// <summary>One byte, 0 or 1.</summary>
    @bool = 11,

    /// <summary>Quantized 8-bit signed integer.</summary>
    qint8 = 12,

    /// <summary>Quantized 8-bit unsigned integer.</summary>
    quint8 = 13,

    /// <summary>Quantized 32-bit signed integer.</summary>
    qint32 = 14,

    /// <summary>The upper half of a binary32.</summary>
    bfloat16 = 15,

    /// <summary>16-bit unsigned integer (libtorch 2.3 and later).</summary>
    uint16 = 16,

    /// <summary>32-bit unsigned integer (libtorch 2.3 and later).</summary>
    uint32 = 17,

    /// <summary>64-bit unsigned integer (libtorch 2.3 and later).</summary>
    uint64 = 18,

    /// <summary>8-bit float with 5 exponent bits (libtorch 2.1 and later).</summary>
    float8_e5m2 = 19,

    /// <summary>8-bit float with 4 exponent bits, no infinities (libtorch 2.1 and later).</summary>
    float8_e4m3fn = 20,
}
