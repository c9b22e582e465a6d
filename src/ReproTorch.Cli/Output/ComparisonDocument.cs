using System.Text;
using System.Text.Json;
using ReproTorch.Comparison;

namespace ReproTorch.Cli.Output;

/// <summary>What <c>reprotorch compare --json</c> prints: the comparison of the one pair, or, of several, the verdict on all and the
/// comparisons under <c>runs</c>.</summary>
internal static class ComparisonDocument
{
    public static string ToJson(IReadOnlyList<RunComparison> comparisons)
    {
        if (comparisons.Count == 1)
        {
            return ComparisonJson.Write(comparisons[0]);
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteBoolean("match", comparisons.All(comparison => comparison.Match));
            json.WriteBoolean("identical", comparisons.All(comparison => comparison.Identical));
            json.WriteBoolean("close", comparisons.All(comparison => comparison.Close));
            json.WriteStartArray("runs");
            foreach (RunComparison comparison in comparisons)
            {
                ComparisonJson.Write(json, comparison);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
