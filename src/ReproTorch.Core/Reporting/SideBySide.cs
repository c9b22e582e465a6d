namespace ReproTorch.Reporting;

/// <summary>One thing that both runs have.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Reference">The reference's; null where it has none.</param>
/// <param name="Difference">The difference's; null where it has none.</param>
/// <param name="Telling">Whether it matters that the two are not the same: a time always differs and says nothing.</param>
internal sealed record SideBySideRow(string Label, string? Reference, string? Difference, bool Telling = true)
{
    /// <summary>To be marked.</summary>
    public bool Differs => Telling && Reference != Difference;
}

/// <summary>A table of two columns: what is the same stands there once, what differs is marked in words, shape and colour.</summary>
internal static class SideBySide
{
    private const string Nothing = "–";

    /// <summary>Writes the table.</summary>
    public static void Write(HtmlWriter html, string caption, IEnumerable<SideBySideRow> rows)
    {
        using HtmlWriter.Scope table = html.Open("table", ("class", "sides"));
        html.Element("caption", caption, ("class", "unseen"));
        using (html.Open("thead"))
        using (html.Open("tr"))
        {
            html.Element("th", string.Empty, ("scope", "col"));
            html.Element("th", "Reference", ("scope", "col"));
            html.Element("th", "Difference", ("scope", "col"));
        }

        using (html.Open("tbody"))
        {
            foreach (SideBySideRow row in rows)
            {
                WriteRow(html, row);
            }
        }
    }

    private static void WriteRow(HtmlWriter html, SideBySideRow row)
    {
        using HtmlWriter.Scope tr = html.Open("tr", ("class", row.Differs ? "marked" : row.Reference == row.Difference ? "both" : null));
        using (html.Open("th", ("scope", "row")))
        {
            html.Text(row.Label);
            if (row.Differs)
            {
                html.Element("span", " differs", ("class", "tag"));
            }
        }

        if (row.Reference == row.Difference)
        {
            WriteCell(html, null, row.Reference, row.Reference);
        }
        else
        {
            WriteCell(html, "Reference", row.Reference, row.Difference);
            WriteCell(html, "Difference", row.Difference, row.Reference);
        }
    }

    // What both have stands there once.
    private static void WriteCell(HtmlWriter html, string? side, string? value, string? other)
    {
        using HtmlWriter.Scope td = html.Open("td", ("data-side", side), ("colspan", side is null ? "2" : null));
        if (value is null || !value.Contains('\n', StringComparison.Ordinal))
        {
            html.Text(value ?? Nothing);
            return;
        }

        // A long text, such as the build of libtorch: the lines that the other side lacks are marked.
        HashSet<string> others = [.. (other ?? string.Empty).Split('\n')];
        using HtmlWriter.Scope pre = html.Open("pre");
        foreach (string line in value.TrimEnd().Split('\n'))
        {
            html.Element(!others.Contains(line) ? "mark" : "span", line);
            html.Text("\n");
        }
    }
}
