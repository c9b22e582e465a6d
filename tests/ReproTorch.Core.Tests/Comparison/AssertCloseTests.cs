using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ReproTorch.Comparison;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Comparison;

/// <summary>Side by side with torch.testing.assert_close of PyTorch 1.13.1, on what it said of several thousand pairs.</summary>
public class AssertCloseTests
{
    private const int Shown = 12;

    [Fact]
    public void There_are_thousands_of_cases_that_pass_and_that_fail()
    {
        List<string?> messages = [.. AssertCloseCases.All().Select(one => one.Case.GetProperty("message").GetString())];

        Assert.True(messages.Count(message => message is null) > 1000);
        Assert.True(messages.Count(message => message is not null) > 2000);
    }

    [Fact]
    public void Verdict_and_message_are_those_of_assert_close() => ForAll((one, wrong) =>
    {
        TensorComparison result = AssertCloseCases.Compare(one, AssertCloseCases.Options(one));
        string? expected = one.GetProperty("message").GetString();
        if (result.Close != expected is null || result.Match != result.Close || result.Message != expected)
        {
            wrong($"expected <{expected}> but got <{result.Message}>");
        }

        if (expected is not null && expected.Contains("Mismatched elements: ", StringComparison.Ordinal))
        {
            string count = expected[(expected.IndexOf("elements: ", StringComparison.Ordinal) + 10)..].Split(' ')[0];
            if (count != result.Mismatched.ToString(CultureInfo.InvariantCulture))
            {
                wrong($"{count} mismatched were expected, but got {result.Mismatched}");
            }
        }
    });

    [Fact]
    public void The_newer_rule_counts_what_isclose_counts_in_the_dtype_itself() => ForAll((one, wrong) =>
    {
        if (one.TryGetProperty("own", out JsonElement own))
        {
            ComparisonOptions options = AssertCloseCases.Options(one) with { Arithmetic = ClosenessArithmetic.OwnDType };
            long mismatched = AssertCloseCases.Compare(one, options).Mismatched;
            if (mismatched != own.GetInt64())
            {
                wrong($"{own} mismatched were expected, but got {mismatched}");
            }
        }
    });

    [Fact]
    public void Statistics_over_all_elements_are_those_of_NumPy_in_float64() => ForAll((one, wrong) =>
    {
        if (!one.TryGetProperty("stats", out JsonElement stats))
        {
            return;
        }

        TensorComparison result = AssertCloseCases.Compare(one, AssertCloseCases.Options(one));
        Exact("ulp", ulong.Parse(stats.GetProperty("ulp").GetString()!, CultureInfo.InvariantCulture), result.MaxUlp!.Value);
        Exact("ulp_at", stats.GetProperty("ulp_at").GetInt64(), Flat(result.MaxUlpIndex!, result.Shape!));
        Exact("differing", stats.GetProperty("differing").GetInt64(), result.Differing);
        if (!stats.TryGetProperty("abs", out JsonElement absolute))
        {
            return;
        }

        Exact("abs", AssertCloseCases.Number(absolute), result.MaxAbsolute!.Value);
        Exact("abs_at", stats.GetProperty("abs_at").GetInt64(), Flat(result.MaxAbsolute.Index, result.Shape!));
        Exact("rel", AssertCloseCases.Number(stats.GetProperty("rel")), result.MaxRelative!.Value);
        Exact("rel_at", stats.GetProperty("rel_at").GetInt64(), Flat(result.MaxRelative.Index, result.Shape!));
        double scale = Math.Max(AssertCloseCases.Number(absolute), double.Epsilon);
        Near("mean", AssertCloseCases.Number(stats.GetProperty("mean")), result.MeanDifference!.Value, scale);
        Near("mean_abs", AssertCloseCases.Number(stats.GetProperty("mean_abs")), result.MeanAbsolute!.Value, scale);
        double rms = AssertCloseCases.Number(stats.GetProperty("rms"));
        if (rms > 1e-150 && double.IsFinite(rms))
        {
            Near("rms", rms, result.RootMeanSquare!.Value, scale);
        }

        if (stats.GetProperty("cosine").ValueKind != JsonValueKind.Null)
        {
            Near("cosine", stats.GetProperty("cosine").GetDouble(), result.CosineSimilarity!.Value, 1);
        }

        Exact("decades", Pairs(stats.GetProperty("decades")), string.Join(' ', result.AbsoluteHistogram
            .Where(bucket => bucket.Count > 0 && bucket.From > 0)
            .Select(bucket => $"{Math.Round(Math.Log10(bucket.From) - (bucket.From == double.Epsilon ? 0.5 : 0))}:{bucket.Count}")));
        Exact("ulps", Pairs(stats.GetProperty("ulps")), string.Join(' ', result.UlpHistogram
            .Where(bucket => bucket.Count > 0)
            .Select(bucket => $"{(bucket.From <= 1 ? bucket.From : 2 + (ulong)BitOperations.Log2(bucket.From - 1))}:{bucket.Count}")));

        void Exact<T>(string what, T expected, T actual)
        {
            if (!EqualityComparer<T>.Default.Equals(expected, actual))
            {
                wrong($"{what}: expected {expected} but got {actual}");
            }
        }

        void Near(string what, double expected, double actual, double scale)
        {
            if (!(Math.Abs(expected - actual) <= 1e-13 * scale || expected.Equals(actual)))
            {
                wrong($"{what}: expected {expected:R} but got {actual:R}");
            }
        }
    });

    [Fact]
    public void The_least_tolerances_pass_and_anything_less_does_not() => ForAll((one, wrong) =>
    {
        ComparisonOptions options = AssertCloseCases.Options(one) with { RelativeTolerance = null, AbsoluteTolerance = null };
        TensorComparison result = AssertCloseCases.Compare(one, options);

        // PyTorch's complex magnitudes overflow there, except for the last elements of a tensor.
        bool overflows = result.DType == DType.complex128 && result.MaxAbsolute?.Value > 1e150;
        if (one.TryGetProperty("number", out _) || overflows || result.Passing is not { } passing)
        {
            return;
        }

        bool Passes(double rtol, double atol) => AssertCloseCases.Compare(
            one, options with { RelativeTolerance = rtol, AbsoluteTolerance = atol }).Close;

        // The next smaller number in which closeness is decided; of complex numbers what is told may be a part in 2^49 too large.
        DType[] dtypes = [result.DType!.Value, result.DifferenceDType ?? result.DType.Value];
        bool isComplex = dtypes.Any(dtype => dtype.IsComplex());
        bool isWhole = dtypes.All(dtype => dtype.IsInteger() || dtype == DType.@bool);
        double Less(double value) => isComplex ? Math.Min(value * (1 - Math.ScaleB(1, -48)), Math.BitDecrement(value))
            : isWhole && value > float.Epsilon ? MathF.BitDecrement((float)value)
            : Math.BitDecrement(value);

        if (passing.Relative is { } relative)
        {
            if (!Passes(relative, passing.DefaultAbsolute))
            {
                wrong($"rtol {relative:R} was to pass");
            }

            if (relative > 0 && Passes(Less(relative), passing.DefaultAbsolute))
            {
                wrong($"rtol {Less(relative):R}, less than {relative:R}, passes");
            }
        }
        else if (Passes(1e300, passing.DefaultAbsolute))
        {
            wrong("no rtol was to pass");
        }

        if (passing.Absolute is { } absolute)
        {
            if (!Passes(0, absolute))
            {
                wrong($"atol {absolute:R} was to pass");
            }

            if (absolute > 0 && Passes(0, Less(absolute)))
            {
                wrong($"atol {Less(absolute):R}, less than {absolute:R}, passes");
            }
        }
        else if (Passes(0, 1e308))
        {
            wrong("no atol was to pass");
        }
    });

    private static void ForAll(Action<JsonElement, Action<string>> check)
    {
        List<string> wrong = [];
        foreach ((int line, JsonElement one) in AssertCloseCases.All())
        {
            check(one, words => wrong.Add($"line {line} ({one.GetProperty("r").GetProperty("dtype")}): {words}"));
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join("\n", wrong.Take(Shown))}");
    }

    private static string Pairs(JsonElement pairs) => string.Join(' ', pairs.EnumerateArray().Select(pair => $"{pair[0]}:{pair[1]}"));

    private static long Flat(IReadOnlyList<long> index, IReadOnlyList<long> shape)
    {
        long flat = 0;
        for (int dimension = 0; dimension < shape.Count; dimension++)
        {
            flat = (flat * shape[dimension]) + index[dimension];
        }

        return flat;
    }
}
