namespace ReproTorch.Build.TestRunner;

/// <summary>What one runner counted. Reason says why it skipped or failed as a whole; null when there is nothing to say.</summary>
internal sealed record Tally(string Runner, int Passed, int Failed, int Skipped, string? Reason = null)
{
    /// <summary>A runner that broke down, or ran no test: one failure beside those it counted, so that it cannot go unseen.</summary>
    public static Tally Broken(string runner, string reason, Tally? counted = null) =>
        new(runner, counted?.Passed ?? 0, (counted?.Failed ?? 0) + 1, counted?.Skipped ?? 0, reason);

    public static Tally NotRun(string runner, int suites, string reason) => new(runner, 0, 0, suites, reason);

    public override string ToString() =>
        $"{Runner}: {Passed} passed, {Failed} failed, {Skipped} skipped" + (Reason is null ? string.Empty : $" ({Reason})");

    /// <summary>Holds the counts of a finished process against its exit code.</summary>
    public static Tally Judge(string runner, int exitCode, Tally? counted)
    {
        if (counted is null)
        {
            return Broken(runner, $"ended with exit code {exitCode} and without a result");
        }
        if (counted.Passed + counted.Failed + counted.Skipped == 0)
        {
            return Broken(runner, "ran no test", counted);
        }
        return exitCode != 0 && counted.Failed == 0
            ? Broken(runner, $"no test failed, yet it ended with exit code {exitCode}", counted)
            : counted;
    }
}
