using ReproTorch.Determinism;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Why an operator of a model may give another result next time, or elsewhere.</summary>
public enum NondeterminismKind
{
    /// <summary>It draws random numbers, or seeds the generator that others draw from.</summary>
    Random,

    /// <summary>It has no deterministic form.</summary>
    NoDeterministicForm,

    /// <summary>It is deterministic only with deterministic algorithms on, or with a setting of cuBLAS.</summary>
    NeedsDeterministicMode,

    /// <summary>It hands on memory that nothing was written to.</summary>
    UninitializedMemory,

    /// <summary>Dropout, batch norm or instance norm that stays in training mode whatever mode the model is set to, as tracing in training mode
    /// leaves it.</summary>
    FrozenTraining,

    /// <summary>A tensor that tracing wrote into the graph.</summary>
    FrozenConstant,

    /// <summary>A device written into the graph.</summary>
    FixedDevice,

    /// <summary>It runs code that the model does not hold, so that nobody can tell what that does.</summary>
    Unreadable,
}

/// <summary>An operator of a model whose result may differ, found without running it.</summary>
public sealed record NondeterministicOperator
{
    /// <summary>Why.</summary>
    public required NondeterminismKind Kind { get; init; }

    /// <summary>The operator with its overload: <c>aten::dropout</c>, <c>aten::median.dim</c>; <c>prim::Constant</c> for a constant.</summary>
    public required string Operator { get; init; }

    /// <summary>The method whose graph it is in.</summary>
    public required string Method { get; init; }

    /// <summary>The dotted name of the submodule that it belongs to; empty for the model itself, or when a trace forgot it.</summary>
    public required string Submodule { get; init; }

    /// <summary>File and line; empty when the model does not know.</summary>
    public required string Source { get; init; }

    /// <summary>The text of that line; empty when the model does not know.</summary>
    public required string Line { get; init; }

    /// <summary>The device that it was judged for; of a device written into the graph, that device.</summary>
    public required TorchDevice Device { get; init; }

    /// <summary>When it matters: as the operator runs, or as gradients are computed through it.</summary>
    public OperatorPass Pass { get; init; }

    /// <summary>Whether it matters now: with the model's mode and the process's switches as they are.</summary>
    public required bool Active { get; init; }

    /// <summary>What it does, in one sentence.</summary>
    public required string Meaning { get; init; }

    /// <summary>What to do about it, in one sentence.</summary>
    public required string Remedy { get; init; }

    /// <summary>The rule of the table that it falls under; null where it falls under none.</summary>
    public NondeterminismRule? Rule { get; init; }

    /// <summary>Kind, operator and place.</summary>
    public override string ToString() => Source.Length == 0 ? $"{Kind}: {Operator}" : $"{Kind}: {Operator} at {Source}";
}
