namespace ReproTorch.Tensors.Files;

/// <summary>Files of tensors, by their extensions: .npy, .npz, .safetensors.</summary>
public static class TensorFile
{
    private const string Known = ".npy, .npz or .safetensors";

    /// <summary>Reads all tensors of a file. The one of a .npy file is named after the file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ReproTorchException">The file is damaged, or no file of tensors.</exception>
    public static IReadOnlyList<NamedTensorData> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw Directory.Exists(path)
                ? new ReproTorchException(ReproTorchErrorKind.FileFormat, $"{path} is a folder. Name a file of tensors ({Known}).")
                : new FileNotFoundException($"There is no file '{path}'.", path);
        }

        return Extension(path) switch
        {
            ".npy" => [new NamedTensorData(Path.GetFileNameWithoutExtension(path), NpyFile.Read(path))],
            ".npz" => NpzFile.Read(path),
            ".safetensors" => SafetensorsFile.Read(path),
            _ => throw Unknown(path),
        };
    }

    /// <summary>Writes tensors.</summary>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written.</exception>
    /// <exception cref="ReproTorchException">The format cannot hold them.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensorData> tensors, bool force)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        switch (Extension(path))
        {
            case ".npy" when tensors.Count == 1:
                NpyFile.Write(path, tensors[0].Data, force);
                break;
            case ".npy":
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, $"A .npy file holds one tensor, and {tensors.Count} were given. Write a .npz or .safetensors file.");
            case ".npz":
                NpzFile.Write(path, tensors, force);
                break;
            case ".safetensors":
                SafetensorsFile.Write(path, tensors, force);
                break;
            default:
                throw Unknown(path);
        }
    }

    private static string Extension(string path) => Path.GetExtension(path).ToLowerInvariant();

    private static ReproTorchException Unknown(string path) => new(
        ReproTorchErrorKind.InvalidArgument, $"'{path}' has the extension '{Path.GetExtension(path)}', which tells no format. Expected {Known}.");
}
