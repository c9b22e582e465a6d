using ReproTorch.Observation;

namespace ReproTorch.Reporting;

/// <summary>Where the operators of the two runs part ways.</summary>
internal static class OperatorsSection
{
    /// <summary>One line that names the first operator that differs; null when none does, or it is not known.</summary>
    public static string? FirstDiffering(OperatorTraceComparison? operators) =>
        operators is { Identical: false, Message: { Length: > 0 } message } ? message.Split('\n')[0] : null;

    /// <summary>Writes the section, where both runs carry a trace of their operators.</summary>
    public static void Write(HtmlWriter html, OperatorTraceComparison? operators, string prefix)
    {
        if (operators is null)
        {
            return;
        }

        using HtmlWriter.Scope section = html.Open("section", ("aria-labelledby", prefix + "operators"));
        html.Element("h2", "Operators", ("id", prefix + "operators"));
        SideBySide.Write(html, "The operators of both runs",
        [
            new("Operators", ReportText.Count(operators.ReferenceCount), ReportText.Count(operators.DifferenceCount)),
            new("Random numbers drawn", ReportText.Count(operators.ReferenceDraws), ReportText.Count(operators.DifferenceDraws)),
        ]);
        if (operators.Identical)
        {
            html.Element("p", operators.HashesCompared
                ? "The same operators ran in the same order and gave the same bytes."
                : "The same operators ran in the same order. What they gave was not compared.");
            return;
        }

        html.Element("p", $"The first {ReportText.Many(operators.SameBefore, "operator")} "
            + $"({ReportText.Many(operators.DrawsBefore, "random number")} drawn) are the same in both. Then:");
        html.Element("pre", operators.Message);
    }
}
