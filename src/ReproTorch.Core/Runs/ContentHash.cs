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
        if (value.Data is { } data)
        {
            using TorchTensor tensor = TorchTensor.FromData(data);
            return tensor.ContentHash();
        }

        return value.Text is { } text ? OfBytes(Encoding.UTF8.GetBytes(text)) : null;
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
}
