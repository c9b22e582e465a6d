using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>What a loss is asked for.</summary>
internal static class TensorGradient
{
    /// <summary>Tensor.backward(): adds to the gradients of the parameters that the loss was computed from.</summary>
    public static void Backward(this TorchTensor loss) => NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_backward(loss.Handle));

    /// <summary>Tensor.item() of a floating-point number.</summary>
    public static double ToDouble(this TorchTensor number)
    {
        if (number.DType == DType.float64)
        {
            return number.ToArray<double>()[0];
        }

        if (number.DType == DType.float32)
        {
            return number.ToArray<float>()[0];
        }

        using TorchTensor wide = number.To(DType.float64);
        return wide.ToArray<double>()[0];
    }
}
