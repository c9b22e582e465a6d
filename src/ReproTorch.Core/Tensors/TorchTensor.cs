using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ReproTorch.Interop;

namespace ReproTorch.Tensors;

/// <summary>
/// A tensor of libtorch. The garbage collector frees it and knows its size; <see cref="Dispose"/> frees it at once.
/// </summary>
public sealed class TorchTensor : IDisposable
{
    internal TorchTensor(TensorHandle handle)
    {
        Handle = handle;
        var info = NativeTensorInfo.Create();
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_describe(handle, ref info));
        DType = (DType)info.DType;
        Device = new TorchDevice((TorchDeviceType)info.DeviceType, info.DeviceIndex);
        unsafe
        {
            Shape = new ReadOnlySpan<long>(info.Sizes, info.Dimensions).ToArray();
        }

        Count = info.Elements;
        handle.TellSize(info.StorageBytes);
    }

    /// <summary>A name that the tensor brought along, such as a file's member; null when it has none.</summary>
    public string? Name { get; init; }

    /// <summary>Element type.</summary>
    public DType DType { get; }

    /// <summary>Sizes, outermost first; empty for a 0-d tensor.</summary>
    public long[] Shape { get; }

    /// <summary>Where the elements are.</summary>
    public TorchDevice Device { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>Whether gradients are recorded for it.</summary>
    public bool RequiresGrad => Describe().RequiresGrad != 0;

    internal TensorHandle Handle { get; }

    /// <summary>A tensor with a copy of the elements.</summary>
    /// <param name="data">Elements in plain memory.</param>
    /// <param name="device">Where the tensor is to be; null for the CPU.</param>
    /// <param name="name">A name to carry along.</param>
    /// <exception cref="ReproTorchException">libtorch has no such dtype or device, or no memory.</exception>
    public static unsafe TorchTensor FromData(TensorData data, TorchDevice? device = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        data.Verify();
        TorchDevice target = device ?? TorchDevice.Cpu;
        TensorHandle handle;
        fixed (long* sizes = data.Shape)
        {
            // One span covers up to 2 GiB; a longer tensor's memory is one block all the same, so its start is enough.
            fixed (byte* bytes = data.Bytes(0, (int)Math.Min(data.ByteLength, int.MaxValue)))
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_create(
                    (int)data.DType, sizes, data.Shape.Length, bytes, data.ByteLength, (int)target.Type, target.Index, out handle));
            }
        }

        GC.KeepAlive(data);
        return new TorchTensor(handle) { Name = name };
    }

    /// <summary>A 1-d or n-d CPU tensor with a copy of the values.</summary>
    /// <typeparam name="T">A type whose layout is that of the dtype, such as float for float32.</typeparam>
    /// <exception cref="ArgumentException">The count or the element size does not fit.</exception>
    public static TorchTensor FromSpan<T>(ReadOnlySpan<T> values, DType dtype, params long[] shape)
        where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        using TensorData data = TensorData.FromArray(dtype, shape.Length == 0 ? [values.Length] : shape, bytes);
        return FromData(data);
    }

    /// <summary>The elements in plain memory: without a copy where they lie on the CPU in C order, else a copy. Later
    /// changes to the tensor may show; the memory stays valid when the tensor is disposed.</summary>
    public TensorData ToData()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_to_host(Handle, out TensorHandle host));
        return NativeTensorData.Create(host);
    }

    /// <summary>The elements in plain memory that nothing else writes to: a copy where the tensor shares its storage with another
    /// one or with a model.</summary>
    public TensorData ToOwnData()
    {
        if (Describe().IsShared == 0)
        {
            return ToData();
        }

        using TorchTensor copy = Clone();
        return copy.ToData();
    }

    /// <summary>The elements in managed memory, below 2 GiB.</summary>
    /// <typeparam name="T">A type of the element's size.</typeparam>
    /// <exception cref="ArgumentException">The element size does not fit.</exception>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != DType.ItemSize() && typeof(T) != typeof(byte))
        {
            throw new ArgumentException($"{DType} has {DType.ItemSize()} bytes an element, {typeof(T).Name} has another size.");
        }

        using TensorData data = ToData();
        return MemoryMarshal.Cast<byte, T>(data.AllBytes()).ToArray();
    }

    /// <summary>The same elements with another dtype or on another device; the tensor itself where nothing changes.</summary>
    public TorchTensor To(DType? dtype = null, TorchDevice? device = null)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_to(
            Handle, dtype is { } d ? (int)d : -1, device is { } v ? (int)v.Type : -1, device?.Index ?? -1, 0, out TensorHandle result));
        return new TorchTensor(result) { Name = Name };
    }

    /// <summary>An independent copy.</summary>
    public TorchTensor Clone()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_to(Handle, -1, -1, -1, 1, out TensorHandle result));
        return new TorchTensor(result) { Name = Name };
    }

    /// <summary>Rows <paramref name="start"/> .. <paramref name="start"/> + <paramref name="length"/> - 1 of the first
    /// dimension; shares memory.</summary>
    public TorchTensor Narrow(long start, long length)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_narrow(Handle, start, length, out TensorHandle result));
        return new TorchTensor(result) { Name = Name };
    }

    /// <summary>The tensors one after the other along the first dimension (torch.cat).</summary>
    public static unsafe TorchTensor Concatenate(IReadOnlyList<TorchTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        SafeHandle[] handles = [.. tensors.Select(tensor => tensor.Handle)];
        using var held = new HandleArray(handles);
        fixed (nint* first = held.Pointers)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_concatenate(first, handles.Length, out TensorHandle result));
            return new TorchTensor(result);
        }
    }

    /// <summary>XXH3-128 over dtype, shape and bytes, in hex (see rpt_tensor_hash in reprotorch.h).</summary>
    public unsafe string ContentHash()
    {
        byte* hash = stackalloc byte[16];
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_hash(Handle, hash));
        return Convert.ToHexStringLower(new ReadOnlySpan<byte>(hash, 16));
    }

    /// <summary>The same tensor under a name.</summary>
    public TorchTensor WithName(string? name)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_share(Handle, out TensorHandle result));
        return new TorchTensor(result) { Name = name };
    }

    /// <summary>The tensor as PyTorch prints it.</summary>
    public override string ToString()
    {
        if (Handle.IsClosed)
        {
            return "tensor(disposed)";
        }

        using TensorData data = ToData();
        return TensorFormatter.Format(data, new TensorFormatterOptions { Device = Device.ToString(), RequiresGrad = RequiresGrad });
    }

    /// <summary>Frees the tensor. What shares its memory keeps it.</summary>
    public void Dispose() => Handle.Dispose();

    private NativeTensorInfo Describe()
    {
        var info = NativeTensorInfo.Create();
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_describe(Handle, ref info));
        return info;
    }
}
