using System.Buffers.Binary;
using System.Text;

namespace ReproTorch.HostileWorker;

/// <summary>An archive of stored members, of which one byte is changed at a time, the member's CRC mended in both its places.</summary>
internal sealed class FlippableArchive
{
    private static readonly uint[] s_table = [.. Enumerable.Range(0, 256).Select(i =>
    {
        uint value = (uint)i;
        for (int bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0xEDB88320;
        }

        return value;
    })];

    private readonly byte[] _bytes;
    private readonly List<Member> _members = [];

    public FlippableArchive(string path)
    {
        _bytes = File.ReadAllBytes(path);
        int end = _bytes.AsSpan().LastIndexOf("PK\x05\x06"u8);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(end + 10));
        int at = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(end + 16));
        if (at < 0)
        {
            // libtorch writes zip64 records always; the one before the locator has the directory's place.
            at = (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(end - 20 - 56 + 48));
            count = (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(end - 20 - 56 + 32));
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = _bytes.AsSpan(at);
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[28..]);
            int local = BinaryPrimitives.ReadInt32LittleEndian(entry[42..]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(entry[24..]);
            if (BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]) != 0 || local < 0 || length < 0)
            {
                throw new InvalidDataException($"{path} is not an archive of small stored members.");
            }

            string name = Encoding.UTF8.GetString(entry.Slice(46, nameLength));
            int data = local + 30 + BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(local + 26))
                + BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(local + 28));
            _members.Add(new Member(name, data, length, local, at));
            at += 46 + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(entry[30..]) + BinaryPrimitives.ReadUInt16LittleEndian(entry[32..]);
        }
    }

    /// <summary>Changes one byte. Half of the changes go to code and pickles, byte for byte; the others to members in equal parts.</summary>
    public string Flip(Random random, out byte[] bytes)
    {
        Member[] members = [.. _members.Where(member => member.Length > 0)];
        Member[] parsed = [.. members.Where(member => member.Name.EndsWith(".py", StringComparison.Ordinal)
            || (member.Name.EndsWith(".pkl", StringComparison.Ordinal)))];
        Member chosen = random.Next(4) == 0 ? members[random.Next(members.Length)] : ByLength(parsed, random);
        int offset = random.Next(chosen.Length);
        bytes = [.. _bytes];
        byte old = bytes[chosen.Data + offset];
        byte changed = random.Next(3) switch
        {
            0 => (byte)(old ^ (1 << random.Next(8))),
            1 => (byte)random.Next(256),

            // What means something to a parser.
            _ => ".()[]{}:,= \n\"'#*RbQtuaesq\0\u0001\u007f\u0080\u00ff0"u8[random.Next(33)],
        };
        bytes[chosen.Data + offset] = changed;
        uint crc = Crc(bytes.AsSpan(chosen.Data, chosen.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(chosen.Entry + 16), crc);
        if ((BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(chosen.Local + 6)) & 8) != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(chosen.Data + chosen.Length + 4), crc);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(chosen.Local + 14), crc);
        }

        return $"{chosen.Name}@{offset}:{old:x2}->{changed:x2}";
    }

    private static Member ByLength(Member[] members, Random random)
    {
        int at = random.Next(members.Sum(member => member.Length));
        foreach (Member member in members)
        {
            if (at < member.Length)
            {
                return member;
            }

            at -= member.Length;
        }

        return members[^1];
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = s_table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private sealed record Member(string Name, int Data, int Length, int Local, int Entry);
}
