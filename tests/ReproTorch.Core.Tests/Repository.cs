namespace ReproTorch.Core.Tests;

/// <summary>Where the repository's own files are.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ReproTorch.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("ReproTorch.slnx was not found above " + AppContext.BaseDirectory);
    }
}
