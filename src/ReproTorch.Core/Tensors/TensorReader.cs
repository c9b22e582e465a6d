namespace ReproTorch.Tensors;

/// <summary>Reads a stretch of a tensor's bytes from its first to its last. Several readers of one tensor may work at the same time.</summary>
/// <param name="data">The tensor.</param>
/// <param name="offset">The stretch's first byte.</param>
internal class TensorReader(TensorData data, long offset)
{
    private long _next = offset;

    /// <summary>The next bytes, without a copy; valid until the next call.</summary>
    public virtual ReadOnlySpan<byte> Next(int length)
    {
        ReadOnlySpan<byte> bytes = data.Bytes(_next, length);
        _next += length;
        return bytes;
    }

    /// <summary>Says that the whole stretch was read.</summary>
    /// <exception cref="ReproTorchException">The tensor's last stretch was read, and its bytes are not those that were written.</exception>
    public virtual void Finish()
    {
    }
}
