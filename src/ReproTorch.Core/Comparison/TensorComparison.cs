using System.Text.Json.Serialization;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>
/// How one named output of two runs compares. Immutable. The reference is what was expected, the difference what came.
/// </summary>
public sealed record TensorComparison
{
    /// <summary>The output's name.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The difference's name for it where names were mapped to each other; null where it is the same.</summary>
    public string? DifferenceName { get; init; }

    /// <summary>The answer to what was asked for (see <see cref="ComparisonOptions.Criterion"/>).</summary>
    public bool Match { get; init; }

    /// <summary>The same bits, dtype and shape: -0 is not 0, and NaNs with other payloads differ.</summary>
    public bool Identical { get; init; }

    /// <summary>What <c>torch.testing.assert_close(difference, reference)</c> says with <see cref="Tolerances"/>.</summary>
    public bool Close { get; init; }

    /// <summary>Why the values could not be compared: another shape, dtype or kind, missing, extra. Null when they were.</summary>
    public string? Reason { get; init; }

    /// <summary>What the reference is; null when it has no such output.</summary>
    public RunValueKind? Kind { get; init; }

    /// <summary>What the difference is; null when it has no such output.</summary>
    public RunValueKind? DifferenceKind { get; init; }

    /// <summary>The reference's dtype; null for strings, None, and an extra output.</summary>
    [JsonPropertyName("dtype")]
    public DType? DType { get; init; }

    /// <summary>The difference's dtype; null for strings, None, and a missing output.</summary>
    [JsonPropertyName("differenceDType")]
    public DType? DifferenceDType { get; init; }

    /// <summary>The reference's sizes, empty for 0-d; null for strings, None, and an extra output.</summary>
    public IReadOnlyList<long>? Shape { get; init; }

    /// <summary>The difference's sizes; null for strings, None, and a missing output.</summary>
    public IReadOnlyList<long>? DifferenceShape { get; init; }

    /// <summary>Elements that were compared; 1 for a string or None.</summary>
    public long Count { get; init; }

    /// <summary>Elements that are not close.</summary>
    public long Mismatched { get; init; }

    /// <summary><see cref="Mismatched"/> / <see cref="Count"/>, 0..1; 0 when nothing was compared.</summary>
    public double MismatchedShare => Count == 0 ? 0 : (double)Mismatched / Count;

    /// <summary>Elements whose bits differ.</summary>
    public long Differing { get; init; }

    /// <summary>The greatest |difference - reference| over all elements, in float64; NaN when only one side is NaN somewhere. Equal
    /// infinities and two NaNs are 0 apart. Null when no elements were compared.</summary>
    public GreatestDifference? MaxAbsolute { get; init; }

    /// <summary>The greatest |difference - reference| / |reference| over all elements; infinite where a reference of 0 was missed.</summary>
    public GreatestDifference? MaxRelative { get; init; }

    /// <summary>The greatest distance in units in the last place: how many numbers of the dtype one must step over; for integers the
    /// difference. A step across zero counts the numbers between, -0 and 0 being one. Of complex numbers the greater of the parts'.
    /// Pairs in which a NaN meets other bits have none. Null when no elements were compared.</summary>
    public ulong? MaxUlp { get; init; }

    /// <summary>Where <see cref="MaxUlp"/> is.</summary>
    public IReadOnlyList<long>? MaxUlpIndex { get; init; }

    /// <summary>The mean of |difference - reference| over the pairs that are finite; null when there are none.</summary>
    public double? MeanAbsolute { get; init; }

    /// <summary>The mean of difference - reference over the pairs that are finite: its sign tells a drift. Null for complex numbers.</summary>
    public double? MeanDifference { get; init; }

    /// <summary>The root of the mean square of difference - reference over the pairs that are finite.</summary>
    public double? RootMeanSquare { get; init; }

    /// <summary>The cosine of the angle between both sides, -1..1, over the pairs that are finite; null when a side is all zeros or
    /// its squares pass the range of float64.</summary>
    public double? CosineSimilarity { get; init; }

    /// <summary>NaNs in the reference.</summary>
    [JsonPropertyName("nanCount")]
    public long NaNCount { get; init; }

    /// <summary>NaNs in the difference.</summary>
    [JsonPropertyName("differenceNaNCount")]
    public long DifferenceNaNCount { get; init; }

    /// <summary>Infinities in the reference.</summary>
    public long InfinityCount { get; init; }

    /// <summary>Infinities in the difference.</summary>
    public long DifferenceInfinityCount { get; init; }

    /// <summary>The least tolerances that this output would pass with.</summary>
    public PassingTolerances? Passing { get; init; }

    /// <summary>The tolerances that <see cref="Close"/> was decided with; null when there was nothing to hold against them.</summary>
    public Tolerances? Tolerances { get; init; }

    /// <summary>Whether two NaNs counted as equal.</summary>
    [JsonPropertyName("equalNaN")]
    public bool EqualNaN { get; init; }

    /// <summary>Distances in units in the last place, by powers of two.</summary>
    public IReadOnlyList<UlpBucket> UlpHistogram { get; init; } = [];

    /// <summary>Absolute differences, by powers of ten.</summary>
    public IReadOnlyList<DifferenceBucket> AbsoluteHistogram { get; init; } = [];

    /// <summary>The first elements whose bits differ; of the losses (<c>loss</c>) of trainings that ended at other steps, among the steps that both have.</summary>
    public IReadOnlyList<ElementDifference> FirstDifferences { get; init; } = [];

    /// <summary>The first elements that fail what was asked for.</summary>
    public IReadOnlyList<ElementDifference> FirstMismatches { get; init; } = [];

    /// <summary>assert_close's own message, as PyTorch 1.13.1 prints it; null when it would pass. For what it has no words for, our own.</summary>
    public string? Message { get; init; }

    /// <summary>One line for people.</summary>
    public override string ToString() => ComparisonText.OneLine(this);
}

/// <summary>A greatest difference and where it is.</summary>
/// <param name="Value">How much; 0 when nothing differs. Integer differences past 2^53 are rounded to float64: both elements stand beside.</param>
/// <param name="Index">The first element that has it: one number a dimension, empty for 0-d.</param>
/// <param name="Reference">The reference's element there, with every digit.</param>
/// <param name="Difference">The difference's element there.</param>
public sealed record GreatestDifference(
    double Value,
    IReadOnlyList<long> Index,
    [property: JsonConverter(typeof(ElementTextConverter))] string Reference,
    [property: JsonConverter(typeof(ElementTextConverter))] string Difference);

/// <summary>One element that differs.</summary>
/// <param name="Index">Where: one number a dimension, empty for 0-d.</param>
/// <param name="Reference">The reference's element: the shortest digits that read back to it, <c>NaN (0x7FC00001)</c> where the bits of
/// two NaNs differ, <c>1+2j</c>, <c>True</c>.</param>
/// <param name="Difference">The difference's element.</param>
public sealed record ElementDifference(
    IReadOnlyList<long> Index,
    [property: JsonConverter(typeof(ElementTextConverter))] string Reference,
    [property: JsonConverter(typeof(ElementTextConverter))] string Difference);

/// <summary>How many elements lie From .. To units in the last place apart.</summary>
/// <param name="From">The least distance.</param>
/// <param name="To">The greatest: 0, 1, 2, 4, 8, ...</param>
/// <param name="Count">How many.</param>
public sealed record UlpBucket(ulong From, ulong To, long Count);

/// <summary>How many elements lie at least From and less than To apart.</summary>
/// <param name="From">0 for the first bucket, which holds what does not differ in value; then a power of ten; infinity for the last,
/// where there are infinite differences.</param>
/// <param name="To">The next power of ten; equal to From in the first bucket and the last.</param>
/// <param name="Count">How many.</param>
public sealed record DifferenceBucket(double From, double To, long Count);

/// <summary>The least tolerances that an output would pass with. A null says that none would do. By the rules of PyTorch 1.13:
/// of real numbers the smallest float64 that passes; of integers, which PyTorch compares in float32, the smallest float32; of complex numbers,
/// whose magnitudes round, a bound that is at most one part in 2^49 above it, but for values below 1e-140, whose squares underflow. Complex differences past 1e150 have
/// none: PyTorch's squares overflow.</summary>
/// <param name="Relative">rtol, together with <paramref name="DefaultAbsolute"/>.</param>
/// <param name="DefaultAbsolute">The dtype's default atol.</param>
/// <param name="Absolute">atol, with rtol 0.</param>
/// <param name="Ulp">Units in the last place.</param>
public sealed record PassingTolerances(double? Relative, double DefaultAbsolute, double? Absolute, ulong? Ulp);
