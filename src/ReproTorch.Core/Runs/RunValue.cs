using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using ReproTorch.Tensors;

namespace ReproTorch.Runs;

/// <summary>What one named output of a run is.</summary>
public enum RunValueKind
{
    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>A Python or TorchScript number, kept as a 0-d float64, int64, complex128 or bool tensor.</summary>
    Number,

    /// <summary>A string.</summary>
    String,

    /// <summary>None.</summary>
    None,
}

/// <summary>
/// One named output (or input) of a run. Nested tuples, lists and dicts are flattened: the whole is called
/// <c>output</c>, an item of a tuple or list <c>output.0</c>, an entry of a dict <c>output.logits</c>, and so on inward.
/// </summary>
public sealed class RunValue
{
    private RunValue(string name, RunValueKind kind, TensorData? data, string? text)
    {
        Name = name;
        Kind = kind;
        Data = data;
        Text = text;
    }

    /// <summary>The dotted name.</summary>
    public string Name { get; }

    /// <summary>What it is.</summary>
    public RunValueKind Kind { get; }

    /// <summary>The elements of a tensor or number; null for a string or None.</summary>
    public TensorData? Data { get; }

    /// <summary>The text of a string; null for anything else.</summary>
    public string? Text { get; }

    /// <summary>Name, dtype and shape, or the text.</summary>
    public override string ToString() => Data is { } data ? $"{Name} {data.DType} ({string.Join(", ", data.Shape)})"
        : Text is { } text ? $"{Name} \"{text}\""
        : $"{Name} None";

    /// <summary>A tensor of libtorch with a copy of the elements, to go on with.</summary>
    /// <exception cref="ReproTorchException">It is a string or None.</exception>
    public TorchTensor ToTensor() => Data is { } data
        ? TorchTensor.FromData(data, name: Name)
        : throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"{Name} is {Kind}, not a tensor.");

    /// <summary>A tensor.</summary>
    public static RunValue OfTensor(string name, TensorData data) => new(name, RunValueKind.Tensor, data, null);

    /// <summary>A number, as a 0-d tensor of float64, int64, complex128 or bool.</summary>
    public static RunValue OfNumber(string name, TensorData data) => new(name, RunValueKind.Number, data, null);

    /// <summary>A string.</summary>
    public static RunValue OfString(string name, string text) => new(name, RunValueKind.String, null, text);

    /// <summary>A value that holds no others: None, a number, a text, a dtype, a device, or elements in memory.</summary>
    /// <returns>Null for anything else.</returns>
    internal static RunValue? OfLeaf(string name, object? value) => value switch
    {
        null => OfNone(name),
        TensorData data => OfTensor(name, data),
        bool flag => OfNumber(name, DType.@bool, [(byte)(flag ? 1 : 0)]),
        sbyte or byte or short or ushort or int or uint or long or ulong =>
            OfNumber(name, DType.int64, BitConverter.GetBytes(Convert.ToInt64(value, CultureInfo.InvariantCulture))),
        Half half => OfNumber(name, DType.float64, BitConverter.GetBytes((double)half)),
        float or double or decimal => OfNumber(name, DType.float64, BitConverter.GetBytes(Convert.ToDouble(value, CultureInfo.InvariantCulture))),
        Complex number => OfNumber(name, DType.complex128, MemoryMarshal.AsBytes([number.Real, number.Imaginary]).ToArray()),
        string text => OfString(name, text),

        // Python's whole numbers have no end; a tensor's do.
        BigInteger or TorchDevice or DType => OfString(name, Convert.ToString(value, CultureInfo.InvariantCulture)!),
        _ => null,
    };

    private static RunValue OfNumber(string name, DType dtype, byte[] bytes) => OfNumber(name, TensorData.FromArray(dtype, [], bytes));

    /// <summary>None.</summary>
    public static RunValue OfNone(string name) => new(name, RunValueKind.None, null, null);
}
