using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Writes files so that at any moment, whatever fails and whenever the process ends, the old file is there or the new one, whole:
/// to a temporary file in the same folder, flushed to the disk, then renamed. A process that is killed may leave its temporary
/// file, <c>.NAME.RANDOM.tmp</c>, behind.
/// </summary>
public static class AtomicFile
{
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
        string full = Path.GetFullPath(path);
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

    private static void RefuseExisting(string path, bool force)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"'{path}' is a folder. Name a file.");
        }

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
