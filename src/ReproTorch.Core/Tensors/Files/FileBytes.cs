using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Tensors.Files;

/// <summary>A file that is read at given places. Every read is checked against the file's length first, so that no length that a
/// damaged file claims is believed.</summary>
internal sealed class FileBytes : IDisposable
{
    // What is longer is mapped: it is not copied, and only the pages in use take memory.
    private const long MapFrom = 1 << 20;

    private readonly byte[]? _memory;
    private int _holders = 1;

    /// <summary>The bytes of a file that were read already.</summary>
    public FileBytes(string path, byte[] memory)
    {
        Path = path;
        _memory = memory;
        Length = memory.Length;
    }

    public FileBytes(string path)
    {
        Path = path;
        Handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            Length = RandomAccess.GetLength(Handle);
        }
        catch (Exception e) when (e is NotSupportedException or IOException)
        {
            Handle.Dispose();
            throw FileFault.In(path, "it is no regular file.", e);
        }
    }

    public string Path { get; }

    /// <summary>The open file; null for bytes that were read already.</summary>
    public SafeFileHandle? Handle { get; }

    public long Length { get; }

    /// <summary>Fills the buffer from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > Length - buffer.Length)
        {
            throw FileFault.In(Path, $"it ends early: {buffer.Length} bytes are needed at {offset}, but it has {Length}.");
        }

        if (_memory is not null)
        {
            _memory.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
            return;
        }

        while (buffer.Length > 0)
        {
            int count = RandomAccess.Read(Handle!, buffer, offset);
            if (count == 0)
            {
                throw FileFault.In(Path, $"it became shorter while it was read, at {offset}.");
            }

            buffer = buffer[count..];
            offset += count;
        }
    }

    public byte[] Read(long offset, int count)
    {
        // Checked before the memory is taken.
        if (offset < 0 || count < 0 || offset > Length - count)
        {
            Read(offset, new byte[1]);
            throw FileFault.In(Path, $"it ends early: {count} bytes are needed at {offset}, but it has {Length}.");
        }

        var bytes = new byte[count];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>The elements that lie in C order at <paramref name="offset"/>: read when they are few, else mapped.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="offset">Place of the first element.</param>
    /// <param name="guard">What the bytes' CRC is to be; null where the format has none.</param>
    public TensorData Tensor(DType dtype, IReadOnlyList<long> shape, long offset, CrcGuard? guard = null)
    {
        long length = checked(TensorData.ElementCount(shape) * dtype.ItemSize());
        if (offset < 0 || length > Length - offset)
        {
            throw FileFault.In(Path, $"it ends early: a tensor takes {length} bytes at {offset}, but the file has {Length}.");
        }

        if (length >= MapFrom && Handle is not null)
        {
            return MappedTensorData.Map(this, dtype, shape, offset, guard);
        }

        byte[] bytes = Read(offset, (int)length);
        guard?.CheckAll(bytes);
        return TensorData.FromArray(dtype, shape, bytes);
    }

    /// <summary>A stream over a part of the file.</summary>
    public Stream Open(long offset, long length) => new Part(this, offset, length);

    /// <summary>One more holds the file, and disposes it once as the others do; the last closes it.</summary>
    public FileBytes Share()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Handle?.Dispose();
        }
    }

    private sealed class Part(FileBytes file, long offset, long length) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, length - _position);
            file.Read(offset + _position, buffer[..count]);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int start, int count) => Read(buffer.AsSpan(start, count));

        public override void Flush()
        {
        }

        public override long Seek(long to, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int start, int count) => throw new NotSupportedException();
    }
}
