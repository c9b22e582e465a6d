using ReproTorch.Determinism;

namespace ReproTorch.Models;

// What each finding says.
public sealed partial class NondeterminismFinder
{
    private sealed record Finding(NondeterminismKind Kind, string Meaning, string Remedy);

    private static Finding Unreadable { get; } = new(
        NondeterminismKind.Unreadable,
        "It runs code that the model does not hold, such as a method of an object that comes with the input: whether that draws or differs "
        + "cannot be told.",
        "Read the code that runs there, or watch a run of it (Trace-TorchOperator).");

    private static Finding Random(string meaning) => new(
        NondeterminismKind.Random, meaning, "Seed before each run (Set-TorchSeed, or Invoke-TorchModel -Seed).");

    private static Finding OfBehaviour(NondeterminismRule rule, RuleMatch match)
    {
        string when = (rule.Pass is OperatorPass.Backward ? " when gradients are computed through it" : string.Empty)
            + (match.If is { } condition ? $", if {condition}" : string.Empty);
        return rule.Behaviour switch
        {
            NondeterministicBehaviour.Draws => Random($"It draws random numbers{when}."),
            NondeterministicBehaviour.Seeds => new(
                NondeterminismKind.Random,
                "It seeds the process's generator, so that what is drawn after it follows from that seed and not from yours.",
                "Take the seeding out of the model, and seed before each run."),
            NondeterministicBehaviour.LeavesUninitialized => new(
                NondeterminismKind.UninitializedMemory,
                "Its result begins as whatever was in memory, and is not written over, whole, before it is used.",
                "Use zeros or full in its place, or fill it at once."),
            NondeterministicBehaviour.FillsInDeterministicMode => new(
                NondeterminismKind.UninitializedMemory,
                "Its result begins as whatever was in memory, and is not written over, whole, before it is used; deterministic algorithms fill it.",
                "Use zeros or full in its place, or turn deterministic algorithms on (Set-TorchDeterminism Error)."),
            NondeterministicBehaviour.Throws => new(
                NondeterminismKind.NoDeterministicForm,
                $"It has no deterministic form{when}: with deterministic algorithms on it is an error.",
                "Use another operator, or run it on another device."),
            NondeterministicBehaviour.Silent => new(
                NondeterminismKind.NoDeterministicForm,
                $"It has no deterministic form{when}, and libtorch does not say so even with deterministic algorithms on.",
                "Use another operator, or run it on another device."),
            NondeterministicBehaviour.TakesDeterministicForm => new(
                NondeterminismKind.NeedsDeterministicMode,
                $"Its result may differ from run to run{when}, unless deterministic algorithms are on.",
                "Turn deterministic algorithms on (Set-TorchDeterminism Error)."),
            _ => new(
                NondeterminismKind.NeedsDeterministicMode,
                "cuBLAS gives repeatable results only with CUBLAS_WORKSPACE_CONFIG set to :4096:8 or :16:8; with deterministic algorithms on, "
                + "anything else may be an error.",
                "Set it before the first use of the GPU (Set-TorchDeterminism -CublasWorkspaceConfig :4096:8)."),
        };
    }
}
