using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Reads zip archives of any size that may be anyone's. .NET's own reader checks no CRC and does not tell where a member's bytes
/// lie; this one checks every length, place and name before it is used, and finds stored members to be mapped. Layout:
/// APPNOTE.TXT of PKWARE.
/// </summary>
internal sealed class ZipReader : IDisposable
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint End64LocatorSignature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;

    // An archive of more members, or of a directory that takes more memory, is none that PyTorch or NumPy wrote.
    private const long MaxMembers = 1_000_000;
    private const int MaxDirectory = 64 << 20;

    // Deflate reaches 1032 to 1 on runs of one byte, which weights and code never are; a bomb is nothing but that.
    private const long MaxRatio = 1100;
    private const long MaxInflated = 1L << 31;

    // What all members of an archive together may unpack to, or else a multiple of the file (docs/security.md).
    private const long MaxInflatedInAll = 512 << 20;
    private const long MaxRatioInAll = 20;

    private readonly FileBytes _file;
    private readonly List<ZipMember> _entries;
    private readonly Place _directory;
    private readonly Dictionary<string, ZipMember> _byName;

    private ZipReader(FileBytes file, List<ZipMember> entries, Place directory, bool hasComment)
    {
        _file = file;
        _entries = entries;
        _directory = directory;
        Members = entries.FindAll(member => !member.IsFolder);
        _byName = Members.ToDictionary(member => member.Name, StringComparer.Ordinal);
        HasComment = hasComment;
    }

    /// <summary>The members, in the directory's order, folders left out.</summary>
    public IReadOnlyList<ZipMember> Members { get; }

    /// <summary>True when text follows the directory. Where that holds what looks like another directory, readers differ in which one
    /// they take.</summary>
    public bool HasComment { get; }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <exception cref="ReproTorchException">The file is no archive, or a damaged or hostile one.</exception>
    public static ZipReader Open(string path) => Open(new FileBytes(path));

    /// <summary>The same of bytes, which the archive owns from here on.</summary>
    public static ZipReader Open(FileBytes file)
    {
        try
        {
            (List<ZipMember> entries, Place directory) = ReadDirectory(file, out bool hasComment);
            return new ZipReader(file, entries, directory, hasComment);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>True when the file begins as a zip archive does.</summary>
    public static bool LooksLikeZip(ReadOnlySpan<byte> head) =>
        head.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(head) is LocalSignature or EndSignature;

    /// <summary>The member of that name, or null.</summary>
    public ZipMember? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>All bytes of a member, its CRC checked.</summary>
    /// <param name="member">The member.</param>
    /// <param name="limit">The most bytes that are wanted.</param>
    public byte[] ReadAll(ZipMember member, int limit)
    {
        if (member.Length > limit)
        {
            throw FileFault.In(Path, $"the member {member.Name} has {member.Length} bytes; {limit} are the most that are read.");
        }

        byte[] bytes;
        if (member.IsDeflated)
        {
            bytes = new byte[member.Length];
            using Stream stream = Inflate(member);
            ReadExactly(stream, bytes, member);
        }
        else
        {
            bytes = _file.Read(member.Offset, (int)member.Length);
        }

        Guard(member).CheckAll(bytes);
        return bytes;
    }

    /// <summary>Reads a member through and checks its CRC, in bounded memory.</summary>
    public void Verify(ZipMember member, CancellationToken cancellation = default)
    {
        CrcGuard guard = Guard(member);
        using Stream stream = Open(member);
        var buffer = new byte[Math.Min(member.Length, 1 << 18)];
        for (long offset = 0; offset < member.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, member.Length - offset));
            ReadExactly(stream, piece, member);
            guard.Read(offset, piece);
            offset += piece.Length;
        }

        guard.CheckAll([]);
    }

    /// <summary>A member's bytes, to be read in order; its CRC is not checked.</summary>
    public Stream Open(ZipMember member) => member.IsDeflated ? Inflate(member) : _file.Open(member.Offset, member.Length);

    /// <summary>The file's bytes, for a stored member's data.</summary>
    public FileBytes File => _file;

    /// <summary>A check of a member's CRC, some bytes of which may be known already.</summary>
    public CrcGuard Guard(ZipMember member, uint before = 0, long start = 0) =>
        new(Path, member.Name, member.Crc, member.Length, before, start);

    public void Dispose() => _file.Dispose();

    private DeflateStream Inflate(ZipMember member) =>
        new(_file.Open(member.Offset, member.StoredLength), CompressionMode.Decompress);

    private void ReadExactly(Stream stream, Span<byte> buffer, ZipMember member)
    {
        try
        {
            stream.ReadExactly(buffer);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw FileFault.In(Path, $"the member {member.Name} cannot be unpacked: {e.Message}", e);
        }
    }

    /// <summary>Refuses an archive that is more than its members (<see cref="ZipLayout"/>).</summary>
    public void RequireWhole() => ZipLayout.RequireWhole(_file, _entries, _directory.Offset, _directory.End);

    private static (List<ZipMember> Entries, Place Directory) ReadDirectory(FileBytes file, out bool hasComment)
    {
        (long offset, long length, long count) = FindDirectory(file, out hasComment);
        byte[] directory = file.Read(offset, (int)length);
        var entries = new List<ZipMember>((int)Math.Min(count, length / 46));
        var names = new HashSet<string>(StringComparer.Ordinal);
        ReadOnlySpan<byte> rest = directory;
        for (long i = 0; i < count; i++)
        {
            ZipMember member = ReadEntry(file, ref rest, offset);
            if (!names.Add(member.Name))
            {
                throw FileFault.In(file.Path, $"it has two members called {member.Name}.");
            }

            entries.Add(member);
        }

        if (!rest.IsEmpty)
        {
            throw FileFault.In(file.Path, $"its directory is damaged: {rest.Length} bytes follow its {count} entries.");
        }

        RequireProportion(file, entries);
        CheckOverlaps(file, entries.FindAll(member => !member.IsFolder));
        return (entries, new Place(offset, offset + length));
    }

    private static (long Offset, long Length, long Count) FindDirectory(FileBytes file, out bool hasComment)
    {
        if (file.Length < 22)
        {
            throw FileFault.In(file.Path, $"it is no zip archive: it has {file.Length} bytes, and the smallest archive has 22.");
        }

        // The end record is followed by a comment of at most 65535 bytes.
        int tail = (int)Math.Min(file.Length, 22 + ushort.MaxValue);
        byte[] bytes = file.Read(file.Length - tail, tail);
        for (int at = tail - 22; at >= 0; at--)
        {
            ReadOnlySpan<byte> end = bytes.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature
                || BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != tail - at - 22)
            {
                continue;
            }

            long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
            if (end[4..8].ContainsAnyExcept((byte)0) || count != BinaryPrimitives.ReadUInt16LittleEndian(end[8..]))
            {
                throw FileFault.In(file.Path, "its end record tells of an archive in several files, which is not supported.");
            }

            long length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
            long offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
            long limit = file.Length - tail + at;
            hasComment = at + 22 < tail;
            (offset, length, count, limit) = FindDirectory64(file, limit, (offset, length, count, limit));

            if (length > MaxDirectory || count > MaxMembers || count > length / 46)
            {
                throw FileFault.In(file.Path, $"its directory claims {count} members in {length} bytes, which cannot be.");
            }

            return offset <= limit - length
                ? (offset, length, count)
                : throw FileFault.In(file.Path, $"its directory is said to be at {offset}, {length} bytes long, which is outside the file.");
        }

        throw FileFault.In(file.Path, "it is no zip archive, or its end is missing: no end record was found.");
    }

    private static (long Offset, long Length, long Count, long Limit) FindDirectory64(
        FileBytes file, long end, (long Offset, long Length, long Count, long Limit) plain)
    {
        if (end < 20)
        {
            return plain;
        }

        ReadOnlySpan<byte> locator = file.Read(end - 20, 20);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != End64LocatorSignature)
        {
            return plain;
        }

        long at = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        if (at < 0 || at > end - 20 - 56)
        {
            throw FileFault.In(file.Path, $"its zip64 end record is said to be at {at}, which is outside the file.");
        }

        ReadOnlySpan<byte> record = file.Read(at, 56);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != End64Signature)
        {
            throw FileFault.In(file.Path, $"there is no zip64 end record at {at}, where it is said to be.");
        }

        long count = BinaryPrimitives.ReadInt64LittleEndian(record[32..]);
        long length = BinaryPrimitives.ReadInt64LittleEndian(record[40..]);
        long offset = BinaryPrimitives.ReadInt64LittleEndian(record[48..]);
        if (count < 0 || length < 0 || offset < 0)
        {
            throw FileFault.In(file.Path, "its zip64 end record has negative numbers.");
        }

        // Some readers take these numbers always, some only where the others cannot hold them.
        bool agrees = (plain.Count == ushort.MaxValue || plain.Count == count) && (plain.Length == uint.MaxValue || plain.Length == length)
            && (plain.Offset == uint.MaxValue || plain.Offset == offset);
        return agrees
            ? (offset, length, count, at)
            : throw FileFault.In(file.Path, "its two end records tell of different directories.");
    }

    private static ZipMember ReadEntry(FileBytes file, ref ReadOnlySpan<byte> rest, long directoryOffset)
    {
        if (rest.Length < 46 || BinaryPrimitives.ReadUInt32LittleEndian(rest) != EntrySignature)
        {
            throw FileFault.In(file.Path, "its directory is damaged: an entry does not begin as entries do.");
        }

        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(rest[8..]);
        ushort method = BinaryPrimitives.ReadUInt16LittleEndian(rest[10..]);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]);
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(rest[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(rest[24..]);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
        int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
        long local = BinaryPrimitives.ReadUInt32LittleEndian(rest[42..]);
        if (rest.Length < 46 + nameLength + extraLength + commentLength)
        {
            throw FileFault.In(file.Path, "its directory is damaged: an entry is longer than the directory.");
        }

        string name = ReadName(file, rest.Slice(46, nameLength));
        if (!ReadZip64(file, name, rest.Slice(46 + nameLength, extraLength), ref length, ref stored, ref local))
        {
            throw FileFault.In(file.Path, $"an extra field of the member {name} is longer than all of them.");
        }

        // 6.3 is the newest version of the format.
        if (rest[6] > 63)
        {
            throw FileFault.In(file.Path, $"the member {name} takes version {rest[6] / 10}.{rest[6] % 10} of the zip format to be read, which there is not.");
        }

        rest = rest[(46 + nameLength + extraLength + commentLength)..];
        if ((flags & 1) != 0)
        {
            throw FileFault.In(file.Path, $"the member {name} is encrypted, which is not supported.");
        }

        if (method is not (0 or 8))
        {
            throw FileFault.In(file.Path, $"the member {name} is packed by method {method}; only 0 (stored) and 8 (deflated) are supported.");
        }

        if (length < 0 || stored < 0 || (method == 0 && stored != length))
        {
            throw FileFault.In(file.Path, $"the member {name} is said to have {length} bytes, {stored} in the file, which cannot be.");
        }

        if (method == 8 && (length > MaxInflated || length / MaxRatio > stored))
        {
            throw FileFault.In(file.Path, $"the member {name} is said to unpack from {stored} to {length} bytes. No model or array does; it was not read.");
        }

        long data = DataOffset(file, name, local, directoryOffset);
        return stored <= directoryOffset - data
            ? new ZipMember(name, data, stored, length, crc, method == 8, local, flags)
            : throw FileFault.In(file.Path, $"the member {name} is said to be {stored} bytes at {data}, which is outside the file.");
    }

    private static string ReadName(FileBytes file, ReadOnlySpan<byte> bytes)
    {
        string name;
        try
        {
            // Plain ASCII is both of zip's encodings; NumPy and PyTorch write UTF-8 beyond that.
            name = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            name = Encoding.Latin1.GetString(bytes);
        }

        bool bad = name.Length == 0 || name[0] == '/' || name.AsSpan().IndexOfAny('\0', '\\') >= 0
            || name.Split('/').Any(part => part is "." or "..");
        return bad
            ? throw FileFault.In(file.Path, $"a member is called '{name.Replace('\0', '?')}', which could lead outside of the archive.")
            : name;
    }

    // Extra field 1 holds, in this order, those of the three that do not fit 32 bits. False when a field does not end with the others.
    internal static bool ReadZip64(FileBytes file, string name, ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long local)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4)
            {
                return false;
            }

            ReadOnlySpan<byte> field = extra.Slice(4, size);
            extra = extra[(4 + size)..];
            if (id != 1)
            {
                continue;
            }

            Take(ref length, ref field);
            Take(ref stored, ref field);
            Take(ref local, ref field);
        }

        return true;

        void Take(ref long value, ref ReadOnlySpan<byte> field)
        {
            if (value != uint.MaxValue)
            {
                return;
            }

            if (field.Length < 8)
            {
                throw FileFault.In(file.Path, $"the member {name} lacks its zip64 sizes.");
            }

            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    private static long DataOffset(FileBytes file, string name, long local, long directoryOffset)
    {
        if (local < 0 || local > directoryOffset - 30)
        {
            throw FileFault.In(file.Path, $"the member {name} is said to begin at {local}, which is outside the file.");
        }

        Span<byte> header = stackalloc byte[30];
        file.Read(local, header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
        {
            throw FileFault.In(file.Path, $"the member {name} does not begin at {local}, where it is said to.");
        }

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (local > directoryOffset - 30 - nameLength - extraLength)
        {
            throw FileFault.In(file.Path, $"the member {name} is damaged: its name leaves the file.");
        }

        // libtorch reads by the local names, everybody else by the directory's: they must not be able to see different things.
        byte[] localName = file.Read(local + 30, nameLength);
        return ReadName(file, localName) == name
            ? local + 30 + nameLength + extraLength
            : throw FileFault.In(file.Path, $"the member {name} has another name where its data are.");
    }

    // A bomb may be of several members, each of which is within its bounds.
    private static void RequireProportion(FileBytes file, List<ZipMember> entries)
    {
        long unpacked = entries.Sum(member => member.IsDeflated ? member.Length : 0);
        long most = Math.Max(MaxInflatedInAll, MaxRatioInAll * file.Length);
        if (unpacked > most)
        {
            throw FileFault.In(
                file.Path,
                $"its compressed members unpack from {file.Length} to {unpacked} bytes, and {most} are the most that are read. It was not read. If you "
                + "trust it, store its members without compression (numpy.savez instead of numpy.savez_compressed).");
        }
    }

    private static void CheckOverlaps(FileBytes file, List<ZipMember> members)
    {
        ZipMember[] byPlace = [.. members.OrderBy(member => member.Offset)];
        for (int i = 1; i < byPlace.Length; i++)
        {
            if (byPlace[i - 1].Offset + byPlace[i - 1].StoredLength > byPlace[i].Offset)
            {
                throw FileFault.In(file.Path, $"the members {byPlace[i - 1].Name} and {byPlace[i].Name} overlap.");
            }
        }
    }

    private readonly record struct Place(long Offset, long End);
}
