
namespace ReproTorch.Tensors.Files;

/// <summary>The .npy format: one array.</summary>
public static class NpyFile
{
    /// <summary>Reads an array; a large one is mapped, not copied, unless its bytes have to be put in order.</summary>
    /// <exception cref="ReproTorchException">The file is damaged, or holds something else than numbers.</exception>
    public static TensorData Read(string path)
    {
        using var file = new FileBytes(path);
        NpyHeader header = NpyHeader.Read(path, file.Length, count => file.Read(0, count));
        long data = checked(TensorData.ElementCount(header.Shape) * header.DType.ItemSize());
        return file.Length - header.Length == data
            ? Arrange(header, file.Tensor(header.DType, header.Shape, header.Length), path)
            : throw FileFault.In(path, $"its shape takes {data} bytes of data, but it has {file.Length - header.Length}.");
    }

    /// <summary>Writes an array as numpy.save does, byte for byte.</summary>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written.</exception>
    public static void Write(string path, TensorData data, bool force) =>
        AtomicFile.Write(path, force, stream => Write(stream, data));

    internal static long Length(TensorData data) => NpyHeader.Write(data.DType, data.Shape).Length + data.ByteLength;

    internal static void Write(Stream stream, TensorData data)
    {
        stream.Write(NpyHeader.Write(data.DType, data.Shape));
        WriteBytes(stream, data);
    }

    internal static void WriteBytes(Stream stream, TensorData data)
    {
        const int block = 1 << 20;
        for (long offset = 0; offset < data.ByteLength; offset += block)
        {
            stream.Write(data.Bytes(offset, (int)Math.Min(block, data.ByteLength - offset)));
        }

        GC.KeepAlive(data);
    }

    /// <summary>An array in a stored or deflated member.</summary>
    internal static TensorData Read(ZipReader archive, ZipMember member)
    {
        string path = $"{archive.Path}, member {member.Name}";
        if (member.IsDeflated)
        {
            byte[] bytes = archive.ReadAll(member, int.MaxValue);
            NpyHeader packed = NpyHeader.Read(path, bytes.Length, count => bytes[..Math.Min(count, bytes.Length)]);
            CheckLength(packed, bytes.Length, path);
            return Arrange(packed, TensorData.FromArray(packed.DType, packed.Shape, bytes[packed.Length..]), path);
        }

        byte[] head = [];
        NpyHeader header = NpyHeader.Read(path, member.Length, count => head = archive.File.Read(member.Offset, count));
        CheckLength(header, member.Length, path);
        CrcGuard guard = archive.Guard(member, Crc32.Append(0, head), header.Length);
        return Arrange(header, archive.File.Tensor(header.DType, header.Shape, member.Offset + header.Length, guard), path);
    }

    private static void CheckLength(NpyHeader header, long length, string path)
    {
        long data = checked(TensorData.ElementCount(header.Shape) * header.DType.ItemSize());
        if (length - header.Length != data)
        {
            throw FileFault.In(path, $"its shape takes {data} bytes of data, but it has {length - header.Length}.");
        }
    }

    // Little endian, C order, and bools of 0 and 1: what a tensor is made of.
    private static TensorData Arrange(NpyHeader header, TensorData data, string path)
    {
        if (header.DType == DType.@bool)
        {
            CheckBools(data, path);
        }

        bool reorder = header.IsFortranOrder && header.Shape.Length > 1;
        bool swap = header.IsBigEndian && header.DType.ItemSize() > 1;
        if (!reorder && !swap)
        {
            return data;
        }

        if (data.ByteLength > Array.MaxLength)
        {
            throw FileFault.In(
                path, "it is larger than 2 GiB and its bytes would have to be put in another order. Save it little endian and in C order.");
        }

        byte[] bytes = data.AllBytes().ToArray();
        data.Dispose();
        if (swap)
        {
            Swap(bytes, header.DType);
        }

        return TensorData.FromArray(header.DType, header.Shape, reorder ? ToCOrder(bytes, header) : bytes);
    }

    private static void CheckBools(TensorData data, string path)
    {
        const int block = 1 << 20;
        for (long offset = 0; offset < data.ByteLength; offset += block)
        {
            ReadOnlySpan<byte> bytes = data.Bytes(offset, (int)Math.Min(block, data.ByteLength - offset));
            int at = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
            if (at >= 0)
            {
                throw FileFault.In(path, $"a bool, number {offset + at}, is {bytes[at]}. Expected 0 or 1.");
            }
        }
    }

    /// <summary>Turns the bytes of every number round.</summary>
    internal static void Swap(byte[] bytes, DType dtype)
    {
        int size = dtype.IsComplex() ? dtype.ItemSize() / 2 : dtype.ItemSize();
        for (int i = 0; i < bytes.Length; i += size)
        {
            Array.Reverse(bytes, i, size);
        }
    }

    private static byte[] ToCOrder(byte[] source, NpyHeader header) =>
        StridedCopy.ToCOrder(source, header.Shape, StridedCopy.FortranStrides(header.Shape), header.DType.ItemSize());
}
