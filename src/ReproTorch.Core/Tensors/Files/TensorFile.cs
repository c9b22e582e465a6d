namespace ReproTorch.Tensors.Files;

/// <summary>Files of tensors, by their extensions: .npy, .npz, .safetensors, and .pt or .pth of torch.save.</summary>
public static class TensorFile
{
    private const string Known = ".npy, .npz, .safetensors, .pt or .pth";

    /// <summary>Reads all tensors of a file. One that is alone in a .npy or .pt file is named after the file; of a .pt
    /// file's other values only the tensors are returned (<see cref="TorchSaveFile.Read"/> has all).</summary>
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
            ".pt" or ".pth" => Tensors(TorchSaveFile.Read(path)),
            _ => throw Unknown(path),
        };
    }

    /// <summary>True when a file of that extension can hold one tensor without a name, written with an empty one.</summary>
    public static bool CanHoldUnnamed(string path) => IsTorchSave(path);

    /// <summary>True for the extensions of torch.save's files.</summary>
    internal static bool IsTorchSave(string path) => Extension(path) is ".pt" or ".pth";

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
            case ".pt" or ".pth":
                TorchSaveFile.Write(path, tensors, force);
                break;
            default:
                throw Unknown(path);
        }
    }

    private static List<NamedTensorData> Tensors(IReadOnlyList<NamedValue> values) => [.. values
        .Where(value => value.Value is TensorData)
        .Select(value => new NamedTensorData(value.Name, (TensorData)value.Value!))];

    private static string Extension(string path) => Path.GetExtension(path).ToLowerInvariant();

    private static ReproTorchException Unknown(string path) => new(
        ReproTorchErrorKind.InvalidArgument, $"'{path}' has the extension '{Path.GetExtension(path)}', which tells no format. Expected {Known}.");
}
