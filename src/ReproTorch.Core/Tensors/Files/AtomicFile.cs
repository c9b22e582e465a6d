using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Writes files so that at any moment, whatever fails and whenever the process ends, the old file is there or the new one, whole:
/// to a temporary file in the same folder, flushed to the disk, then renamed. A process that is killed may leave its temporary
/// file, <c>.NAME.RANDOM.tmp</c>, behind. A link is followed and stays; what is no regular file (a device, a pipe, a socket) is refused.
/// </summary>
public static class AtomicFile
{
    private const int MostLinks = 40;

    /// <summary>Writes a file through a stream.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Replaces an existing file; without it that is an error.</param>
    /// <param name="write">Writes the content. The stream can seek.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="IOException">There is a file already, or it could not be written; what was there stays.</exception>
    public static void Write(string path, bool force, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        WriteWith(path, force, temporary =>
        {
            using var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
            write(stream);
            stream.Flush();
        });
    }

    /// <summary>Writes a file by handing the path of a temporary file to whoever writes it.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteWith(string path, bool force, Action<string> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string full = TargetOf(path);
        RefuseExisting(full, force);
        string folder = Path.GetDirectoryName(full)
            ?? throw new IOException($"'{path}' names no file.");
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"'{path}' cannot be written: there is no folder '{folder}'. Make it first, or name another file.");
        }

        string temporary = Path.Combine(folder, $".{Shorten(Path.GetFileName(full))}.{Guid.NewGuid():N}.tmp");
        try
        {
            write(temporary);
            using (SafeFileHandle handle = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite))
            {
                RandomAccess.FlushToDisk(handle);
            }

            // Asked again: somebody may have written it meanwhile.
            if (force)
            {
                File.Move(temporary, full, overwrite: true);
            }
            else
            {
                RefuseExisting(full, force);
                File.Move(temporary, full, overwrite: false);
            }

            FlushFolder(folder);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The file that is written where a path is given: the path itself, in full, or where its links lead.</summary>
    /// <param name="path">The path. There need not be a file.</param>
    /// <exception cref="IOException">It is a folder or another thing that is no regular file, or its links lead nowhere.</exception>
    public static string TargetOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string given = Path.GetFullPath(path);

        // Before its links are followed by hand: those of /proc lead to pipes that have no path.
        if (!OperatingSystem.IsWindows() && Posix.IsSpecial(given))
        {
            throw new IOException($"'{path}' is no regular file. Name another one.");
        }

        string full = FollowLinks(given);
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(full))
        {
            throw new IOException($"'{path}' is a folder. Name a file.");
        }

        return full;
    }

    // File.ResolveLinkTarget takes '..' away before it looks whether what stands before is a link.
    private static string FollowLinks(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }

        string at = path;
        for (int links = 0; new FileInfo(at).LinkTarget is { } target; links++)
        {
            string next = Path.Combine(Path.GetDirectoryName(at)!, target);
            string? folder = links < MostLinks ? Posix.RealPath(Path.GetDirectoryName(next) ?? next) : null;
            at = folder is null
                ? throw new IOException($"'{path}' is a link that leads nowhere ('{target}'). Name a file.")
                : Path.Combine(folder, Path.GetFileName(next));
        }

        return at;
    }

    private static void RefuseExisting(string path, bool force)
    {
        if (!force && Path.Exists(path))
        {
            throw new IOException($"The file '{path}' exists. It was left as it is; use -Force to replace it.");
        }
    }

    // File names have 255 bytes at most on common systems, and the temporary one is longer.
    private static string Shorten(string name) => name.Length <= 40 ? name : name[..40];

    // On Unix a rename is on the disk only when its folder is.
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Posix.open(folder, 0);
        if (descriptor >= 0)
        {
            _ = Posix.fsync(descriptor);
            _ = Posix.close(descriptor);
        }
    }
}
