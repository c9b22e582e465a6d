namespace ReproTorch.Tensors.Files;

/// <summary>The .npz format: a zip archive of .npy members.</summary>
public static class NpzFile
{
    private const string Extension = ".npy";

    /// <summary>Reads all arrays, in the archive's order. Members that are no .npy files are passed over. Large stored ones are mapped;
    /// their CRC is checked by the first full reading in order, or by <see cref="TensorData.Verify"/>.</summary>
    /// <exception cref="ReproTorchException">The file is damaged, or a member holds something else than numbers.</exception>
    public static IReadOnlyList<NamedTensorData> Read(string path)
    {
        using ZipReader archive = ZipReader.Open(path);
        return Read(archive);
    }

    /// <summary>Writes arrays as numpy.savez does: stored, under their names; aligned to 64 bytes, so that they can be mapped.</summary>
    /// <exception cref="ReproTorchException">Two have the same name, or NumPy has not one's dtype.</exception>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensorData> arrays, bool force)
    {
        UniqueNames.Check(arrays);
        AtomicFile.Write(path, force, stream =>
        {
            var archive = new ZipWriter(stream);
            foreach (NamedTensorData array in arrays)
            {
                archive.Add(array.Name + Extension, NpyFile.Length(array.Data), member => NpyFile.Write(member, array.Data));
            }

            archive.Finish();
        });
    }

    internal static List<NamedTensorData> Read(ZipReader archive) => [.. archive.Members
        .Where(member => member.Name.EndsWith(Extension, StringComparison.Ordinal))
        .Select(member => new NamedTensorData(member.Name[..^Extension.Length], NpyFile.Read(archive, member)))];
}
