namespace ReproTorch.Sweeps;

/// <summary>A folder of one's own that goes with the object. What a process that was killed has left, the next one clears: the lock on a
/// file in each folder goes with the process that holds it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string Prefix = "reprotorch-";
    private const string LockName = ".lock";

    private readonly FileStream _lock;

    public TemporaryFolder()
    {
        ClearAbandoned();
        Path = Directory.CreateTempSubdirectory(Prefix).FullName;
        _lock = new FileStream(System.IO.Path.Combine(Path, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
    }

    public string Path { get; }

    public void Dispose()
    {
        _lock.Dispose();
        Delete(Path);
    }

    private static void ClearAbandoned()
    {
        foreach (string folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                // One without the file is just being made; of one that is in use, the file cannot be opened.
                new FileStream(System.IO.Path.Combine(folder, LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            Delete(folder);
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
