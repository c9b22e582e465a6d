using System.Globalization;
using System.Text;

namespace ReproTorch.Reporting.Graphs;

/// <summary>Draws a graph as one SVG file: no script, nothing loaded from elsewhere, light and dark by the viewer's choice.</summary>
internal static class GraphSvg
{
    private const double Margin = 28;
    private const double HeadHeight = 86;
    private const double LeastNodeWidth = 96;
    private const double TitleCharacter = 7.6;
    private const double DetailCharacter = 6.65;
    private const int LongestTitle = 34;
    private const int LongestDetail = 40;
    private const double GroupPadding = 12;
    private const double GroupTitle = 20;
    private const double GroupCharacter = 6.6;
    private const double Inset = 5;

    private const string Css = """
        :root {
          --page: #f7f7f5; --card: #ffffff; --text: #1e2226; --muted: #5d646d; --edge: #8b929b; --group: #1e22260a; --rim: #1e222624;
          --input: #e9eae6; --module: #dce7f3; --convolution: #d5e4f4; --linear: #dcdff6; --recurrent: #e6dcf4;
          --normalization: #e2ecd9; --activation: #f6e6cf; --pooling: #d5ece7; --arithmetic: #f3e9d2; --shape: #e4e8ee; --random: #f8dbd7;
          --control: #f4ddeb; --other: #f4f4f1; --strong: #ab362d;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #15171a; --card: #1c1f23; --text: #e3e5e8; --muted: #a3a9b2; --edge: #777e88; --group: #ffffff0a; --rim: #ffffff26;
            --input: #2c3036; --module: #22384f; --convolution: #203f5e; --linear: #2e3364; --recurrent: #412f5c;
            --normalization: #2d432a; --activation: #553f1f; --pooling: #1f4a43; --arithmetic: #4a3d1f; --shape: #343b45; --random: #5c2a26;
            --control: #522a45; --other: #2a2d32; --strong: #ea8f86;
          }
        }
        svg { background: var(--page); }
        text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; fill: var(--text); }
        .title { font-size: 19px; font-weight: 650; }
        .subtitle, .legend { font-size: 12.5px; fill: var(--muted); }
        .name { font-size: 13px; font-weight: 600; text-anchor: middle; }
        .detail {
          font: 11px ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
          fill: var(--muted); text-anchor: middle;
        }
        .group { fill: var(--group); stroke: var(--rim); }
        .group-name { font-size: 11.5px; font-weight: 600; fill: var(--muted); paint-order: stroke; stroke: var(--page); stroke-width: 3px; }
        .edge { fill: none; stroke: var(--edge); stroke-width: 1.4; marker-end: url(#arrow); }
        .number { stroke-dasharray: 4 4; }
        .box { stroke: var(--rim); }
        .draws { stroke: var(--strong); stroke-width: 1.6; }
        #arrow path { fill: var(--edge); }
        .input { fill: var(--input); } .module { fill: var(--module); } .convolution { fill: var(--convolution); }
        .linear { fill: var(--linear); } .recurrent { fill: var(--recurrent); } .normalization { fill: var(--normalization); }
        .activation { fill: var(--activation); } .pooling { fill: var(--pooling); } .arithmetic { fill: var(--arithmetic); }
        .shape { fill: var(--shape); } .random { fill: var(--random); } .control { fill: var(--control); } .other { fill: var(--other); }
        """;

    /// <summary>The file.</summary>
    /// <param name="graph">What to draw.</param>
    /// <param name="title">The heading.</param>
    /// <param name="subtitle">The line below it.</param>
    public static string Draw(DrawnGraph graph, string title, string subtitle)
    {
        IReadOnlyList<ScopeGroup> groups = ScopeGroups.Of(graph);
        LayeredLayout layout = LayeredLayout.Of(new LayoutProblem(
            [.. graph.Nodes.Select(Size)], [.. graph.Edges.Select(edge => (edge.From, edge.To))])
        {
            ExtraSeparation = (left, right) => GroupPadding * groups.Count(group => group.Nodes.Contains(left) != group.Nodes.Contains(right)),
            ExtraAbove = layers => RoomForGroups(groups, layers),
        });
        List<(ScopeGroup Group, Place Place)> frames = Frames(groups, layout);
        double left = Math.Min(0, frames.Select(frame => frame.Place.Left).DefaultIfEmpty(0).Min());
        double right = Math.Max(layout.Width, frames.Select(frame => frame.Place.Right).DefaultIfEmpty(0).Max());
        double bottom = Math.Max(layout.Height, frames.Select(frame => frame.Place.Bottom).DefaultIfEmpty(0).Max());
        OperatorFamily[] families = [.. graph.Nodes.Select(node => node.Family).Distinct().Order()];
        double headWidth = Math.Max(title.Length * 10.5, Math.Max(subtitle.Length * 6.6, families.Length <= 4 ? LegendWidth(families) : 520));
        double width = Math.Max(right - left, headWidth) + (2 * Margin);
        List<OperatorFamily[]> rows = LegendRows(families, width - (2 * Margin));
        double head = HeadHeight + (rows.Count * 22);
        double height = head + bottom + (2 * Margin);
        var svg = new HtmlWriter("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        using (svg.Open("svg", ("xmlns", "http://www.w3.org/2000/svg"), ("width", Number(width)), ("height", Number(height)),
            ("viewBox", $"0 0 {Number(width)} {Number(height)}"), ("role", "img"), ("aria-label", $"Graph of {title}")))
        {
            svg.Element("title", title);
            svg.Style(Css);
            using (svg.Open("defs"))
            using (svg.Open("marker", ("id", "arrow"), ("viewBox", "0 0 8 8"), ("refX", "7"), ("refY", "4"), ("markerWidth", "7"),
                ("markerHeight", "7"), ("orient", "auto-start-reverse")))
            {
                svg.Empty("path", ("d", "M0 0.8L8 4L0 7.2z"));
            }

            svg.Element("text", title, ("class", "title"), ("x", Number(Margin)), ("y", Number(Margin + 16)));
            svg.Element("text", subtitle, ("class", "subtitle"), ("x", Number(Margin)), ("y", Number(Margin + 38)));
            WriteLegend(svg, rows);
            double shift = (width - (right - left)) / 2;
            using (svg.Open("g", ("transform", $"translate({Number(shift - left)} {Number(head + Margin)})")))
            {
                foreach ((_, Place place) in frames)
                {
                    WriteFrame(svg, place);
                }

                for (int i = 0; i < graph.Edges.Count; i++)
                {
                    svg.Empty("path", ("class", graph.Edges[i].IsNumber ? "edge number" : "edge"), ("d", Way(layout.Ways[i])));
                }

                foreach ((ScopeGroup group, Place place) in frames)
                {
                    WriteFrameName(svg, group, place);
                }

                for (int i = 0; i < graph.Nodes.Count; i++)
                {
                    WriteNode(svg, graph.Nodes[i], layout.Places[i]);
                }
            }
        }

        return svg.ToString();
    }

    private static (double Width, double Height) Size(DrawnNode node)
    {
        double width = Math.Max(
            Shorten(node.Title, LongestTitle).Length * TitleCharacter,
            node.Details.Select(line => Shorten(line, LongestDetail).Length * DetailCharacter).DefaultIfEmpty(0).Max());
        return (Math.Max(LeastNodeWidth, Math.Ceiling(width) + 24), 32 + (node.Details.Count * 15));
    }

    // Above a layer: a heading for each frame that begins there; below one: the rims of those that end.
    private static double[] RoomForGroups(IReadOnlyList<ScopeGroup> groups, int[] layers)
    {
        var room = new double[layers.Max() + 1];
        for (int i = 0; i < layers.Length; i++)
        {
            int begin = groups.Count(group => group.Nodes.Contains(i) && group.Nodes.Min(node => layers[node]) == layers[i]);
            room[layers[i]] = Math.Max(room[layers[i]], begin * (GroupTitle + 4));
        }

        for (int i = 0; i < layers.Length; i++)
        {
            int end = groups.Count(group => group.Nodes.Contains(i) && group.Nodes.Max(node => layers[node]) == layers[i]);
            if (layers[i] + 1 < room.Length && end > 0)
            {
                room[layers[i] + 1] = Math.Max(room[layers[i] + 1], (end * GroupPadding) + room[layers[i] + 1] * 0.75);
            }
        }

        return room;
    }

    // A frame is drawn where it holds its own boxes and no other, and cuts no other frame.
    private static List<(ScopeGroup Group, Place Place)> Frames(IReadOnlyList<ScopeGroup> groups, LayeredLayout layout)
    {
        var frames = new List<(ScopeGroup Group, Place Place)>();
        foreach (ScopeGroup group in groups)
        {
            double inner = GroupPadding * (group.Height + 1);
            double left = group.Nodes.Min(i => layout.Places[i].Left) - inner;
            double right = group.Nodes.Max(i => layout.Places[i].Right) + inner;
            double top = group.Nodes.Min(i => layout.Places[i].Top) - (group.Height * (GroupTitle + 2)) - GroupTitle - 2;
            double bottom = group.Nodes.Max(i => layout.Places[i].Bottom) + (inner * 0.8);
            var tight = new Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top);

            // What leads into a narrow frame comes in at its middle: the name has to fit beside it.
            double wide = Math.Clamp(2 * ((group.Scope.Length * GroupCharacter) + 18), tight.Width, tight.Width + (4 * GroupPadding));
            foreach (Place place in (Place[])[tight with { Width = wide }, tight])
            {
                if (IsClear(group, place, layout, frames))
                {
                    frames.Add((group, place));
                    break;
                }
            }
        }

        return frames;
    }

    private static bool IsClear(ScopeGroup group, Place place, LayeredLayout layout, List<(ScopeGroup Group, Place Place)> frames)
    {
        var own = new HashSet<int>(group.Nodes);
        return Enumerable.Range(0, layout.Places.Length).All(i => own.Contains(i) || !place.Overlaps(layout.Places[i]))
            && frames.TrueForAll(frame => !place.Overlaps(frame.Place)
                || (group.Scope.StartsWith(frame.Group.Scope + ".", StringComparison.Ordinal) && frame.Place.Left + Inset <= place.Left
                    && frame.Place.Right >= place.Right + Inset && frame.Place.Top < place.Top && frame.Place.Bottom > place.Bottom));
    }

    private static void WriteFrame(HtmlWriter svg, Place place)
    {
        svg.Empty("rect", ("class", "group"), ("x", Number(place.Left)), ("y", Number(place.Top)), ("width", Number(place.Width)),
            ("height", Number(place.Height)), ("rx", "10"));
    }

    private static void WriteFrameName(HtmlWriter svg, ScopeGroup group, Place place)
    {
        int fits = Math.Max(6, (int)((place.Width - 20) / 6.8));
        svg.Element("text", Shorten(group.Scope, fits), ("class", "group-name"), ("x", Number(place.Left + 10)), ("y", Number(place.Top + 15)));
    }

    private static void WriteNode(HtmlWriter svg, DrawnNode node, Place place)
    {
        using HtmlWriter.Scope group = svg.Open("g");
        svg.Element("title", node.Tooltip);
        svg.Empty("rect", ("class", $"box {Class(node.Family)}{(node.Random ? " draws" : string.Empty)}"), ("x", Number(place.Left)),
            ("y", Number(place.Top)), ("width", Number(place.Width)), ("height", Number(place.Height)),
            ("rx", node.Family == OperatorFamily.Input ? Number(Math.Min(16, place.Height / 2)) : "7"));
        double y = place.Top + 20.5;
        svg.Element("text", Shorten(node.Title, LongestTitle), ("class", "name"), ("x", Number(place.X)), ("y", Number(y)));
        foreach (string line in node.Details)
        {
            y += 15;
            svg.Element("text", Shorten(line, LongestDetail), ("class", "detail"), ("x", Number(place.X)), ("y", Number(y)));
        }
    }

    private static string Way((double X, double Top, double Bottom)[] points)
    {
        var path = new StringBuilder();
        path.Append(CultureInfo.InvariantCulture, $"M{Number(points[0].X)} {Number(points[0].Bottom)}");
        for (int i = 1; i < points.Length; i++)
        {
            (double x, double from, double to) = (points[i].X, points[i - 1].Bottom, points[i].Top);
            double bend = from + ((to - from) / 2);
            path.Append(Math.Abs(x - points[i - 1].X) < 0.5
                ? $"L{Number(x)} {Number(to)}"
                : $"C{Number(points[i - 1].X)} {Number(bend)} {Number(x)} {Number(bend)} {Number(x)} {Number(to)}");
            if (i < points.Length - 1)
            {
                path.Append(CultureInfo.InvariantCulture, $"L{Number(x)} {Number(points[i].Bottom)}");
            }
        }

        return path.ToString();
    }

    private static double EntryWidth(OperatorFamily family) => 38 + (OperatorFamilies.Title(family).Length * 6.7);

    private static double LegendWidth(IEnumerable<OperatorFamily> families) => families.Sum(EntryWidth);

    private static List<OperatorFamily[]> LegendRows(OperatorFamily[] families, double width)
    {
        var rows = new List<OperatorFamily[]>();
        var row = new List<OperatorFamily>();
        foreach (OperatorFamily family in families)
        {
            if (row.Count > 0 && LegendWidth(row) + EntryWidth(family) > width)
            {
                rows.Add([.. row]);
                row.Clear();
            }

            row.Add(family);
        }

        rows.Add([.. row]);
        return rows;
    }

    private static void WriteLegend(HtmlWriter svg, List<OperatorFamily[]> rows)
    {
        double y = Margin + 58;
        foreach (OperatorFamily[] row in rows)
        {
            double x = Margin;
            foreach (OperatorFamily family in row)
            {
                string draws = family == OperatorFamily.Random ? " draws" : string.Empty;
                svg.Empty("rect", ("class", $"box {Class(family)}{draws}"), ("x", Number(x)), ("y", Number(y)), ("width", "16"), ("height", "12"), ("rx", "3"));
                svg.Element("text", OperatorFamilies.Title(family), ("class", "legend"), ("x", Number(x + 22)), ("y", Number(y + 10.5)));
                x += EntryWidth(family);
            }

            y += 22;
        }
    }

    private static string Class(OperatorFamily family) => family.ToString().ToLowerInvariant();

    // Keeps the end, which tells more than the beginning.
    private static string Shorten(string text, int most) => text.Length <= most ? text : "…" + text[^(most - 1)..];

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
