using System.Diagnostics.CodeAnalysis;

namespace ReproTorch.Tensors;

/// <summary>
/// A tensor's elements in plain memory: little endian, in C order, without holes. Files, comparisons and reports work on
/// this and need no libtorch. The memory may be a managed array, a mapped file or a native tensor's own; it stays readable
/// for as long as the object is reachable and not disposed.
/// </summary>
public abstract class TensorData : IDisposable
{
    /// <summary>Describes the memory.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes, outermost first; empty for a 0-d tensor. Each 0 or more.</param>
    /// <exception cref="ArgumentException">A size is negative, or the byte count passes 2^63-1.</exception>
    protected TensorData(DType dtype, IReadOnlyList<long> shape)
    {
        DType = dtype;
        Shape = [.. shape];
        Count = ElementCount(Shape);
        ByteLength = checked(Count * dtype.ItemSize());
    }

    /// <summary>Element type.</summary>
    public DType DType { get; }

    /// <summary>Sizes, outermost first; empty for a 0-d tensor.</summary>
    public long[] Shape { get; }

    /// <summary>Number of elements; 1 for a 0-d tensor.</summary>
    public long Count { get; }

    /// <summary>Number of bytes: <see cref="Count"/> times the size of one element.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes <paramref name="offset"/> .. <paramref name="offset"/> + <paramref name="length"/> - 1, without a copy.
    /// Valid until the object is disposed or collected: keep it alive (<see cref="GC.KeepAlive"/>) while the span is used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the memory.</exception>
    /// <exception cref="ObjectDisposedException">The object was disposed.</exception>
    public abstract ReadOnlySpan<byte> Bytes(long offset, int length);

    /// <summary>All bytes, for tensors below 2 GiB.</summary>
    public ReadOnlySpan<byte> AllBytes() => Bytes(0, checked((int)ByteLength));

    /// <summary>Reads everything once where a checksum is still to be checked; costs nothing where there is none. Reading all bytes in
    /// order does the same.</summary>
    /// <exception cref="ReproTorchException">The bytes are not those that were written.</exception>
    public virtual void Verify()
    {
    }

    /// <summary>Whether reading the bytes may wait for a disk.</summary>
    internal virtual bool IsInFile => false;

    /// <summary>A reader of the bytes from <paramref name="offset"/> on, <paramref name="length"/> of them.</summary>
    internal virtual TensorReader Reader(long offset, long length) => new(this, offset);

    /// <summary>A tensor over an array that the caller does not change afterwards.</summary>
    /// <exception cref="ArgumentException">The array's length is not that of the shape.</exception>
    public static TensorData FromArray(DType dtype, IReadOnlyList<long> shape, byte[] bytes) =>
        new ArrayTensorData(dtype, shape, bytes);

    /// <summary>The product of the sizes; 1 for no sizes.</summary>
    /// <exception cref="ArgumentException">A size is negative, or the product passes 2^63-1.</exception>
    public static long ElementCount(IReadOnlyList<long> shape)
    {
        long count = 1;
        bool overflow = false;
        foreach (long size in shape)
        {
            if (size < 0)
            {
                throw new ArgumentException($"The shape ({string.Join(", ", shape)}) has a negative size.", nameof(shape));
            }

            overflow |= Math.BigMul(count, size, out count) != 0 || count < 0;
        }

        // A zero size anywhere makes the tensor empty, whatever the others are.
        if (shape.Contains(0))
        {
            return 0;
        }

        return overflow
            ? throw new ArgumentException($"The shape ({string.Join(", ", shape)}) has more than 2^63-1 elements.", nameof(shape))
            : count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of the memory. Without it the garbage collector does.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Throws unless the range lies within the memory.</summary>
    protected void CheckRange(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > ByteLength - length)
        {
            ThrowRange(offset, length);
        }
    }

    [DoesNotReturn]
    private void ThrowRange(long offset, int length) => throw new ArgumentOutOfRangeException(
        nameof(offset), offset, $"{length} bytes from there leave the tensor's {ByteLength} bytes.");

    private sealed class ArrayTensorData : TensorData
    {
        private readonly byte[] _bytes;

        public ArrayTensorData(DType dtype, IReadOnlyList<long> shape, byte[] bytes)
            : base(dtype, shape)
        {
            if (bytes.LongLength != ByteLength)
            {
                throw new ArgumentException(
                    $"{bytes.LongLength} bytes were given, but {dtype} of shape ({string.Join(", ", shape)}) takes {ByteLength}.",
                    nameof(bytes));
            }

            _bytes = bytes;
        }

        public override ReadOnlySpan<byte> Bytes(long offset, int length)
        {
            CheckRange(offset, length);
            return _bytes.AsSpan((int)offset, length);
        }
    }
}
