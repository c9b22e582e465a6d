using System.Text.Json.Serialization;

namespace ReproTorch.Models;

/// <summary>A value in a graph (rpt_method_structure in reprotorch.h).</summary>
public sealed record GraphValue
{
    /// <summary>Its number, by which nodes refer to it.</summary>
    public int Id { get; init; }

    /// <summary>Its name in the source; empty when it has none.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its TorchScript type.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>A node in a graph.</summary>
public sealed record GraphOperation
{
    /// <summary>The operator, such as <c>aten::conv2d</c>, or a form of TorchScript's own, such as <c>prim::If</c>.</summary>
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>File and line; empty when not known.</summary>
    public string Source { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Dotted name of the submodule whose method it comes from; empty for the model's own, or when a trace forgot it.</summary>
    public string Scope { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Of the attribute or method; null for a node that has none.</summary>
    public string? Name { get; init; }

    /// <summary>What a constant is, in text (a tensor: dtype and shape); null for anything else.</summary>
    public string? Value { get; init; }

    /// <summary>True when it draws random numbers.</summary>
    public bool Random { get; init; }

    /// <summary>The values that it takes.</summary>
    public IReadOnlyList<int> Inputs { get; init => field = value ?? []; } = [];

    /// <summary>The values that it gives.</summary>
    public IReadOnlyList<GraphValue> Outputs { get; init => field = value ?? []; } = [];

    /// <summary>The branches of a condition, or the body of a loop.</summary>
    public IReadOnlyList<GraphBlock> Blocks { get; init => field = value ?? []; } = [];

    /// <summary>The branch that the model as it is now always takes (<c>if self.training</c>); null when the input decides.</summary>
    public int? Taken { get; init; }
}

/// <summary>A graph, or one branch or body in it.</summary>
public sealed record GraphBlock
{
    /// <summary>What comes in; of a whole graph the first is <c>self</c>.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; init => field = value ?? []; } = [];

    /// <summary>The nodes, in order.</summary>
    public IReadOnlyList<GraphOperation> Nodes { get; init => field = value ?? []; } = [];

    /// <summary>The values that come out.</summary>
    public IReadOnlyList<int> Outputs { get; init => field = value ?? []; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GraphBlock))]
internal sealed partial class GraphJson : JsonSerializerContext;
