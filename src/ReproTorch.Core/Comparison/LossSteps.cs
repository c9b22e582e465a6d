using ReproTorch.Comparison.Kernels;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>The losses of trainings, one number a step: trainings that ended at other steps are still compared as far as both went.</summary>
internal static class LossSteps
{
    // What a training calls its losses and its parameters as a run (TrainingResult.ToRunOutput).
    private const string Name = "loss";
    private const string Parameter = "parameter.";

    /// <summary>Adds to losses of two lengths, whose shapes differ, where the steps that both have differ first, and says it.</summary>
    /// <param name="whole">The comparison of the two; it comes back as it is where they are no losses of two lengths.</param>
    /// <param name="reference">What was expected.</param>
    /// <param name="difference">What came.</param>
    /// <param name="options">What to hold them against.</param>
    /// <param name="workspaces">Memory to compare in.</param>
    public static TensorComparison Add(
        TensorComparison whole, RunValue reference, RunValue difference, ComparisonOptions options, Workspaces workspaces)
    {
        if (whole.Reason is not { } reason || reference.Name != Name
            || reference.Data is not { } expected || difference.Data is not { } actual
            || !AreLosses(expected) || !AreLosses(actual) || expected.DType != actual.DType)
        {
            return whole;
        }

        int steps = (int)Math.Min(expected.Count, actual.Count);
        TensorComparison common = TensorComparer.Compare(
            Name, RunValueKind.Tensor, Begin(expected, steps), Begin(actual, steps), options, workspaces, new(null, 0, CancellationToken.None));
        ElementDifference? first = common.FirstMismatches.Concat(common.FirstDifferences).FirstOrDefault();
        string longer = expected.Count > actual.Count ? "reference" : "difference";
        return whole with
        {
            Reason = first is null
                ? FormattableString.Invariant($"{reason}: all {steps} steps that both have are the same, and the {longer} goes on to step {Math.Max(expected.Count, actual.Count)}")
                : FormattableString.Invariant($"{reason}: of the {steps} steps that both have, step {first.Index[0] + 1} is the first that differs"),
            FirstDifferences = common.FirstDifferences,
            FirstMismatches = common.FirstMismatches,
        };
    }

    /// <summary>Whether the reason of a comparison tells which steps two trainings have.</summary>
    public static bool Tells(TensorComparison output) =>
        output is { Name: Name, Shape.Count: 1, DifferenceShape.Count: 1 } && output.Reason?.Contains(" steps that both have", StringComparison.Ordinal) == true;

    /// <summary>Which step a loss is, counted from 1 as in the log: <c> (step 14)</c>; empty for what is no loss.</summary>
    public static string StepOf(FirstDifference first) => first is { Output: Name, Index: [var index] }
        ? FormattableString.Invariant($" (step {index + 1})")
        : string.Empty;

    /// <summary>The first parameter that differs between trainings whose losses do; null where there is none.</summary>
    public static string? FirstParameter(RunComparison run)
    {
        TensorComparison[] parameters = run.FirstDifference?.Output == Name
            ? [.. run.Outputs.Where(static output => output.Name.StartsWith(Parameter, StringComparison.Ordinal))]
            : [];
        return (Array.Find(parameters, static output => !output.Match) ?? Array.Find(parameters, static output => !output.Identical))?.Name;
    }

    private static bool AreLosses(TensorData data) =>
        data is { Shape.Length: 1, Count: > 0, ByteLength: <= int.MaxValue, DType: DType.float32 or DType.float64 };

    private static TensorData Begin(TensorData losses, int steps) =>
        TensorData.FromArray(losses.DType, [steps], losses.Bytes(0, steps * losses.DType.ItemSize()).ToArray());
}
