using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using ReproTorch.Comparison;
using ReproTorch.Randomness;

namespace ReproTorch.Cli.Output;

/// <summary>What <c>reprotorch random</c> prints. Numbers keep every bit: a float is written with as many digits as tell it from its
/// neighbours; what JSON has no number for is the string NaN, Infinity or -Infinity.</summary>
internal static class RandomDocument
{
    /// <summary>One document: {source, method, seed, dtype, shape, values}, the values in C order.</summary>
    public static string ToJson(RandomStream stream, string method, object? seed, RandomValues values)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("source", stream.Source.ToString());
            writer.WriteString("method", method);
            writer.WritePropertyName("seed");
            Write(writer, seed);
            writer.WriteString("dtype", values.ElementType?.ToString() ?? "object");
            writer.WriteStartArray("shape");
            foreach (long size in values.Shape)
            {
                writer.WriteNumberValue(size);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("values");
            foreach (object? value in values.Values)
            {
                Write(writer, value);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A value, or a row of values, for a person.</summary>
    public static string Text(object? value) => value switch
    {
        null => "None",
        string text => text,
        bool flag => flag ? "True" : "False",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Text))}]",
        double number => ExactText.Of(number),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case double or float or Half:
                // A float or half is exact as a double, whose shortest text every reader takes back to it.
                double number = Convert.ToDouble(value is Half half ? (float)half : value, CultureInfo.InvariantCulture);
                if (double.IsFinite(number))
                {
                    WriteReal(writer, number);
                }
                else
                {
                    writer.WriteStringValue(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                }

                break;
            case BigInteger integer:
                writer.WriteRawValue(integer.ToString(CultureInfo.InvariantCulture));
                break;
            case sbyte or byte or short or ushort or int or uint or long or ulong:
                writer.WriteRawValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (object? item in items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(value.ToString());
                break;
        }
    }

    // 1.0 stays a float to a reader that tells floats from integers.
    private static void WriteReal(Utf8JsonWriter writer, double number)
    {
        string text = ExactText.Of(number);
        writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
    }
}
