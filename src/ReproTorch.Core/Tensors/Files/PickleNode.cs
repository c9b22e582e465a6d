namespace ReproTorch.Tensors.Files;

/// <summary>What a <see cref="PickleNode"/> stands for.</summary>
internal enum PickleNodeKind
{
    /// <summary>A name that Python would import: <see cref="PickleNode.Callee"/> is "module.name".</summary>
    Global,

    /// <summary>A call: what, with which arguments, and what was added to the result.</summary>
    Call,

    /// <summary>Something that is kept outside the pickle; the argument says which.</summary>
    Persistent,

    /// <summary>A set.</summary>
    Set,
}

/// <summary>Something in a pickle that is no plain value: told, never done.</summary>
internal sealed class PickleNode(PickleNodeKind kind, object? callee, object? argument)
{
    private List<object?>? _items;
    private List<KeyValuePair<object?, object?>>? _entries;

    /// <summary>What it is.</summary>
    public PickleNodeKind Kind { get; } = kind;

    /// <summary>The name of a global; what is called.</summary>
    public object? Callee { get; } = callee;

    /// <summary>The arguments of a call, as a tuple; what is asked for.</summary>
    public object? Argument { get; } = argument;

    /// <summary>True when the call makes an object (NEWOBJ), which BUILD then gives its state.</summary>
    public bool IsNew { get; init; }

    /// <summary>True when BUILD gave it a state.</summary>
    public bool IsBuilt { get; private set; }

    /// <summary>What BUILD gave to the result, or null.</summary>
    public object? State { get; private set; }

    /// <summary>Gives it a state.</summary>
    public void Build(object? state)
    {
        State = state;
        IsBuilt = true;
    }

    /// <summary>What was appended.</summary>
    public List<object?> Items => _items ??= [];

    /// <summary>What was set by key.</summary>
    public List<KeyValuePair<object?, object?>> Entries => _entries ??= [];

    /// <summary>True when something was appended or set by key.</summary>
    public bool HasContent => _items is { Count: > 0 } || _entries is { Count: > 0 };

    /// <summary>The name if this is a global, or if this is the call of one, of what is called; else null.</summary>
    public string? GlobalName => Kind switch
    {
        PickleNodeKind.Global => (string?)Callee,
        PickleNodeKind.Call when Callee is PickleNode { Kind: PickleNodeKind.Global } global => global.GlobalName,
        _ => null,
    };
}
