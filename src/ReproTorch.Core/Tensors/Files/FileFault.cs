namespace ReproTorch.Tensors.Files;

/// <summary>Errors of files that are damaged or not what their name says.</summary>
internal static class FileFault
{
    /// <summary>An error that names the file and what is wrong with it.</summary>
    public static ReproTorchException In(string path, string what, Exception? inner = null) =>
        new(ReproTorchErrorKind.FileFormat, $"{path}: {what}", inner);
}
