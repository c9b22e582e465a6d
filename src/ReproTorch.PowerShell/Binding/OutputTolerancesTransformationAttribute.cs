using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using System.Management.Automation;
using ReproTorch.Comparison;

namespace ReproTorch.PowerShell.Binding;

/// <summary>
/// Lets tolerances by output name be given as a dictionary: <c>@{ 'output.logits' = 1e-5, 1e-6; 'output.*' = @{ Relative = 1e-3; Absolute = 0 } }</c>.
/// The first pattern that fits an output counts. An <c>[ordered]</c> dictionary is taken as it stands; a plain one has no order, so that whole
/// names come before patterns there, and longer ones before shorter.
/// </summary>
internal sealed class OutputTolerancesTransformationAttribute : ArgumentTransformationAttribute
{
    private const string Expected =
        "Expected two numbers, relative first (1e-5, 1e-6), or @{ Relative = 1e-5; Absolute = 1e-6 }.";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (Unwrap.Value(inputData) is OutputTolerances[] given)
        {
            return given;
        }

        if (Unwrap.Value(inputData) is not IDictionary dictionary)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{inputData}' gives no tolerances by name. Expected a dictionary such as @{{ 'output.logits' = 1e-5, 1e-6 }}.");
        }

        IEnumerable<OutputTolerances> all = dictionary.Cast<DictionaryEntry>().Select(
            entry => new OutputTolerances(Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!, Tolerances(entry.Key, entry.Value)));
        return dictionary is IOrderedDictionary
            ? all.ToArray()
            : all.OrderBy(output => output.Pattern.AsSpan().IndexOfAny('*', '?') >= 0)
                .ThenByDescending(output => output.Pattern.Count(letter => letter is not ('*' or '?')))
                .ThenBy(output => output.Pattern, StringComparer.Ordinal)
                .ToArray();
    }

    private static Tolerances Tolerances(object name, object? value)
    {
        try
        {
            return Unwrap.Value(value) switch
            {
                Tolerances tolerances => tolerances,
                IDictionary { Count: 2 } pair when pair["Relative"] is { } relative && pair["Absolute"] is { } absolute =>
                    new(Number(relative), Number(absolute)),
                IList { Count: 2 } pair => new(Number(pair[0]), Number(pair[1])),
                _ => throw new ArgumentTransformationMetadataException($"The tolerances of '{name}' are '{value}'. {Expected}"),
            };
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException)
        {
            throw new ArgumentTransformationMetadataException($"The tolerances of '{name}' are no numbers: {e.Message} {Expected}", e);
        }
    }

    // Of text Convert.ToDouble would skip commas, and take 0,01 for 1.
    private static double Number(object? value) => Unwrap.Value(value) is string text
        ? double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)
        : Convert.ToDouble(Unwrap.Value(value), CultureInfo.InvariantCulture);
}
