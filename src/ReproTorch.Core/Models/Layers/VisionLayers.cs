namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/flatten.py, fold.py, pixelshuffle.py, channelshuffle.py and upsampling.py.</summary>
internal static class VisionLayers
{
    private static readonly string[] s_byPixel = ["nearest", "nearest-exact", "area"];

    // The operators of each mode, by the number of the input's dimensions.
    private static readonly Dictionary<string, (int Dimensions, string Call)[]> s_modes = new(StringComparer.Ordinal)
    {
        ["nearest"] = ForEach("upsample_nearest{0}d(input, sizes, scales)"),
        ["nearest-exact"] = ForEach("_upsample_nearest_exact{0}d(input, sizes, scales)"),
        ["area"] = ForEach("adaptive_avg_pool{0}d(input, sizes)"),
        ["linear"] = [(3, "upsample_linear1d(input, sizes, self.align_corners, scales)")],
        ["bilinear"] = [(4, "upsample_bilinear2d(input, sizes, self.align_corners, scales)")],
        ["trilinear"] = [(5, "upsample_trilinear3d(input, sizes, self.align_corners, scales)")],
        ["bicubic"] = [(4, "upsample_bicubic2d(input, sizes, self.align_corners, scales)")],
    };

    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Stateless("Flatten(int start_dim=1, int end_dim=-1)", "return input.flatten(self.start_dim, self.end_dim)"),
        LayerKind.Of("Unflatten(int dim, int[] unflattened_size)", Unflatten),
        LayerKind.Stateless(
            "Unfold(int[2] kernel_size, int[2] dilation=1, int[2] padding=0, int[2] stride=1)",
            "return torch.im2col(input, self.kernel_size, self.dilation, self.padding, self.stride)"),
        LayerKind.Stateless(
            "Fold(int[2] output_size, int[2] kernel_size, int[2] dilation=1, int[2] padding=0, int[2] stride=1)",
            "return torch.col2im(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)"),
        LayerKind.Stateless("PixelShuffle(int upscale_factor)", "return torch.pixel_shuffle(input, self.upscale_factor)"),
        LayerKind.Stateless("PixelUnshuffle(int downscale_factor)", "return torch.pixel_unshuffle(input, self.downscale_factor)"),
        LayerKind.Stateless("ChannelShuffle(int groups)", "return torch.channel_shuffle(input, self.groups)"),
        LayerKind.Of(
            "Upsample(int[]? size=None, float[]? scale_factor=None, str mode='nearest', bool? align_corners=None, "
            + "bool? recompute_scale_factor=None)",
            arguments => Upsample(
                arguments, arguments.Text("mode"), arguments["align_corners"] as bool?, arguments["recompute_scale_factor"] as bool? ?? false)),
        LayerKind.Of(
            "UpsamplingNearest2d(int[]? size=None, float[]? scale_factor=None)",
            arguments => Upsample(arguments, "nearest", alignCorners: null, recompute: false)),
        LayerKind.Of(
            "UpsamplingBilinear2d(int[]? size=None, float[]? scale_factor=None)",
            arguments => Upsample(arguments, "bilinear", alignCorners: true, recompute: false)),
    ];

    private static (int Dimensions, string Call)[] ForEach(string call) =>
        [.. Enumerable.Range(1, 3).Select(d => (d + 2, call.Replace("{0}", $"{d}", StringComparison.Ordinal)))];

    private static ModelSource Unflatten(LayerArguments arguments)
    {
        if (arguments["unflattened_size"] is not object?[] sizes)
        {
            throw arguments.Fault("unflattened_size", "unflattened_size must be a tuple of whole numbers.");
        }

        return new ModelSource
        {
            Source = ForwardSource.Of(
                $$"""
                dim = self.dim + input.dim() if self.dim < 0 else self.dim
                if dim < 0 or dim >= input.dim():
                    raise IndexError("Unflatten's dim {} is out of range for an input of {} dimensions".format(self.dim, input.dim()))
                return input.view(input.size()[:dim] + [{{string.Join(", ", sizes)}}] + input.size()[dim + 1:])
                """),
            Attributes = arguments.ToAttributes(),
        };
    }

    // interpolate() of torch/nn/functional.py.
    private static ModelSource Upsample(LayerArguments arguments, string mode, bool? alignCorners, bool recompute)
    {
        if (!s_modes.TryGetValue(mode, out (int Dimensions, string Call)[]? calls))
        {
            throw arguments.Fault("mode", $"mode has to be one of {string.Join(", ", s_modes.Keys.Select(key => $"'{key}'"))}.");
        }

        if (arguments.IsNone("size") == arguments.IsNone("scale_factor"))
        {
            throw arguments.Fault($"{arguments.Signature.Name} takes either size or scale_factor.");
        }

        if (alignCorners is not null && s_byPixel.Contains(mode))
        {
            throw arguments.Fault("align_corners", "align_corners can only be set with the modes linear, bilinear, bicubic and trilinear.");
        }

        if (recompute && arguments.IsNone("scale_factor"))
        {
            throw arguments.Fault("recompute_scale_factor", "recompute_scale_factor is not meaningful with a size.");
        }

        // Sizes computed here leave no scale for the operator, which then takes the scale from the sizes.
        bool computes = (recompute || mode == "area") && arguments.IsNone("size");
        string branches = string.Concat(calls.Select(call =>
            $"""
            if input.dim() == {call.Dimensions}:
                return torch.{call.Call}

            """));
        string sizes = computes
            ? "[int(math.floor(float(input.size(i + 2)) * factors[i])) for i in range(input.dim() - 2)]"
            : List(arguments, "size");
        string takes = string.Join(" or ", calls.Select(call => call.Dimensions));
        string body =
            $"""
            sizes: {(mode == "area" ? "List[int]" : "Optional[List[int]]")} = {sizes}
            scales: Optional[List[float]] = {(computes ? "None" : List(arguments, "scale_factor"))}
            {branches}raise NotImplementedError("The mode {mode} takes an input of {takes} dimensions, but got one of " + str(input.dim()))
            """;
        string factors = computes ? $"factors: List[float] = {List(arguments, "scale_factor")}\n" : string.Empty;
        string checks = CountCheck(arguments, "size") + CountCheck(arguments, "scale_factor");
        return new ModelSource
        {
            Source = ForwardSource.Of(checks + factors + body, returns: "Tensor"),
            Attributes =
            [
                new("size", LayerArguments.AttributeValue(arguments["size"])),
                new("scale_factor", LayerArguments.AttributeValue(arguments["scale_factor"])),
                new("mode", mode),
                new("align_corners", alignCorners ?? false),
            ],
        };
    }

    // One number counts for all dimensions of the input behind the first two.
    private static string List(LayerArguments arguments, string name) => arguments[name] switch
    {
        null => "None",
        object?[] items => $"[{string.Join(", ", items.Select((_, i) => $"self.{name}[{i}]"))}]",
        _ => $"[self.{name}] * (input.dim() - 2)",
    };

    private static string CountCheck(LayerArguments arguments, string name) => arguments[name] is object?[] items
        ? $"""
          if input.dim() != {items.Length + 2}:
              raise ValueError("{arguments.Signature.Name} was given a {name} of {items.Length} numbers, for an input of {items.Length + 2} dimensions")

          """
        : string.Empty;
}
