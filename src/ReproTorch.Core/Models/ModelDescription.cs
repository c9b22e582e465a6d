using System.Text.Json.Serialization;

namespace ReproTorch.Models;

/// <summary>One argument of a method.</summary>
public sealed record ModelArgument
{
    /// <summary>Its name in the source.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its TorchScript type, such as <c>Tensor</c> or <c>Dict[str, Tensor]</c>.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>True when the method has a default for it.</summary>
    public bool Optional { get; init; }
}

/// <summary>One method of a model.</summary>
public sealed record ModelMethod
{
    /// <summary>Its name, such as <c>forward</c>.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its whole signature as TorchScript prints it.</summary>
    public string Schema { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its arguments, <c>self</c> left out.</summary>
    public IReadOnlyList<ModelArgument> Arguments { get; init => field = value ?? []; } = [];

    /// <summary>The signature.</summary>
    public override string ToString() => Schema;

    /// <summary>The types that it returns.</summary>
    public IReadOnlyList<string> Returns { get; init => field = value ?? []; } = [];
}

/// <summary>A parameter or buffer.</summary>
public sealed record ModelTensor
{
    /// <summary>Its dotted name, as in Python's state_dict().</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>PyTorch's name of its dtype.</summary>
    public string DType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its sizes.</summary>
    public IReadOnlyList<long> Shape { get; init => field = value ?? []; } = [];

    /// <summary>Whether gradients are recorded for it.</summary>
    public bool RequiresGrad { get; init; }

    /// <summary>Where it is.</summary>
    public string Device { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>A named thing of a TorchScript type: an attribute or a submodule.</summary>
public sealed record ModelMember
{
    /// <summary>Its dotted name.</summary>
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its TorchScript type.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>What a model consists of (rpt_module_describe in reprotorch.h).</summary>
public sealed record ModelDescription
{
    /// <summary>The TorchScript type's name.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>True in training mode.</summary>
    public bool Training { get; init; }

    /// <summary>Methods that can be run.</summary>
    public IReadOnlyList<ModelMethod> Methods { get; init => field = value ?? []; } = [];

    /// <summary>Parameters, in the order of Python's named_parameters().</summary>
    public IReadOnlyList<ModelTensor> Parameters { get; init => field = value ?? []; } = [];

    /// <summary>Buffers, in the order of Python's named_buffers().</summary>
    public IReadOnlyList<ModelTensor> Buffers { get; init => field = value ?? []; } = [];

    /// <summary>Other attributes.</summary>
    public IReadOnlyList<ModelMember> Attributes { get; init => field = value ?? []; } = [];

    /// <summary>Submodules.</summary>
    public IReadOnlyList<ModelMember> Submodules { get; init => field = value ?? []; } = [];
}

/// <summary>Control flow, or a number taken from a tensor, that a trace froze.</summary>
public sealed record FrozenNode
{
    /// <summary>What it was, such as <c>prim::If</c> or <c>aten::Int</c>.</summary>
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Where it stands in the source; empty when that is not known.</summary>
    public string Source { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>One node of a method's graph.</summary>
public sealed record GraphNode
{
    /// <summary>The operator, such as <c>aten::dropout</c>.</summary>
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The operator's schema; empty for a node without one.</summary>
    public string Schema { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>File and line; empty when not known.</summary>
    public string Source { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>True when it draws random numbers, as torch's Node::isNondeterministic has it.</summary>
    public bool Nondeterministic { get; init; }

    /// <summary>The node, canonical and without shapes.</summary>
    public string Text { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Content hash of a constant tensor; null for anything else.</summary>
    public string? Hash { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<FrozenNode>))]
[JsonSerializable(typeof(List<GraphNode>))]
internal sealed partial class ModelJson : JsonSerializerContext;
