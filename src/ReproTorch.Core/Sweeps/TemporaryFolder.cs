namespace ReproTorch.Sweeps;

/// <summary>A folder of one's own that goes with the object. What a process that was killed has left, the next one clears: the lock on a
/// file in each folder goes with the process that holds it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    // No one else's folder has both such a name and such a file.
    private const string Prefix = "reprotorch-sweep-";
    private const string LockName = ".reprotorch-sweep-lock";
    private const string LockText = "A sweep of ReproTorch works in this folder. When it has ended, the next one deletes the folder.\n";

    private readonly FileStream _lock;

    public TemporaryFolder()
    {
        ClearAbandoned();

        // It gets the name that others look for when it is locked, not before.
        string made = Directory.CreateTempSubdirectory("reprotorch-new-").FullName;
        _lock = new FileStream(System.IO.Path.Combine(made, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        _lock.Write(System.Text.Encoding.UTF8.GetBytes(LockText));
        _lock.Flush();
        Path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(made)!, Prefix + Guid.NewGuid().ToString("N"));
        Directory.Move(made, Path);
    }

    public string Path { get; }

    public void Dispose()
    {
        _lock.Dispose();
        Delete(Path);
    }

    private static void ClearAbandoned()
    {
        string[] folders;
        try
        {
            folders = Directory.GetDirectories(System.IO.Path.GetTempPath(), Prefix + "*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        foreach (string folder in folders)
        {
            if (IsAbandoned(System.IO.Path.Combine(folder, LockName)))
            {
                Delete(folder);
            }
        }
    }

    // While it is in use, the file cannot be opened.
    private static bool IsAbandoned(string lockFile)
    {
        try
        {
            using var file = new StreamReader(new FileStream(lockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
            return file.ReadToEnd() == LockText;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A child that was just ended may hold a file for a moment more; the next one clears what is left.
        }
    }
}
