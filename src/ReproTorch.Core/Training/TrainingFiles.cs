using ReproTorch.Tensors.Files;

namespace ReproTorch.Training;

/// <summary>The files that a training is to write.</summary>
public static class TrainingFiles
{
    private static readonly StringComparer s_sameFile =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>Sees to it before a training that its files can be written: what cannot be should not be found out about after hours.</summary>
    /// <param name="files">What each file holds, for messages ("model"), and its path; null for none. Existing files are allowed.</param>
    /// <exception cref="DirectoryNotFoundException">A file's folder does not exist.</exception>
    /// <exception cref="IOException">A path is a folder's, a device's, a pipe's, or a link's that leads nowhere.</exception>
    /// <exception cref="ReproTorchException">Two have one path, or their links lead to one.</exception>
    public static void RequireWritable(params IReadOnlyList<(string What, string? Path)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var taken = new Dictionary<string, string>(s_sameFile);
        foreach ((string what, string? path) in files)
        {
            if (path is null)
            {
                continue;
            }

            if (path.Length == 0)
            {
                throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"The path of the {what} is empty. Nothing was trained. Name a file.");
            }

            string full = Target(what, path);
            string folder = Path.GetDirectoryName(full)!;
            if (!Directory.Exists(folder))
            {
                throw new DirectoryNotFoundException(
                    $"The {what} cannot be written: there is no folder '{folder}'. Nothing was trained. Make the folder, or name another one.");
            }

            if (!taken.TryAdd(full, what))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The {taken[full]} and the {what} have one path, '{path}', and one would replace the other. Nothing was trained. Name two files.");
            }
        }
    }

    /// <summary>Sees to it that nothing which a training reads is replaced by what it writes.</summary>
    /// <param name="outputs">What each file is to hold, and its path; null for none.</param>
    /// <param name="sources">What each file that is read holds, and its path; null for none.</param>
    /// <exception cref="ReproTorchException">One is both, be it by a link. The checkpoint that a training goes on from may be the one that it writes:
    /// a source and an output of the one name <c>checkpoint</c>.</exception>
    public static void RequireApart(
        IReadOnlyList<(string What, string? Path)> outputs, IReadOnlyList<(string What, string? Path)> sources)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(sources);
        foreach ((string what, string? path) in outputs.Where(output => !string.IsNullOrEmpty(output.Path)))
        {
            string full = Target(what, path!);
            if (sources.FirstOrDefault(source => source.Path is { Length: > 0 } read && source.What != what && s_sameFile.Equals(Followed(read), full))
                is { Path: { } same } replaced)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The {what} would replace the {replaced.What} '{same}', which the training reads. Nothing was trained. Name another file.");
            }
        }
    }

    // What is read need not be a file that could be written.
    private static string Followed(string path)
    {
        try
        {
            return AtomicFile.TargetOf(path);
        }
        catch (IOException)
        {
            return Path.GetFullPath(path);
        }
    }

    private static string Target(string what, string path)
    {
        try
        {
            return AtomicFile.TargetOf(path);
        }
        catch (IOException e)
        {
            throw new IOException($"The {what} cannot be written: {e.Message} Nothing was trained.", e);
        }
    }
}
