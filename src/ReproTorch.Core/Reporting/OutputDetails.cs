using ReproTorch.Comparison;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Reporting;

/// <summary>One output that differs: how much, where, and what the first differing elements are.</summary>
internal static class OutputDetails
{
    private const int MostShown = 1500;

    /// <summary>Writes the section.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="output">The comparison.</param>
    /// <param name="anchor">The section's id.</param>
    /// <param name="reference">The reference's value; null when it is not at hand.</param>
    /// <param name="difference">The difference's value; null when it is not at hand.</param>
    /// <param name="cancellationToken">Looked at while the data is read.</param>
    public static void Write(
        HtmlWriter html, TensorComparison output, string anchor, RunValue? reference, RunValue? difference,
        CancellationToken cancellationToken)
    {
        using HtmlWriter.Scope section = html.Open("section", ("class", "output"), ("aria-labelledby", anchor));
        Verdict verdict = Verdict.Of(output);
        using (html.Open("h3", ("id", anchor)))
        {
            html.Element("span", ComparisonText.NameOf(output), ("class", "name"));
            html.Text(" ");
            html.Element("span", verdict.Badge, ("class", $"badge {verdict.Class}"));
        }

        html.Element("p", OutputsSection.TypeOf(output), ("class", "note"));
        if (output is { Reason: { } reason, Message: not null })
        {
            // Of losses of two lengths the reason knows more than the words of assert_close do.
            html.Element("p", LossSteps.Tells(output) ? ComparisonText.Sentence(reason) : output.Message);
        }

        if (output.MaxAbsolute is not null)
        {
            WriteStatistics(html, output);
        }

        using (html.Open("div", ("class", "charts")))
        {
            WriteCharts(html, output, reference?.Data, difference?.Data, cancellationToken);
            WriteElements(html, output);
        }

        WriteTexts(html, reference, difference);
        if (output.Message is not null && output.MaxAbsolute is not null)
        {
            using HtmlWriter.Scope details = html.Open("details");
            html.Element("summary", "In the words of torch.testing.assert_close");
            html.Element("pre", output.Message);
        }
    }

    private static void WriteStatistics(HtmlWriter html, TensorComparison output)
    {
        using HtmlWriter.Scope list = html.Open("dl", ("class", "statistics"));
        Entry("Other bits", Share(output.Differing, output.Count), null);
        Entry("Not close", Share(output.Mismatched, output.Count), output.Tolerances switch
        {
            null => null,
            { IsZero: true } => "no difference is allowed",
            { } allowed => $"allowed: {ReportText.Number(allowed.Absolute)} + {ReportText.Number(allowed.Relative)} × |reference|",
        });
        EntryGreatest("Greatest absolute difference", output.MaxAbsolute);
        EntryGreatest("Greatest relative difference", output.MaxRelative);
        bool isExact = output.DType is { } dtype && (dtype.IsInteger() || dtype == DType.@bool);
        if (output.MaxUlp is { } ulp && !isExact)
        {
            Entry("Greatest distance in ULP", ReportText.Count(ulp), At(output.MaxUlpIndex));
        }

        EntryNumber("Mean absolute difference", output.MeanAbsolute, null);
        if (output.DType is not DType.@bool)
        {
            EntryNumber("Mean difference", output.MeanDifference, "its sign tells a drift");
            EntryNumber("Root mean square", output.RootMeanSquare, null);
        }

        if (output.CosineSimilarity is { } cosine)
        {
            Entry("Cosine similarity", ReportText.Cosine(cosine), null);
        }

        EntryPair("NaN", output.NaNCount, output.DifferenceNaNCount);
        EntryPair("Infinities", output.InfinityCount, output.DifferenceInfinityCount);
        EntryPassing(output.Passing);

        void Entry(string term, string value, string? note)
        {
            using HtmlWriter.Scope entry = html.Open("div");
            html.Element("dt", term);
            using HtmlWriter.Scope definition = html.Open("dd");
            html.Text(value);
            if (note is { Length: > 0 })
            {
                html.Element("small", note);
            }
        }

        void EntryNumber(string term, double? value, string? note)
        {
            if (value is { } number)
            {
                Entry(term, ReportText.Number(number), note);
            }
        }

        void EntryGreatest(string term, GreatestDifference? greatest)
        {
            if (greatest is not null)
            {
                Entry(term, ReportText.Number(greatest.Value), 
                    $"{(At(greatest.Index) is { } at ? at + ": " : null)}{greatest.Difference} instead of {greatest.Reference}");
            }
        }

        void EntryPair(string term, long reference, long difference)
        {
            if (reference > 0 || difference > 0)
            {
                Entry(term, $"{ReportText.Count(reference)} → {ReportText.Count(difference)}", "reference → difference");
            }
        }

        void EntryPassing(PassingTolerances? passing)
        {
            if (passing is null)
            {
                return;
            }

            string[] ways =
            [
                .. passing.Absolute is { } absolute ? [$"atol {ReportText.Number(absolute)} alone"] : Array.Empty<string>(),
                .. passing.Relative is { } relative
                    ? [$"rtol {ReportText.Number(relative)} with atol {ReportText.Number(passing.DefaultAbsolute)}"] : Array.Empty<string>(),
                .. passing.Ulp is { } distance && !isExact ? [$"{ReportText.Count(distance)} ULP"] : Array.Empty<string>(),
            ];
            Entry("Would pass with", ways.Length == 0 ? "no tolerance" : ways[0], string.Join("; ", ways.Skip(1).Select(way => "or " + way)));
        }
    }

    private static void WriteCharts(
        HtmlWriter html, TensorComparison output, TensorData? reference, TensorData? difference, CancellationToken cancellationToken)
    {
        if (output.Count > 1 && output.DType is not DType.@bool)
        {
            Histograms.WriteAbsolute(html, output);
            // Between integers a unit in the last place is 1: the same picture twice.
            if (output.DType is { } dtype && !dtype.IsInteger())
            {
                Histograms.WriteUlp(html, output);
            }
        }

        // Two dtypes, or data that is no longer the data that was compared, have no common map.
        if (reference is not null && difference is not null && reference.DType == difference.DType
            && reference.Shape.AsSpan().SequenceEqual(difference.Shape) && reference.Count > 1 && reference.Count == output.Count)
        {
            DifferenceMapChart.Write(html, output.Name, reference.Shape, DifferenceMap.Of(reference, difference, cancellationToken));
        }
    }

    private static void WriteElements(HtmlWriter html, TensorComparison output)
    {
        IReadOnlyList<ElementDifference> elements =
            output.FirstMismatches.Count > 0 ? output.FirstMismatches : output.FirstDifferences;
        if (elements.Count == 0)
        {
            return;
        }

        bool isTensor = elements[0].Index.Count > 0;
        using HtmlWriter.Scope figure = html.Open("figure");
        html.Element("figcaption", !isTensor ? "The values"
            : elements.Count == 1 ? "The first element that differs"
            : $"The first {elements.Count} elements that differ");
        using HtmlWriter.Scope table = html.Open("table", ("class", "elements"));
        html.Element("caption", "Differing elements", ("class", "unseen"));
        using (html.Open("thead"))
        using (html.Open("tr"))
        {
            if (isTensor)
            {
                html.Element("th", "Index", ("scope", "col"));
            }

            html.Element("th", "Reference", ("scope", "col"));
            html.Element("th", "Difference", ("scope", "col"));
        }

        using HtmlWriter.Scope body = html.Open("tbody");
        foreach (ElementDifference element in elements)
        {
            using HtmlWriter.Scope tr = html.Open("tr");
            if (isTensor)
            {
                html.Element("th", ReportText.Tuple(element.Index), ("scope", "row"));
            }

            html.Element("td", element.Reference);
            html.Element("td", element.Difference);
        }
    }

    private static void WriteTexts(HtmlWriter html, RunValue? reference, RunValue? difference)
    {
        if (reference?.Kind != RunValueKind.Tensor && difference?.Kind != RunValueKind.Tensor)
        {
            return;
        }

        using HtmlWriter.Scope details = html.Open("details", ("class", "texts"));
        html.Element("summary", reference is null || difference is null ? "As PyTorch prints it" : "Both as PyTorch prints them");
        Write("Reference", reference?.Data);
        Write("Difference", difference?.Data);

        void Write(string side, TensorData? data)
        {
            if (data is not null)
            {
                html.Element("h4", side);
                html.Element("pre", TensorFormatter.Format(data, new() { EdgeItems = EdgeItems(data.Shape) }));
            }
        }
    }

    // As many as PyTorch shows, but fewer of a tensor of many dimensions: a summary grows with their power.
    private static int EdgeItems(long[] shape)
    {
        int edge = TensorFormatterOptions.Default.EdgeItems;
        while (edge > 1 && shape.Aggregate(1.0, (shown, size) => shown * Math.Min(size, 2 * edge)) > MostShown)
        {
            edge--;
        }

        return edge;
    }

    private static string Share(long part, long whole) => part == 0 || whole <= 1
        ? ReportText.Count(part)
        : $"{ReportText.Count(part)} of {ReportText.Count(whole)} ({ReportText.Percent(part, whole)})";

    private static string? At(IReadOnlyList<long>? index) => index is { Count: > 0 } ? $"at {ReportText.Tuple(index)}" : null;
}
