using ReproTorch.Comparison;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>How far an optimization goes; each level does what those before it do, too.</summary>
public enum OptimizationLevel
{
    /// <summary>Attributes become constants, and what follows from them is computed once: torch.jit.freeze(optimize_numerics=False).
    /// Keeps every bit.</summary>
    Freeze = 0,

    /// <summary>Folds batch norm, additions and factors into convolutions: torch.jit.freeze(). Other rounding, so other bits.</summary>
    Numerics = 1,

    /// <summary>Lays weights out for this machine: torch.jit.optimize_for_inference. Not made to be saved.</summary>
    Inference = 2,
}

/// <summary>What an optimization did to the model's outputs.</summary>
public sealed record OptimizationResult
{
    /// <summary>How far it went.</summary>
    public required OptimizationLevel Level { get; init; }

    /// <summary>The content hash of the model that was optimized.</summary>
    public required string OriginalContentHash { get; init; }

    /// <summary>One comparison with the original an example, output by output.</summary>
    public IReadOnlyList<RunComparison> Comparisons { get; init; } = [];

    /// <summary>True when every output of every example has the original's bits; false when one has not; null when no example
    /// was given, so that it is not known.</summary>
    public bool? Identical => Comparisons.Count == 0 ? null : Comparisons.All(comparison => comparison.Identical);

    /// <summary>True when every output is close by assert_close's tolerances; null when no example was given.</summary>
    public bool? Close => Comparisons.Count == 0 ? null : Comparisons.All(comparison => comparison.Close);

    /// <summary>The greatest absolute difference of any output; null when nothing could be compared.</summary>
    public double? MaxAbsolute => Comparisons.SelectMany(comparison => comparison.Outputs).Max(output => output.MaxAbsolute?.Value);

    /// <summary>The same in words.</summary>
    public string Message => Identical switch
    {
        null => "The optimized model was not compared with the original: no example was given.",
        true => "The optimized model gives the same outputs as the original, bit for bit.",
        false => "The optimized model gives other bits than the original. "
            + string.Join("\n", Comparisons.Where(comparison => !comparison.Identical).Select(comparison => comparison.Message)),
    };

    /// <inheritdoc cref="Message"/>
    public override string ToString() => Message;
}

/// <summary>Makes models faster, and says what that does to their bits.</summary>
public static class ModelOptimizer
{
    // libtorch watches the first runs of a model and rewrites its graph then; from the third run on nothing changes.
    private const int Runs = 3;

    /// <summary>Optimizes a model and compares <c>forward</c> of both on the examples. Streams and buffers stay as they are.</summary>
    /// <param name="model">The model, in evaluation mode; it stays as it is.</param>
    /// <param name="level">How far to go.</param>
    /// <param name="preserved">Methods and attributes to keep beside <c>forward</c>.</param>
    /// <param name="examples">Inputs to compare on; none leaves <see cref="OptimizationResult.Identical"/> unknown.</param>
    /// <returns>A model that shares nothing with the original and tells in <see cref="TorchModel.Optimization"/> how it
    /// compares.</returns>
    /// <exception cref="ReproTorchException">The model is in training mode, has no <c>forward</c>, has no such name, or fails on
    /// an example.</exception>
    public static TorchModel Optimize(
        TorchModel model, OptimizationLevel level, IReadOnlyList<string> preserved, IReadOnlyList<ModelInput> examples)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(preserved);
        ArgumentNullException.ThrowIfNull(examples);
        if (model.IsTraining)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The model {model.Name} is in training mode. Freezing makes what the model is now last for ever, so it needs evaluation "
                + "mode: call $model.SetTraining($false) first, or eval() in Python before saving.");
        }

        TorchModel optimized = model.Freeze(level, preserved);
        TorchRngSnapshot streams = TorchRngSnapshot.Take();
        using var buffers = BufferSnapshot.Take(model);
        using var ownBuffers = BufferSnapshot.Take(optimized);
        try
        {
            void Restore()
            {
                buffers.Restore();
                ownBuffers.Restore();
                streams.Restore();
            }

            optimized.Optimization = new OptimizationResult
            {
                Level = level,
                OriginalContentHash = model.ContentHash,
                Comparisons = [.. examples.Select(example => Compare(model, optimized, example, Restore))],
            };
            Restore();
            return optimized;
        }
        catch
        {
            buffers.Restore();
            streams.Restore();
            optimized.Dispose();
            throw;
        }
    }

    private static RunComparison Compare(TorchModel model, TorchModel optimized, ModelInput example, Action restore)
    {
        RunComparison comparison = RunComparer.Compare(Run(model), Run(optimized));
        for (int run = 1; run < Runs && comparison.Identical; run++)
        {
            comparison = RunComparer.Compare(Run(model), Run(optimized));
        }

        return comparison;

        List<RunValue> Run(TorchModel which)
        {
            restore();
            return OutputFlattener.Flatten(which.Invoke("forward", example.Map(tensor => tensor.Clone())), "output");
        }
    }
}
