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

        long page = System.Environment.SystemPageSize;
        long first = ((long)(_data + _released) + page - 1) / page * page;
        long end = (long)(_data + offset) / page * page;
        _ = Posix.madvise((nint)first, (nuint)Math.Max(0, end - first), Posix.DontNeed);
        _released = offset;
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
}
