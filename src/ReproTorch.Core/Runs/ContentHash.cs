using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Runs;

/// <summary>Hashes of content: XXH3, 128 bits, in lower-case hex.</summary>
public static class ContentHash
{
    /// <summary>A tensor or number: over dtype, shape and bytes, equal to <see cref="TorchTensor.ContentHash"/>; a string: over its
    /// UTF-8 bytes; null for None.</summary>
    public static string? Of(RunValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Data is { } data ? Of(data)
            : value.Text is { } text ? OfBytes(Encoding.UTF8.GetBytes(text))
            : null;
    }

    /// <summary>Plain memory, read where it lies.</summary>
    public static unsafe string Of(TensorData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (IsNoTensor(data.DType))
        {
            return OfCopy(data);
        }

        byte* hash = stackalloc byte[16];
        fixed (long* sizes = data.Shape)
        fixed (byte* bytes = data.Bytes(0, (int)Math.Min(data.ByteLength, int.MaxValue)))
        {
            if ((nuint)bytes % (nuint)data.DType.ItemSize() != 0)
            {
                return OfCopy(data);
            }

            NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_borrow(
                (int)data.DType, sizes, data.Shape.Length, bytes, data.ByteLength, &Nothing, null, out TensorHandle tensor));
            using (tensor)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_hash(tensor, hash));
            }
        }

        GC.KeepAlive(data);
        return Convert.ToHexStringLower(new ReadOnlySpan<byte>(hash, 16));
    }

    // What libtorch has no tensor of without a scale, or has only from some version on.
    private static bool IsNoTensor(DType dtype) => dtype is DType.qint8 or DType.quint8 or DType.qint32 or DType.uint16 or DType.uint32
        or DType.uint64 or DType.float8_e5m2 or DType.float8_e4m3fn;

    // The same bytes as rpt_tensor_hash takes, one after the other.
    private static string OfCopy(TensorData data)
    {
        int head = 8 + (8 * data.Shape.Length);
        if (data.ByteLength > Array.MaxLength - head)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"A tensor of {data.DType} with {data.ByteLength} bytes is too large to hash: 2 GiB are the most.");
        }

        var bytes = new byte[head + data.ByteLength];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)data.DType);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), data.Shape.Length);
        for (int i = 0; i < data.Shape.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 + (8 * i)), data.Shape[i]);
        }

        data.AllBytes().CopyTo(bytes.AsSpan(head));
        return OfBytes(bytes);
    }

    /// <summary>Plain bytes.</summary>
    public static unsafe string OfBytes(ReadOnlySpan<byte> bytes)
    {
        byte* hash = stackalloc byte[16];
        fixed (byte* first = bytes)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_hash_bytes(first, bytes.Length, hash));
        }

        return Convert.ToHexStringLower(new ReadOnlySpan<byte>(hash, 16));
    }

    // The memory is pinned for the call and nobody keeps the tensor: there is nothing to release.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe void Nothing(void* context)
    {
    }
}
