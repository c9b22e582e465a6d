using System.Buffers.Binary;
using System.Text;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Writes zip archives of stored members whose data begin at multiples of 64, so that they can be mapped. The same members give
/// the same bytes: there are no times in it. Members and archives may be longer than 4 GiB.
/// </summary>
internal sealed class ZipWriter(Stream stream)
{
    private const int Alignment = 64;

    // 1980-01-01 00:00:00, the first moment that zip knows.
    private const uint FixedTime = 0x00210000;

    // Extra field for padding that aligns data, as Android's zipalign numbers it.
    private const ushort PaddingField = 0xD935;

    private readonly List<(byte[] Name, long Local, long Length, uint Crc)> _members = [];

    /// <summary>Writes a member.</summary>
    /// <param name="name">Its path within the archive.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="write">Writes exactly so many bytes.</param>
    public void Add(string name, long length, Action<Stream> write)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        long local = stream.Position;
        bool large = length >= uint.MaxValue;
        int before = 30 + nameBytes.Length + (large ? 20 : 0) + 4;
        int padding = (int)((Alignment - ((local + before) % Alignment)) % Alignment);
        var header = new byte[before + padding];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x04034b50);
        WriteCommon(header.AsSpan(4), nameBytes, large ? uint.MaxValue : length, crc: 0, (ushort)(header.Length - 30 - nameBytes.Length));
        nameBytes.CopyTo(header, 30);
        Span<byte> extra = header.AsSpan(30 + nameBytes.Length);
        if (large)
        {
            WriteZip64(extra, length, length);
            extra = extra[20..];
        }

        BinaryPrimitives.WriteUInt16LittleEndian(extra, PaddingField);
        BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], (ushort)padding);
        stream.Write(header);

        var summed = new CrcStream(stream);
        write(summed);
        if (summed.Count != length)
        {
            throw new InvalidOperationException($"The member {name} was said to have {length} bytes and got {summed.Count}.");
        }

        // The CRC stands before the data that it is of.
        long end = stream.Position;
        stream.Position = local + 14;
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(crc, summed.Crc);
        stream.Write(crc);
        stream.Position = end;
        _members.Add((nameBytes, local, length, summed.Crc));
    }

    /// <summary>Writes the directory.</summary>
    public void Finish()
    {
        long offset = stream.Position;
        foreach ((byte[] name, long local, long length, uint crc) in _members)
        {
            bool large = length >= uint.MaxValue || local >= uint.MaxValue;
            var entry = new byte[46 + name.Length + (large ? 28 : 0)];
            BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014b50);
            BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(4), (ushort)(large ? 45 : 20));
            WriteCommon(entry.AsSpan(6), name, large ? uint.MaxValue : length, crc, (ushort)(large ? 28 : 0));
            BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(42), large ? uint.MaxValue : (uint)local);
            name.CopyTo(entry, 46);
            if (large)
            {
                Span<byte> extra = entry.AsSpan(46 + name.Length);
                WriteZip64(extra, length, length);
                BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], 24);
                BinaryPrimitives.WriteInt64LittleEndian(extra[20..], local);
            }

            stream.Write(entry);
        }

        WriteEnd(offset, stream.Position - offset);
    }

    private static void WriteCommon(Span<byte> header, byte[] name, long length, uint crc, ushort extraLength)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(length == uint.MaxValue ? 45 : 20));

        // Bit 11: the name is UTF-8. Python's zipfile sets it only where ASCII does not do.
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)(name.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)127) >= 0 ? 0x800 : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(header[6..], FixedTime);
        BinaryPrimitives.WriteUInt32LittleEndian(header[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header[14..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[18..], (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[24..], extraLength);
    }

    private static void WriteZip64(Span<byte> extra, long length, long stored)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], 16);
        BinaryPrimitives.WriteInt64LittleEndian(extra[4..], length);
        BinaryPrimitives.WriteInt64LittleEndian(extra[12..], stored);
    }

    private void WriteEnd(long offset, long length)
    {
        bool large = _members.Count >= ushort.MaxValue || length >= uint.MaxValue || offset >= uint.MaxValue;
        if (large)
        {
            long at = stream.Position;
            var record = new byte[76];
            BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(4), 44);
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(12), 45);
            BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(14), 45);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), _members.Count);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(32), _members.Count);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), length);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), offset);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(56), 0x07064b50);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(64), at);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(72), 1);
            stream.Write(record);
        }

        var end = new byte[22];
        ushort count = (ushort)Math.Min(_members.Count, ushort.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)Math.Min(length, uint.MaxValue));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), (uint)Math.Min(offset, uint.MaxValue));
        stream.Write(end);
    }

    private sealed class CrcStream(Stream inner) : Stream
    {
        public uint Crc { get; private set; }

        public long Count { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Count;

        public override long Position
        {
            get => Count;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Crc = Crc32.Append(Crc, buffer);
            Count += buffer.Length;
            inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
