using ReproTorch.Comparison;

namespace ReproTorch.Reporting;

/// <summary>All outputs in one table.</summary>
internal static class OutputsSection
{
    /// <summary>Writes the section.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="outputs">One or more.</param>
    /// <param name="anchorOf">The id of an output's own section on this page; null when it has none.</param>
    /// <param name="prefix">What the section's id begins with.</param>
    public static void Write(
        HtmlWriter html, IReadOnlyList<TensorComparison> outputs, Func<TensorComparison, string?> anchorOf, string prefix)
    {
        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", prefix + "outputs"));
        html.Element("h2", "Outputs", ("id", prefix + "outputs"));
        using HtmlWriter.Scope table = html.Open("table", ("class", "outputs"));
        html.Element("caption", "The outputs of both runs", ("class", "unseen"));
        using (html.Open("thead"))
        using (html.Open("tr"))
        {
            html.Element("th", "Output", ("scope", "col"));
            html.Element("th", "Type", ("scope", "col"));
            html.Element("th", "Verdict", ("scope", "col"));
            html.Element("th", "Other bits", ("scope", "col"), ("class", "number"));
            html.Element("th", "Greatest difference", ("scope", "col"), ("class", "number"));
            html.Element("th", "ULP", ("scope", "col"), ("class", "number"), ("title", "units in the last place"));
        }

        using HtmlWriter.Scope body = html.Open("tbody");
        foreach (TensorComparison output in outputs)
        {
            WriteRow(html, output, anchorOf(output));
        }
    }

    /// <summary>What an output is: "float32 (2, 3)", "string", and both where they differ.</summary>
    public static string TypeOf(TensorComparison output)
    {
        string? reference = output.Kind is { } kind ? Describe(kind, output.DType, output.Shape) : null;
        string? difference = output.DifferenceKind is { } other
            ? Describe(other, output.DifferenceDType, output.DifferenceShape) : null;
        return reference is null || reference == difference ? difference ?? "–"
            : difference is null ? reference
            : $"{reference} → {difference}";
    }

    private static string Describe(Runs.RunValueKind kind, Tensors.DType? dtype, IReadOnlyList<long>? shape) => kind switch
    {
        Runs.RunValueKind.Tensor => $"{dtype} {ReportText.Tuple(shape ?? [])}",
        Runs.RunValueKind.Number => $"number ({dtype})",
        Runs.RunValueKind.String => "string",
        _ => "None",
    };

    private static void WriteRow(HtmlWriter html, TensorComparison output, string? anchor)
    {
        using HtmlWriter.Scope tr = html.Open("tr");
        using (html.Open("th", ("scope", "row")))
        {
            if (anchor is null)
            {
                html.Text(ComparisonText.NameOf(output));
            }
            else
            {
                html.Element("a", ComparisonText.NameOf(output), ("href", "#" + anchor));
            }
        }

        html.Element("td", TypeOf(output), ("data-label", "Type"));
        Verdict verdict = Verdict.Of(output);
        using (html.Open("td", ("data-label", "Verdict")))
        {
            html.Element("span", verdict.Badge, ("class", $"badge {verdict.Class}"));
        }

        bool valued = output.MaxAbsolute is not null;
        WriteNumber(html, "Other bits", valued
            ? output.Differing == 0 ? "0" : $"{ReportText.Count(output.Differing)} of {ReportText.Count(output.Count)}"
            : null);
        WriteNumber(html, "Greatest difference", valued ? ReportText.Number(output.MaxAbsolute!.Value) : null);
        WriteNumber(html, "ULP", valued && output.MaxUlp is { } ulp ? ReportText.Ulp(ulp) : null);
    }

    private static void WriteNumber(HtmlWriter html, string label, string? value) =>
        html.Element("td", value ?? "–", ("class", value is null ? "number nothing" : "number"), ("data-label", label));
}
