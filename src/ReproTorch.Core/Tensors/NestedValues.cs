using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReproTorch.Tensors;

/// <summary>
/// Makes tensors from nested lists of numbers, as torch.tensor does: bools give bool, whole numbers int64, numbers with a fraction
/// float32 (PyTorch's default dtype), complex ones complex64. A strongly typed array (<c>double[]</c>, <c>float[,]</c>)
/// keeps its own type, as a NumPy array does.
/// </summary>
public static class NestedValues
{
    private const int MaxDimensions = 64;

    /// <summary>Reads the values.</summary>
    /// <param name="value">A number or bool, or lists of them, nested, all of the same length at each level.</param>
    /// <param name="dtype">Null to infer it.</param>
    /// <exception cref="ReproTorchException">The lists are ragged, hold something else than numbers, or a value does not fit the
    /// dtype.</exception>
    public static TensorData Read(object? value, DType? dtype = null)
    {
        var shape = new List<long>();
        var leaves = new List<object>();
        DType? arrayType = value is Array array ? OfElement(array.GetType().GetElementType()!) : null;
        if (value is Array { Rank: > 1 } grid)
        {
            for (int d = 0; d < grid.Rank; d++)
            {
                shape.Add(grid.GetLength(d));
            }

            leaves.AddRange(grid.Cast<object>());
        }
        else
        {
            Collect(value, 0, shape, leaves, arrayLike: []);
        }

        DType type = dtype ?? arrayType ?? Infer(leaves);
        var bytes = new byte[checked(leaves.Count * type.ItemSize())];
        for (int i = 0; i < leaves.Count; i++)
        {
            WriteElement(bytes.AsSpan(i * type.ItemSize()), type, leaves[i]);
        }

        return TensorData.FromArray(type, shape, bytes);
    }

    private static void Collect(object? value, int depth, List<long> shape, List<object> leaves, List<int> arrayLike)
    {
        if (value is IEnumerable items and not string)
        {
            if (depth >= MaxDimensions)
            {
                throw Invalid($"The lists are nested more than {MaxDimensions} levels deep.");
            }

            if (arrayLike.Count > depth && arrayLike[depth] == 0)
            {
                throw Invalid($"At depth {depth} there is a list where other places have a number. All must be alike.");
            }

            long count = 0;
            bool first = shape.Count == depth;
            if (first)
            {
                shape.Add(-1);
                arrayLike.Add(1);
            }

            foreach (object? item in items)
            {
                Collect(item, depth + 1, shape, leaves, arrayLike);
                count++;
            }

            if (shape[depth] >= 0 && shape[depth] != count)
            {
                throw Invalid($"The lists at depth {depth} have {shape[depth]} and {count} items. All lists of one depth must be equally long.");
            }

            shape[depth] = count;
            return;
        }

        if (shape.Count > depth)
        {
            throw Invalid($"At depth {depth} there is a number where other places have a list. All must be alike.");
        }

        if (arrayLike.Count == depth)
        {
            arrayLike.Add(0);
        }

        leaves.Add(value is not null && OfElement(value.GetType()) is not null || value is decimal or BigInteger
            ? value!
            : throw Invalid($"'{value ?? "null"}' is no number. Expected numbers or bools, in lists of equal length."));
    }

    private static DType Infer(List<object> leaves)
    {
        DType? type = null;
        foreach (object leaf in leaves)
        {
            DType own = leaf switch
            {
                bool => DType.@bool,
                Complex => DType.complex64,
                Half or float or double or decimal => DType.float32,
                _ => DType.int64,
            };
            type = type is null || Rank(own) > Rank(type.Value) ? own : type;
        }

        return type ?? DType.float32;
    }

    private static int Rank(DType type) => type switch
    {
        DType.@bool => 0,
        DType.int64 => 1,
        DType.float32 => 2,
        _ => 3,
    };

    // The dtype that a strongly typed array has; null for object arrays, whose elements decide.
    private static DType? OfElement(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => DType.@bool,
        TypeCode.Byte => DType.uint8,
        TypeCode.SByte => DType.int8,
        TypeCode.Int16 => DType.int16,
        TypeCode.Int32 => DType.int32,
        TypeCode.Int64 => DType.int64,
        TypeCode.UInt16 => DType.uint16,
        TypeCode.UInt32 => DType.uint32,
        TypeCode.UInt64 => DType.uint64,
        TypeCode.Single => DType.float32,
        TypeCode.Double => DType.float64,
        _ => type == typeof(Half) ? DType.float16 : type == typeof(Complex) ? DType.complex128 : null,
    };

    private static void WriteElement(Span<byte> target, DType type, object leaf)
    {
        try
        {
            switch (type)
            {
                case DType.@bool:
                    target[0] = IsNonZero(leaf) ? (byte)1 : (byte)0;
                    break;
                case DType.uint8:
                    target[0] = checked((byte)ToInteger(leaf, type));
                    break;
                case DType.int8:
                    MemoryMarshal.Write(target, checked((sbyte)ToInteger(leaf, type)));
                    break;
                case DType.int16:
                    MemoryMarshal.Write(target, checked((short)ToInteger(leaf, type)));
                    break;
                case DType.int32:
                    MemoryMarshal.Write(target, checked((int)ToInteger(leaf, type)));
                    break;
                case DType.int64:
                    MemoryMarshal.Write(target, checked((long)ToInteger(leaf, type)));
                    break;
                case DType.uint16:
                    MemoryMarshal.Write(target, checked((ushort)ToInteger(leaf, type)));
                    break;
                case DType.uint32:
                    MemoryMarshal.Write(target, checked((uint)ToInteger(leaf, type)));
                    break;
                case DType.uint64:
                    MemoryMarshal.Write(target, checked((ulong)ToInteger(leaf, type)));
                    break;
                case DType.float16:
                    MemoryMarshal.Write(target, (Half)ToReal(leaf, type));
                    break;
                case DType.bfloat16:
                    MemoryMarshal.Write(target, ToBFloat16((float)ToReal(leaf, type)));
                    break;
                case DType.float32:
                    MemoryMarshal.Write(target, leaf is float single ? single : (float)ToReal(leaf, type));
                    break;
                case DType.float64:
                    MemoryMarshal.Write(target, ToReal(leaf, type));
                    break;
                case DType.complex32:
                    Complex half = ToComplex(leaf, type);
                    MemoryMarshal.Write(target, (Half)half.Real);
                    MemoryMarshal.Write(target[2..], (Half)half.Imaginary);
                    break;
                case DType.complex64:
                    Complex c = ToComplex(leaf, type);
                    MemoryMarshal.Write(target, (float)c.Real);
                    MemoryMarshal.Write(target[4..], (float)c.Imaginary);
                    break;
                case DType.complex128:
                    Complex wide = ToComplex(leaf, type);
                    MemoryMarshal.Write(target, wide.Real);
                    MemoryMarshal.Write(target[8..], wide.Imaginary);
                    break;
                default:
                    throw Invalid($"A tensor of {type} cannot be made from numbers. Make it float32 and convert it.");
            }
        }
        catch (OverflowException)
        {
            throw Invalid($"{leaf} does not fit {type}.");
        }
    }

    // Truncates towards zero, as torch.tensor(1.7, dtype=torch.int64) does.
    private static BigInteger ToInteger(object leaf, DType type) => leaf switch
    {
        bool flag => flag ? 1 : 0,
        BigInteger number => number,
        Half or float or double or decimal => new BigInteger(Math.Truncate(ToReal(leaf, type))),
        Complex => throw Invalid($"{leaf} is complex and does not fit {type}."),
        ulong number => number,
        _ => Convert.ToInt64(leaf, CultureInfo.InvariantCulture),
    };

    private static double ToReal(object leaf, DType type) => leaf switch
    {
        bool flag => flag ? 1 : 0,
        Half half => (double)half,
        BigInteger number => (double)number,
        Complex => throw Invalid($"{leaf} is complex and does not fit {type}."),
        _ => Convert.ToDouble(leaf, CultureInfo.InvariantCulture),
    };

    private static Complex ToComplex(object leaf, DType type) => leaf is Complex complex ? complex : new Complex(ToReal(leaf, type), 0);

    private static bool IsNonZero(object leaf) => leaf is Complex complex ? complex != Complex.Zero : ToReal(leaf, DType.@bool) != 0;

    // Round to nearest, ties to even, as c10::BFloat16 does; a NaN becomes the quiet one.
    private static ushort ToBFloat16(float value)
    {
        if (float.IsNaN(value))
        {
            return 0x7FC0;
        }

        uint bits = Unsafe.BitCast<float, uint>(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);
}
