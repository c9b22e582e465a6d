using System.Text.Json;
using System.Text.Json.Nodes;

namespace ReproTorch.SideBySide;

/// <summary>Answers questions that come as lines of JSON on standard input with lines of JSON on standard output.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Func<JsonNode, JsonNode> answer = args switch
        {
            ["random"] => RandomQuestions.Answer,
            ["states"] => StateQuestions.Answer,
            ["operators"] => OperatorQuestions.Answer,
            ["training"] => TrainingQuestions.Answer,
            _ => throw new ArgumentException($"There is no kind of questions '{string.Join(' ', args)}'."),
        };
        using var input = new StreamReader(Console.OpenStandardInput());
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        while (input.ReadLine() is { } line)
        {
            output.WriteLine(answer(JsonNode.Parse(line)!).ToJsonString(new JsonSerializerOptions()));
        }

        return 0;
    }
}
