using System.Text.Json;
using System.Text.Json.Serialization;

namespace ReproTorch.Runs;

/// <summary>An enumeration by the exact names of its values. .NET's own converter also takes numbers, names in another case and lists of
/// names, which no other reader of run files does.</summary>
internal sealed class ExactNameConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> s_values = Enum.GetValues<T>().ToDictionary(value => value.ToString(), StringComparer.Ordinal);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType != JsonTokenType.String ? throw new JsonException($"A {reader.TokenType} stands for one of {Names}.")
            : s_values.TryGetValue(reader.GetString()!, out T value) ? value
            : throw new JsonException($"'{reader.GetString()}' is none of {Names}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    private static string Names => string.Join(", ", s_values.Keys);
}
