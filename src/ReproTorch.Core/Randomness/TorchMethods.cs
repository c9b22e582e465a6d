using System.Runtime.InteropServices;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>PyTorch's functions and tensor methods that draw and take a generator, by their names in Python.</summary>
/// <remarks>Parameters as in torch/functional.py, torch/_C/_VariableFunctions and the tensor methods of PyTorch 1.13, without
/// <c>out</c>, <c>layout</c> and <c>requires_grad</c>. The methods that change a tensor in place change an empty one of the size.</remarks>
internal static class TorchMethods
{
    /// <summary>The methods.</summary>
    public static MethodTable<TorchStream> Table { get; } = new MethodTable<TorchStream>("torch")
        .Add("rand", "*size dtype", (s, a) => Sized(s, a, "rand"))
        .Add("randn", "*size dtype", (s, a) => Sized(s, a, "randn"))
        .Add("randint", "low | high size dtype", RandInt)
        .Add("randperm", "n | dtype", (s, a) => Call(
            s, "aten::randperm", [a.Int64("n")], [Pair("dtype", DTypeOf(a) ?? DType.int64), Pair("device", s.Device)]))
        .Add("normal", "| mean std size dtype", Normal)
        .Add("bernoulli", "input | p", (s, a) => a.Has("p")
            ? Call(s, "aten::bernoulli.p", [Tensor(s, a, "input"), a.Double("p")])
            : Call(s, "aten::bernoulli", [Tensor(s, a, "input")]))
        .Add("multinomial", "input num_samples | replacement", (s, a) => Call(
            s, "aten::multinomial", [Tensor(s, a, "input"), a.Int64("num_samples"), a.Boolean("replacement", false)]))
        .Add("poisson", "input", (s, a) => Call(s, "aten::poisson", [Tensor(s, a, "input")]))
        .Add("binomial", "count prob", (s, a) => Call(s, "aten::binomial", [Tensor(s, a, "count"), Tensor(s, a, "prob")]))
        .Add("uniform_", "| from to size dtype", (s, a) => InPlace(s, a, "uniform_", a.Double("from"), a.Double("to", 1)))
        .Add("normal_", "| mean std size dtype", (s, a) => InPlace(s, a, "normal_", a.Double("mean"), a.Double("std", 1)))
        .Add("random_", "| from to size dtype", Random)
        .Add("bernoulli_", "| p size dtype", (s, a) => InPlace(s, a, "bernoulli_", a.Double("p", 0.5)))
        .Add("exponential_", "| lambd size dtype", (s, a) => InPlace(s, a, "exponential_", a.Double("lambd", 1)))
        .Add("cauchy_", "| median sigma size dtype", (s, a) => InPlace(s, a, "cauchy_", a.Double("median"), a.Double("sigma", 1)))
        .Add("log_normal_", "| mean std size dtype", (s, a) => InPlace(s, a, "log_normal_", a.Double("mean", 1), a.Double("std", 2)))
        .Add("geometric_", "p | size dtype", (s, a) => InPlace(s, a, "geometric_", a.Double("p")));

    private static RandomValues Sized(TorchStream stream, MethodArguments a, string name) =>
        Call(stream, "aten::" + name, [SizeOf(a)], Options(stream, a));

    // torch.randint(high, size), torch.randint(low, high, size).
    private static RandomValues RandInt(TorchStream stream, MethodArguments a)
    {
        bool sizeInPlaceOfHigh = a.HasList("high");
        long[]? size = sizeInPlaceOfHigh ? a.Int64s("high") : null;
        if (sizeInPlaceOfHigh && a.Has("size"))
        {
            throw a.Invalid("was given the shape twice: by size and beside it. Give it once.");
        }

        long low = a.Has("high") && !sizeInPlaceOfHigh ? a.Int64("low") : 0;
        long high = a.Has("high") && !sizeInPlaceOfHigh ? a.Int64("high") : a.Int64("low");
        object?[] sizes = size is null ? SizeOf(a) : [.. size.Select(n => (object?)n)];
        return Call(
            stream, "aten::randint", [low, high, sizes], [Pair("dtype", DTypeOf(a) ?? DType.int64), Pair("device", stream.Device)]);
    }

    private static RandomValues Normal(TorchStream stream, MethodArguments a)
    {
        if (!IsTensor(a, "mean") && !IsTensor(a, "std"))
        {
            return InPlace(stream, a, "normal_", a.Double("mean"), a.Double("std", 1));
        }

        object mean = IsTensor(a, "mean") ? Tensor(stream, a, "mean") : a.Double("mean");
        object std = IsTensor(a, "std") ? Tensor(stream, a, "std") : a.Double("std", 1);
        return a.Has("size")
            ? throw a.Invalid("takes no size beside a mean or std that is a tensor, which has the shape.")
            : Call(stream, "aten::normal", [mean, std]);
    }

    // random_(), random_(to), random_(from, to).
    private static RandomValues Random(TorchStream stream, MethodArguments a) => (a.Has("from"), a.Has("to")) switch
    {
        (false, false) => InPlace(stream, a, "random_"),
        // Given as None, the end is that of the dtype; not given, the one number is the end.
        (true, false) => a.IsGiven("to") ? InPlace(stream, a, "random_.from", a.Int64("from"), null) : InPlace(stream, a, "random_", a.Int64("from")),
        _ => InPlace(stream, a, "random_", a.Int64("from"), a.Int64("to")),
    };

    private static RandomValues InPlace(TorchStream stream, MethodArguments a, string name, params object?[] arguments)
    {
        using var tensor = (TorchTensor)TorchOperator.CallWith("aten::empty", [SizeOf(a)], Options(stream, a))!;
        return Call(stream, "aten::" + name, [tensor, .. arguments]);
    }

    private static RandomValues Call(
        TorchStream stream, string name, object?[] arguments, List<KeyValuePair<string, object?>>? keywords = null)
    {
        List<KeyValuePair<string, object?>> given = [.. keywords ?? [], Pair("generator", stream.Generator)];
        using var result = (TorchTensor)TorchOperator.CallWith(name, arguments, given)!;
        return ToValues(result);
    }

    private static RandomValues ToValues(TorchTensor tensor)
    {
        using TensorData data = tensor.ToData();
        ReadOnlySpan<byte> bytes = data.AllBytes();
        Array values = data.DType switch
        {
            DType.float32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            DType.float64 => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
            DType.float16 => MemoryMarshal.Cast<byte, Half>(bytes).ToArray(),
            DType.bfloat16 => Array.ConvertAll(
                MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
            DType.int64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            DType.int32 => MemoryMarshal.Cast<byte, int>(bytes).ToArray(),
            DType.int16 => MemoryMarshal.Cast<byte, short>(bytes).ToArray(),
            DType.int8 => MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray(),
            DType.uint8 => bytes.ToArray(),
            DType.@bool => MemoryMarshal.Cast<byte, bool>(bytes).ToArray(),
            DType.complex64 => Array.ConvertAll(
                Pairs(MemoryMarshal.Cast<byte, float>(bytes).ToArray()), pair => new System.Numerics.Complex(pair.Real, pair.Imaginary)),
            DType.complex128 => MemoryMarshal.Cast<byte, System.Numerics.Complex>(bytes).ToArray(),
            _ => throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"Numbers of {data.DType} have no form outside a tensor. Choose another dtype."),
        };
        return new RandomValues(values, data.DType, data.Shape)
        {
            Data = TensorData.FromArray(data.DType, data.Shape, bytes.ToArray()),
        };
    }

    private static (float Real, float Imaginary)[] Pairs(float[] parts) =>
        [.. Enumerable.Range(0, parts.Length / 2).Select(i => (parts[2 * i], parts[(2 * i) + 1]))];

    private static object?[] SizeOf(MethodArguments a) => [.. (a.Size ?? []).Select(size => (object?)size)];

    private static List<KeyValuePair<string, object?>> Options(TorchStream stream, MethodArguments a)
    {
        List<KeyValuePair<string, object?>> options = [Pair("device", stream.Device)];
        if (DTypeOf(a) is { } dtype)
        {
            options.Add(Pair("dtype", dtype));
        }

        return options;
    }

    private static DType? DTypeOf(MethodArguments a) => !a.Has("dtype") ? null
        : a.Value("dtype") is DType dtype ? dtype
        : DTypes.TryParse(a.Text("dtype", string.Empty), out dtype) ? dtype
        : throw a.Invalid($"takes a dtype of PyTorch: got '{a.Text("dtype", string.Empty)}'.");

    private static bool IsTensor(MethodArguments a, string name) => a.HasList(name) || a.Value(name) is TorchTensor;

    // A list of numbers is a tensor of float32, as torch.tensor makes it of Python's floats.
    private static TorchTensor Tensor(TorchStream stream, MethodArguments a, string name) => a.Value(name) is TorchTensor tensor
        ? tensor
        : TorchTensor.FromData(NestedValues.Read(a.HasList(name) ? a.Value(name) : a.Double(name), DType.float32), stream.Device);

    private static KeyValuePair<string, object?> Pair(string name, object? value) => new(name, value);
}
