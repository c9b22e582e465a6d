namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/padding.py. The padding is given from the last dimension on: left, right, top, bottom, front, back.</summary>
internal static class PaddingLayers
{
    public static IEnumerable<LayerKind> Kinds =>
    [
        .. Enumerable.Range(1, 3).SelectMany(dimensions => new[]
        {
            LayerKind.Stateless(
                $"ConstantPad{dimensions}d(int[{2 * dimensions}] padding, float value)",
                "return torch.pad(input, self.padding, \"constant\", self.value)"),
            LayerKind.Stateless(
                $"ReflectionPad{dimensions}d(int[{2 * dimensions}] padding)", "return torch.pad(input, self.padding, \"reflect\")"),
            LayerKind.Stateless(
                $"ReplicationPad{dimensions}d(int[{2 * dimensions}] padding)", "return torch.pad(input, self.padding, \"replicate\")"),
        }),
        LayerKind.Stateless("ZeroPad2d(int[4] padding)", "return torch.pad(input, self.padding, \"constant\", 0.0)"),
    ];
}
