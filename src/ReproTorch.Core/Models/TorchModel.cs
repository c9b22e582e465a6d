using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>
/// A model that can be run, traced and saved, whatever format it came in. TorchScript is the one format today
/// (<see cref="ScriptModel"/>); packages of torch.export can come in beside it where libtorch has them.
/// </summary>
public abstract class TorchModel : IDisposable
{
    /// <summary>A name for people: the file's name without extension, or the type's name.</summary>
    public required string Name { get; init; }

    /// <summary>The file that it was loaded from; null when it was made here.</summary>
    public string? Path { get; init; }

    /// <summary>SHA-256 of that file, in lower-case hex; null when the model was made or changed here.</summary>
    public abstract string? Sha256 { get; }

    /// <summary>What it consists of, as it stands now.</summary>
    public abstract ModelDescription Describe();

    /// <summary>The methods that can be run.</summary>
    public abstract IReadOnlyList<ModelMethod> Methods { get; }

    /// <summary>True in training mode (dropout draws, batch norm learns).</summary>
    public abstract bool IsTraining { get; }

    /// <summary>Number of parameters' elements.</summary>
    public abstract long ParameterCount { get; }

    /// <summary>Where its first parameter or buffer is; the CPU for a model without any.</summary>
    public abstract TorchDevice Device { get; }

    /// <summary>Runs a method once, without recording gradients.</summary>
    /// <returns>Tensor, long, double, bool, Complex, string, null, <see cref="TorchTuple"/>, <c>object?[]</c> or ordered
    /// dictionary.</returns>
    /// <exception cref="ReproTorchException">The arguments do not fit, an operator failed, or the model raised.</exception>
    public abstract object? Invoke(string method, ModelInput input);

    /// <summary>Records one run of a method as a graph: a model of its own that shares parameters and buffers with this one.</summary>
    public abstract TraceResult Trace(string method, ModelInput input, bool strict);

    /// <summary>Module.train() or Module.eval().</summary>
    public abstract void SetTraining(bool training);

    /// <summary>Moves parameters and buffers to a device.</summary>
    public abstract void MoveTo(TorchDevice device);

    /// <summary>A parameter or buffer by its dotted name; shares memory with the model.</summary>
    public abstract TorchTensor Tensor(string name);

    /// <summary>The nodes of a method's graph, inlined, in order.</summary>
    public abstract IReadOnlyList<GraphNode> Nodes(string method);

    /// <summary>The TorchScript code of a method.</summary>
    public abstract string Code(string method);

    /// <summary>Writes the model to a file: the old file, or the new one, whole, at any moment.</summary>
    /// <exception cref="ReproTorchException">It could not be written; what was there stays.</exception>
    public abstract void Save(string path, bool force);

    /// <summary>The method of that name.</summary>
    /// <exception cref="ReproTorchException">There is none.</exception>
    public ModelMethod Method(string name) => Methods.FirstOrDefault(method => method.Name == name)
        ?? throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"The model {Name} has no method '{name}'. It has: {string.Join(", ", Methods.Select(method => method.Name))}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The model's name.</summary>
    public override string ToString() => Name;

    /// <summary>Frees native memory. Without it the garbage collector does.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>A trace and what it froze.</summary>
/// <param name="Model">The traced model.</param>
/// <param name="Frozen">Data-dependent control flow and numbers that the trace froze; empty when none.</param>
public sealed record TraceResult(TorchModel Model, IReadOnlyList<FrozenNode> Frozen);
