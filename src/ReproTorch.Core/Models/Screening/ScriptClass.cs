namespace ReproTorch.Models.Screening;

/// <summary>A class in a model's code.</summary>
/// <param name="Name">The qualified name: <c>__torch__.package.Class</c>.</param>
/// <param name="Base">What it derives from: Module, NamedTuple, Enum, Interface, ModuleInterface; empty for a plain class.</param>
internal sealed record ScriptClass(string Name, string Base)
{
    /// <summary>The attributes and their types.</summary>
    public Dictionary<string, ScriptType> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of constants, which need no value in a pickle.</summary>
    public HashSet<string> Constants { get; } = new(StringComparer.Ordinal);

    /// <summary>The methods: where each one's tokens begin and end in its file.</summary>
    public Dictionary<string, (int Start, int End)> Methods { get; } = new(StringComparer.Ordinal);

    /// <summary>The methods' parameters and results as written, but for the type of <c>self</c>.</summary>
    public Dictionary<string, string> Signatures { get; } = new(StringComparer.Ordinal);

    /// <summary>The type of what <c>__setstate__</c> takes; null without such a method.</summary>
    public ScriptType? State { get; set; }

    /// <summary>True when the attributes come from <c>__setstate__</c>, not from a dict.</summary>
    public bool HasState => Methods.ContainsKey("__setstate__") && Methods.ContainsKey("__getstate__");

    /// <summary>True when it has each method of an interface with the same signature. libtorch calls an interface's methods by their names,
    /// and believes what the interface says of their results.</summary>
    public bool Implements(ScriptClass type) =>
        type.Signatures.All(method => Signatures.TryGetValue(method.Key, out string? own) && own == method.Value);

    /// <summary>True when an attribute, constant or method has that name.</summary>
    public bool Has(string name) => Attributes.ContainsKey(name) || Constants.Contains(name) || Methods.ContainsKey(name);
}
