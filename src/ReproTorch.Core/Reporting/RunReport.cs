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
    /// <summary>The page.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="reference">The run that was expected, for its inputs, environment and data; null leaves these out.</param>
    /// <param name="difference">The run that came.</param>
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
        var html = new HtmlWriter();
        using (html.Open("html", ("lang", "en")))
        {
            WriteHead(html, options.Title ?? Title(comparison));
            using (html.Open("body"))
            {
                using (html.Open("main"))
                {
                    WriteVerdict(html, comparison, options);
                    RunsSection.Write(html, comparison, reference, difference);
                    LossChart.WriteSection(html, reference, difference);
                    WriteOutputs(html, comparison, reference, difference, options, cancellationToken);
                    EnvironmentSection.Write(html, reference?.Environment, difference?.Environment);
                }

                html.Element("footer", $"Written by ReproTorch {Version()}. ULP: units in the last place, the count of representable "
                    + "numbers from one value to the other.");
            }
        }

        return html.ToString();
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

    private static void WriteVerdict(HtmlWriter html, RunComparison comparison, RunReportOptions options)
    {
        Verdict verdict = Verdict.Of(comparison);
        using HtmlWriter.Scope header = html.Open("header", ("class", $"verdict {verdict.Class}"));
        html.Element("p", verdict.Sign, ("class", "sign"), ("aria-hidden", "true"));
        using HtmlWriter.Scope words = html.Open("div");
        html.Element("p", options.Title ?? Title(comparison), ("class", "kicker"));
        html.Element("h1", verdict.Title);
        html.Element("p", Verdict.Sentence(comparison));
        if (comparison.FirstDifference is { Output.Length: > 0 } first)
        {
            WriteFirstDifference(html, first);
        }

        if (options.FirstDifferingOperator is { } @operator)
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
        }

        html.Text(", ");
        html.Element("code", first.Difference ?? string.Empty);
        html.Text(" instead of ");
        html.Element("code", first.Reference ?? string.Empty);
        html.Text(".");
    }

    private static void WriteOutputs(
        HtmlWriter html, RunComparison comparison, RunOutput? reference, RunOutput? difference, RunReportOptions options,
        CancellationToken cancellationToken)
    {
        if (comparison.Outputs.Count == 0)
        {
            return;
        }

        TensorComparison[] differing = [.. comparison.Outputs.Where(output => !output.Identical)];
        Dictionary<TensorComparison, string> anchors = new(ReferenceEqualityComparer.Instance);
        foreach (TensorComparison output in differing.Take(options.DetailedOutputs))
        {
            anchors[output] = $"output-{anchors.Count + 1}";
        }

        OutputsSection.Write(html, comparison.Outputs, anchors.GetValueOrDefault);
        if (anchors.Count == 0)
        {
            return;
        }

        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", "differences"));
        html.Element("h2", "What differs", ("id", "differences"));
        if (anchors.Count < differing.Length)
        {
            html.Element("p", $"The first {anchors.Count} of {differing.Length} outputs that differ.", ("class", "note"));
        }

        foreach (TensorComparison output in differing.Take(options.DetailedOutputs))
        {
            OutputDetails.Write(html, output, anchors[output], Find(reference, output.Name), Find(difference, output.Name), cancellationToken);
        }
    }

    private static RunValue? Find(RunOutput? run, string name) => run?.Outputs.FirstOrDefault(value => value.Name == name);

    private static string Title(RunComparison comparison) => comparison is { Reference: { } r, Difference: { } d }
        ? $"{d.Name} against {r.Name}"
        : "Run comparison";

    private static string Version() =>
        typeof(RunReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? string.Empty;
}
