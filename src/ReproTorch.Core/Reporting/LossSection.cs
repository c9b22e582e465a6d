using System.Globalization;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Reporting;

/// <summary>The losses of training runs: shown where a run has an output <c>loss</c> that is a vector of floating point numbers, one a step.</summary>
internal static class LossSection
{
    // What a training calls its losses as a run (TrainingResult.ToRunOutput).
    private const string Name = "loss";

    /// <summary>Writes the section; nothing where neither run has losses.</summary>
    public static void Write(HtmlWriter html, RunOutput? reference, RunOutput? difference, string prefix)
    {
        double[]? expected = LossesOf(reference);
        double[]? actual = LossesOf(difference);
        if (expected is null && actual is null)
        {
            return;
        }

        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", prefix + "loss"));
        html.Element("h2", "Loss", ("id", prefix + "loss"));
        LossChart.WriteFigure(html, expected ?? actual!, expected is null ? null : actual);
        SideBySide.Write(html, "The losses of both runs",
        [
            Row("Steps", losses => ReportText.Count(losses.Length)),
            Row("First", losses => Text(losses[0])),
            Row("Least", losses => Text(losses.Min())),
            Row("Last", losses => Text(losses[^1])),
        ]);
        if (expected is not null && actual is not null)
        {
            int steps = Math.Min(expected.Length, actual.Length);
            int first = Enumerable.Range(0, steps).FirstOrDefault(i => !expected[i].Equals(actual[i]), steps);
            html.Element("p", first < steps ? $"Step {ReportText.Count(first + 1)} is the first whose loss differs."
                : expected.Length == actual.Length ? "Every step has the same loss."
                : "Every step that both have has the same loss.");
        }

        SideBySideRow Row(string label, Func<double[], string> text) =>
            new(label, expected is null ? null : text(expected), actual is null ? null : text(actual));
    }

    /// <summary>The losses of a run, one a step; null where it has none.</summary>
    public static double[]? LossesOf(RunOutput? run)
    {
        TensorData? data = run?.Outputs.FirstOrDefault(output => output.Name == Name)?.Data;
        return data is { Shape.Length: 1, Count: > 0, DType: DType.float32 or DType.float64 }
            ? data.DType == DType.float32
                ? Array.ConvertAll(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.AllBytes()).ToArray(), static value => (double)value)
                : System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(data.AllBytes()).ToArray()
            : null;
    }

    private static string Text(double loss) => loss.ToString("G6", CultureInfo.InvariantCulture);
}
