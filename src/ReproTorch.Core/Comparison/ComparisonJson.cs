using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ReproTorch.Comparison;

/// <summary>
/// Comparisons as JSON: the properties in camel case. Every number reads back to the same bits; NaN and the infinities are the strings
/// "NaN", "Infinity" and "-Infinity". <c>dtype</c> and <c>shape</c> are the reference's; <c>differenceName</c>, <c>differenceKind</c>,
/// <c>differenceDType</c> and <c>differenceShape</c> are there only where the difference's are others, and a run's <c>file</c> only where folders
/// were compared.
/// </summary>
public static class ComparisonJson
{
    private static readonly JsonSerializerOptions s_options = new(ComparisonJsonContext.Default.Options)
    {
        TypeInfoResolver = ComparisonJsonContext.Default.WithAddedModifier(LeaveOutEqualSides),
    };

    /// <summary>One run comparison as a JSON document.</summary>
    public static string Write(RunComparison comparison) => JsonSerializer.Serialize(comparison, Info<RunComparison>());

    /// <summary>One output's comparison as a JSON document.</summary>
    public static string Write(TensorComparison comparison) => JsonSerializer.Serialize(comparison, Info<TensorComparison>());

    /// <summary>Writes a run comparison into a larger document.</summary>
    public static void Write(Utf8JsonWriter writer, RunComparison comparison) =>
        JsonSerializer.Serialize(writer, comparison, Info<RunComparison>());

    /// <summary>Reads back what <see cref="Write(RunComparison)"/> wrote.</summary>
    /// <exception cref="ReproTorchException">The text is no such document.</exception>
    public static RunComparison Read(string json)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, Info<RunComparison>()) is { Outputs: not null, Missing: not null, Extra: not null } run)
            {
                return run with { Outputs = [.. run.Outputs.Select(PutBackEqualSides)] };
            }
        }
        catch (JsonException e)
        {
            throw NoComparison(e.Message, e);
        }

        throw NoComparison("It has no outputs.", null);
    }

    private static ReproTorchException NoComparison(string why, Exception? cause) => new(
        ReproTorchErrorKind.FileFormat, $"The text is no comparison in JSON: {why} Expected is what ComparisonJson.Write gives.", cause);

    private static JsonTypeInfo<T> Info<T>() => (JsonTypeInfo<T>)s_options.GetTypeInfo(typeof(T));

    private static void LeaveOutEqualSides(JsonTypeInfo type)
    {
        if (type.Type == typeof(RunComparison))
        {
            JsonPropertyInfo file = type.Properties.First(static property => property.Name == "file");
            file.ShouldSerialize = static (_, name) => name is not null;
        }

        if (type.Type != typeof(TensorComparison))
        {
            return;
        }

        foreach (JsonPropertyInfo property in type.Properties)
        {
            property.ShouldSerialize = property.Name switch
            {
                "differenceKind" => static (output, _) => (TensorComparison)output is { } o && o.DifferenceKind != o.Kind,
                "differenceDType" => static (output, _) => (TensorComparison)output is { } o && o.DifferenceDType != o.DType,
                "differenceShape" => static (output, _) => !SameShape((TensorComparison)output),
                "differenceName" => static (_, name) => name is not null,
                _ => property.ShouldSerialize,
            };
        }
    }

    /// <summary>What was left out as equal; only where both sides are there and of one kind can something have been.</summary>
    private static TensorComparison PutBackEqualSides(TensorComparison output)
    {
        if (output.Reason is "missing" or "extra" || output.DifferenceKind is not null)
        {
            return output;
        }

        return output with
        {
            DifferenceKind = output.Kind,
            DifferenceDType = output.DifferenceDType ?? output.DType,
            DifferenceShape = output.DifferenceShape ?? output.Shape,
        };
    }

    private static bool SameShape(TensorComparison output) => output.Shape is null || output.DifferenceShape is null
        ? output.Shape is null && output.DifferenceShape is null
        : output.Shape.SequenceEqual(output.DifferenceShape);
}

/// <summary>Element texts: a JSON number where the text is one, a string otherwise.</summary>
internal sealed class ElementTextConverter : JsonConverter<string>
{
    private static readonly SearchValues<char> s_numberCharacters = SearchValues.Create("0123456789+-.eE");

    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan),
        _ => throw new JsonException("An element is a number or a string."),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
    {
        if (value.AsSpan().IndexOfAnyExcept(s_numberCharacters) < 0 && double.TryParse(value, CultureInfo.InvariantCulture, out _))
        {
            writer.WriteRawValue(value);
        }
        else
        {
            writer.WriteStringValue(value);
        }
    }
}

/// <summary>Numbers to the last bit; NaN and the infinities as strings.</summary>
/// <remarks>The text has one NaN. It reads as that of Python's <c>float('nan')</c>, whatever sign and payload were written.</remarks>
public sealed class ExactDoubleConverter : JsonConverter<double>
{
    /// <inheritdoc/>
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetDouble();
        }

        return (reader.TokenType == JsonTokenType.String ? reader.GetString() : null) switch
        {
            // double.Parse and double.NaN have the sign bit set.
            "NaN" => BitConverter.UInt64BitsToDouble(0x7FF8000000000000),
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => throw new JsonException("A number, \"NaN\", \"Infinity\" or \"-Infinity\" was expected."),
        };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteRawValue(ExactText.Of(value));
        }
        else
        {
            writer.WriteStringValue(ExactText.Of(value));
        }
    }
}

/// <summary>The types that are written, known when compiled.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(ExactDoubleConverter)],
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunComparison))]
internal sealed partial class ComparisonJsonContext : JsonSerializerContext;
