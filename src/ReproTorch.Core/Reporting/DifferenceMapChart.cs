using System.Globalization;
using System.Text;

namespace ReproTorch.Reporting;

/// <summary>Draws a <see cref="DifferenceMap"/> as SVG: the darker a cell, the greater its greatest difference.</summary>
internal static class DifferenceMapChart
{
    private const int Levels = 5;
    private const double Width = 400;
    private const double Left = 38;
    private const double Top = 34;
    private const double PlotWidth = Width - Left - 8;
    private const double GreatestHeight = 300;

    // Few cells must not become slabs, a single row not a thread.
    private const double GreatestCell = 30;
    private const double LeastHeight = 30;

    // Characters that fit beside the map.
    private const int WidestUpright = 5;

    /// <summary>Writes figure, chart, legend and what a cell is.</summary>
    public static void Write(HtmlWriter html, string name, IReadOnlyList<long> shape, DifferenceMap map)
    {
        using HtmlWriter.Scope figure = html.Open("figure");
        html.Element("figcaption", "Where they are");

        var scale = new Scale(map);
        double cellWidth = Math.Min(PlotWidth / map.Columns, GreatestCell);
        double cellHeight = Math.Max(Math.Min(GreatestHeight / map.Rows, Math.Min(GreatestCell, cellWidth * 4)), LeastHeight / map.Rows);
        double width = cellWidth * map.Columns;
        double height = cellHeight * map.Rows;
        using (html.Open("svg", ("viewBox", $"0 0 {Number(Width)} {Number(Top + height + 6)}"), ("role", "img"),
            ("aria-label", $"Map of the differences of {name}"), ("class", "map")))
        {
            WriteAxes(html, shape, map, width, height);
            html.Empty("rect", ("x", Number(Left)), ("y", Number(Top)), ("width", Number(width)), ("height", Number(height)),
                ("class", "ground"));
            using (html.Open("g", ("transform",
                $"translate({Number(Left)} {Number(Top)}) scale({Exact(cellWidth)} {Exact(cellHeight)})")))
            {
                WriteCells(html, map, scale);
            }
        }

        WriteLegend(html, scale);
        if (map.CellHeight > 1 || map.CellWidth > 1)
        {
            string extent = map.RowDimensions == 0
                ? ReportText.Elements(map.CellWidth)
                : $"{ReportText.Many(map.CellHeight, "row")} by {ReportText.Many(map.CellWidth, "column")}";
            html.Element("p", $"Each cell is {extent} and shows the greatest difference there.", ("class", "note"));
        }
    }

    // One path a level: a page with thousands of rectangles is slow and ten times as large.
    private static void WriteCells(HtmlWriter html, DifferenceMap map, Scale scale)
    {
        foreach (string level in scale.Classes)
        {
            var path = new StringBuilder();
            for (int row = 0; row < map.Rows; row++)
            {
                for (int column = 0; column < map.Columns; column++)
                {
                    int start = column;
                    while (column < map.Columns && map.Count(row, column) > 0 && scale.ClassOf(map.Greatest(row, column)) == level)
                    {
                        column++;
                    }

                    if (column > start)
                    {
                        path.Append(CultureInfo.InvariantCulture, $"M{start} {row}h{column - start}v1H{start}z");
                    }
                }
            }

            if (path.Length > 0)
            {
                html.Empty("path", ("d", path.ToString()), ("class", level));
            }
        }
    }

    private static void WriteAxes(HtmlWriter html, IReadOnlyList<long> shape, DifferenceMap map, double width, double height)
    {
        string y = Number(Top - 6);
        html.Element("text", "0", ("x", Number(Left)), ("y", y));
        if (map.TensorColumns > 1)
        {
            html.Element("text", ReportText.Count(map.TensorColumns - 1), ("x", Number(Left + width)), ("y", y),
                ("text-anchor", "end"));
        }

        html.Element("text", Dimensions(shape, map.RowDimensions, shape.Count), ("x", Number(Left)), ("y", "12"),
            ("class", "axis-title"));
        if (map.RowDimensions == 0)
        {
            return;
        }

        string x = Number(Left - 6);
        html.Element("text", "0", ("x", x), ("y", Number(Top)), ("dy", "0.8em"), ("text-anchor", "end"));
        if (map.TensorRows > 1 && height > 24)
        {
            string last = ReportText.Count(map.TensorRows - 1);
            if (last.Length <= WidestUpright)
            {
                html.Element("text", last, ("x", x), ("y", Number(Top + height)), ("text-anchor", "end"));
            }
            else
            {
                html.Element("text", last, ("transform", $"translate({x} {Number(Top + height)}) rotate(-90)"));
            }
        }

        string title = Dimensions(shape, 0, map.RowDimensions);
        if (height > (title.Length * 7) + 70)
        {
            html.Element("text", title, ("transform", $"translate(10 {Number(Top + (height / 2))}) rotate(-90)"),
                ("text-anchor", "middle"), ("class", "axis-title"));
        }
    }

    private static string Dimensions(IReadOnlyList<long> shape, int from, int to) => to - from == 1
        ? $"dimension {from}"
        : $"dimensions {from}–{to - 1} ({string.Join(" × ", shape.Skip(from).Take(to - from))})";

    private static void WriteLegend(HtmlWriter html, Scale scale)
    {
        using HtmlWriter.Scope legend = html.Open("p", ("class", "legend"));
        WriteEntry(html, ["ground"], "no difference");
        if (scale.HasBitsOnly)
        {
            WriteEntry(html, [Scale.BitsOnly], "other bits, equal value");
        }

        if (scale.Greatest > 0)
        {
            WriteEntry(html, scale.Shades, scale.Least == scale.Greatest
                ? ReportText.Number(scale.Greatest)
                : $"{ReportText.Number(scale.Least)} to {ReportText.Number(scale.Greatest)}");
        }

        if (scale.HasSpecial)
        {
            WriteEntry(html, [Scale.Special], "NaN or infinity against something else");
        }
    }

    private static void WriteEntry(HtmlWriter html, IEnumerable<string> classes, string text)
    {
        using HtmlWriter.Scope entry = html.Open("span");
        using (html.Open("svg", ("width", $"{14 * classes.Count()}"), ("height", "12"), ("aria-hidden", "true"), ("class", "swatch")))
        {
            int x = 0;
            foreach (string name in classes)
            {
                html.Empty("rect", ("x", $"{x}"), ("y", "0"), ("width", "14"), ("height", "12"), ("class", name));
                x += 14;
            }
        }

        html.Text(text);
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Exact(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>Which shade a difference has: even steps of the logarithm between the least and the greatest cell.</summary>
    private sealed class Scale
    {
        public const string BitsOnly = "bits";
        public const string Special = "special";

        public Scale(DifferenceMap map)
        {
            Least = double.PositiveInfinity;
            for (int row = 0; row < map.Rows; row++)
            {
                for (int column = 0; column < map.Columns; column++)
                {
                    if (map.Count(row, column) == 0)
                    {
                        continue;
                    }

                    double value = map.Greatest(row, column);
                    HasBitsOnly |= value == 0;
                    HasSpecial |= double.IsInfinity(value);
                    if (value > 0 && double.IsFinite(value))
                    {
                        Least = Math.Min(Least, value);
                        Greatest = Math.Max(Greatest, value);
                    }
                }
            }
        }

        public double Least { get; }

        public double Greatest { get; }

        public bool HasBitsOnly { get; }

        public bool HasSpecial { get; }

        /// <summary>The shades in use, lightest first.</summary>
        public IEnumerable<string> Shades => Least == Greatest
            ? [Shade(Levels)]
            : Enumerable.Range(1, Levels).Select(Shade);

        /// <summary>All that a cell can be.</summary>
        public IEnumerable<string> Classes => Shades.Append(BitsOnly).Append(Special);

        public string ClassOf(double value)
        {
            if (value == 0)
            {
                return BitsOnly;
            }

            if (double.IsInfinity(value))
            {
                return Special;
            }

            double place = Least == Greatest ? 1 : (Math.Log(value) - Math.Log(Least)) / (Math.Log(Greatest) - Math.Log(Least));
            return Shade(Math.Clamp((int)(place * Levels) + 1, 1, Levels));
        }

        private static string Shade(int level) => $"shade-{level}";
    }
}
