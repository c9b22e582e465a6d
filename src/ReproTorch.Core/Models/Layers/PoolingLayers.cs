namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/pooling.py. A stride that is left out is the kernel's size.</summary>
internal static class PoolingLayers
{
    public static IEnumerable<LayerKind> Kinds =>
    [
        .. Enumerable.Range(1, 3).SelectMany(n => new[]
        {
            LayerKind.Of(
                $"MaxPool{n}d(int[{n}] kernel_size, int[{n}]? stride=None, int[{n}] padding=0, int[{n}] dilation=1, "
                + "bool return_indices=False, bool ceil_mode=False)",
                arguments => Windowed(
                    arguments,
                    $"return torch.max_pool{n}d{(arguments.Bool("return_indices") ? "_with_indices" : string.Empty)}("
                    + "input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)")),
            LayerKind.Of(
                $"AvgPool{n}d(int[{n}] kernel_size, int[{n}]? stride=None, int[{n}] padding=0, bool ceil_mode=False, "
                + $"bool count_include_pad=True{(n == 1 ? string.Empty : ", int? divisor_override=None")})",
                arguments => Windowed(
                    arguments,
                    $"return torch.avg_pool{n}d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, "
                    + $"self.count_include_pad{(n == 1 ? string.Empty : ", self.divisor_override")})")),
            LayerKind.Of(
                $"AdaptiveAvgPool{n}d({OutputSize(n)})",
                arguments => Adaptive(arguments, size => $"return torch.adaptive_avg_pool{n}d(input, {size})")),
            LayerKind.Of(
                $"AdaptiveMaxPool{n}d({OutputSize(n)}, bool return_indices=False)",
                arguments => Adaptive(
                    arguments, size => $"return torch.adaptive_max_pool{n}d(input, {size}){First(arguments)}")),
        }),
        Power(1),
        Power(2),
        Fractional(2),
        Fractional(3),
    ];

    // None keeps the input's size, except with one dimension.
    private static string OutputSize(int n) => n == 1 ? "int[1] output_size" : $"int?[{n}] output_size";

    private static string First(LayerArguments arguments) => arguments.Bool("return_indices") ? string.Empty : "[0]";

    private static ModelSource Windowed(LayerArguments arguments, string body) => new()
    {
        Source = ForwardSource.Of(body),
        Attributes =
        [
            .. arguments.ToAttributes("stride"),
            new("stride", LayerArguments.AttributeValue(arguments["stride"] ?? arguments["kernel_size"])),
        ],
    };

    private static ModelSource Adaptive(LayerArguments arguments, Func<string, string> call)
    {
        var sizes = (object?[])arguments["output_size"]!;
        string size = sizes.Contains(null)
            ? $"[{string.Join(", ", sizes.Select((item, i) => item is null ? $"input.size({i - sizes.Length})" : $"self.output_size[{i}]"))}]"
            : "self.output_size";
        return new ModelSource { Source = ForwardSource.Of(call(size)), Attributes = arguments.ToAttributes() };
    }

    private static LayerKind Power(int n) => LayerKind.Of(
        $"LPPool{n}d(float norm_type, int[{n}] kernel_size, int[{n}]? stride=None, bool ceil_mode=False)",
        arguments => Windowed(
            arguments,
            $"""
            means = torch.avg_pool{n}d(input.pow(self.norm_type), self.kernel_size, self.stride, 0, self.ceil_mode)
            count = {string.Join(" * ", Enumerable.Range(0, n).Select(i => $"self.kernel_size[{i}]"))}
            return (torch.sign(means) * torch.relu(torch.abs(means))).mul(count).pow(1.0 / self.norm_type)
            """));

    // Draws its windows on each run, in training mode and out of it.
    private static LayerKind Fractional(int n) => LayerKind.Of(
        $"FractionalMaxPool{n}d(int[{n}] kernel_size, int[{n}]? output_size=None, float[{n}]? output_ratio=None, bool return_indices=False)",
        arguments =>
        {
            if (arguments.IsNone("output_size") == arguments.IsNone("output_ratio"))
            {
                throw arguments.Fault($"{arguments.Signature.Name} takes either output_size or output_ratio.");
            }

            if (arguments["output_ratio"] is object?[] ratios && !ratios.All(ratio => (double)ratio! is > 0 and < 1))
            {
                throw arguments.Fault("output_ratio", "output_ratio must be between 0 and 1.");
            }

            string size = arguments.IsNone("output_ratio")
                ? "self.output_size"
                : $"[{string.Join(", ", Enumerable.Range(0, n).Select(i => $"int(input.size({i - n}) * self.output_ratio[{i}])"))}]";
            return new ModelSource
            {
                Source = ForwardSource.Of(
                    $"""
                    batch = 1 if input.dim() == {n + 1} else input.size(0)
                    samples = torch.rand([batch, input.size({-n - 1}), {n}], dtype=input.dtype, device=input.device)
                    return torch.fractional_max_pool{n}d(input, self.kernel_size, {size}, samples){First(arguments)}
                    """),
                Attributes = arguments.ToAttributes(),
            };
        });
}
