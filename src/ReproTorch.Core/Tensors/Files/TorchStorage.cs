namespace ReproTorch.Tensors.Files;

/// <summary>Where the storages that a pickle of torch.save asks for are found.</summary>
internal interface ITorchStorages
{
    /// <summary>True when the numbers lie with their highest byte first.</summary>
    bool IsBigEndian { get; }

    /// <summary>The storage of that key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="dtype">Its dtype as the pickle has it; null for bytes.</param>
    /// <param name="count">Its elements as the pickle has them.</param>
    /// <exception cref="ReproTorchException">There is none.</exception>
    TorchStorage Open(string key, DType? dtype, long count);
}

/// <summary>The bytes behind one or several tensors: a part of a file, or in memory.</summary>
internal sealed class TorchStorage
{
    private readonly byte[]? _bytes;
    private readonly FileBytes? _file;
    private readonly long _offset;
    private readonly Func<CrcGuard>? _guard;
    private readonly Action? _verify;
    private bool _verified;

    /// <summary>Bytes in memory.</summary>
    public TorchStorage(byte[] bytes)
    {
        _bytes = bytes;
        Length = bytes.Length;
    }

    /// <summary>A part of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="guard">Makes a check of its CRC that goes with the first reading; null where the format has none.</param>
    /// <param name="verify">Checks its CRC now; null where the format has none.</param>
    public TorchStorage(FileBytes file, long offset, long length, Func<CrcGuard>? guard, Action? verify)
    {
        _file = file;
        _offset = offset;
        Length = length;
        _guard = guard;
        _verify = verify;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>A tensor that lies in C order from byte <paramref name="start"/> on.</summary>
    public TensorData Tensor(DType dtype, long[] shape, long start)
    {
        long length = TensorData.ElementCount(shape) * dtype.ItemSize();
        if (_file is null)
        {
            return TensorData.FromArray(
                dtype, shape, start == 0 && length == Length ? _bytes! : _bytes.AsSpan((int)start, (int)length).ToArray());
        }

        // The CRC is of the whole storage: a tensor that is all of it is checked as it is read.
        if (start == 0 && length == Length && !_verified)
        {
            return _file.Tensor(dtype, shape, _offset, _guard?.Invoke());
        }

        Verify();
        return _file.Tensor(dtype, shape, _offset + start);
    }

    /// <summary>Bytes in memory.</summary>
    public byte[] Read(long start, int length)
    {
        Verify();
        return _file is null ? _bytes.AsSpan((int)start, length).ToArray() : _file.Read(_offset + start, length);
    }

    private void Verify()
    {
        if (!_verified)
        {
            _verify?.Invoke();
            _verified = true;
        }
    }
}
