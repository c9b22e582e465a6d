using ReproTorch.Determinism;
using ReproTorch.Randomness;

namespace ReproTorch.Tensors;

/// <summary>
/// Makes tensors with PyTorch's factory functions, by their names: the same draws in the same order as the function of that
/// name in Python.
/// </summary>
public static class TensorFactory
{
    /// <summary>What each factory is called with, besides the shape.</summary>
    public static IReadOnlyDictionary<string, string> Factories { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["zeros"] = "",
        ["ones"] = "",
        ["empty"] = "",
        ["full"] = "fill_value",
        ["eye"] = "",
        ["arange"] = "[start,] end [, step]",
        ["linspace"] = "start, end, steps",
        ["rand"] = "",
        ["randn"] = "",
        ["randint"] = "[low,] high",
        ["randperm"] = "n",
        ["normal"] = "[mean, std]",
        ["uniform"] = "[from, to]",
        ["bernoulli"] = "[p]",
        ["exponential"] = "[lambd]",
        ["cauchy"] = "[median, sigma]",
        ["log_normal"] = "[mean, std]",
        ["geometric"] = "p",
    };

    /// <summary>Makes a tensor.</summary>
    /// <param name="factory">One of <see cref="Factories"/>.</param>
    /// <param name="shape">Sizes; empty for a 0-d tensor, and for the factories whose arguments tell the shape.</param>
    /// <param name="arguments">The factory's own arguments, as <see cref="Factories"/> lists them.</param>
    /// <param name="dtype">Null for the factory's own default.</param>
    /// <param name="device">Null for the CPU.</param>
    /// <param name="generator">The stream to draw from; null for libtorch's default one.</param>
    /// <exception cref="ReproTorchException">There is no such factory, or its arguments do not fit.</exception>
    public static TorchTensor Create(
        string factory,
        IReadOnlyList<long> shape,
        IReadOnlyList<object?> arguments,
        DType? dtype = null,
        TorchDevice? device = null,
        TorchGenerator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(arguments);
        if (!Factories.TryGetValue(factory, out string? takes))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"There is no factory '{factory}'. Expected one of: {string.Join(", ", Factories.Keys)}.");
        }

        List<KeyValuePair<string, object?>> keywords = Keywords(dtype, device);
        object?[] sizes = [.. shape.Select(size => (object?)size)];
        object? result = factory switch
        {
            "zeros" or "ones" => TorchOperator.CallWith("aten::" + factory, [sizes], keywords),
            "empty" => Empty(sizes, keywords),
            "full" => TorchOperator.CallWith("aten::full", [sizes, Single(factory, arguments, takes)], Full(arguments[0], dtype, device)),
            "eye" => TorchOperator.CallWith("aten::eye", [.. EyeSizes(shape)], keywords),
            "arange" or "linspace" => TorchOperator.CallWith("aten::" + factory, arguments, keywords),
            "rand" or "randn" => TorchOperator.CallWith("aten::" + factory, [sizes], With(keywords, generator)),
            "randint" => TorchOperator.CallWith("aten::randint", [.. arguments, sizes], With(Keywords(dtype ?? DType.int64, device), generator)),
            "randperm" => TorchOperator.CallWith(
                "aten::randperm", [Single(factory, arguments, takes)], With(Keywords(dtype ?? DType.int64, device), generator)),
            _ => InPlace(factory, sizes, arguments, keywords, generator),
        };
        return (TorchTensor)result!;
    }

    // torch.normal(mean, std, size) draws as normal_ on an empty tensor; the others are in-place methods in Python too.
    private static object? InPlace(
        string factory, object?[] sizes, IReadOnlyList<object?> arguments, List<KeyValuePair<string, object?>> keywords, TorchGenerator? generator)
    {
        var tensor = (TorchTensor)TorchOperator.CallWith("aten::empty", [sizes], keywords)!;
        object?[] given = factory == "bernoulli" && arguments.Count == 0 ? [0.5] : [.. arguments];
        return TorchOperator.CallWith($"aten::{factory}_", [tensor, .. given], With([], generator));
    }

    // Memory that nobody wrote is the one thing that no seed repeats: filled when the switch asks for it, as PyTorch 2.1 does.
    private static object? Empty(object?[] sizes, List<KeyValuePair<string, object?>> keywords)
    {
        object? tensor = TorchOperator.CallWith("aten::empty", [sizes], keywords);
        if (tensor is TorchTensor made && DeterminismPolicy.FillsUninitializedMemory)
        {
            TorchOperator.Call("aten::fill_", made, Filling(made.DType));
        }

        return tensor;
    }

    // NaN for float and complex, the greatest value for integers, true for bool (torch.utils.deterministic).
    private static object Filling(DType dtype) => dtype switch
    {
        DType.@bool => true,
        DType.uint8 => (long)byte.MaxValue,
        DType.int8 => (long)sbyte.MaxValue,
        DType.int16 => (long)short.MaxValue,
        DType.int32 => (long)int.MaxValue,
        DType.int64 => long.MaxValue,
        DType.uint16 => (long)ushort.MaxValue,
        DType.uint32 => (long)uint.MaxValue,
        _ => double.NaN,
    };

    private static IEnumerable<object?> EyeSizes(IReadOnlyList<long> shape) => shape.Count is 1 or 2
        ? shape.Select(size => (object?)size)
        : throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument, $"eye was given {shape.Count} sizes. Expected rows, or rows and columns.");

    private static object? Single(string factory, IReadOnlyList<object?> arguments, string takes) => arguments.Count == 1
        ? arguments[0]
        : throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument, $"{factory} was given {arguments.Count} arguments. Expected: {takes}.");

    // torch.full infers the dtype from the value; the operator below it does not.
    private static List<KeyValuePair<string, object?>> Full(object? value, DType? dtype, TorchDevice? device) => Keywords(
        dtype ?? value switch
        {
            bool => DType.@bool,
            sbyte or byte or short or ushort or int or uint or long or ulong => DType.int64,
            System.Numerics.Complex => DType.complex64,
            _ => DType.float32,
        },
        device);

    private static List<KeyValuePair<string, object?>> Keywords(DType? dtype, TorchDevice? device)
    {
        var keywords = new List<KeyValuePair<string, object?>>();
        if (dtype is { } type)
        {
            keywords.Add(KeyValuePair.Create<string, object?>("dtype", type));
        }

        if (device is { } place)
        {
            keywords.Add(KeyValuePair.Create<string, object?>("device", place));
        }

        return keywords;
    }

    private static List<KeyValuePair<string, object?>> With(List<KeyValuePair<string, object?>> keywords, TorchGenerator? generator) =>
        generator is null ? keywords : [.. keywords, KeyValuePair.Create<string, object?>("generator", generator)];
}
