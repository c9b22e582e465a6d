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
        byte* hash = stackalloc byte[16];
        fixed (long* sizes = data.Shape)
        fixed (byte* bytes = data.Bytes(0, (int)Math.Min(data.ByteLength, int.MaxValue)))
        {
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
