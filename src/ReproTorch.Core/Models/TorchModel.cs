using System.Text;
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

    /// <summary>What the model is, in lines of text: type names; parameters, buffers, attributes and constants with their values
    /// (tensors by dtype, shape and hash); the code of all methods. Two models of the same text compute the same. Saving and
    /// loading leaves it as it is, and so does whatever else only repacks the file; any diff of two such texts shows where two
    /// models part ways.</summary>
    public abstract string Content();

    /// <summary>XXH3-128 of <see cref="Content"/>, in lower-case hex, as the model stands now.</summary>
    public string ContentHash => Runs.ContentHash.OfBytes(Encoding.UTF8.GetBytes(Content()));

    /// <summary>How the model was made from another one; null unless <see cref="ModelOptimizer"/> made it.</summary>
    public OptimizationResult? Optimization { get; internal set; }

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

    /// <summary>A frozen model, which shares nothing with this one. See <see cref="ModelOptimizer"/>, which checks it too.</summary>
    /// <param name="level">How far to go.</param>
    /// <param name="preserved">Methods and attributes to keep beside <c>forward</c>.</param>
    /// <exception cref="ReproTorchException">The model is in training mode, has no <c>forward</c>, or has no such name.</exception>
    internal abstract TorchModel Freeze(OptimizationLevel level, IReadOnlyList<string> preserved);

    /// <summary>Overwrites parameters and buffers in place; what shares their memory (traces, tied names) sees it. The model is
    /// no longer that of its file.</summary>
    internal abstract void Overwrite(IEnumerable<(TorchTensor Target, TorchTensor Value)> tensors);

    /// <summary>Module.train() or Module.eval().</summary>
    public abstract void SetTraining(bool training);

    /// <summary>Moves parameters and buffers to a device.</summary>
    public abstract void MoveTo(TorchDevice device);

    /// <summary>A parameter or buffer by its dotted name; shares memory with the model.</summary>
    public abstract TorchTensor Tensor(string name);

    /// <summary>The nodes of a method's graph, inlined, in order; what the graph returns comes last, as <c>prim::Return</c>.</summary>
    public abstract IReadOnlyList<GraphNode> Nodes(string method);

    /// <summary>The constant tensors of those nodes, in order.</summary>
    internal abstract IReadOnlyList<TorchTensor> Constants(string method);

    /// <summary>The operators of a method, and what they are called with as far as the model alone decides that.</summary>
    internal abstract IReadOnlyList<OperatorUse> Uses(string method);

    /// <summary>A method's graph as data.</summary>
    /// <param name="method">The method.</param>
    /// <param name="inlined">With the graphs of all that it calls in place of the calls.</param>
    public abstract GraphBlock Structure(string method, bool inlined);

    /// <summary>A method's graph as TorchScript prints it.</summary>
    /// <inheritdoc cref="Structure"/>
    public abstract string Graph(string method, bool inlined);

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
