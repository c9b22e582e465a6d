using ReproTorch.Determinism;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

// What is written into a graph and stays as it was, mostly because a trace put it there.
public sealed partial class NondeterminismFinder
{
    private static readonly string[] s_modeArguments = ["train", "training", "use_input_stats"];

    private static bool IsFrozenInTraining(OperatorUse use, NondeterminismRule rule) => !use.HangsOnMode && s_modeArguments.Any(
        name => rule.Unless.ContainsKey(name) && use.Argument(name) is { IsLiteral: true, Value: "True" });

    private static Finding FrozenTraining(NondeterminismRule rule) => new(
        NondeterminismKind.FrozenTraining,
        rule.Behaviour is NondeterministicBehaviour.Trains
            ? "It normalizes by the statistics of each batch and changes those that the model keeps, whatever mode the model is set to."
            : "It draws random numbers, whatever mode the model is set to.",
        "Set the model to evaluation mode before it is traced, or pass self.training in place of True.");

    // Python's tracer writes each number as a tensor. Freezing writes parameters down, too, but those have no place in the source.
    private NondeterministicOperator? FrozenConstant(string method, OperatorUse use) => use.IsNumber || use.Source.Length == 0
        ? null
        : Describe(method, use, new Finding(
            NondeterminismKind.FrozenConstant,
            $"A trace wrote this tensor ({use.Constant}) into the graph: if it came from the example, it stays as it was for the example.",
            "Make it a buffer of the model, or script the code that computes it."));

    private NondeterministicOperator? FixedDevice(string method, OperatorUse use)
    {
        string? text = use.Kind switch
        {
            "aten::cpu" or "aten::cuda" => use.Kind["aten::".Length..],
            _ => use.Argument("device")?.Value,
        };
        if (!TorchDevice.TryParse(text, out TorchDevice device))
        {
            return null;
        }

        Finding finding = new(
            NondeterminismKind.FixedDevice,
            $"The device {device} is written into the graph: the operator stays there when the model is moved.",
            "Take the device from an input or a parameter (x.device) in the model's code.");
        bool isElsewhere = device.Type != _device.Type || (device.Index > 0 && device.Index != _device.Index);
        return Describe(method, use, finding) with { Device = device, Active = use.Live && isElsewhere };
    }
}
