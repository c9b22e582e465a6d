using ReproTorch.Interop;

namespace ReproTorch.Tensors;

/// <summary>The memory of a dense CPU tensor in C order, kept alive by a reference of its own.</summary>
internal sealed unsafe class NativeTensorData : TensorData
{
    private readonly TensorHandle _handle;
    private readonly byte* _data;

    private NativeTensorData(TensorHandle handle, in NativeTensorInfo info)
        : base((DType)info.DType, new ReadOnlySpan<long>(info.Sizes, info.Dimensions).ToArray())
    {
        _handle = handle;
        _data = (byte*)info.Data;
        handle.TellSize(info.StorageBytes);
    }

    /// <summary>Takes over the handle of a tensor that rpt_tensor_to_host gave.</summary>
    public static NativeTensorData Create(TensorHandle handle)
    {
        var info = NativeTensorInfo.Create();
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_describe(handle, ref info));
        return new NativeTensorData(handle, info);
    }

    public override ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        CheckRange(offset, length);
        return new ReadOnlySpan<byte>(_data + offset, length);
    }

    protected override void Dispose(bool disposing)
    {
        _handle.Dispose();
        base.Dispose(disposing);
    }
}
