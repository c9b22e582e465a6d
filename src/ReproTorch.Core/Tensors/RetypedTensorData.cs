namespace ReproTorch.Tensors;

/// <summary>The same bytes and shape under another dtype of the same size.</summary>
internal sealed class RetypedTensorData : TensorData
{
    private readonly TensorData _inner;

    private RetypedTensorData(TensorData inner, DType dtype)
        : base(dtype, inner.Shape) => _inner = inner;

    /// <summary>The data themselves where they have that dtype already.</summary>
    public static TensorData For(TensorData data, DType dtype)
    {
        if (data.DType == dtype)
        {
            return data;
        }

        return data.DType.ItemSize() == dtype.ItemSize()
            ? new RetypedTensorData(data, dtype)
            : throw new ArgumentException($"{data.DType} and {dtype} have elements of different sizes.", nameof(dtype));
    }

    public override ReadOnlySpan<byte> Bytes(long offset, int length) => _inner.Bytes(offset, length);

    internal override bool IsInFile => _inner.IsInFile;

    internal override TensorReader Reader(long offset, long length) => _inner.Reader(offset, length);

    public override void Verify() => _inner.Verify();

    protected override void Dispose(bool disposing)
    {
        _inner.Dispose();
        base.Dispose(disposing);
    }
}
