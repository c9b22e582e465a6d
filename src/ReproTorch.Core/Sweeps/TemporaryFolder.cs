namespace ReproTorch.Sweeps;

/// <summary>A folder of one's own that goes with the object.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("reprotorch-").FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A child that was just ended may hold a file for a moment more; the system's own clearing takes what is left.
        }
    }
}
