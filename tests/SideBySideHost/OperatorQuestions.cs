using System.Text.Json.Nodes;
using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.SideBySide;

/// <summary>Reads models for operators that may differ: <c>{"model": path, "training": true or false, "device"}</c>, the last two where they
/// are given.</summary>
internal static class OperatorQuestions
{
    public static JsonNode Answer(JsonNode question)
    {
        try
        {
            using TorchModel model = ModelLoader.Load((string)question["model"]!, new LoadOptions());
            if (question["training"] is { } training)
            {
                model.SetTraining((bool)training);
            }

            TorchDevice? device = question["device"] is { } name ? TorchDevice.Parse((string)name!) : null;
            return new JsonArray([.. NondeterminismFinder.Find(model, device).Select(one => (JsonNode)new JsonObject
            {
                ["kind"] = one.Kind.ToString(),
                ["operator"] = one.Operator,
                ["active"] = one.Active,
                ["pass"] = one.Pass.ToString(),
                ["submodule"] = one.Submodule,
                ["source"] = one.Source,
                ["line"] = one.Line,
                ["meaning"] = one.Meaning,
                ["behaviour"] = one.Rule?.Behaviour.ToString(),
                ["reports"] = one.Rule?.Reports,
            })]);
        }
        catch (ReproTorchException e)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }
}
