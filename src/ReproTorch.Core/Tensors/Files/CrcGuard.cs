namespace ReproTorch.Tensors.Files;

/// <summary>
/// Checks the CRC-32 of an archive's member in the very pass that reads it: whoever reads all bytes in order, in pieces of any
/// size, learns at the end whether they are those that were written. Pieces read again are not counted twice.
/// </summary>
/// <param name="path">The archive, for messages.</param>
/// <param name="member">The member, for messages.</param>
/// <param name="expected">The CRC that the archive says.</param>
/// <param name="length">Bytes of the member.</param>
/// <param name="before">The CRC of the bytes that were read already.</param>
/// <param name="start">How many those were.</param>
internal sealed class CrcGuard(string path, string member, uint expected, long length, uint before, long start)
{
    private readonly Lock _lock = new();
    private uint _crc = before;
    private long _next;

    /// <summary>True once all bytes were seen and found right.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Takes note of a piece. <paramref name="offset"/> counts from the first byte that the guard was made for.</summary>
    /// <exception cref="ReproTorchException">The last piece was read and the CRC is another.</exception>
    public void Read(long offset, ReadOnlySpan<byte> bytes)
    {
        if (IsDone || offset > _next || offset + bytes.Length <= _next)
        {
            return;
        }

        lock (_lock)
        {
            if (IsDone || offset > _next || offset + bytes.Length <= _next)
            {
                return;
            }

            ReadOnlySpan<byte> fresh = bytes[(int)(_next - offset)..];
            _crc = Crc32.Append(_crc, fresh);
            _next += fresh.Length;
            if (start + _next == length)
            {
                Finish();
            }
        }
    }

    /// <summary>Checks all bytes at once.</summary>
    public void CheckAll(ReadOnlySpan<byte> bytes)
    {
        Read(0, bytes);
        if (!IsDone)
        {
            Finish();
        }
    }

    private void Finish()
    {
        if (_crc != expected)
        {
            throw FileFault.In(
                path, $"the member {member} is damaged: its CRC is {_crc:x8}, and the archive says {expected:x8}. Get the file again.");
        }

        IsDone = true;
    }
}
