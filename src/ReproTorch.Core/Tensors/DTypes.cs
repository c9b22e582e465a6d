namespace ReproTorch.Tensors;

/// <summary>What is known of each <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no <see cref="DType"/>.</exception>
    public static int ItemSize(this DType dtype) => dtype switch
    {
        DType.uint8 or DType.int8 or DType.@bool or DType.qint8 or DType.quint8 => 1,
        DType.float8_e5m2 or DType.float8_e4m3fn => 1,
        DType.int16 or DType.uint16 or DType.float16 or DType.bfloat16 => 2,
        DType.int32 or DType.uint32 or DType.float32 or DType.qint32 or DType.complex32 => 4,
        DType.int64 or DType.uint64 or DType.float64 or DType.complex64 => 8,
        DType.complex128 => 16,
        _ => throw Unknown(dtype),
    };

    /// <summary>True for float16, bfloat16, float32, float64 and the 8-bit floats.</summary>
    public static bool IsFloatingPoint(this DType dtype) => dtype is DType.float16 or DType.bfloat16 or DType.float32
        or DType.float64 or DType.float8_e5m2 or DType.float8_e4m3fn;

    /// <summary>True for complex32, complex64 and complex128.</summary>
    public static bool IsComplex(this DType dtype) => dtype is DType.complex32 or DType.complex64 or DType.complex128;

    /// <summary>True for the integers of any width, bool excluded.</summary>
    public static bool IsInteger(this DType dtype) => dtype is DType.uint8 or DType.int8 or DType.int16 or DType.int32
        or DType.int64 or DType.uint16 or DType.uint32 or DType.uint64;

    /// <summary>True for qint8, quint8 and qint32.</summary>
    public static bool IsQuantized(this DType dtype) => dtype is DType.qint8 or DType.quint8 or DType.qint32;

    /// <summary>Reads a name as PyTorch, NumPy or Python write it: <c>float32</c>, <c>torch.float32</c>, <c>float</c>
    /// (float32, as <c>torch.float</c>), <c>double</c>, <c>half</c>, <c>long</c>, <c>int</c>, <c>short</c>, <c>bool</c>,
    /// <c>cfloat</c>, <c>cdouble</c>. Upper and lower case count the same.</summary>
    public static bool TryParse(string? name, out DType dtype)
    {
        string key = (name ?? string.Empty).Trim().ToLowerInvariant();
        if (key.StartsWith("torch.", StringComparison.Ordinal))
        {
            key = key["torch.".Length..];
        }

        key = key switch
        {
            "float" => "float32",
            "double" => "float64",
            "half" => "float16",
            "byte" => "uint8",
            "char" => "int8",
            "short" => "int16",
            "int" => "int32",
            "long" => "int64",
            "chalf" => "complex32",
            "cfloat" => "complex64",
            "cdouble" => "complex128",
            _ => key,
        };
        // Enum.TryParse takes numbers and comma lists too; a dtype is only ever a name.
        return Enum.TryParse(key, ignoreCase: false, out dtype) && Enum.IsDefined(dtype) && key == dtype.ToString();
    }

    internal static ArgumentOutOfRangeException Unknown(DType dtype) =>
        new(nameof(dtype), (int)dtype, "This number is no data type.");
}
