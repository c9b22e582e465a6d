using System.Collections.ObjectModel;
using System.Text.Json.Serialization;

namespace ReproTorch.Comparison;

/// <summary>What to hold two runs against. The default asks for the same bits.</summary>
public sealed record ComparisonOptions
{
    /// <summary>The same bits, or nothing.</summary>
    public static ComparisonOptions Default { get; } = new();

    /// <summary>Asks for closeness by <c>torch.testing.assert_close</c>; with no tolerances given, its defaults by dtype.</summary>
    public bool Close { get; init; }

    /// <summary>rtol, 0 or more. Goes with <see cref="AbsoluteTolerance"/>: both or neither. Given, closeness is asked for.</summary>
    public double? RelativeTolerance { get; init; }

    /// <summary>atol, 0 or more, in the units of the values. Goes with <see cref="RelativeTolerance"/>: both or neither.</summary>
    public double? AbsoluteTolerance { get; init; }

    /// <summary>Tolerances by output name; the first pattern that fits counts, before the two above. Given, closeness is asked for.</summary>
    public IReadOnlyList<OutputTolerances> OutputTolerances { get; init; } = [];

    /// <summary>The greatest distance in units in the last place that still matches; for integers, the greatest difference. Null
    /// when that is not what is asked.</summary>
    public ulong? MaxUlp { get; init; }

    /// <summary>Whether two NaNs are equal (to closeness and to <see cref="MaxUlp"/>; bits are bits).</summary>
    [JsonPropertyName("equalNaN")]
    public bool EqualNaN { get; init; }

    /// <summary>Whether another dtype is a mismatch. If not, both sides are promoted as <c>torch.promote_types</c> has it, and the
    /// promoted values compared; such outputs can be close, but are never identical.</summary>
    [JsonPropertyName("checkDType")]
    public bool CheckDType { get; init; } = true;

    /// <summary>Outputs that go by other names on the two sides: the reference's name, then the difference's. What is not named
    /// here is paired by its own name.</summary>
    public IReadOnlyDictionary<string, string> NameMap { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>In which arithmetic closeness is decided.</summary>
    public ClosenessArithmetic Arithmetic { get; init; }

    /// <summary>How many of the first differing elements a comparison keeps. 0 or more.</summary>
    public int KeepDifferences { get; init; } = 10;

    /// <summary>What <c>Match</c> will mean.</summary>
    public MatchCriterion Criterion =>
        MaxUlp is not null ? MatchCriterion.Ulp
        : Close || RelativeTolerance is not null || AbsoluteTolerance is not null || OutputTolerances.Count > 0 ? MatchCriterion.Close
        : MatchCriterion.Identical;

    /// <summary>Checks that the options can be held at the same time.</summary>
    /// <exception cref="ArgumentException">One tolerance without the other, a negative one, closeness together with units in the last
    /// place, two outputs mapped to one name, or a negative count.</exception>
    public void Validate()
    {
        Tolerances? general = Tolerances.Of(RelativeTolerance, AbsoluteTolerance);
        foreach (OutputTolerances output in OutputTolerances)
        {
            _ = output.Tolerances.Checked();
        }

        if (MaxUlp is not null && (Close || general is not null || OutputTolerances.Count > 0))
        {
            throw new ArgumentException(
                $"A greatest distance of {MaxUlp} units in the last place was asked for together with closeness within tolerances. Ask for one.");
        }

        if (NameMap.GroupBy(static pair => pair.Value, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException(
                $"{string.Join(" and ", twice.Select(static pair => $"'{pair.Key}'"))} are all mapped to '{twice.Key}'. One output stands against one.");
        }

        if (KeepDifferences < 0)
        {
            throw new ArgumentException($"KeepDifferences is {KeepDifferences}; it must be 0 or more.");
        }
    }

    /// <summary>The difference's name for an output of the reference; null where that name was given to another.</summary>
    internal string? DifferenceNameOf(string name) =>
        NameMap.TryGetValue(name, out string? other) ? other : NameMap.Values.Contains(name, StringComparer.Ordinal) ? null : name;

    /// <summary>The tolerances that were given for an output; null when assert_close's defaults by dtype hold.</summary>
    public Tolerances? TolerancesFor(string name) =>
        OutputTolerances.FirstOrDefault(output => output.Covers(name))?.Tolerances ?? Tolerances.Of(RelativeTolerance, AbsoluteTolerance);
}
