using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>Copies of tensors that a training changes in place, to put them back when a step fails.</summary>
internal sealed class TensorSnapshot : IDisposable
{
    private readonly TorchTensor[] _tensors;
    private readonly TorchTensor[] _copies;

    /// <param name="tensors">The tensors; they stay the caller's.</param>
    public TensorSnapshot(IEnumerable<TorchTensor> tensors)
    {
        _tensors = [.. tensors];
        _copies = [.. _tensors.Select(tensor => (TorchTensor)TorchOperator.Call("aten::clone", tensor)!)];
    }

    /// <summary>Takes the tensors as they are now.</summary>
    public void Take() => Copy(_tensors, _copies);

    /// <summary>Makes the tensors what they were when they were taken last.</summary>
    public void PutBack() => Copy(_copies, _tensors);

    public void Dispose() => Array.ForEach(_copies, copy => copy.Dispose());

    private static void Copy(TorchTensor[] from, TorchTensor[] to)
    {
        for (int i = 0; i < to.Length; i++)
        {
            (TorchOperator.Call("aten::copy_", to[i], from[i], false) as TorchTensor)?.Dispose();
        }
    }
}
