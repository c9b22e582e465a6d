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

    /// <summary>The run files that a path stands for: itself, or all in that folder, in the order of their names without .npz, in which
    /// numbers count as numbers: run 2 stands before run 10, and run 1 before run 1-2.</summary>
    /// <exception cref="ReproTorchException">It is a folder without run files.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*" + Extension).Where(file => Path.GetFileName(file)[0] != '.')];
        Array.Sort(files, static (a, b) => CompareNames(Path.GetFileNameWithoutExtension(a), Path.GetFileNameWithoutExtension(b)));
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

    /// <summary>
    /// The runs of a folder in the order of those that they are to stand against. A folder keeps no order but that of its files' names; so runs go
    /// by their names where both sides have the same ones, and of several that share a name the first goes with the first and so on.
    /// </summary>
    /// <param name="runs">The folder's, as <see cref="Files"/> orders them.</param>
    /// <param name="others">What they are to stand against.</param>
    /// <returns>The same runs; as they came where the names differ.</returns>
    public static IReadOnlyList<RunOutput> Arrange(IReadOnlyList<RunOutput> runs, IReadOnlyList<RunOutput> others)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(others);
        if (runs.Count != others.Count)
        {
            return runs;
        }

        var byName = new Dictionary<string, Queue<RunOutput>>(StringComparer.Ordinal);
        foreach (RunOutput run in runs)
        {
            if (!byName.TryGetValue(run.Name, out Queue<RunOutput>? shared))
            {
                byName[run.Name] = shared = new Queue<RunOutput>();
            }

            shared.Enqueue(run);
        }

        var arranged = new List<RunOutput>(runs.Count);
        foreach (RunOutput other in others)
        {
            if (!byName.TryGetValue(other.Name, out Queue<RunOutput>? shared) || !shared.TryDequeue(out RunOutput? run))
            {
                return runs;
            }

            arranged.Add(run);
        }

        return arranged;
    }

    // By letters, but digits by the number that they write; names that are the same in this by every letter.
    private static int CompareNames(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        ReadOnlySpan<char> left = a;
        ReadOnlySpan<char> right = b;
        while (left.Length > 0 && right.Length > 0)
        {
            int order;
            if (char.IsAsciiDigit(left[0]) && char.IsAsciiDigit(right[0]))
            {
                ReadOnlySpan<char> number = TakeNumber(ref left);
                ReadOnlySpan<char> other = TakeNumber(ref right);
                order = number.Length != other.Length ? number.Length - other.Length : number.SequenceCompareTo(other);
            }
            else
            {
                order = left[0] - right[0];
                left = left[1..];
                right = right[1..];
            }

            if (order != 0)
            {
                return order;
            }
        }

        return left.Length != right.Length ? left.Length - right.Length : a.SequenceCompareTo(b);
    }

    // The digits at the start, without the zeros before them.
    private static ReadOnlySpan<char> TakeNumber(ref ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> digits = end < 0 ? text : text[..end];
        text = text[digits.Length..];
        return digits.TrimStart('0');
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
