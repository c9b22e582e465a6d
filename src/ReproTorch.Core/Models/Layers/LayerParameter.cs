using System.Globalization;
using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>
/// One parameter of a layer's signature. Its type is written as PyTorch's operator schemas write types: <c>int</c>, <c>float</c>,
/// <c>bool</c>, <c>str</c>, <c>Layer</c>, <c>Function</c>, <c>Device</c>, <c>ScalarType</c>; <c>int[2]</c> two of them, or one
/// for both; <c>int[]</c> any number, or one; a <c>?</c> allows None; <c>|</c> separates alternatives.
/// </summary>
internal sealed record LayerParameter(string Name, string Type, bool IsKeywordOnly)
{
    /// <summary>The default as written; null when an argument must be given.</summary>
    public string? DefaultText { get; init; }

    /// <summary>The default, as the type has it.</summary>
    public object? Default { get; init; }

    /// <summary>Takes a value as this type has it.</summary>
    /// <returns>True with long, double, bool, string, null, <c>object?[]</c>, <see cref="TorchDevice"/>, <see cref="DType"/>,
    /// <see cref="LayerCall"/>; false when the value is of another type.</returns>
    public bool TryConvert(object? value, out object? converted)
    {
        foreach (string alternative in Type.Split('|'))
        {
            if (TryConvert(value, alternative, out converted))
            {
                return true;
            }
        }

        converted = null;
        return false;
    }

    /// <summary>What the parameter takes, in words.</summary>
    public string Describe() => string.Join(" or ", Type.Split('|').Select(Describe));

    /// <summary>As PyTorch's documentation writes it.</summary>
    public override string ToString() => DefaultText is null ? Name : $"{Name}={DefaultText}";

    private static bool TryConvert(object? value, string type, out object? converted)
    {
        converted = value;
        if (type == "any")
        {
            return true;
        }

        if (type.EndsWith('?'))
        {
            return value is null || TryConvert(value, type[..^1], out converted);
        }

        if (type.EndsWith(']'))
        {
            return TryConvertList(value, type, out converted);
        }

        converted = (type, value) switch
        {
            ("int", long) or ("float", double) or ("bool", bool) or ("str", string) => value,
            ("float", long number) => (double)number,
            ("bool", 0L or 1L) => (long)value == 1,
            ("Layer", LayerCall) => value,
            ("Layer", SyntaxName name) => new LayerCall(name.Text, [], 0),
            ("Function", string text) => text,
            ("Function", SyntaxName name) => name.Text,
            ("Function", LayerCall { Arguments: [] } call) => call.Name,
            ("ScalarType", SyntaxName name) when DTypes.TryParse(name.Text, out DType dtype) => dtype,
            ("Device", string text) when TorchDevice.TryParse(text, out TorchDevice device) => device,
            ("Device", LayerCall { Name: "torch.device" or "device", Arguments: [{ Value.Value: string text }] })
                when TorchDevice.TryParse(text, out TorchDevice device) => device,
            _ => null,
        };
        return converted is not null;
    }

    private static bool TryConvertList(object? value, string type, out object? converted)
    {
        (string element, int? length) = Split(type);
        if (value is not SyntaxTuple tuple)
        {
            bool one = TryConvert(value, element, out converted) && value is not null;
            converted = one && length is { } count ? Enumerable.Repeat(converted, count).ToArray() : converted;
            return one;
        }

        var items = new object?[tuple.Items.Count];
        bool fits = length is null || items.Length == length;
        for (int i = 0; i < items.Length && fits; i++)
        {
            fits = TryConvert(tuple.Items[i].Value, element, out items[i]);
        }

        converted = items;
        return fits;
    }

    private static (string Element, int? Length) Split(string type)
    {
        int open = type.IndexOf('[', StringComparison.Ordinal);
        string length = type[(open + 1)..^1];
        return (type[..open], length.Length == 0 ? null : int.Parse(length, CultureInfo.InvariantCulture));
    }

    private static string Describe(string type)
    {
        if (type.EndsWith('?'))
        {
            return Describe(type[..^1]) + " or None";
        }

        if (type.EndsWith(']'))
        {
            (string element, int? length) = Split(type);
            string one = Describe(element.TrimEnd('?'));
            return length == 1 ? one : $"{one} or a tuple of {(length is { } count ? $"{count} of them" : "them")}";
        }

        return type switch
        {
            "int" => "a whole number",
            "float" => "a number",
            "bool" => "True or False",
            "str" => "a string",
            "Layer" => "a layer",
            "Function" => "'relu' or 'gelu'",
            "Device" => "a device such as 'cpu' or 'cuda:0'",
            "ScalarType" => "a dtype such as torch.float64",
            _ => "a value",
        };
    }
}
