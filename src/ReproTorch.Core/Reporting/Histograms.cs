using ReproTorch.Comparison;

namespace ReproTorch.Reporting;

/// <summary>Turns a comparison's buckets into charts.</summary>
internal static class Histograms
{
    private const int MostBars = 40;
    private const int FewestBars = 6;
    private const int MostTicks = 8;

    /// <summary>The chart of absolute differences by powers of ten.</summary>
    public static void WriteAbsolute(HtmlWriter html, TensorComparison output)
    {
        DifferenceBucket[] finite = [.. output.AbsoluteHistogram.Where(bucket => bucket.From > 0 && double.IsFinite(bucket.From))];
        if (finite.Length == 0)
        {
            return;
        }

        int first = PowerOf(finite[0].From);
        int last = PowerOf(finite[^1].From);
        int perBar = DivideUp(last - first + 1, MostBars);
        (first, int bars) = Frame(first, DivideUp(last - first + 1, perBar));
        long[] counts = new long[bars];
        foreach (DifferenceBucket bucket in finite)
        {
            counts[(PowerOf(bucket.From) - first) / perBar] += bucket.Count;
        }

        using HtmlWriter.Scope figure = html.Open("figure");
        html.Element("figcaption", "How large the differences are");
        HistogramChart.Write(
            html, $"Histogram of the absolute differences of {output.Name}", "absolute difference",
            [.. counts.Select((count, i) => new HistogramBar(
                $"{Power(first + (i * perBar))} to {Power(first + ((i + 1) * perBar))}", count))],
            DecadeTicks(first, bars, perBar));

        long apart = finite.Sum(bucket => bucket.Count);
        long equal = output.AbsoluteHistogram[0].Count;
        long infinite = output.AbsoluteHistogram.Where(bucket => double.IsInfinity(bucket.From)).Sum(bucket => bucket.Count);
        WriteNote(html, equal, [
            (infinite, "infinitely far apart"), (output.Count - apart - equal - infinite, "where only one side is NaN")]);
    }

    /// <summary>The chart of distances in units in the last place by powers of two.</summary>
    public static void WriteUlp(HtmlWriter html, TensorComparison output)
    {
        UlpBucket[] apart = [.. output.UlpHistogram.Where(bucket => bucket.From > 0)];
        if (apart.Length == 0)
        {
            return;
        }

        // The buckets are 1, 2, 3..4, 5..8, ...: the k-th (from 0) ends at 2^k.
        int perBar = DivideUp(apart.Length, MostBars);
        int bars = Math.Max(FewestBars, DivideUp(apart.Length, perBar));
        long[] counts = new long[bars];
        for (int i = 0; i < apart.Length; i++)
        {
            counts[i / perBar] += apart[i].Count;
        }

        using HtmlWriter.Scope figure = html.Open("figure");
        html.Element("figcaption", "How many representable numbers lie between");
        HistogramChart.Write(
            html, $"Histogram of the distances of {output.Name} in units in the last place", "units in the last place (ULP)",
            [.. counts.Select((count, i) => new HistogramBar(UlpRange(i * perBar, ((i + 1) * perBar) - 1), count))],
            bars <= 8
                ? Enumerable.Range(0, bars).Select(i => new HistogramTick(i + 0.5, UlpLabel(i)))
                : OctaveTicks(bars, perBar));

        long equal = output.UlpHistogram[0].Count;
        WriteNote(html, equal, [(output.Count - equal - apart.Sum(bucket => bucket.Count), "without a distance (NaN)")]);
    }

    private static void WriteNote(HtmlWriter html, long equal, (long Count, string What)[] others)
    {
        IEnumerable<string> parts = others.Where(other => other.Count > 0)
            .Select(other => $"{ReportText.Elements(other.Count)} {other.What}");
        if (equal > 0)
        {
            parts = parts.Prepend($"{ReportText.Elements(equal)} of equal value");
        }

        if (parts.Any())
        {
            html.Element("p", $"Not drawn: {string.Join("; ", parts)}.", ("class", "note"));
        }
    }

    // Round powers, as many as have room.
    private static IEnumerable<HistogramTick> DecadeTicks(int first, int bars, int perBar)
    {
        int step = StepFor(bars * perBar, [1, 2, 5, 10, 20, 50, 100]);
        for (int power = first; power <= first + (bars * perBar); power++)
        {
            if (power % step == 0)
            {
                yield return new HistogramTick((power - first) / (double)perBar, Power(power));
            }
        }
    }

    // The k-th bucket ends at 2^k.
    private static IEnumerable<HistogramTick> OctaveTicks(int bars, int perBar)
    {
        int step = StepFor(bars * perBar, [1, 2, 4, 8, 16]);
        for (int power = 0; power < bars * perBar; power += step)
        {
            yield return new HistogramTick((power + 1) / (double)perBar, power == 0 ? "1" : ReportText.PowerOf(2, power));
        }
    }

    private static int StepFor(int powers, ReadOnlySpan<int> steps)
    {
        foreach (int step in steps)
        {
            if (powers / step <= MostTicks)
            {
                return step;
            }
        }

        return steps[^1];
    }

    // One bar alone says little: there is room on both sides.
    private static (int First, int Bars) Frame(int first, int bars) => bars >= FewestBars
        ? (first, bars)
        : (first - ((FewestBars - bars) / 2), FewestBars);

    private static string UlpLabel(int bucket) => bucket switch
    {
        0 => "1",
        1 => "2",
        _ => $"{(1 << (bucket - 1)) + 1}–{1 << bucket}",
    };

    private static string UlpRange(int firstBucket, int lastBucket)
    {
        UInt128 from = firstBucket == 0 ? 1 : (UInt128.One << (firstBucket - 1)) + 1;
        UInt128 to = UInt128.One << lastBucket;
        return from == to ? $"{to:N0} ULP" : $"{from:N0} to {to:N0} ULP";
    }

    // The bucket of 10^-324, which float64 does not have, begins at its least number.
    private static int PowerOf(double from) => from == double.Epsilon ? -324 : (int)Math.Round(Math.Log10(from));

    private static string Power(int power) => power == 0 ? "1" : power == 1 ? "10" : ReportText.PowerOf(10, power);

    private static int DivideUp(int value, int by) => (value + by - 1) / by;
}
