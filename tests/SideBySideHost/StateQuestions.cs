using System.Text.Json.Nodes;
using ReproTorch.Randomness;

namespace ReproTorch.SideBySide;

/// <summary>
/// Moves the streams that the process shares: <c>{"seed", "read", "draws": [..], "write"}</c>, in this order and each where it is given. A
/// draw is <c>{"source"}</c> and a call as of <see cref="RandomQuestions"/>.
/// </summary>
internal static class StateQuestions
{
    public static JsonNode Answer(JsonNode question)
    {
        try
        {
            if (question["seed"] is { } seed)
            {
                RandomStreams.Seed((long)seed, RandomStreams.SeededByDefault, location: null);
            }

            if (question["read"] is { } source)
            {
                RandomStreams.Restore(RngStateFile.Read((string)source!));
            }

            JsonNode[] draws = [.. (question["draws"]?.AsArray() ?? []).Select(draw =>
                RandomQuestions.Draw(RandomStreams.Shared(Enum.Parse<RandomSource>((string)draw!["source"]!)), draw))];
            if (question["write"] is { } target)
            {
                RngStateFile.Write((string)target!, RandomStreams.Capture(RandomStreams.SeededByDefault), force: true);
            }

            return new JsonObject
            {
                ["calls"] = new JsonArray(draws),
                ["drawCounts"] = new JsonArray([.. RandomStreams.Report(RandomStreams.SeededByDefault).Select(report => (JsonNode?)report.DrawCount)]),
            };
        }
        catch (ReproTorchException e)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }
}
