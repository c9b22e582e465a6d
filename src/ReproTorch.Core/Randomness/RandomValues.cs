using System.Runtime.InteropServices;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>What a call by name gives: an array, or a single value where the original gives one.</summary>
/// <param name="Values">The elements in C order: <c>double[]</c>, <c>float[]</c>, <c>long[]</c> or another integer type,
/// <c>bool[]</c>, <c>byte[]</c> of <c>bytes</c>, <c>BigInteger[]</c> where 64 bits are too few, or <c>object[]</c> where elements
/// of a given list come back.</param>
/// <param name="DType">The elements' type; null for <c>object[]</c> and <c>BigInteger[]</c>.</param>
/// <param name="Shape">Sizes, outermost first; empty for a single value.</param>
public sealed record RandomValues(Array Values, DType? DType, IReadOnlyList<long> Shape)
{
    /// <summary>The single value, where <see cref="Shape"/> is empty; else null.</summary>
    public object? Scalar => Shape.Count == 0 ? Values.GetValue(0) : null;

    // Where the values are a tensor's: its elements as they are.
    internal TensorData? Data { get; init; }

    /// <summary>An array of numbers.</summary>
    internal static RandomValues Of<T>(NumpyArray<T> array, DType? dtype) => new(array.Values, dtype, array.Shape);

    /// <summary>Several draws of one shape as one array, whose first dimensions are <paramref name="shape"/>.</summary>
    internal static RandomValues Stack(IReadOnlyList<long> shape, IReadOnlyList<RandomValues> draws)
    {
        if (draws.Count == 0)
        {
            return new RandomValues(Array.Empty<object>(), null, shape);
        }

        RandomValues first = draws[0];
        int each = first.Values.Length;
        var values = Array.CreateInstance(first.Values.GetType().GetElementType()!, checked((int)((long)each * draws.Count)));
        for (int i = 0; i < draws.Count; i++)
        {
            Array.Copy(draws[i].Values, 0, values, i * each, each);
        }

        return new RandomValues(values, first.DType, [.. shape, .. first.Shape]) { Data = StackData(shape, draws) };
    }

    private static TensorData? StackData(IReadOnlyList<long> shape, IReadOnlyList<RandomValues> draws) => draws[0].Data is not { } first
        ? null
        : TensorData.FromArray(first.DType, [.. shape, .. first.Shape], [.. draws.SelectMany(draw => draw.Data!.AllBytes().ToArray())]);

    /// <summary>The elements along the first dimension: single values of one dimension, nested arrays of more, the value itself of
    /// none.</summary>
    public IEnumerable<object?> Rows()
    {
        if (Shape.Count <= 1)
        {
            foreach (object? value in Values)
            {
                yield return value;
            }

            yield break;
        }

        long[] inner = [.. Shape.Skip(1)];
        int length = NumpyShape.Count(inner);
        for (int i = 0; i < Shape[0]; i++)
        {
            yield return Nest(i * length, inner);
        }
    }

    /// <summary>The dtype that the elements have as a tensor, where they are numbers; else null.</summary>
    public DType? ElementType => DType ?? (Values.Length == 0 ? null : Infer([.. Values.Cast<object?>()]));

    /// <summary>The elements as a tensor's. Integers and numbers that were given in a list become int64 and float64.</summary>
    /// <exception cref="ReproTorchException">They are no numbers, or too large for 64 bits.</exception>
    public TensorData ToTensorData()
    {
        if (Data is not null)
        {
            return Data;
        }

        if (DType is { } dtype)
        {
            return TensorData.FromArray(dtype, Shape, Bytes());
        }

        object?[] items = [.. Values.Cast<object?>()];
        DType inferred = Infer(items) ?? throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument, "What was drawn are not numbers of one kind, or are too large for 64 bits: a tensor cannot hold them.");
        TensorData flat = NestedValues.Read(items, inferred);
        return TensorData.FromArray(inferred, Shape, flat.AllBytes().ToArray());
    }

    private static DType? Infer(object?[] items) => items.Length == 0 ? Tensors.DType.float64
        : items.All(item => item is bool) ? Tensors.DType.@bool
        : items.All(IsInt64) ? Tensors.DType.int64
        : items.All(item => IsInt64(item) || item is float or double or Half or decimal) ? Tensors.DType.float64
        : null;

    private static bool IsInt64(object? item) => item is sbyte or byte or short or ushort or int or uint or long
        || (item is System.Numerics.BigInteger integer && integer >= long.MinValue && integer <= long.MaxValue);

    private byte[] Bytes() => Values switch
    {
        double[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        float[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        long[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        ulong[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        int[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        uint[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        short[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        ushort[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        sbyte[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        byte[] items => [.. items],
        bool[] items => MemoryMarshal.AsBytes(items.AsSpan()).ToArray(),
        _ => throw new InvalidOperationException($"{Values.GetType()} has a dtype."),
    };

    private object Nest(int start, ReadOnlySpan<long> shape)
    {
        if (shape.Length == 1)
        {
            var row = Array.CreateInstance(Values.GetType().GetElementType()!, shape[0]);
            Array.Copy(Values, start, row, 0, row.Length);
            return row;
        }

        var parts = new object[shape[0]];
        int length = NumpyShape.Count(shape[1..]);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = Nest(start + (i * length), shape[1..]);
        }

        return parts;
    }
}
