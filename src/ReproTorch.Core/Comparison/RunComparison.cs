using System.Text.Json.Serialization;
using ReproTorch.Observation;
using ReproTorch.Runs;

namespace ReproTorch.Comparison;

/// <summary>How two runs compare. Immutable.</summary>
public sealed record RunComparison
{
    /// <summary>The answer to what was asked for: every output matches, none is missing or extra, and there was something to compare.</summary>
    public bool Match { get; init; }

    /// <summary>Every output has the same bits, dtype and shape, none is missing or extra, and there was something to compare.</summary>
    public bool Identical { get; init; }

    /// <summary>Every output is close, none is missing or extra, and there was something to compare.</summary>
    public bool Close { get; init; }

    /// <summary>Why the runs as such do not match: one is not there, or nothing was compared. Null when it is up to the outputs.</summary>
    public string? Reason { get; init; }

    /// <summary>What was asked for, in words.</summary>
    public string Criterion { get; init; } = string.Empty;

    /// <summary>The file's name below both folders, with <c>/</c> between its parts, where folders were compared; a file that could not be read, as
    /// it was given; else null.</summary>
    public string? File { get; init; }

    /// <summary>The run that was expected; null when there is none to stand against <see cref="Difference"/>.</summary>
    public RunIdentity? Reference { get; init; }

    /// <summary>The run that came; null when there is none to stand against <see cref="Reference"/>.</summary>
    public RunIdentity? Difference { get; init; }

    /// <summary>Every output, in the reference's order, those that only the difference has last.</summary>
    public IReadOnlyList<TensorComparison> Outputs { get; init; } = [];

    /// <summary>Names of outputs that only the reference has.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Names of outputs that only the difference has.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];

    /// <summary>What was asked for, to the letter.</summary>
    public ComparisonOptions Options { get; init; } = ComparisonOptions.Default;

    /// <summary>The first thing that fails what was asked for; where all match, the first whose bits differ; null for identical runs.</summary>
    public FirstDifference? FirstDifference { get; init; }

    /// <summary>Where the operators of the two runs part ways; null where not both runs carry a trace of them.</summary>
    [JsonIgnore]
    public OperatorTraceComparison? Operators { get; init; }

    /// <summary>The runs themselves, for a report of what was compared; null where there was none, or where this was read from JSON.</summary>
    internal RunOutput? ReferenceRun { get; init; }

    /// <summary>Why a file or a pair of files could not be compared; null where it was.</summary>
    [JsonIgnore]
    public Exception? Failure { get; init; }

    /// <summary><inheritdoc cref="ReferenceRun"/></summary>
    internal RunOutput? DifferenceRun { get; init; }

    /// <summary>The whole in plain words, verdict first.</summary>
    public string Message => ComparisonText.Whole(this);

    /// <summary><see cref="Message"/>.</summary>
    public override string ToString() => Message;
}

/// <summary>Which run it was.</summary>
/// <param name="Name">A name for people.</param>
/// <param name="Seed">The seed that was set right before it; null when none was.</param>
/// <param name="Model">The model's file name or type name.</param>
/// <param name="ModelSha256">SHA-256 of the model's file, in hex.</param>
/// <param name="Method">The method that ran.</param>
/// <param name="Traced">Whether it went through a trace.</param>
/// <param name="BatchSize">The batch size that the input was cut into; null when it ran whole.</param>
/// <param name="Device">The device that ran it.</param>
public sealed record RunIdentity(
    string Name, string? Seed, string? Model, string? ModelSha256, string? Method, bool Traced, long? BatchSize, string? Device);

/// <summary>The first thing that differs between two runs.</summary>
/// <param name="Output">The output's name; empty when a whole run is missing.</param>
/// <param name="Index">The element; null when it is not about one element.</param>
/// <param name="Reference">The reference's element.</param>
/// <param name="Difference">The difference's element.</param>
/// <param name="Reason">What is wrong when it is not about one element: shape, dtype, kind, missing, extra.</param>
public sealed record FirstDifference(
    string Output,
    IReadOnlyList<long>? Index,
    [property: JsonConverter(typeof(ElementTextConverter))] string? Reference,
    [property: JsonConverter(typeof(ElementTextConverter))] string? Difference,
    string? Reason);
