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

    /// <summary>Makes the tensors what they were when they were taken.</summary>
    public void PutBack()
    {
        for (int i = 0; i < _tensors.Length; i++)
        {
            (TorchOperator.Call("aten::copy_", _tensors[i], _copies[i], false) as TorchTensor)?.Dispose();
        }
    }

    public void Dispose() => Array.ForEach(_copies, copy => copy.Dispose());
}
