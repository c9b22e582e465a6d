using System.Globalization;
using ReproTorch.Comparison;
using ReproTorch.Runs;

namespace ReproTorch.Reporting;

/// <summary>What was compared: the two runs side by side.</summary>
internal static class RunsSection
{
    /// <summary>Writes the section. What the runs themselves do not say, the comparison may.</summary>
    public static void Write(HtmlWriter html, RunComparison comparison, RunOutput? reference, RunOutput? difference, string prefix)
    {
        RunIdentity? r = comparison.Reference;
        RunIdentity? d = comparison.Difference;
        List<SideBySideRow> rows =
        [
            new("Run", Named(reference?.Name ?? r?.Name), Named(difference?.Name ?? d?.Name), Telling: false),
            new("Model", reference?.Model ?? r?.Model, difference?.Model ?? d?.Model),
            new("Model SHA-256", reference?.ModelSha256 ?? r?.ModelSha256, difference?.ModelSha256 ?? d?.ModelSha256),
            new("Method", reference?.Method ?? r?.Method, difference?.Method ?? d?.Method),
            new("Traced", YesNo(Traced(reference, r)), YesNo(Traced(difference, d))),
            new("Batch size", Number(reference?.BatchSize ?? r?.BatchSize), Number(difference?.BatchSize ?? d?.BatchSize)),
            new("Device", reference?.Device ?? r?.Device, difference?.Device ?? d?.Device),
            new("Seed", reference?.Seed ?? r?.Seed, difference?.Seed ?? d?.Seed),
            .. Inputs(reference?.Inputs ?? [], difference?.Inputs ?? []),
            new("Began", Time(reference?.Time), Time(difference?.Time), Telling: false),
            new("Took", Duration(reference?.Duration), Duration(difference?.Duration), Telling: false),
        ];
        rows.RemoveAll(static row => row.Reference is null && row.Difference is null);
        if (rows.Count == 0)
        {
            // Tensors that are no runs.
            return;
        }

        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", prefix + "runs"));
        html.Element("h2", "What was compared", ("id", prefix + "runs"));
        SideBySide.Write(html, "The two runs", rows);
    }

    private static IEnumerable<SideBySideRow> Inputs(IReadOnlyList<RunInputInfo> reference, IReadOnlyList<RunInputInfo> difference) =>
        reference.Concat(difference).Select(input => input.Name).Distinct().Select(name => new SideBySideRow(
            $"Input {name}",
            Describe(reference.FirstOrDefault(input => input.Name == name)),
            Describe(difference.FirstOrDefault(input => input.Name == name))));

    private static string? Describe(RunInputInfo? input) => input switch
    {
        null => null,
        { Shape: { } shape, DType: { } dtype } => $"{dtype} {ReportText.Tuple(shape)} {input.Hash}".TrimEnd(),
        _ => $"{input.Kind} {input.Hash}".TrimEnd(),
    };

    private static string? Named(string? name) => string.IsNullOrEmpty(name) ? null : name;

    // Tensors alone were traced as little as not.
    private static bool? Traced(RunOutput? run, RunIdentity? identity) =>
        run?.Model is not null ? run.Traced : identity?.Model is not null ? identity.Traced : null;

    private static string? YesNo(bool? value) => value switch
    {
        null => null,
        true => "yes",
        false => "no",
    };

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string? Duration(TimeSpan? duration) => duration switch
    {
        null => null,
        { TotalSeconds: < 1 } short_ => short_.TotalMilliseconds.ToString("0.# ms", CultureInfo.InvariantCulture),
        { TotalMinutes: < 2 } medium => medium.TotalSeconds.ToString("0.## s", CultureInfo.InvariantCulture),
        { } long_ => long_.ToString("d'd 'hh':'mm':'ss", CultureInfo.InvariantCulture).Replace("0d ", string.Empty, StringComparison.Ordinal),
    };
}
