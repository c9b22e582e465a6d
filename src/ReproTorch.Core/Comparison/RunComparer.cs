using System.IO.Enumeration;
using ReproTorch.Comparison.Kernels;
using ReproTorch.Observation;
using ReproTorch.Runs;

namespace ReproTorch.Comparison;

/// <summary>Compares runs: pairs their outputs by name and compares each.</summary>
public static class RunComparer
{
    /// <summary>Compares the outputs of two runs.</summary>
    /// <param name="reference">What was expected.</param>
    /// <param name="difference">What came.</param>
    /// <param name="options">What to hold them against; null for the same bits.</param>
    /// <param name="progress">Told every 32 MiB.</param>
    /// <param name="cancellationToken">Looked at as often, and before each output.</param>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="ReproTorchException">A side has two outputs of one name, or a mapped pair of names that neither side has.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RunComparison Compare(
        IReadOnlyList<RunValue> reference, IReadOnlyList<RunValue> difference, ComparisonOptions? options = null,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(difference);
        options ??= ComparisonOptions.Default;
        options.Validate();
        Dictionary<string, RunValue> expected = ByName(reference, "reference");
        Dictionary<string, RunValue> actual = ByName(difference, "difference");
        CheckNameMap(options, expected, actual);
        long bytes = reference.Where(value => Counterpart(value) is not null).Sum(static value => value.Data?.ByteLength ?? 0);
        TensorComparer.Reporter reporter = new(progress, bytes, cancellationToken);
        Workspaces workspaces = new();

        List<TensorComparison> outputs = [.. reference.Select(value => Counterpart(value) is { } other
            ? Compare(value, other, options, workspaces, reporter) with { DifferenceName = other.Name == value.Name ? null : other.Name }
            : Missing(value))];
        HashSet<string> paired = [.. reference.Select(Counterpart).OfType<RunValue>().Select(static value => value.Name)];
        List<RunValue> extra = [.. difference.Where(value => !paired.Contains(value.Name))];
        outputs.AddRange(extra.Select(Extra));
        bool compared = outputs.Exists(static output => output.Reason is null);
        return new RunComparison
        {
            Match = compared && outputs.TrueForAll(static output => output.Match),
            Identical = compared && outputs.TrueForAll(static output => output.Identical),
            Close = compared && outputs.TrueForAll(static output => output.Close),
            Reason = outputs.Count == 0 ? "neither run has an output: nothing was compared" : null,
            Criterion = ComparisonText.Criterion(options),
            Outputs = outputs,
            Missing = reference.Where(value => Counterpart(value) is null).Select(static value => value.Name).ToArray(),
            Extra = extra.Select(static value => value.Name).ToArray(),
            Options = options,
            FirstDifference = First(outputs),
        };

        RunValue? Counterpart(RunValue value) =>
            options.DifferenceNameOf(value.Name) is { } name ? actual.GetValueOrDefault(name) : null;
    }

    /// <summary>Compares two runs; the result tells which runs they were.</summary>
    /// <inheritdoc cref="Compare(IReadOnlyList{RunValue}, IReadOnlyList{RunValue}, ComparisonOptions?, IProgress{ComparisonProgress}?, CancellationToken)"/>
    public static RunComparison Compare(
        RunOutput reference, RunOutput difference, ComparisonOptions? options = null,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(difference);
        return Compare(reference.Outputs, difference.Outputs, options, progress, cancellationToken) with
        {
            Reference = IdentityOf(reference),
            Difference = IdentityOf(difference),
            ReferenceRun = reference,
            DifferenceRun = difference,
            Operators = reference.OperatorTrace is { } trace && difference.OperatorTrace is { } other
                ? OperatorTraceComparer.Compare(trace, other)
                : null,
        };
    }

    /// <summary>
    /// Compares series of runs, first with first and so on. A run that has no counterpart is a mismatch of its own, and so are two empty series: the
    /// list that comes back is never empty.
    /// </summary>
    /// <inheritdoc cref="Compare(IReadOnlyList{RunValue}, IReadOnlyList{RunValue}, ComparisonOptions?, IProgress{ComparisonProgress}?, CancellationToken)"/>
    public static IReadOnlyList<RunComparison> Compare(
        IReadOnlyList<RunOutput> reference, IReadOnlyList<RunOutput> difference, ComparisonOptions? options = null,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(difference);
        options ??= ComparisonOptions.Default;
        options.Validate();
        if (reference.Count == 0 && difference.Count == 0)
        {
            return [Unpaired(null, null, "neither side has a run: nothing was compared", options)];
        }

        string counts = $"the reference has {Runs(reference.Count)}, the difference {Runs(difference.Count)}";
        return [.. Enumerable.Range(0, Math.Max(reference.Count, difference.Count)).Select(i =>
            i >= difference.Count ? Unpaired(reference[i], null, $"no run stands against run {i + 1} of the reference: {counts}", options)
            : i >= reference.Count ? Unpaired(null, difference[i], $"no run stands against run {i + 1} of the difference: {counts}", options)
            : Compare(reference[i], difference[i], options, progress, cancellationToken))];
    }

    /// <summary>
    /// Compares the run files of two folders, and of the folders within, file by file in the order of their names; the runs of a file in
    /// order. A file that only one folder has is a mismatch of each of its runs, and so is nothing on both sides. One pair of files is open at a time.
    /// </summary>
    /// <param name="referenceFolder">What was expected.</param>
    /// <param name="differenceFolder">What came.</param>
    /// <param name="options">What to hold them against; null for the same bits.</param>
    /// <param name="progress">Told some 32 MiB apart, of each run anew.</param>
    /// <param name="cancellationToken">Looked at as often, and before each file.</param>
    /// <exception cref="ReproTorchException">A file cannot be read.</exception>
    public static IEnumerable<RunComparison> CompareFolders(
        string referenceFolder, string differenceFolder, ComparisonOptions? options = null,
        IProgress<ComparisonProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= ComparisonOptions.Default;
        options.Validate();
        HashSet<string> expected = FilesBelow(referenceFolder);
        HashSet<string> actual = FilesBelow(differenceFolder);
        if (expected.Count == 0 && actual.Count == 0)
        {
            yield return Unpaired(null, null, $"neither {referenceFolder} nor {differenceFolder} holds a run file: nothing was compared", options);
        }

        foreach (string file in expected.Union(actual).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (RunComparison comparison in CompareFiles(file))
            {
                yield return comparison with { File = file };
            }
        }

        // One file that cannot be read does not keep the others from being compared.
        IReadOnlyList<RunComparison> CompareFiles(string file)
        {
            try
            {
                IReadOnlyList<RunOutput> reference = expected.Contains(file) ? RunFile.Read(Path.Combine(referenceFolder, file)) : [];
                IReadOnlyList<RunOutput> difference = actual.Contains(file) ? RunFile.Read(Path.Combine(differenceFolder, file)) : [];
                return !actual.Contains(file) ? [.. reference.Select(run => Unpaired(run, null, $"the difference has no file {file}", options))]
                    : !expected.Contains(file) ? [.. difference.Select(run => Unpaired(null, run, $"the reference has no file {file}", options))]
                    : Compare(reference, difference, options, progress, cancellationToken);
            }
            catch (Exception e) when (e is ReproTorchException or IOException or UnauthorizedAccessException)
            {
                return [Unreadable(file, e, options)];
            }
        }
    }

    /// <summary>The comparison of a file that could not be read: it does not match, and says why.</summary>
    /// <param name="file">The file's name.</param>
    /// <param name="failure">What reading it ended with.</param>
    /// <param name="options">What it was to be held against; null for the same bits.</param>
    public static RunComparison Unreadable(string file, Exception failure, ComparisonOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return Unpaired(null, null, $"the file {file} could not be compared: {failure.Message}", options ?? ComparisonOptions.Default) with
        {
            File = file, Failure = failure,
        };
    }

    // Links to folders may go in circles.
    private static HashSet<string> FilesBelow(string folder) =>
    [
        .. new FileSystemEnumerable<string>(
            folder, (ref FileSystemEntry entry) => entry.ToFullPath(),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        }.Where(RunFolder.IsRunFile).Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')),
    ];

    private static void CheckNameMap(ComparisonOptions options, Dictionary<string, RunValue> reference, Dictionary<string, RunValue> difference)
    {
        foreach ((string expected, string actual) in options.NameMap)
        {
            if (!reference.ContainsKey(expected) && !difference.ContainsKey(actual))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"'{expected}' is mapped to '{actual}', but the reference has no output '{expected}' and the difference no '{actual}'. "
                        + $"The reference has {Names(reference)}; the difference has {Names(difference)}.");
            }
        }

        static string Names(Dictionary<string, RunValue> values) =>
            values.Count == 0 ? "none" : string.Join(", ", values.Keys.Select(static name => $"'{name}'"));
    }

    private static string Runs(int count) => count == 1 ? "1 run" : $"{count} runs";

    private static Dictionary<string, RunValue> ByName(IReadOnlyList<RunValue> values, string side)
    {
        Dictionary<string, RunValue> byName = new(StringComparer.Ordinal);
        foreach (RunValue value in values)
        {
            if (!byName.TryAdd(value.Name, value))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The {side} has two outputs called '{value.Name}', so they cannot be paired by name. Give each a name of its own.");
            }
        }

        return byName;
    }

    private static TensorComparison Compare(
        RunValue reference, RunValue difference, ComparisonOptions options, Workspaces workspaces, TensorComparer.Reporter reporter)
    {
        if (reference.Kind != difference.Kind)
        {
            string words = $"{ComparisonText.Describe(difference)} instead of {ComparisonText.Describe(reference)}";
            reporter.Advance(reference.Data?.ByteLength ?? 0);
            return WithSides(reference, difference) with { Reason = words, Message = $"'{reference.Name}' is {words}." };
        }

        if (reference.Data is { } expected && difference.Data is { } actual)
        {
            return TensorComparer.Compare(reference.Name, reference.Kind, expected, actual, options, workspaces, reporter);
        }

        bool equal = string.Equals(reference.Text, difference.Text, StringComparison.Ordinal);
        ElementDifference[] differences = equal
            ? []
            : [new([], ComparisonText.Quote(reference.Text), ComparisonText.Quote(difference.Text))];
        return WithSides(reference, difference) with
        {
            Match = equal,
            Identical = equal,
            Close = equal,
            Count = 1,
            Mismatched = equal ? 0 : 1,
            Differing = equal ? 0 : 1,
            FirstDifferences = differences,
            FirstMismatches = differences,
            Message = equal ? null : $"{ComparisonText.Quote(difference.Text)} != {ComparisonText.Quote(reference.Text)}",
        };
    }

    private static TensorComparison WithSides(RunValue? reference, RunValue? difference) => new()
    {
        Name = (reference ?? difference)!.Name,
        Kind = reference?.Kind,
        DifferenceKind = difference?.Kind,
        DType = reference?.Data?.DType,
        DifferenceDType = difference?.Data?.DType,
        Shape = reference?.Data is { } r ? [.. r.Shape] : null,
        DifferenceShape = difference?.Data is { } d ? [.. d.Shape] : null,
    };

    private static TensorComparison Missing(RunValue value) =>
        WithSides(value, null) with { Reason = "missing", Message = $"The difference has no output '{value.Name}'." };

    private static TensorComparison Extra(RunValue value) =>
        WithSides(null, value) with { Reason = "extra", Message = $"The reference has no output '{value.Name}'." };

    private static RunIdentity IdentityOf(RunOutput run) =>
        new(run.Name, run.Seed, run.Model, run.ModelSha256, run.Method, run.Traced, run.BatchSize, run.Device);

    private static RunComparison Unpaired(RunOutput? reference, RunOutput? difference, string reason, ComparisonOptions options) => new()
    {
        Reason = reason,
        Criterion = ComparisonText.Criterion(options),
        Options = options,
        Reference = reference is null ? null : IdentityOf(reference),
        Difference = difference is null ? null : IdentityOf(difference),
        ReferenceRun = reference,
        DifferenceRun = difference,
        Missing = (reference?.Outputs ?? []).Select(static value => value.Name).ToArray(),
        Extra = (difference?.Outputs ?? []).Select(static value => value.Name).ToArray(),
        FirstDifference = new(string.Empty, null, null, null, reason),
    };

    private static FirstDifference? First(List<TensorComparison> outputs)
    {
        TensorComparison? first = outputs.Find(static output => !output.Match) ?? outputs.Find(static output => !output.Identical);
        if (first is null)
        {
            return null;
        }

        ElementDifference? element = first.FirstMismatches.Concat(first.FirstDifferences).FirstOrDefault();
        return new(first.Name, element?.Index, element?.Reference, element?.Difference, first.Reason);
    }
}
