using System.Globalization;
using ReproTorch.Comparison;
using ReproTorch.Models.Layers;

namespace ReproTorch.Training;

/// <summary>Parts of a training as Python writes them, with every bit of their numbers.</summary>
internal static class PartText
{
    /// <summary>A name with all its arguments: <c>StepLR(step_size=10, gamma=0.1)</c>.</summary>
    public static string Of(LayerArguments arguments) => arguments.Signature.Name + "("
        + string.Join(", ", arguments.Signature.Parameters.Select(parameter => $"{parameter.Name}={Of(arguments[parameter.Name])}")) + ")";

    /// <summary>One value: <c>None</c>, <c>True</c>, <c>1e-08</c>, <c>'mean'</c>, <c>[1, 2]</c>.</summary>
    public static string Of(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        double number => ExactText.Of(number).Replace('E', 'e'),
        string text => $"'{text}'",
        object?[] items => $"[{string.Join(", ", items.Select(Of))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
