using ReproTorch.Tensors;

namespace ReproTorch.Determinism;

/// <summary>What makes an operator's results differ from run to run.</summary>
public enum NondeterministicBehaviour
{
    /// <summary>It draws random numbers: the seed decides.</summary>
    Draws,

    /// <summary>It seeds a generator of the process.</summary>
    Seeds,

    /// <summary>It computes with the statistics of the batch and changes those that the model keeps.</summary>
    Trains,

    /// <summary>Its result begins as whatever was in memory.</summary>
    LeavesUninitialized,

    /// <summary>The same, but filled with a fixed value while deterministic algorithms are on
    /// (<c>torch.utils.deterministic.fill_uninitialized_memory</c>).</summary>
    FillsInDeterministicMode,

    /// <summary>It has no deterministic form: with deterministic algorithms on it is an error, or a warning.</summary>
    Throws,

    /// <summary>It has no deterministic form, and libtorch does not say so.</summary>
    Silent,

    /// <summary>It has a deterministic form, which is taken while deterministic algorithms are on.</summary>
    TakesDeterministicForm,

    /// <summary>It is deterministic only with <c>CUBLAS_WORKSPACE_CONFIG</c> set to <c>:4096:8</c> or <c>:16:8</c>.</summary>
    NeedsCublasWorkspace,
}

/// <summary>When it happens.</summary>
public enum OperatorPass
{
    /// <summary>When the operator runs.</summary>
    Forward,

    /// <summary>When gradients are computed through it.</summary>
    Backward,
}

/// <summary>One fact about operators: how they behave, on which device, in which versions of libtorch, and who says so.</summary>
public sealed record NondeterminismRule
{
    /// <summary>Operators: <c>aten::put_</c> is all of its overloads, <c>aten::median.dim</c> is one.</summary>
    public required IReadOnlyList<string> Operators { get; init; }

    /// <summary>Arguments that must have one of these values, as Python writes them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> When { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Arguments of which one of these values suffices to rule it out.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Unless { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>What else must hold, which a graph does not tell; null when nothing must.</summary>
    public string? Condition { get; init; }

    /// <summary>Whether <see cref="Condition"/> is taken to hold.</summary>
    public bool Assumed { get; init; } = true;

    /// <summary>The kind of device; null for all.</summary>
    public TorchDeviceType? Device { get; init; }

    /// <summary>When it happens.</summary>
    public OperatorPass Pass { get; init; }

    /// <summary>What happens.</summary>
    public required NondeterministicBehaviour Behaviour { get; init; }

    /// <summary>The first version of libtorch in which it holds; null for all before <see cref="Until"/>.</summary>
    public Version? Since { get; init; }

    /// <summary>The first version in which it does not hold any more; null when it still does.</summary>
    public Version? Until { get; init; }

    /// <summary>The name with which the error message begins; null where it is not known.</summary>
    public string? Reports { get; init; }

    /// <summary>The page or file that says so.</summary>
    public required string Source { get; init; }

    /// <summary>Whether it holds for a version of libtorch.</summary>
    public bool HoldsFor(Version version) => (Since is null || version >= Since) && (Until is null || version < Until);
}
