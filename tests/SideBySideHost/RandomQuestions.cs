using System.Collections.Specialized;
using System.Numerics;
using System.Text.Json.Nodes;
using ReproTorch.Randomness;

namespace ReproTorch.SideBySide;

/// <summary>
/// Draws: <c>{"source", "bitGenerator", "seed", "calls": [{"method", "args", "named", "shape"}]}</c>, values written as in Python. All
/// calls of a line draw from one stream. The answer has for each call <c>{"dtype", "shape", "bytes"}</c> (hexadecimal),
/// <c>{"shape", "values"}</c> for what is no number, or <c>{"error"}</c>; and the draw count at the end.
/// </summary>
internal static class RandomQuestions
{
    public static JsonNode Answer(JsonNode question)
    {
        RandomStream stream = StreamFactory.Create(
            Enum.Parse<RandomSource>((string)question["source"]!),
            PythonLiteral.Parse((string)question["seed"]!),
            (string?)question["bitGenerator"]);
        return new JsonObject
        {
            ["calls"] = new JsonArray([.. question["calls"]!.AsArray().Select(call => Draw(stream, call!))]),
            ["drawCount"] = stream.DrawCount,
        };
    }

    public static JsonObject Draw(RandomStream stream, JsonNode call)
    {
        object?[] arguments = [.. call["args"]!.AsArray().Select(argument => PythonLiteral.Parse((string)argument!))];
        var named = new OrderedDictionary();
        foreach ((string name, JsonNode? value) in call["named"]?.AsObject() ?? [])
        {
            named[name] = PythonLiteral.Parse((string)value!);
        }

        long[]? shape = call["shape"] is JsonArray sizes ? [.. sizes.Select(size => (long)size!)] : null;
        try
        {
            RandomValues values = stream.Draw((string)call["method"]!, arguments, named, shape);
            var answer = new JsonObject { ["shape"] = new JsonArray([.. values.Shape.Select(size => (JsonNode)size)]) };
            if (values.ElementType is { } dtype && values.Values is not BigInteger[])
            {
                answer["dtype"] = dtype.ToString();
                answer["bytes"] = Convert.ToHexStringLower(values.ToTensorData().AllBytes());
            }
            else
            {
                answer["values"] = new JsonArray([.. values.Values.Cast<object?>().Select(value => (JsonNode?)value?.ToString())]);
            }

            return answer;
        }
        catch (ReproTorchException e)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }
}
