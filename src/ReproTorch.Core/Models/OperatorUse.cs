using System.Text.Json.Serialization;

namespace ReproTorch.Models;

/// <summary>An operator of a method's graph and what it is called with, as far as the model alone decides that (rpt_method_uses in
/// reprotorch.h).</summary>
internal sealed record OperatorUse
{
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Overload { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The operator's name and overload as PyTorch writes both: <c>aten::median.dim</c>.</summary>
    public string FullName => Overload.Length == 0 ? Kind : $"{Kind}.{Overload}";

    public string Source { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Line { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Scope { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>False where only the other mode (train, eval) leads.</summary>
    public bool Live { get; init; }

    /// <summary>In a branch that the mode decides.</summary>
    public bool HangsOnMode { get; init; }

    /// <summary>libtorch's own tag says that it draws random numbers.</summary>
    public bool Random { get; init; }

    /// <summary>Nobody sees what memory its result held at first.</summary>
    public bool Overwritten { get; init; }

    /// <summary>It runs code that cannot be read.</summary>
    public bool Unread { get; init; }

    public IReadOnlyList<OperatorArgument> Arguments { get; init => field = value ?? []; } = [];

    /// <summary>Of a constant tensor: dtype and shape.</summary>
    public string? Constant { get; init; }

    /// <summary>A constant without dimensions, as Python's tracer writes each number.</summary>
    public bool IsNumber { get; init; }

    public OperatorArgument? Argument(string name) => Arguments.FirstOrDefault(argument => argument.Name == name);
}

/// <summary>An argument that the model decides alone.</summary>
internal sealed record OperatorArgument
{
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>As Python writes it; of tensors only <c>number</c>, of lists of tensors only <c>masks</c>.</summary>
    public string Value { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Written in the graph itself.</summary>
    public bool IsLiteral { get; init; }

    /// <summary>The values that it has after train() or eval(), where they are others; empty where the input decides then.</summary>
    public IReadOnlyList<string> Otherwise { get; init => field = value ?? []; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<OperatorUse>))]
internal sealed partial class OperatorUseJson : JsonSerializerContext;
