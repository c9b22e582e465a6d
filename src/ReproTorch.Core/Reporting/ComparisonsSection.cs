using ReproTorch.Comparison;

namespace ReproTorch.Reporting;

/// <summary>Several comparisons: the verdict on all of them, and one row each.</summary>
internal static class ComparisonsSection
{
    /// <summary>Writes the header and the table.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="comparisons">Two or more.</param>
    /// <param name="title">What the page is called.</param>
    /// <param name="anchorOf">The id of a comparison's own part of the page; null when it has none.</param>
    public static void Write(
        HtmlWriter html, IReadOnlyList<RunComparison> comparisons, string title, Func<RunComparison, string?> anchorOf)
    {
        Verdict verdict = Verdict.Of(comparisons);
        using (html.Open("header", ("class", $"verdict {verdict.Class}")))
        {
            html.Element("p", verdict.Sign, ("class", "sign"), ("aria-hidden", "true"));
            using HtmlWriter.Scope words = html.Open("div");
            html.Element("p", title, ("class", "kicker"));
            html.Element("h1", verdict.Title);
            html.Element("p", Verdict.Sentence(comparisons));
        }

        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", "comparisons"));
        html.Element("h2", "Comparisons", ("id", "comparisons"));
        using HtmlWriter.Scope table = html.Open("table", ("class", "outputs"));
        html.Element("caption", "All comparisons", ("class", "unseen"));
        using (html.Open("thead"))
        using (html.Open("tr"))
        {
            html.Element("th", "Runs", ("scope", "col"));
            html.Element("th", "Verdict", ("scope", "col"));
            html.Element("th", "Outputs that match", ("scope", "col"), ("class", "number"));
            html.Element("th", "Greatest difference", ("scope", "col"), ("class", "number"));
            html.Element("th", "ULP", ("scope", "col"), ("class", "number"), ("title", "units in the last place"));
        }

        using HtmlWriter.Scope body = html.Open("tbody");
        foreach (RunComparison comparison in comparisons)
        {
            WriteRow(html, comparison, anchorOf(comparison));
        }
    }

    private static void WriteRow(HtmlWriter html, RunComparison comparison, string? anchor)
    {
        using HtmlWriter.Scope tr = html.Open("tr");
        using (html.Open("th", ("scope", "row")))
        {
            string name = RunReport.Title(comparison);
            if (anchor is null)
            {
                html.Text(name);
            }
            else
            {
                html.Element("a", name, ("href", "#" + anchor));
            }
        }

        Verdict verdict = Verdict.Of(comparison);
        using (html.Open("td", ("data-label", "Verdict")))
        {
            html.Element("span", verdict.Badge, ("class", $"badge {verdict.Class}"));
        }

        TensorComparison[] valued = [.. comparison.Outputs.Where(output => output.MaxAbsolute is not null)];
        Cell("Outputs that match", comparison.Outputs.Count == 0 ? null
            : $"{comparison.Outputs.Count(output => output.Match)} of {comparison.Outputs.Count}");
        Cell("Greatest difference", valued.Length == 0 ? null : ReportText.Number(Greatest(valued)));
        Cell("ULP", valued.Length == 0 ? null : ReportText.Ulp(valued.Max(output => output.MaxUlp ?? 0)));

        void Cell(string label, string? value) =>
            html.Element("td", value ?? "–", ("class", value is null ? "number nothing" : "number"), ("data-label", label));
    }

    // A NaN on one side only is the greatest difference that there is; Enumerable.Max takes it for the least.
    private static double Greatest(TensorComparison[] outputs) => outputs.Any(output => double.IsNaN(output.MaxAbsolute!.Value))
        ? double.NaN
        : outputs.Max(output => output.MaxAbsolute!.Value);
}
