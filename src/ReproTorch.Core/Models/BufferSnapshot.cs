using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Copies of a model's buffers (running means, counters), to be put back in place.</summary>
internal sealed class BufferSnapshot : IDisposable
{
    private readonly List<(TorchTensor Buffer, TorchTensor Copy)> _buffers;

    private BufferSnapshot(List<(TorchTensor, TorchTensor)> buffers) => _buffers = buffers;

    public static BufferSnapshot Take(TorchModel model) => new([.. model.Describe().Buffers.Select(buffer =>
    {
        TorchTensor tensor = model.Tensor(buffer.Name);
        return (tensor, tensor.Clone());
    })]);

    public void Restore()
    {
        foreach ((TorchTensor buffer, TorchTensor copy) in _buffers)
        {
            TorchOperator.Call("aten::copy_", buffer, copy);
        }
    }

    public void Dispose()
    {
        foreach ((TorchTensor buffer, TorchTensor copy) in _buffers)
        {
            buffer.Dispose();
            copy.Dispose();
        }
    }
}
