using System.Globalization;
using System.Text;
using ReproTorch.Runs;

namespace ReproTorch.Comparison;

/// <summary>Says comparisons in words.</summary>
internal static class ComparisonText
{
    private const int ShownMismatches = 5;

    /// <summary>What was asked for.</summary>
    public static string Criterion(ComparisonOptions options)
    {
        StringBuilder words = new(options.Criterion switch
        {
            MatchCriterion.Ulp => $"at most {options.MaxUlp} units in the last place apart",
            MatchCriterion.Close when Tolerances.Of(options.RelativeTolerance, options.AbsoluteTolerance) is { } given =>
                $"close within {given}",
            MatchCriterion.Close => "close within assert_close's defaults by dtype",
            _ => "identical, bit for bit",
        });
        foreach (OutputTolerances output in options.OutputTolerances)
        {
            words.Append(CultureInfo.InvariantCulture, $"; '{output.Pattern}' within {output.Tolerances}");
        }

        if (options.EqualNaN && options.Criterion != MatchCriterion.Identical)
        {
            words.Append("; NaN equals NaN");
        }

        if (!options.CheckDType && options.Criterion != MatchCriterion.Identical)
        {
            words.Append("; dtypes may differ");
        }

        if (options.Arithmetic == ClosenessArithmetic.OwnDType && options.Criterion == MatchCriterion.Close)
        {
            words.Append("; in the dtype's own arithmetic");
        }

        return words.ToString();
    }

    /// <summary>The kind of a value, with its article.</summary>
    public static string Describe(RunValue value) => value.Kind switch
    {
        RunValueKind.Tensor => "a tensor",
        RunValueKind.Number => "a number",
        RunValueKind.String => "a string",
        _ => "None",
    };

    /// <summary>A string in quotes, or None.</summary>
    public static string Quote(string? text) => text is null ? "None" : $"'{text}'";

    /// <summary>An output's name, and the difference's where it is another.</summary>
    public static string NameOf(TensorComparison output) =>
        output.DifferenceName is { } other ? $"{output.Name} ({other})" : output.Name;

    /// <summary>The least tolerances that an output would pass with; null where none would do, or nothing was compared.</summary>
    public static string? Passing(TensorComparison output)
    {
        if (output.Passing is not { } passing || output.Identical)
        {
            return null;
        }

        string[] ways =
        [
            .. passing.Absolute is { } absolute ? [$"an absolute tolerance of {PythonText.Of(absolute)}"] : Array.Empty<string>(),
            .. passing.Relative is { } relative
                ? [$"a relative one of {PythonText.Of(relative)} with an absolute one of {PythonText.Of(passing.DefaultAbsolute)}"] : Array.Empty<string>(),
            .. passing.Ulp is { } distance ? [string.Create(CultureInfo.InvariantCulture, $"{distance} ulp")] : Array.Empty<string>(),
        ];
        return ways.Length == 0 ? null : string.Join(", or ", ways);
    }

    /// <summary>One output.</summary>
    public static string OneLine(TensorComparison output)
    {
        string verdict = output.Match ? (output.Identical ? "identical" : "match") : "mismatch";
        StringBuilder line = new($"{NameOf(output)}: {verdict}");
        if (output.Reason is not null)
        {
            return line.Append(CultureInfo.InvariantCulture, $": {output.Reason}").ToString();
        }

        if (output.DType is not null && output.Shape is not null)
        {
            string dtypes = output.DifferenceDType is { } other && other != output.DType ? $"{output.DType} and {other}" : $"{output.DType}";
            line.Append(CultureInfo.InvariantCulture, $" ({dtypes} {PythonText.Tuple(output.Shape)})");
        }

        if (output.Identical)
        {
            return line.ToString();
        }

        if (output.MaxAbsolute is not { } absolute || output.MaxRelative is not { } relative)
        {
            ElementDifference? only = output.FirstDifferences.Count > 0 ? output.FirstDifferences[0] : null;
            return only is null ? line.ToString()
                : line.Append(CultureInfo.InvariantCulture, $": {only.Difference} instead of {only.Reference}").ToString();
        }

        line.Append(CultureInfo.InvariantCulture, $": {output.Differing} of {output.Count} elements differ in their bits, ");
        line.Append(output.Close ? "all are close" : FormattableString.Invariant(
            $"{output.Mismatched} ({PythonText.Percent(output.Mismatched, output.Count)}) are not close"));
        line.Append(CultureInfo.InvariantCulture,
            $"; greatest absolute difference {PythonText.Of(absolute.Value)} at {PythonText.Tuple(absolute.Index)}");
        line.Append(CultureInfo.InvariantCulture,
            $", relative {PythonText.Of(relative.Value)} at {PythonText.Tuple(relative.Index)}, {output.MaxUlp} ulp");
        return line.ToString();
    }

    /// <summary>A reason as a sentence of its own.</summary>
    public static string Sentence(string reason) =>
        $"{char.ToUpperInvariant(reason[0])}{reason[1..]}{(reason[^1] is '.' or '!' or '?' ? string.Empty : ".")}";

    /// <summary>A run: the verdict, then what differs, output by output.</summary>
    public static string Whole(RunComparison run)
    {
        StringBuilder text = new(run.File is { } file ? $"{file}: the runs " : "The runs ");
        text.Append(run.Match ? "match" : "do not match");
        text.Append(run.Identical ? ": they are identical, bit for bit." : $" (asked for: {run.Criterion}).");
        if (run.Reason is not null)
        {
            text.Append('\n').Append(Sentence(run.Reason));
        }

        if (!run.Identical && run.Outputs.Count > 0)
        {
            int matching = run.Outputs.Count(static output => output.Match);
            text.Append(CultureInfo.InvariantCulture, $"\n{matching} of {run.Outputs.Count} outputs match.");
            if (run.FirstDifference is { Index: { } index } first)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $" First difference: {first.Output}{(index.Count == 0 ? string.Empty : " at " + PythonText.Tuple(index))}, {first.Difference} instead of {first.Reference}.");
            }

            foreach (TensorComparison output in run.Outputs.Where(static output => !output.Identical))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n  {OneLine(output)}");
                if (!output.Match && output.FirstMismatches.Count > 0 && output.Shape is { Count: > 0 })
                {
                    text.Append(Mismatches(output));
                }
            }
        }

        if (run.Operators is { Identical: false } operators)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nOperators: {operators.Message}");
        }

        return text.ToString();
    }

    /// <summary>The first elements that do not match as a table, and what would let all pass.</summary>
    private static string Mismatches(TensorComparison output)
    {
        (string Index, string Reference, string Difference)[] rows =
        [
            ("index", "reference", "difference"),
            .. output.FirstMismatches.Take(ShownMismatches).Select(static element =>
                (PythonText.Tuple(element.Index), element.Reference, element.Difference)),
        ];
        int index = rows.Max(static row => row.Index.Length);
        int reference = rows.Max(static row => row.Reference.Length);
        StringBuilder text = new();
        foreach ((string i, string r, string d) in rows)
        {
            text.Append("\n    ").Append(i.PadRight(index)).Append("  ").Append(r.PadRight(reference)).Append("  ").Append(d);
        }

        return text.Append("\n    ").Append(Passing(output) is { } ways ? $"It would pass with {ways}." : "It would pass with no tolerance.")
            .ToString();
    }
}
