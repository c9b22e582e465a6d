using System.Text.Json;
using System.Text.Json.Serialization;
using ReproTorch.Comparison;
using ReproTorch.Provenance;

namespace ReproTorch.Sweeps;

/// <summary>Whether a model gives the same bits along each dimension.</summary>
public sealed record SweepResult
{
    /// <summary>The same bits in everything that was tried: <see cref="Dimensions"/>. What was not, <see cref="Omitted"/> tells.</summary>
    public bool Identical { get; init; }

    /// <summary>The model's name.</summary>
    public string Model { get; init; } = string.Empty;

    /// <summary>The method that ran.</summary>
    public string Method { get; init; } = string.Empty;

    /// <summary>The seed that was set right before every run.</summary>
    public string Seed { get; init; } = string.Empty;

    /// <summary>What was found, a dimension each.</summary>
    public IReadOnlyList<SweepFinding> Dimensions { get; init; } = [];

    /// <summary>Dimensions that could not be shown here, and why.</summary>
    public IReadOnlyList<SweepOmission> Omitted { get; init; } = [];

    /// <summary>What the same sweep found on other machines; none where no other was asked.</summary>
    public IReadOnlyList<SweepMachine> Machines { get; init => field = value ?? []; } = [];

    /// <summary>All of it as JSON, every number with every bit.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SweepResultJson.Default.SweepResult);

    /// <summary>What <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="ReproTorchException">The text is none.</exception>
    public static SweepResult FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SweepResultJson.Default.SweepResult)
                ?? throw new ReproTorchException(ReproTorchErrorKind.FileFormat, "The result of a sweep that was sent is null.");
        }
        catch (JsonException e)
        {
            throw new ReproTorchException(ReproTorchErrorKind.FileFormat, $"The result of a sweep that was sent is damaged: {e.Message}", e);
        }
    }

    /// <summary>The findings in words, a line each.</summary>
    public override string ToString() => string.Join(
        "\n",
        Dimensions.Select(finding => $"{finding.Name}: {finding.Meaning}")
            .Concat(Omitted.Select(omission => $"{omission.Name}: not tried: {omission.Reason}")));
}

/// <summary>What one dimension shows.</summary>
/// <param name="Name">The dimension.</param>
/// <param name="Variants">Each run that was compared with the plain one.</param>
/// <param name="Identical">All gave the same bits.</param>
/// <param name="Meaning">What that means for whoever uses the model, in a sentence or two.</param>
public sealed record SweepFinding(SweepDimension Name, IReadOnlyList<SweepVariant> Variants, bool Identical, string Meaning);

/// <summary>One run, compared with the plain one.</summary>
/// <param name="Name">What was varied, and how.</param>
/// <param name="Identical">The same bits in every output.</param>
/// <param name="MaxAbsolute">The greatest absolute difference; 0 for the same bits, null where outputs cannot be compared.</param>
/// <param name="MaxUlp">The greatest distance in units in the last place; null where that has no meaning.</param>
/// <param name="FirstDifference">The first operator whose result has other bits, where the samples of a batch are varied the first that
/// gives them to the first sample that differs; null for the same bits, and where it could not be
/// told.</param>
/// <param name="Message">What differs, in words; null for the same bits.</param>
public sealed record SweepVariant(
    string Name, bool Identical, double? MaxAbsolute, ulong? MaxUlp, SweepDifference? FirstDifference, string? Message)
{
    /// <summary>Why <see cref="FirstDifference"/> is not told though bits differ; null where it is, and for the same bits.</summary>
    public string? FirstDifferenceReason { get; init; }

    internal static SweepVariant Same(string name) => new(name, Identical: true, MaxAbsolute: 0, MaxUlp: 0, FirstDifference: null, Message: null);

    internal static SweepVariant Of(string name, RunComparison comparison, SweepDifference? first, string? reason) => new(
        name,
        Identical: false,
        comparison.Outputs.Select(output => output.MaxAbsolute).Where(found => found is not null).MaxBy(found => found!.Value)?.Value,
        comparison.Outputs.Max(output => output.MaxUlp),
        first,
        comparison.Message)
    {
        FirstDifferenceReason = reason,
    };
}

/// <summary>The first operator that differs.</summary>
/// <param name="Operator">Its name, such as <c>aten::conv2d</c>.</param>
/// <param name="Index">Its place among the outermost operators of the plain run, from 0.</param>
public sealed record SweepDifference(string Operator, int Index);

/// <summary>A dimension that was passed over.</summary>
/// <param name="Name">The dimension.</param>
/// <param name="Reason">Why.</param>
public sealed record SweepOmission(SweepDimension Name, string Reason);

/// <summary>Another machine that ran the same.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Environment">What decides the bits there.</param>
/// <param name="Differences">In what that differs from here.</param>
/// <param name="Sweep">What the sweep found there.</param>
public sealed record SweepMachine(
    string Name, TorchEnvironment? Environment, IReadOnlyList<EnvironmentDifference> Differences, SweepResult Sweep);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(ExactDoubleConverter)])]
[JsonSerializable(typeof(SweepResult))]
internal sealed partial class SweepResultJson : JsonSerializerContext;
