using System.Globalization;
using System.Text;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Reporting;

/// <summary>Draws the losses of a training, step by step, as SVG; those of two trainings over one another, with the first step at which they
/// part.</summary>
public static class LossChart
{
    private const double Width = 640;
    private const double Height = 260;
    private const double Left = 88;
    private const double Right = 18;
    private const double Top = 12;
    private const double Bottom = 44;
    private const double PlotWidth = Width - Left - Right;
    private const double PlotHeight = Height - Top - Bottom;
    private const int Lines = 5;

    // More steps than this are drawn as the least and greatest of each stretch: the eye sees no more.
    private const int MostPoints = 600;

    private const string Css = """
        svg { font: 11px system-ui, sans-serif; color-scheme: light dark; }
        svg text { fill: light-dark(#5c5c58, #a3a39c); }
        svg .axis-title { fill: light-dark(#1f1f1d, #ecece6); }
        svg .grid { stroke: light-dark(#dcdcd6, #3a3a37); }
        svg .axis { stroke: light-dark(#8a8a84, #7c7c76); }
        svg .curve { fill: none; stroke: light-dark(#3c7ab5, #6fa1cf); stroke-width: 1.5; stroke-linecap: round; }
        svg .dots { stroke-width: 5; }
        svg .other { stroke: light-dark(#8a5d0b, #d9a441); stroke-dasharray: 4 3; }
        svg .parts { stroke: light-dark(#ab362d, #e0796f); }

        """;

    /// <summary>A drawing of its own, which opens from disk.</summary>
    /// <param name="losses">The loss of each step.</param>
    public static string ToSvg(IReadOnlyList<double> losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        var svg = new HtmlWriter(prolog: string.Empty);
        Write(svg, losses, other: null, standsAlone: true);
        return svg.ToString();
    }

    /// <summary>Writes the drawing into a page: one training's losses, or two trainings' over one another.</summary>
    internal static void WriteFigure(HtmlWriter html, double[] reference, double[]? difference)
    {
        using HtmlWriter.Scope figure = html.Open("figure", ("style", "max-width: 44rem"));
        html.Style("svg .curve { fill: none; stroke: var(--shade-4); stroke-width: 1.5; stroke-linecap: round; } "
            + "svg .dots { stroke-width: 5; } svg .other { stroke: var(--close); stroke-dasharray: 4 3; } svg .parts { stroke: var(--differs); }\n");
        Write(html, reference, difference, standsAlone: false);
        if (difference is not null)
        {
            html.Element("figcaption", "Reference: full line. Difference: dashed line.", ("class", "note"));
        }
    }

    private static void Write(HtmlWriter html, IReadOnlyList<double> losses, double[]? other, bool standsAlone)
    {
        double[] finite = [.. losses.Concat(other ?? []).Where(double.IsFinite)];
        (double least, double greatest) = finite.Length > 0 ? (Math.Min(0, finite.Min()), finite.Max()) : (0, 1);
        greatest = greatest > least ? greatest : least + 1;
        int steps = Math.Max(losses.Count, other?.Length ?? 0);
        using HtmlWriter.Scope svg = html.Open("svg", ("xmlns", standsAlone ? "http://www.w3.org/2000/svg" : null),
            ("viewBox", $"0 0 {Number(Width)} {Number(Height)}"), ("role", "img"), ("aria-label", Label(losses)));
        if (standsAlone)
        {
            html.Style(Css);
        }

        WriteAxes(html, least, greatest, steps);
        WriteCurve(html, losses, least, greatest, steps, "curve");
        if (other is null)
        {
            return;
        }

        WriteCurve(html, other, least, greatest, steps, "curve other");
        if (Parting(losses, other) is >= 0 and var parting)
        {
            string x = Number(X(parting, steps));
            html.Empty("line", ("x1", x), ("x2", x), ("y1", Number(Top)), ("y2", Number(Height - Bottom)), ("class", "parts"));
        }
    }

    private static void WriteAxes(HtmlWriter html, double least, double greatest, int steps)
    {
        for (int i = 0; i < Lines; i++)
        {
            double value = least + ((greatest - least) * i / (Lines - 1));
            string y = Number(Y(value, least, greatest));
            html.Empty("line", ("x1", Number(Left)), ("x2", Number(Width - Right)), ("y1", y), ("y2", y), ("class", i == 0 ? "axis" : "grid"));
            html.Element("text", ReportText.Number(value), ("x", Number(Left - 6)), ("y", y), ("dy", "0.32em"), ("text-anchor", "end"));
        }

        foreach (int step in new[] { 0, (steps - 1) / 2, steps - 1 }.Distinct().Where(step => step >= 0))
        {
            html.Element("text", ReportText.Count(step + 1), ("x", Number(X(step, steps))), ("y", Number(Height - Bottom + 16)), ("text-anchor", "middle"));
        }

        html.Element("text", "step", ("x", Number(Left + (PlotWidth / 2))), ("y", Number(Height - 6)), ("text-anchor", "middle"), ("class", "axis-title"));
        html.Element("text", "loss", ("transform", $"translate(12 {Number(Top + (PlotHeight / 2))}) rotate(-90)"), ("text-anchor", "middle"),
            ("class", "axis-title"));
    }

    // NaN and the infinities leave a gap. A step between two gaps is a dot: a line of no length with round ends.
    private static void WriteCurve(HtmlWriter html, IReadOnlyList<double> losses, double least, double greatest, int steps, string style)
    {
        var path = new StringBuilder();
        var dots = new StringBuilder();
        int[] shown = [.. Shown(losses)];
        for (int i = 0; i < shown.Length; i++)
        {
            if (!IsFinite(i))
            {
                continue;
            }

            string place = $"{Number(X(shown[i], steps))} {Number(Y(losses[shown[i]], least, greatest))}";
            bool follows = IsFinite(i - 1);
            path.Append(follows ? 'L' : 'M').Append(place);
            if (!follows && !IsFinite(i + 1))
            {
                dots.Append('M').Append(place).Append("h0");
            }
        }

        html.Empty("path", ("d", path.ToString()), ("class", style));
        if (dots.Length > 0)
        {
            html.Empty("path", ("d", dots.ToString()), ("class", style + " dots"));
        }

        bool IsFinite(int i) => i >= 0 && i < shown.Length && double.IsFinite(losses[shown[i]]);
    }

    private static IEnumerable<int> Shown(IReadOnlyList<double> losses)
    {
        if (losses.Count <= MostPoints)
        {
            return Enumerable.Range(0, losses.Count);
        }

        int stretches = MostPoints / 2;
        return Enumerable.Range(0, stretches).SelectMany(stretch =>
        {
            int start = (int)((long)losses.Count * stretch / stretches);
            int end = (int)((long)losses.Count * (stretch + 1) / stretches);
            IEnumerable<int> within = Enumerable.Range(start, end - start);
            return new[] { within.MinBy(step => losses[step]), within.MaxBy(step => losses[step]) }.Order().Distinct();
        });
    }

    // -1 where they are the same.
    private static int Parting(IReadOnlyList<double> first, double[] second)
    {
        int common = Math.Min(first.Count, second.Length);
        for (int i = 0; i < common; i++)
        {
            if (BitConverter.DoubleToInt64Bits(first[i]) != BitConverter.DoubleToInt64Bits(second[i]))
            {
                return i;
            }
        }

        return first.Count == second.Length ? -1 : common;
    }

    private static string Label(IReadOnlyList<double> losses) => losses.Count == 0
        ? "No losses"
        : FormattableString.Invariant($"Loss of {losses.Count} steps, from {ReportText.Number(losses[0])} to {ReportText.Number(losses[^1])}");

    private static double X(int step, int steps) => Left + (steps > 1 ? PlotWidth * step / (steps - 1) : PlotWidth / 2);

    private static double Y(double value, double least, double greatest) => Height - Bottom - (PlotHeight * (value - least) / (greatest - least));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
