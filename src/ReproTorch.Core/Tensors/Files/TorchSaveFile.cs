using System.Text;

namespace ReproTorch.Tensors.Files;

/// <summary>A value in a file, and its dotted name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">A <see cref="TensorData"/>, null, bool, long, <see cref="System.Numerics.BigInteger"/>, double,
/// <see cref="System.Numerics.Complex"/>, string or <see cref="DType"/>.</param>
public sealed record NamedValue(string Name, object? Value);

/// <summary>
/// Files of torch.save that hold a tensor, or dicts, lists and tuples of tensors, numbers and texts: checkpoints, state_dicts,
/// batches. The pickle in them is read as data and never executed; what is neither a tensor nor plain is refused by name. Both the zip
/// format (PyTorch 1.6 and later) and the one before are read.
/// </summary>
public static class TorchSaveFile
{
    private const string Folder = "archive";

    /// <summary>Reads a file. Contiguous tensors are mapped, views with strides are laid out in memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="root">What a value alone is called, and what the items of an outermost list or tuple lie below (<c>output.0</c>);
    /// when left out the file's name without extension, and nothing (<c>0</c>). The keys of an outermost dict stand alone.</param>
    /// <returns>The values, nested ones by their dotted names, in order.</returns>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="ReproTorchException">It is damaged, or a TorchScript program
    /// (<see cref="ReproTorchErrorKind.FileFormat"/>); or it holds other objects (<see cref="ReproTorchErrorKind.Refused"/>).</exception>
    public static IReadOnlyList<NamedValue> Read(string path, string? root = null)
    {
        object? content = ReadContent(path);
        return new TorchSaveFlattener(path).Flatten(content, root);
    }

    /// <summary>Writes what torch.load reads: a single tensor whose name is empty as that, anything else as a dict of tensors by name.
    /// The same tensors give the same bytes. uint16 to uint64, the 8-bit floats and complex32 need PyTorch 2.1 or later.</summary>
    /// <exception cref="ReproTorchException">Two have the same name, or one is quantized.</exception>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensorData> tensors, bool force)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors is not [{ Name: "" }])
        {
            UniqueNames.Check(tensors);
        }

        byte[] pickle = TorchPickleWriter.Write(tensors);
        AtomicFile.Write(path, force, stream =>
        {
            var archive = new ZipWriter(stream);
            archive.Add($"{Folder}/data.pkl", pickle.Length, member => member.Write(pickle));
            archive.Add($"{Folder}/byteorder", 6, member => member.Write("little"u8));
            for (int i = 0; i < tensors.Count; i++)
            {
                TensorData data = tensors[i].Data;
                archive.Add(FormattableString.Invariant($"{Folder}/data/{i}"), data.ByteLength, member => NpyFile.WriteBytes(member, data));
            }

            archive.Add($"{Folder}/version", 2, member => member.Write("3\n"u8));
            archive.Finish();
        });
    }

    private static object? ReadContent(string path)
    {
        using var file = new FileBytes(path);
        byte[] head = file.Read(0, (int)Math.Min(file.Length, 64));
        if (LegacyTorchFile.LooksLikeOne(head))
        {
            return new LegacyTorchFile(file).Read();
        }

        if (!ZipReader.LooksLikeZip(head))
        {
            throw FileFault.In(path, head.Length == 0
                ? "it is empty."
                : NpyHeader.LooksLikeNpy(head) ? "it is a .npy file, not one of torch.save. Give it the extension .npy."
                : "it begins neither as a zip archive nor as a pickle, so torch.save did not write it.");
        }

        using ZipReader archive = ZipReader.Open(path);
        var storages = new ArchiveStorages(archive);
        string place = $"{path}, member {storages.Pickle.Name}";
        object? pickle = PickleReader.Read(place, archive.ReadAll(storages.Pickle, PickleReader.MaxBytes), TorchNames.Rules);
        return new TorchValueBuilder(place, storages, archive.File.Length).Build(pickle);
    }

    /// <summary>The storages of an archive.</summary>
    private sealed class ArchiveStorages : ITorchStorages
    {
        private readonly ZipReader _archive;
        private readonly string _top;
        private readonly Dictionary<string, TorchStorage> _open = new(StringComparer.Ordinal);

        public ArchiveStorages(ZipReader archive)
        {
            _archive = archive;
            ZipMember? pickle = archive.Members.FirstOrDefault(member => member.Name.EndsWith("/data.pkl", StringComparison.Ordinal));
            _top = pickle is null ? string.Empty : pickle.Name[..^"data.pkl".Length];
            if (pickle is null || _top.IndexOf('/', StringComparison.Ordinal) != _top.Length - 1)
            {
                throw FileFault.In(archive.Path, archive.Members.Any(member => member.Name.EndsWith(".npy", StringComparison.Ordinal))
                    ? "it is an archive of NumPy arrays. Give it the extension .npz."
                    : "it is a zip archive without a data.pkl, so torch.save did not write it.");
            }

            if (archive.Find(_top + "constants.pkl") is not null)
            {
                throw FileFault.In(archive.Path, "it is a TorchScript model, a program, not a file of tensors. Load it with Import-TorchModel.");
            }

            Pickle = pickle;
            IsBigEndian = archive.Find(_top + "byteorder") is { } order
                && Encoding.ASCII.GetString(archive.ReadAll(order, 64)).Trim() == "big";
        }

        public ZipMember Pickle { get; }

        public bool IsBigEndian { get; }

        public TorchStorage Open(string key, DType? dtype, long count)
        {
            if (!_open.TryGetValue(key, out TorchStorage? storage))
            {
                ZipMember member = _archive.Find($"{_top}data/{key}")
                    ?? throw FileFault.In(_archive.Path, $"the storage '{key}' is missing.");
                storage = member.IsDeflated
                    ? new TorchStorage(_archive.ReadAll(member, int.MaxValue))
                    : new TorchStorage(_archive.File, member.Offset, member.Length, () => _archive.Guard(member), () => _archive.Verify(member));
                _open[key] = storage;
            }

            return storage;
        }
    }
}
