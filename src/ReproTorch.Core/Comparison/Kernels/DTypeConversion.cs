using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison.Kernels;

/// <summary>Brings two dtypes to a common one, as <c>torch.promote_types</c> and <c>Tensor.to</c> do.</summary>
internal static class DTypeConversion
{
    /// <summary>The common dtype; null where PyTorch has none: quantized types, 8-bit floats, and the wide unsigned integers with
    /// other integers.</summary>
    public static DType? Promote(DType a, DType b)
    {
        if (a == b)
        {
            return a;
        }

        if (a.IsQuantized() || b.IsQuantized() || IsFloat8(a) || IsFloat8(b))
        {
            return null;
        }

        if (a.IsComplex() || b.IsComplex())
        {
            return Promote(Part(a), Part(b)) switch
            {
                DType.float64 => DType.complex128,
                DType.float16 => DType.complex32,
                _ => DType.complex64,
            };
        }

        if (a.IsFloatingPoint() && b.IsFloatingPoint())
        {
            // float16 and bfloat16 hold neither each other.
            return a == DType.float64 || b == DType.float64 ? DType.float64 : DType.float32;
        }

        if (a.IsFloatingPoint() || b.IsFloatingPoint())
        {
            return a.IsFloatingPoint() ? a : b;
        }

        if (a == DType.@bool || b == DType.@bool)
        {
            DType other = a == DType.@bool ? b : a;
            return IsWideUnsigned(other) ? null : other;
        }

        if (IsWideUnsigned(a) || IsWideUnsigned(b))
        {
            return null;
        }

        // uint8 and the signed integers.
        DType wider = a.ItemSize() >= b.ItemSize() ? a : b;
        return wider.ItemSize() == 1 ? DType.int16 : wider;
    }

    /// <summary>Converts elements.</summary>
    /// <param name="from">The dtype they have.</param>
    /// <param name="source">The elements, a multiple of 64.</param>
    /// <param name="to">The dtype they shall have: what <see cref="Promote"/> gave.</param>
    /// <param name="target">Room for as many.</param>
    public static void Convert(DType from, ReadOnlySpan<byte> source, DType to, Span<byte> target)
    {
        if (from == to)
        {
            source.CopyTo(target);
        }
        else if (!to.IsComplex())
        {
            ConvertReal(from, source, to, target);
        }
        else if (from.IsComplex())
        {
            ConvertReal(Part(from), source, Part(to), target);
        }
        else
        {
            // The real parts come first, packed; spread from the end they overwrite nothing that is still needed.
            int size = Part(to).ItemSize();
            int count = source.Length / from.ItemSize();
            ConvertReal(from, source, Part(to), target[..(count * size)]);
            for (int i = count - 1; i >= 0; i--)
            {
                target.Slice(i * size, size).CopyTo(target.Slice(2 * i * size, size));
                target.Slice(((2 * i) + 1) * size, size).Clear();
            }
        }
    }

    /// <summary>float32 to bfloat16, to nearest, ties to even; NaN becomes 0x7FC0.</summary>
    public static ushort ToBFloat16(float value)
    {
        if (float.IsNaN(value))
        {
            return 0x7FC0;
        }

        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static bool IsFloat8(DType dtype) => dtype is DType.float8_e5m2 or DType.float8_e4m3fn;

    private static bool IsWideUnsigned(DType dtype) => dtype is DType.uint16 or DType.uint32 or DType.uint64;

    private static DType Part(DType dtype) => dtype switch
    {
        DType.complex32 => DType.float16,
        DType.complex64 => DType.float32,
        DType.complex128 => DType.float64,
        _ => dtype,
    };

    private static void ConvertReal(DType from, ReadOnlySpan<byte> source, DType to, Span<byte> target)
    {
        switch (from)
        {
            case var same when same == to: source.CopyTo(target); break;
            case DType.float32: ConvertReal<Float32>(source, to, target); break;
            case DType.float64: ConvertReal<Float64>(source, to, target); break;
            case DType.float16: ConvertReal<Float16>(source, to, target); break;
            case DType.bfloat16: ConvertReal<BFloat16>(source, to, target); break;
            case DType.@bool: ConvertReal<Bool8>(source, to, target); break;
            case DType.uint8: ConvertReal<UInt8>(source, to, target); break;
            case DType.int8: ConvertReal<Int8>(source, to, target); break;
            case DType.uint16: ConvertReal<UInt16>(source, to, target); break;
            case DType.int16: ConvertReal<Int16>(source, to, target); break;
            case DType.uint32: ConvertReal<UInt32>(source, to, target); break;
            case DType.int32: ConvertReal<Int32>(source, to, target); break;
            case DType.uint64: ConvertReal<UInt64>(source, to, target); break;
            case DType.int64: ConvertReal<Int64>(source, to, target); break;
            default: throw DTypes.Unknown(from);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ConvertReal<T>(ReadOnlySpan<byte> source, DType to, Span<byte> target)
        where T : struct, IElement
    {
        ref byte from = ref Lanes.Start(source);
        nuint count = (nuint)(source.Length / T.Size);
        if (to == DType.float64)
        {
            ref double doubles = ref Lanes.As<double>(in Lanes.Start(target));
            for (nuint i = 0; i < count; i += Lanes.Count)
            {
                T.Load(in from, i).StoreUnsafe(ref doubles, i);
            }
        }
        else if (to == DType.float32 && !(T.IsInteger && T.Size == 8))
        {
            ref float floats = ref Lanes.As<float>(in Lanes.Start(target));
            for (nuint i = 0; i < count; i += 2 * Lanes.Count)
            {
                Vector512.Narrow(T.Load(in from, i), T.Load(in from, i + Lanes.Count)).StoreUnsafe(ref floats, i);
            }
        }
        else
        {
            for (nuint i = 0; i < count; i++)
            {
                double value = T.Scalar(in from, i);
                int at = (int)i;
                switch (to)
                {
                    // By way of float32, as PyTorch does.
                    case DType.float32: MemoryMarshal.Cast<byte, float>(target)[at] = T.Single(in from, i, value); break;
                    case DType.float16: MemoryMarshal.Cast<byte, Half>(target)[at] = (Half)T.Single(in from, i, value); break;
                    case DType.bfloat16: MemoryMarshal.Cast<byte, ushort>(target)[at] = ToBFloat16(T.Single(in from, i, value)); break;
                    case DType.uint8: target[at] = (byte)value; break;
                    case DType.int8: target[at] = (byte)(sbyte)value; break;
                    case DType.int16: MemoryMarshal.Cast<byte, short>(target)[at] = (short)value; break;
                    case DType.int32: MemoryMarshal.Cast<byte, int>(target)[at] = (int)value; break;
                    case DType.int64: MemoryMarshal.Cast<byte, long>(target)[at] = (long)value; break;
                    default: throw DTypes.Unknown(to);
                }
            }
        }
    }
}
