using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>
/// Initial values of parameters: the arithmetic of torch/nn/init.py (PyTorch 1.13) and its operators, which draw from the default
/// generator. Bounds are computed in float64 in the order in which Python computes them.
/// </summary>
internal static class InitialTensor
{
    /// <summary>All elements alike; draws nothing.</summary>
    public static TorchTensor Full(double value, TensorPlace place, params long[] shape) => In("aten::fill_", place, shape, value);

    /// <summary>init.uniform_ between -bound and bound.</summary>
    public static TorchTensor Uniform(double bound, TensorPlace place, params long[] shape) =>
        In("aten::uniform_", place, shape, -bound, bound);

    /// <summary>init.normal_ with mean 0.</summary>
    public static TorchTensor Normal(double deviation, TensorPlace place, params long[] shape) =>
        In("aten::normal_", place, shape, 0.0, deviation);

    /// <summary>init.kaiming_uniform_ with a = sqrt(5), which linear layers and convolutions use.</summary>
    public static TorchTensor KaimingUniform(TensorPlace place, params long[] shape)
    {
        double slope = Math.Sqrt(5);
        double gain = Math.Sqrt(2.0 / (1 + Math.Pow(slope, 2)));
        double deviation = gain / Math.Sqrt(FanIn(shape));
        return shape.Contains(0) ? Empty(place, shape) : Uniform(Math.Sqrt(3.0) * deviation, place, shape);
    }

    /// <summary>init.xavier_uniform_.</summary>
    public static TorchTensor XavierUniform(TensorPlace place, params long[] shape) =>
        Uniform(Math.Sqrt(3.0) * XavierDeviation(shape), place, shape);

    /// <summary>init.xavier_normal_.</summary>
    public static TorchTensor XavierNormal(TensorPlace place, params long[] shape) => Normal(XavierDeviation(shape), place, shape);

    /// <summary>Memory that nobody wrote.</summary>
    public static TorchTensor Empty(TensorPlace place, params long[] shape) =>
        TensorFactory.Create("empty", shape, [], place.DType, place.Device);

    /// <summary>How many inputs each output has, for a weight of that shape.</summary>
    public static long FanIn(params ReadOnlySpan<long> shape) => shape[1] * Product(shape[2..]);

    private static double XavierDeviation(ReadOnlySpan<long> shape) =>
        1.0 * Math.Sqrt(2.0 / (FanIn(shape) + (shape[0] * Product(shape[2..]))));

    private static long Product(ReadOnlySpan<long> sizes)
    {
        long product = 1;
        foreach (long size in sizes)
        {
            product = checked(product * size);
        }

        return product;
    }

    private static TorchTensor In(string operation, TensorPlace place, long[] shape, params object?[] values) =>
        (TorchTensor)TorchOperator.Call(operation, [Empty(place, shape), .. values])!;
}
