using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Whether an archive is its members and nothing else: every byte of the file belongs to a member, a header or the directory, and each member's
/// own header says what the directory says of it. What reads by the directory alone passes over what lies around the members, so that a
/// damaged file reads as a whole one, and over a member's own header, so that two programs read two things. python/reprotorch_record.py
/// has the same rules. Layout: APPNOTE.TXT of PKWARE.
/// </summary>
internal static class ZipLayout
{
    private const int LocalLength = 30;
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int Locator64Length = 20;
    private const ushort IsStreamed = 8;
    private const ushort IsUtf8 = 0x800;

    /// <param name="file">The archive.</param>
    /// <param name="entries">What its directory tells, folders too; each lies within the file.</param>
    /// <param name="directory">Where the directory begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <exception cref="ReproTorchException">It is something else besides.</exception>
    public static void RequireWhole(FileBytes file, IEnumerable<ZipMember> entries, long directory, long end)
    {
        long at = 0;
        foreach (ZipMember entry in entries.OrderBy(entry => entry.Header))
        {
            if (entry.Header != at)
            {
                throw Damaged(file, $"the member {entry.Name} begins at {entry.Header}, and the one before it ends at {at}");
            }

            ReadOnlySpan<byte> header = file.Read(entry.Header, (int)(entry.Offset - entry.Header));
            ReadOnlySpan<byte> name = header.Slice(LocalLength, BinaryPrimitives.ReadUInt16LittleEndian(header[26..]));
            if (!Ascii.IsValid(name) && ((entry.Flags & IsUtf8) == 0 || !Utf8.IsValid(name)))
            {
                throw Damaged(file, $"the name '{entry.Name}' is not UTF-8, or not said to be");
            }

            if (!IsToldTwice(file, entry, header, header[(LocalLength + name.Length)..]))
            {
                throw Damaged(file, $"the directory tells of the member {entry.Name} what its own header does not");
            }

            at = entry.Offset + entry.StoredLength;
            at += (entry.Flags & IsStreamed) != 0 ? LengthBehind(file, entry, at, directory) : 0;
        }

        if (directory != at)
        {
            throw Damaged(file, $"its directory begins at {directory}, and the last member ends at {at}");
        }

        if (!IsEnd(file, end))
        {
            throw Damaged(file, "its directory does not end the file with what is there");
        }
    }

    private static ReproTorchException Damaged(FileBytes file, string what) => FileFault.In(file.Path, $"it is damaged: {what}.");

    // What was written in one go, such as numpy.savez to a pipe, tells CRC and lengths behind the data instead.
    private static bool IsToldTwice(FileBytes file, ZipMember entry, ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra)
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) != entry.Flags
            || BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) != (entry.IsDeflated ? 8 : 0))
        {
            return false;
        }

        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(header[14..]);
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(header[18..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(header[22..]);
        long nowhere = 0;
        return ZipReader.ReadZip64(file, entry.Name, extra, ref length, ref stored, ref nowhere)
            && ((crc, stored, length) == (entry.Crc, entry.StoredLength, entry.Length) || (entry.Flags & IsStreamed) != 0);
    }

    // With a signature or without, in 64 bits or 32.
    private static int LengthBehind(FileBytes file, ZipMember entry, long at, long directory)
    {
        ReadOnlySpan<byte> found = file.Read(at, (int)Math.Min(24, directory - at));
        Span<byte> bytes = stackalloc byte[8];
        foreach (int numbers in (ReadOnlySpan<int>)[8, 4])
        {
            var told = new byte[8 + (2 * numbers)];
            "PK\a\b"u8.CopyTo(told);
            BinaryPrimitives.WriteUInt32LittleEndian(told.AsSpan(4), entry.Crc);
            foreach ((int place, long number) in ((int, long)[])[(8, entry.StoredLength), (8 + numbers, entry.Length)])
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
                bytes[..numbers].CopyTo(told.AsSpan(place));
            }

            if (numbers == 8 || Math.Max(entry.Length, entry.StoredLength) <= uint.MaxValue)
            {
                int length = found.StartsWith(told) ? told.Length : found.StartsWith(told.AsSpan(4)) ? told.Length - 4 : 0;
                if (length > 0)
                {
                    return length;
                }
            }
        }

        return 0;
    }

    // The reader of the directory has held the two records' numbers against each other.
    private static bool IsEnd(FileBytes file, long end)
    {
        long length = file.Length - end;
        if (length == EndLength)
        {
            return BinaryPrimitives.ReadUInt16LittleEndian(file.Read(end + 20, 2)) == 0;
        }

        if (length != End64Length + Locator64Length + EndLength)
        {
            return false;
        }

        ReadOnlySpan<byte> tail = file.Read(end, (int)length);
        return tail.StartsWith("PK\x6\x6"u8) && BinaryPrimitives.ReadInt64LittleEndian(tail[4..]) == End64Length - 12
            && BinaryPrimitives.ReadInt64LittleEndian(tail[16..]) == 0 && tail[24..32].SequenceEqual(tail[32..40])
            && tail[End64Length..].StartsWith("PK\x6\x7"u8) && BinaryPrimitives.ReadInt32LittleEndian(tail[60..]) == 0
            && BinaryPrimitives.ReadInt64LittleEndian(tail[64..]) == end && BinaryPrimitives.ReadInt32LittleEndian(tail[72..]) == 1
            && BinaryPrimitives.ReadUInt16LittleEndian(tail[96..]) == 0;
    }
}
