using System.Globalization;

namespace ReproTorch.Runs;

/// <summary>A folder of run files, one a run.</summary>
public static class RunFolder
{
    private const string Extension = ".npz";

    // Not allowed in file names on one system or another; a name must serve on all.
    private static readonly System.Buffers.SearchValues<char> s_unsafe =
        System.Buffers.SearchValues.Create("\\/:*?\"<>|\0\u0001\u0002\u0003\u0004\u0005\u0006\a\b\t\n\v\f\r");

    /// <summary>True for a path that names a run file by its extension.</summary>
    public static bool IsRunFile(string path) => Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The run files that a path stands for: itself, or all in that folder, in the order of their names.</summary>
    /// <exception cref="ReproTorchException">It is a folder without run files.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*" + Extension).Where(file => Path.GetFileName(file)[0] != '.')];
        Array.Sort(files, StringComparer.Ordinal);
        return files.Length > 0
            ? files
            : throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"The folder {path} holds no run files ({Extension}).");
    }

    /// <summary>Which file each run goes to: its name with .npz, with -2, -3, .. behind it when several runs share one.</summary>
    public static IEnumerable<(string File, RunOutput Run)> Plan(string folder, IReadOnlyList<RunOutput> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (RunOutput run in runs)
        {
            string name = Safe(run.Name);
            string unique = name;
            for (int i = 2; !taken.Add(unique); i++)
            {
                unique = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
            }

            yield return (Path.Combine(folder, unique + Extension), run);
        }
    }

    private static string Safe(string name)
    {
        char[] letters = name.Trim().TrimStart('.').ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            if (s_unsafe.Contains(letters[i]))
            {
                letters[i] = '_';
            }
        }

        return letters.Length == 0 ? "run" : new string(letters);
    }
}
