using System.Text.Json.Serialization;

namespace ReproTorch.Runs;

/// <summary>One argument of a recorded call: how the flattened input values were nested, so that the call can be made again.</summary>
public sealed record RunArgument
{
    /// <summary>The argument's name; the method's own where it was given by position.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Whether it was given by name.</summary>
    public bool IsKeyword { get; init; }

    /// <summary>What it was.</summary>
    public RunNode Value { get; init => field = value ?? new(); } = new();
}

/// <summary>One value of a call, or a container of such: exactly one of <see cref="Leaf"/>, <see cref="List"/>, <see cref="Tuple"/>
/// and <see cref="Dict"/> is there.</summary>
public sealed record RunNode
{
    /// <summary>The place of the value among the run's input values.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Leaf { get; init; }

    /// <summary>A list's items.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunNode>? List { get; init; }

    /// <summary>A tuple's items.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunNode>? Tuple { get; init; }

    /// <summary>The fields' names of a named tuple; null for a plain one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>A dictionary's entries, in order.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunEntry>? Dict { get; init; }
}

/// <summary>One entry of a dictionary: exactly one of the keys is there.</summary>
public sealed record RunEntry
{
    /// <summary>A text as key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    /// <summary>A whole number as key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IntKey { get; init; }

    /// <summary>Another number as key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? FloatKey { get; init; }

    /// <summary>True or false as key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? BoolKey { get; init; }

    /// <summary>The key, as it was.</summary>
    [JsonIgnore]
    public object? KeyValue => Key ?? (object?)IntKey ?? (object?)FloatKey ?? BoolKey;

    /// <summary>The entry's value.</summary>
    public RunNode Value { get; init => field = value ?? new(); } = new();
}
