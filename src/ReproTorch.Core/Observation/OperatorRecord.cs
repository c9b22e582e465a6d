using System.Text.Json.Serialization;

namespace ReproTorch.Observation;

/// <summary>One operator that ran.</summary>
/// <remarks>The setters take null for nothing: what reads JSON gives it for what is not there.</remarks>
public sealed record OperatorRecord
{
    private static readonly Dictionary<string, long> s_none = [];
    private static readonly Dictionary<string, string> s_nowhere = [];

    /// <summary>Its number in the order in which operators began, from 0.</summary>
    public long Index { get; init; }

    /// <summary>The index of the operator, or node, that called it; -1 for an outermost one.</summary>
    public long Parent { get; init; } = -1;

    /// <summary>Such as <c>aten::conv2d</c>.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The overload's name; empty for the one without.</summary>
    public string Overload { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>operator, backward (a node of autograd), function (a TorchScript function) or other.</summary>
    public string Kind { get; init => field = value ?? "operator"; } = "operator";

    /// <summary>libtorch's number of the thread.</summary>
    public long Thread { get; init; }

    /// <summary>What the arguments were: tensors by type (<c>float32 (2, 3)</c>), numbers by value.</summary>
    public IReadOnlyList<string> Inputs { get; init => field = value ?? []; } = [];

    /// <summary>What the results were, in the same way.</summary>
    public IReadOnlyList<string> Outputs { get; init => field = value ?? []; } = [];

    /// <summary>How long it took, with what it called.</summary>
    public long Nanoseconds { get; init; }

    /// <summary>32-bit words drawn, by it and by what it called, from each generator: cpu, cuda:0, own (one that was an argument). 0: it
    /// took or left a normal number that the generator keeps (they are made in pairs). -1: that generator was seeded meanwhile.</summary>
    public IReadOnlyDictionary<string, long> Draws { get; init => field = value ?? s_none; } = s_none;

    /// <summary>Where each of those generators stood in its stream before, as 16 hex digits: from equal ones the same numbers come. What a
    /// trace of Python has none of.</summary>
    public IReadOnlyDictionary<string, string> From { get; init => field = value ?? s_nowhere; } = s_nowhere;

    /// <summary>The hash of each output tensor's type and bytes, of outermost and dispatched operators and where it was asked for; empty text for
    /// one without plain memory.</summary>
    public IReadOnlyList<string> Hashes { get; init => field = value ?? []; } = [];

    /// <summary>For each output tensor, where the rows of a batch were asked for: its shape, and the hashes of the rows.</summary>
    public IReadOnlyList<TensorRows> RowHashes { get; init => field = value ?? []; } = [];

    /// <summary>Whether a dispatch mode of Python would see it: the outermost operators that are no mere compositions of others
    /// (<c>CompositeImplicitAutograd</c>), which run as what they call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Dispatched { get; init; }

    /// <summary>Script and line of the PowerShell command that caused it.</summary>
    public string? Place { get; init; }

    /// <summary>All words drawn, of those that can be told.</summary>
    [JsonIgnore]
    public long DrawCount => Draws.Values.Sum(words => Math.Max(0, words));

    /// <summary>Whether it is an operator that no other called.</summary>
    [JsonIgnore]
    public bool IsOutermost { get; internal set; }

    /// <summary>Its name with the overload, and the place.</summary>
    public override string ToString() => (Overload.Length > 0 ? $"{Name}.{Overload}" : Name) + (Place is null ? string.Empty : $" at {Place}");
}

/// <summary>The rows of a batch in a tensor.</summary>
public sealed record TensorRows
{
    /// <summary>The tensor's shape; empty also for one without plain memory.</summary>
    public IReadOnlyList<long> Shape { get; init => field = value ?? []; } = [];

    /// <summary>Each place where the batch may stand by the sizes alone.</summary>
    public IReadOnlyList<RowView> Views { get; init => field = value ?? []; } = [];
}

/// <summary>The rows of a batch, were it in one place of a tensor.</summary>
public sealed record RowView
{
    /// <summary>The dimension, of <see cref="Outer"/> * rows * n elements.</summary>
    public int Dimension { get; init; }

    /// <summary>How often the batch is repeated in it: 1 and n = 1 for a dimension that is the batch.</summary>
    public long Outer { get; init; }

    /// <summary>For each row, the hash of the bytes that belong to it.</summary>
    public IReadOnlyList<string> Hashes { get; init => field = value ?? []; } = [];
}

/// <summary>The first line of a trace's file.</summary>
/// <param name="Format">What the file is.</param>
/// <param name="Version">Of the format.</param>
/// <param name="TorchVersion">The libtorch that ran.</param>
/// <param name="Hashes">Whether outputs were hashed.</param>
/// <param name="RandomOnly">Whether only operators that drew are there.</param>
/// <param name="Level">dispatched: only what a dispatch mode of Python sees; null: every call of an operator.</param>
/// <param name="Generators">Where the default generators stood, by device; null where that was not recorded.</param>
internal sealed record TraceHeader(
    string Format, int Version, string TorchVersion, bool Hashes, bool RandomOnly, string? Level = null,
    IReadOnlyDictionary<string, GeneratorStart>? Generators = null);

/// <summary>The last line: without it the file was cut short.</summary>
/// <param name="Records">How many lines are between.</param>
internal sealed record TraceEnd([property: JsonRequired] long Records)
{
    /// <summary>Operators of other threads that had begun and not ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Unfinished { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OperatorRecord))]
[JsonSerializable(typeof(TraceHeader))]
[JsonSerializable(typeof(TraceEnd))]
internal sealed partial class TraceJson : JsonSerializerContext;
