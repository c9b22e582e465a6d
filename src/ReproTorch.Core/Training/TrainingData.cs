using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>Examples: what a model is given, and what it should give. Row i of every tensor belongs together, as in Python's
/// TensorDataset.</summary>
public sealed class TrainingData
{
    /// <summary>Takes tensors as they are; they are neither copied nor freed.</summary>
    /// <param name="inputs">The method's arguments in order, one at least.</param>
    /// <param name="target">The targets.</param>
    /// <exception cref="ReproTorchException">A tensor has no rows, or two have different numbers of them.</exception>
    public TrainingData(IReadOnlyList<TorchTensor> inputs, TorchTensor target)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(target);
        Inputs = inputs;
        Target = target;
        Rows = target.Shape is [var rows, ..] ? rows : throw NoRows("The target");
        if (inputs.Count == 0)
        {
            throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, "There is no input to train on.");
        }

        foreach (TorchTensor input in inputs)
        {
            if (input.Shape is not [var count, ..])
            {
                throw NoRows("An input");
            }

            if (count != Rows)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"An input of the shape ({string.Join(", ", input.Shape)}) has {count} rows, and the target {Rows}. Each row needs its target.");
            }
        }

        if (Rows == 0)
        {
            throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, "There are no rows to train on: the target is empty.");
        }
    }

    /// <summary>The arguments of the model's method.</summary>
    public IReadOnlyList<TorchTensor> Inputs { get; }

    /// <summary>What the model should give.</summary>
    public TorchTensor Target { get; }

    /// <summary>Number of examples.</summary>
    public long Rows { get; }

    /// <summary>The examples of a batch, as copies: a model that works in place changes its batch and not the data, as with a DataLoader,
    /// which stacks them anew.</summary>
    /// <param name="rows">Which rows; null for those from <paramref name="start"/> on.</param>
    /// <param name="start">The first of them, in <paramref name="rows"/> or in the data.</param>
    /// <param name="length">How many.</param>
    internal TrainingBatch Take(TorchTensor? rows, long start, long length)
    {
        if (rows is null)
        {
            return new TrainingBatch([.. Inputs.Select(input => Cut(input, start, length))], Cut(Target, start, length));
        }

        using TorchTensor picked = rows.Narrow(start, length);
        return new TrainingBatch([.. Inputs.Select(input => Pick(input, picked))], Pick(Target, picked));
    }

    // Class numbers are int64 to the losses; whole numbers of another size say the same.
    internal TrainingData WithClassNumbers() =>
        Target.DType.IsInteger() && Target.DType != DType.int64 ? new TrainingData(Inputs, Target.To(DType.int64)) : this;

    internal TrainingData On(TorchDevice device) => new([.. Inputs.Select(input => input.To(device: device))], Target.To(device: device));

    /// <summary>What tells these data from others: the content hashes of the tensors.</summary>
    internal string Identity() => string.Join(' ', Inputs.Append(Target).Select(tensor => tensor.ContentHash()));

    private static TorchTensor Cut(TorchTensor tensor, long start, long length)
    {
        using TorchTensor view = tensor.Narrow(start, length);
        return (TorchTensor)TorchOperator.Call("aten::clone", view)!;
    }

    private static TorchTensor Pick(TorchTensor tensor, TorchTensor rows)
    {
        if (tensor.Device == rows.Device)
        {
            return (TorchTensor)TorchOperator.Call("aten::index_select", tensor, 0, rows)!;
        }

        using TorchTensor there = rows.To(device: tensor.Device);
        return (TorchTensor)TorchOperator.Call("aten::index_select", tensor, 0, there)!;
    }

    private static ReproTorchException NoRows(string what) =>
        new(ReproTorchErrorKind.InvalidArgument, $"{what} has no dimensions; its first one is that of the examples.");
}

/// <summary>The examples of one step.</summary>
internal sealed record TrainingBatch(TorchTensor[] Inputs, TorchTensor Target) : IDisposable
{
    public void Dispose()
    {
        Array.ForEach(Inputs, input => input.Dispose());
        Target.Dispose();
    }
}
