using System.Globalization;

namespace ReproTorch.Reporting;

/// <summary>One bar: what it counts, in words, and how many.</summary>
internal readonly record struct HistogramBar(string Range, long Count);

/// <summary>A mark on the horizontal axis, at so many bars from the left (2 is the left edge of the third bar, 2.5 its
/// middle).</summary>
internal readonly record struct HistogramTick(double Position, string Label);

/// <summary>Draws a histogram as SVG. The counts stand on a logarithmic axis, so that a single element far out can be seen
/// beside a million near by.</summary>
internal static class HistogramChart
{
    private const double Width = 400;
    private const double Height = 215;
    private const double Left = 46;
    private const double Right = 18;
    private const double Top = 10;
    private const double Bottom = 44;
    private const double PlotWidth = Width - Left - Right;
    private const double PlotHeight = Height - Top - Bottom;

    // A single element still has a bar: the axis begins this far (in powers of ten) below 1.
    private const double Foot = 0.35;

    /// <summary>Writes the chart.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="label">What is shown, for who cannot see it.</param>
    /// <param name="axis">What the horizontal axis measures.</param>
    /// <param name="bars">At least one, from left to right.</param>
    /// <param name="ticks">The marks below.</param>
    public static void Write(
        HtmlWriter html, string label, string axis, IReadOnlyList<HistogramBar> bars, IEnumerable<HistogramTick> ticks)
    {
        using HtmlWriter.Scope svg = html.Open("svg", ("viewBox", $"0 0 {Number(Width)} {Number(Height)}"), ("role", "img"),
            ("aria-label", label), ("class", "histogram"));

        double top = Math.Ceiling(Math.Max(1, Math.Log10(bars.Max(bar => bar.Count))));
        double unit = PlotHeight / (top + Foot);
        WriteGrid(html, top, unit);
        WriteBars(html, bars, unit);
        WriteAxis(html, axis, bars.Count, ticks);
    }

    private static void WriteGrid(HtmlWriter html, double top, double unit)
    {
        // At most five lines, at powers of ten.
        int step = (int)Math.Ceiling((top + 1) / 5);
        for (int power = 0; power <= top; power += step)
        {
            string y = Number(Baseline - ((power + Foot) * unit));
            html.Empty("line", ("x1", Number(Left)), ("x2", Number(Width - Right)), ("y1", y), ("y2", y), ("class", "grid"));
            html.Element("text", ReportText.Short(Math.Pow(10, power)), ("x", Number(Left - 6)), ("y", y), ("dy", "0.32em"),
                ("text-anchor", "end"));
        }

        html.Element("text", "elements", ("transform", $"translate(10 {Number(Top + (PlotHeight / 2))}) rotate(-90)"),
            ("text-anchor", "middle"), ("class", "axis-title"));
    }

    private static void WriteBars(HtmlWriter html, IReadOnlyList<HistogramBar> bars, double unit)
    {
        double pitch = PlotWidth / bars.Count;
        // A few bars must not become slabs.
        double width = Math.Min(pitch - Math.Min(1, pitch * 0.15), 44);
        for (int i = 0; i < bars.Count; i++)
        {
            if (bars[i].Count == 0)
            {
                continue;
            }

            double height = (Math.Log10(bars[i].Count) + Foot) * unit;
            using (html.Open("rect", ("x", Number(Left + ((i + 0.5) * pitch) - (width / 2))), ("y", Number(Baseline - height)),
                ("width", Number(width)), ("height", Number(height)), ("class", "bar")))
            {
                html.Element("title", $"{bars[i].Range}: {ReportText.Elements(bars[i].Count)}");
            }
        }
    }

    private static void WriteAxis(HtmlWriter html, string axis, int count, IEnumerable<HistogramTick> ticks)
    {
        html.Empty("line", ("x1", Number(Left)), ("x2", Number(Width - Right)), ("y1", Number(Baseline)),
            ("y2", Number(Baseline)), ("class", "axis"));
        foreach (HistogramTick tick in ticks)
        {
            string x = Number(Left + (tick.Position * PlotWidth / count));
            html.Empty("line", ("x1", x), ("x2", x), ("y1", Number(Baseline)), ("y2", Number(Baseline + 4)), ("class", "axis"));
            html.Element("text", tick.Label, ("x", x), ("y", Number(Baseline + 16)), ("text-anchor", "middle"));
        }

        html.Element("text", axis, ("x", Number(Left + (PlotWidth / 2))), ("y", Number(Height - 6)),
            ("text-anchor", "middle"), ("class", "axis-title"));
    }

    private static double Baseline => Height - Bottom;

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
