using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace ReproTorch.Tensors.Files;

/// <summary>A tensor's elements in a mapped file: not copied, and paged in as they are read.</summary>
internal sealed unsafe class MappedTensorData : TensorData
{
    // Pages that a reader has passed by so much are handed back: two files larger than memory are compared in little of it.
    private const long ReleaseAfter = 16 << 20;

    private readonly FileBytes _file;
    private readonly long _offset;
    private readonly MemoryMappedViewAccessor _view;
    private readonly CrcGuard? _guard;
    private long _released;
    private byte* _data;

    private MappedTensorData(
        DType dtype, IReadOnlyList<long> shape, FileBytes file, long offset, MemoryMappedViewAccessor view, CrcGuard? guard)
        : base(dtype, shape)
    {
        _file = file.Share();
        _offset = offset;
        _view = view;
        _guard = guard;
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _data = start + view.PointerOffset;
    }

    /// <summary>Maps a part of a file, which its opener may let go of afterwards.</summary>
    public static MappedTensorData Map(FileBytes file, DType dtype, IReadOnlyList<long> shape, long offset, CrcGuard? guard)
    {
        long length = checked(ElementCount(shape) * dtype.ItemSize());
        try
        {
            using MemoryMappedFile mapped = MemoryMappedFile.CreateFromFile(
                file.Handle!, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedTensorData(
                dtype, shape, file, offset, mapped.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read), guard);
        }
        catch (IOException e)
        {
            throw FileFault.In(file.Path, $"its bytes {offset}..{offset + length - 1} cannot be mapped: {e.Message}", e);
        }
    }

    public override ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_data is null, this);
        CheckRange(offset, length);
        ReleaseBefore(offset);
        var bytes = new ReadOnlySpan<byte>(_data + offset, length);
        _guard?.Read(offset, bytes);
        return bytes;
    }

    internal override bool IsInFile => true;

    // The system would push everything else out of its cache for it, and not have its beginning any more when its end was read. Pages that
    // are used again at once are also the cheapest that a virtual machine has.
    private bool IsTooLargeToCache => ByteLength > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    internal override TensorReader Reader(long offset, long length) => new FileReader(this, offset, length);

    public override void Verify()
    {
        const int block = 1 << 20;
        for (long offset = 0; _guard is { IsDone: false } && offset < ByteLength; offset += block)
        {
            _ = Bytes(offset, (int)Math.Min(block, ByteLength - offset));
        }
    }

    // A page that is read again comes back from the file: handing it back never makes a span wrong.
    private void ReleaseBefore(long offset)
    {
        if (offset < _released)
        {
            _released = offset;
        }

        if (offset - _released < ReleaseAfter || OperatingSystem.IsWindows())
        {
            return;
        }

        Advise(_released, offset, Posix.DontNeed);
        _released = offset;
    }

    // Of whole pages only.
    private void Advise(long offset, long end, int advice)
    {
        if (!OperatingSystem.IsWindows())
        {
            long page = System.Environment.SystemPageSize;
            long first = ((long)(_data + offset) + page - 1) / page * page;
            long last = (long)(_data + end) / page * page;
            _ = Posix.madvise((nint)first, (nuint)Math.Max(0, last - first), advice);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_data is not null)
        {
            _data = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    // Its own place and its own CRC: readers on several threads share nothing until they are done. It reads instead of looking into the
    // mapping, as copying into a buffer that stays in the processor's cache costs less than the faults of fresh pages, and as a file that is
    // cut short meanwhile is then an error and not the end of the process.
    private sealed class FileReader : TensorReader
    {
        private const int BufferBytes = 256 << 10;

        private readonly MappedTensorData _data;
        private readonly CrcGuard? _guard;
        private readonly long _first;
        private readonly long _end;
        private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        private long _read;
        private int _start;
        private int _filled;
        private uint _crc;

        public FileReader(MappedTensorData data, long offset, long length)
            : base(data, offset)
        {
            ObjectDisposedException.ThrowIf(data._data is null, data);
            _data = data;
            _guard = data._guard is { IsDone: false } guard ? guard : null;
            _first = offset;
            _read = offset;
            _end = offset + length;
            data.Advise(offset, _end, Posix.WillNeed);
        }

        public override ReadOnlySpan<byte> Next(int length)
        {
            if (_filled - _start < length)
            {
                Fill(length);
            }

            var bytes = new ReadOnlySpan<byte>(_buffer, _start, length);
            _start += length;
            return bytes;
        }

        public override void Finish()
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _guard?.Take(_first, _end - _first, _crc);
            if (OperatingSystem.IsLinux() && _data.IsTooLargeToCache)
            {
                _ = Posix.posix_fadvise(_data._file.Handle!, _data._offset + _first, _end - _first, Posix.ForgetCached);
            }
        }

        private void Fill(int length)
        {
            int kept = _filled - _start;
            int count = (int)Math.Min(_buffer.Length - kept, _end - _read);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(length, kept + count);
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
            Span<byte> fresh = _buffer.AsSpan(kept, count);
            _data._file.Read(_data._offset + _read, fresh);
            if (_guard is not null)
            {
                _crc = Crc32.Append(_crc, fresh);
            }

            _read += count;
            _start = 0;
            _filled = kept + count;
        }
    }
}
