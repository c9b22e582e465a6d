namespace ReproTorch.Tensors.Files;

/// <summary>
/// Checks the CRC-32 of an archive's member in the very pass that reads it: whoever reads all bytes in order, in pieces of any
/// size, learns at the end whether they are those that were written. Pieces read again are not counted twice. Several readers may each
/// bring the CRC of a stretch instead, in any order.
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
    private readonly Dictionary<long, (long Length, uint Crc)> _stretches = [];
    private (long Next, uint Crc) _joined = (0, before);
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
                Finish(_crc);
            }
        }
    }

    /// <summary>Takes note of a stretch that a reader has the CRC of. Stretches that do not begin where another ends are left out: whoever
    /// read the whole in such a way must have it verified.</summary>
    /// <exception cref="ReproTorchException">It was the last, and the CRC of the whole is another.</exception>
    public void Take(long offset, long count, uint crc)
    {
        lock (_lock)
        {
            if (IsDone || offset < _joined.Next)
            {
                return;
            }

            _stretches[offset] = (count, crc);
            while (_stretches.Remove(_joined.Next, out (long Length, uint Crc) next))
            {
                _joined = (_joined.Next + next.Length, Crc32.Combine(_joined.Crc, next.Crc, next.Length));
            }

            if (start + _joined.Next == length)
            {
                Finish(_joined.Crc);
            }
        }
    }

    /// <summary>Checks all bytes at once.</summary>
    public void CheckAll(ReadOnlySpan<byte> bytes)
    {
        Read(0, bytes);
        if (!IsDone)
        {
            Finish(_crc);
        }
    }

    private void Finish(uint crc)
    {
        if (crc != expected)
        {
            throw FileFault.In(
                path, $"the member {member} is damaged: its CRC is {crc:x8}, and the archive says {expected:x8}. Get the file again.");
        }

        IsDone = true;
    }
}
