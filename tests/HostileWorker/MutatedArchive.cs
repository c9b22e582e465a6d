using System.IO.Compression;
using System.Text;

namespace ReproTorch.HostileWorker;

/// <summary>An archive whose code or pickles are changed beyond one byte: tokens of code moved about, pieces of pickles cut, doubled,
/// moved and written over.</summary>
internal sealed class MutatedArchive
{
    private readonly List<(string Name, byte[] Data)> _members = [];
    private readonly string[] _codes;

    public MutatedArchive(string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using var data = new MemoryStream();
            using Stream stream = entry.Open();
            stream.CopyTo(data);
            _members.Add((entry.FullName, data.ToArray()));
        }

        _codes = [.. _members.Where(member => IsCode(member.Name)).Select(member => Encoding.Latin1.GetString(member.Data))];
    }

    /// <summary>Makes one such archive.</summary>
    public string Mutate(Random random, out byte[] bytes)
    {
        int[] parsed = [.. Enumerable.Range(0, _members.Count).Where(i => IsCode(_members[i].Name) || _members[i].Name.EndsWith("pkl", StringComparison.Ordinal))];
        int chosen = parsed[random.Next(parsed.Length)];
        (string name, byte[] data) = _members[chosen];
        byte[] changed = IsCode(name)
            ? Encoding.Latin1.GetBytes(MalformedSource.Make(Encoding.Latin1.GetString(data), _codes, random))
            : Splice(data, random);
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < _members.Count; i++)
            {
                using Stream member = archive.CreateEntry(_members[i].Name, CompressionLevel.NoCompression).Open();
                member.Write(i == chosen ? changed : _members[i].Data);
            }
        }

        bytes = stream.ToArray();
        return name;
    }

    private static bool IsCode(string name) => name.EndsWith(".py", StringComparison.Ordinal);

    private static byte[] Splice(byte[] data, Random random)
    {
        for (int n = random.Next(1, 4); n > 0 && data.Length > 4; n--)
        {
            int start = random.Next(data.Length);
            int length = random.Next(1, Math.Min(24, data.Length - start) + 1);
            byte[] piece = data[start..(start + length)];
            int to = random.Next(data.Length);
            switch (random.Next(4))
            {
                case 0:
                    data = [.. data[..start], .. data[(start + length)..]];
                    break;
                case 1:
                    data = [.. data[..to], .. piece, .. data[to..]];
                    break;
                case 2:
                    data = [.. data];
                    piece.AsSpan(0, Math.Min(length, data.Length - to)).CopyTo(data.AsSpan(to));
                    break;
                default:
                    // What pickles are made of, with no regard to what fits.
                    byte[] made = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => "()t]}euNKRbQqhcs.0"u8[random.Next(18)])];
                    data = [.. data[..to], .. made, .. data[to..]];
                    break;
            }
        }

        return data;
    }
}
