using System.Reflection;
using ReproTorch.Comparison;
using ReproTorch.Runs;

namespace ReproTorch.Reporting;

/// <summary>
/// A run comparison as one HTML page: the verdict, what was compared, what differs and by how much, the environments side by
/// side. It loads nothing from elsewhere and runs no script. The same comparison gives the same bytes.
/// </summary>
public static class RunReport
{
    /// <summary>The page of one comparison.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="reference">The run that was expected, for its inputs, environment and data; null for the one that was compared, which a
    /// comparison knows unless it was read from JSON.</param>
    /// <param name="difference">The run that came; likewise.</param>
    /// <param name="options">What else to say.</param>
    /// <param name="cancellationToken">Looked at while the data of outputs that differ is read for its map.</param>
    /// <exception cref="ObjectDisposedException">The data of an output that differs was let go.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static string ToHtml(
        RunComparison comparison, RunOutput? reference = null, RunOutput? difference = null, RunReportOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        options ??= new RunReportOptions();
        return Page(options.Title ?? Title(comparison), html => WriteComparison(
            html, comparison with
            {
                ReferenceRun = reference ?? comparison.ReferenceRun, DifferenceRun = difference ?? comparison.DifferenceRun,
            },
            options, string.Empty, cancellationToken));
    }

    /// <summary>The page of one or several comparisons: of several, the verdict on all and a table of them come first, then those that are not
    /// identical in full.</summary>
    /// <param name="comparisons">At least one.</param>
    /// <param name="options">What else to say.</param>
    /// <param name="cancellationToken">Looked at while the data of outputs that differ is read for its map.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    /// <exception cref="ObjectDisposedException">The data of an output that differs was let go.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static string ToHtml(
        IReadOnlyList<RunComparison> comparisons, RunReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        options ??= new RunReportOptions();
        return comparisons.Count switch
        {
            0 => throw new ArgumentException("There is no comparison to report.", nameof(comparisons)),
            1 => ToHtml(comparisons[0], options: options, cancellationToken: cancellationToken),
            _ => Page(options.Title ?? ReportText.Many(comparisons.Count, "comparison"), html => WriteAll(html, comparisons, options, cancellationToken)),
        };
    }

    private static string Page(string title, Action<HtmlWriter> content)
    {
        var html = new HtmlWriter();
        using (html.Open("html", ("lang", "en")))
        {
            WriteHead(html, title);
            using (html.Open("body"))
            {
                using (html.Open("main"))
                {
                    content(html);
                }

                html.Element("footer", $"Written by ReproTorch {Version()}. ULP: units in the last place, the count of representable "
                    + "numbers from one value to the other.");
            }
        }

        return html.ToString();
    }

    private static void WriteAll(
        HtmlWriter html, IReadOnlyList<RunComparison> comparisons, RunReportOptions options, CancellationToken cancellationToken)
    {
        RunComparison[] shown = [.. comparisons.Where(comparison => !comparison.Identical).Take(options.DetailedComparisons)];
        string? Anchor(RunComparison comparison) => Array.FindIndex(shown, one => ReferenceEquals(one, comparison)) is var at and >= 0
            ? $"comparison-{at + 1}" : null;
        ComparisonsSection.Write(html, comparisons, options.Title ?? ReportText.Many(comparisons.Count, "comparison"), Anchor);
        for (int i = 0; i < shown.Length; i++)
        {
            using HtmlWriter.Scope article = html.Open("article", ("id", $"comparison-{i + 1}"));
            WriteComparison(html, shown[i], options with { Title = null }, $"c{i + 1}-", cancellationToken);
        }
    }

    private static void WriteComparison(
        HtmlWriter html, RunComparison comparison, RunReportOptions options, string prefix, CancellationToken cancellationToken)
    {
        RunOutput? reference = comparison.ReferenceRun;
        RunOutput? difference = comparison.DifferenceRun;
        WriteVerdict(html, comparison, options, prefix.Length > 0);
        if (comparison.Failure is not null)
        {
            return;
        }

        RunsSection.Write(html, comparison, reference, difference, prefix);
        WriteOutputs(html, comparison, reference, difference, options, prefix, cancellationToken);
        LossSection.Write(html, reference, difference, prefix);
        OperatorsSection.Write(html, comparison.Operators, prefix);
        EnvironmentSection.Write(html, reference?.Environment, difference?.Environment, prefix);
    }

    private static void WriteHead(HtmlWriter html, string title)
    {
        using HtmlWriter.Scope head = html.Open("head");
        html.Empty("meta", ("charset", "utf-8"));
        html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        html.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        html.Element("title", title);
        html.Style(ReportStyle.Css);
    }

    private static void WriteVerdict(HtmlWriter html, RunComparison comparison, RunReportOptions options, bool amongOthers)
    {
        Verdict verdict = Verdict.Of(comparison);
        using HtmlWriter.Scope header = html.Open("header", ("class", $"verdict {verdict.Class}"));
        html.Element("p", verdict.Sign, ("class", "sign"), ("aria-hidden", "true"));
        using HtmlWriter.Scope words = html.Open("div");
        html.Element("p", options.Title ?? Title(comparison), ("class", "kicker"));
        html.Element(amongOthers ? "h2" : "h1", verdict.Title);
        html.Element("p", Verdict.Sentence(comparison));
        if (comparison.FirstDifference is { Output.Length: > 0 } first)
        {
            WriteFirstDifference(html, first);
        }

        if (LossSteps.FirstParameter(comparison) is { } parameter)
        {
            using HtmlWriter.Scope p = html.Open("p");
            html.Element("strong", "First parameter that differs: ");
            html.Element("code", parameter);
        }

        if ((options.FirstDifferingOperator ?? OperatorsSection.FirstDiffering(comparison.Operators)) is { } @operator)
        {
            using HtmlWriter.Scope p = html.Open("p");
            html.Element("strong", "First operator that differs: ");
            html.Text(@operator);
        }
    }

    private static void WriteFirstDifference(HtmlWriter html, FirstDifference first)
    {
        using HtmlWriter.Scope p = html.Open("p");
        html.Element("strong", "First difference: ");
        html.Element("code", first.Output);
        if (first.Index is null)
        {
            html.Text(first.Reason is { } reason ? $", {reason}." : ".");
            return;
        }

        if (first.Index.Count > 0)
        {
            html.Text(" at ");
            html.Element("span", ReportText.Tuple(first.Index), ("class", "index"));
            html.Text(LossSteps.StepOf(first));
        }

        html.Text(", ");
        html.Element("code", first.Difference ?? string.Empty);
        html.Text(" instead of ");
        html.Element("code", first.Reference ?? string.Empty);
        html.Text(".");
    }

    private static void WriteOutputs(
        HtmlWriter html, RunComparison comparison, RunOutput? reference, RunOutput? difference, RunReportOptions options,
        string prefix, CancellationToken cancellationToken)
    {
        if (comparison.Outputs.Count == 0)
        {
            return;
        }

        TensorComparison[] differing = [.. comparison.Outputs.Where(output => !output.Identical)];
        Dictionary<TensorComparison, string> anchors = new(ReferenceEqualityComparer.Instance);
        foreach (TensorComparison output in differing.Take(options.DetailedOutputs))
        {
            anchors[output] = $"{prefix}output-{anchors.Count + 1}";
        }

        OutputsSection.Write(html, comparison.Outputs, anchors.GetValueOrDefault, prefix);
        if (anchors.Count == 0)
        {
            return;
        }

        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", prefix + "differences"));
        html.Element("h2", "What differs", ("id", prefix + "differences"));
        if (anchors.Count < differing.Length)
        {
            html.Element("p", $"The first {anchors.Count} of {differing.Length} outputs that differ.", ("class", "note"));
        }

        foreach (TensorComparison output in differing.Take(options.DetailedOutputs))
        {
            OutputDetails.Write(html, output, anchors[output], Find(reference, output.Name), Find(difference, output.DifferenceName ?? output.Name), cancellationToken);
        }
    }

    private static RunValue? Find(RunOutput? run, string name) => run?.Outputs.FirstOrDefault(value => value.Name == name);

    /// <summary>What a comparison is called: its file, or its two runs.</summary>
    internal static string Title(RunComparison comparison) =>
        comparison.File is { } file ? file
        : comparison is { Reference.Name: { Length: > 0 } r, Difference.Name: { Length: > 0 } d } ? $"{d} against {r}"
        : "Run comparison";

    private static string Version() =>
        typeof(RunReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? string.Empty;
}
