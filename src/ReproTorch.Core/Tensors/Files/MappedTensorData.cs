using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Tensors.Files;

/// <summary>A tensor's elements in a mapped file: not copied, and paged in as they are read.</summary>
internal sealed unsafe class MappedTensorData : TensorData
{
    // Pages that a reader has passed by so much are handed back: two files larger than memory are compared in little of it.
    private const long ReleaseAfter = 16 << 20;

    private readonly MemoryMappedViewAccessor _view;
    private long _released;
    private readonly CrcGuard? _guard;
    private byte* _data;

    private MappedTensorData(DType dtype, IReadOnlyList<long> shape, MemoryMappedViewAccessor view, CrcGuard? guard)
        : base(dtype, shape)
    {
        _view = view;
        _guard = guard;
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _data = start + view.PointerOffset;
    }

    /// <summary>Maps a part of an open file, which may be closed afterwards.</summary>
    public static MappedTensorData Map(
        string path, SafeFileHandle handle, DType dtype, IReadOnlyList<long> shape, long offset, CrcGuard? guard)
    {
        long length = checked(ElementCount(shape) * dtype.ItemSize());
        try
        {
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
                handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedTensorData(dtype, shape, file.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read), guard);
        }
        catch (IOException e)
        {
            throw FileFault.In(path, $"its bytes {offset}..{offset + length - 1} cannot be mapped: {e.Message}", e);
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

    internal override TensorReader Reader(long offset, long length) => new MappedReader(this, offset, length);

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
        }

        base.Dispose(disposing);
    }

    // Its own pages and its own CRC: readers on several threads share nothing until they are done.
    private sealed class MappedReader : TensorReader
    {
        // Many processors read many stretches at once: each keeps little.
        private const long Kept = 1 << 20;

        private readonly MappedTensorData _data;
        private readonly CrcGuard? _guard;
        private readonly long _first;
        private long _next;
        private long _released;
        private uint _crc;

        public MappedReader(MappedTensorData data, long offset, long length)
            : base(data, offset)
        {
            _data = data;
            _guard = data._guard is { IsDone: false } guard ? guard : null;
            _first = offset;
            _next = offset;
            _released = offset;
            ObjectDisposedException.ThrowIf(data._data is null, data);
            data.Advise(offset, offset + length, Posix.WillNeed);
        }

        public override ReadOnlySpan<byte> Next(int length)
        {
            ObjectDisposedException.ThrowIf(_data._data is null, _data);
            _data.CheckRange(_next, length);
            if (_next - _released >= Kept)
            {
                _data.Advise(_released, _next, Posix.DontNeed);
                _released = _next;
            }

            var bytes = new ReadOnlySpan<byte>(_data._data + _next, length);
            _next += length;
            if (_guard is not null)
            {
                _crc = Crc32.Append(_crc, bytes);
            }

            return bytes;
        }

        public override void Finish()
        {
            _guard?.Take(_first, _next - _first, _crc);
            _data.Advise(_released, _next, Posix.DontNeed);
        }
    }
}
