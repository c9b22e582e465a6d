using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/conv.py.</summary>
internal static class ConvolutionLayers
{
    private static readonly string[] s_paddingModes = ["zeros", "reflect", "replicate", "circular"];

    public static IEnumerable<LayerKind> Kinds => Enumerable.Range(1, 3).SelectMany(n => new[]
    {
        LayerKind.Of(
            $"Conv{n}d(int in_channels, int out_channels, int[{n}] kernel_size, int[{n}] stride=1, int[{n}]|str padding=0, "
            + $"int[{n}] dilation=1, int groups=1, bool bias=True, str padding_mode='zeros', Device? device=None, ScalarType? dtype=None)",
            Convolution),
        LayerKind.Of(
            $"ConvTranspose{n}d(int in_channels, int out_channels, int[{n}] kernel_size, int[{n}] stride=1, int[{n}] padding=0, "
            + $"int[{n}] output_padding=0, int groups=1, bool bias=True, int[{n}] dilation=1, str padding_mode='zeros', "
            + "Device? device=None, ScalarType? dtype=None)",
            Transposed),
    });

    private static ModelSource Convolution(LayerArguments arguments)
    {
        CheckGroups(arguments);
        if (!s_paddingModes.Contains(arguments.Text("padding_mode")))
        {
            throw arguments.Fault(
                "padding_mode", $"padding_mode must be one of {string.Join(", ", s_paddingModes.Select(mode => $"'{mode}'"))}.");
        }

        if (arguments["padding"] is string words)
        {
            if (words is not ("same" or "valid"))
            {
                throw arguments.Fault("padding", "A padding in words is 'same' or 'valid'.");
            }

            if (words == "same" && arguments.Ints("stride").Any(step => step != 1))
            {
                throw arguments.Fault("padding", "padding='same' is not supported for strided convolutions.");
            }
        }

        long groups = arguments.Int("groups");
        string dimensions = arguments.Signature.Name["Conv".Length..];
        bool pads = arguments.Text("padding_mode") != "zeros";
        string call = pads
            ? $"""
              input = torch.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
              return torch.conv{dimensions}(input, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
              """
            : $"return torch.conv{dimensions}(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)";
        IEnumerable<KeyValuePair<string, object?>> repeated = pads
            ? [new("_reversed_padding_repeated_twice", new TorchTuple(PaddingOfEachSide(arguments)))]
            : [];
        return Module(
            arguments, call, [arguments.Int("out_channels"), arguments.Int("in_channels") / groups, .. arguments.Ints("kernel_size")], repeated);
    }

    private static ModelSource Transposed(LayerArguments arguments)
    {
        if (arguments.Text("padding_mode") != "zeros")
        {
            throw arguments.Fault("padding_mode", $"Only \"zeros\" padding mode is supported for {arguments.Signature.Name}.");
        }

        CheckGroups(arguments);
        string dimensions = arguments.Signature.Name["ConvTranspose".Length..];
        return Module(
            arguments,
            $"""
            return torch.conv_transpose{dimensions}(
                input, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation)
            """,
            [arguments.Int("in_channels"), arguments.Int("out_channels") / arguments.Int("groups"), .. arguments.Ints("kernel_size")],
            []);
    }

    // The weight is drawn, then the bias, which stays unwritten memory in PyTorch when the weight is empty: here it is zero.
    private static ModelSource Module(
        LayerArguments arguments, string call, long[] shape, IEnumerable<KeyValuePair<string, object?>> moreAttributes)
    {
        bool bias = arguments.Bool("bias");
        long fanIn = InitialTensor.FanIn(shape);
        double bound = fanIn != 0 ? 1 / Math.Sqrt(fanIn) : 0;
        TorchTensor weight = InitialTensor.KaimingUniform(arguments.Place, shape);
        TorchTensor? biases = !bias ? null
            : fanIn != 0 ? InitialTensor.Uniform(bound, arguments.Place, arguments.Int("out_channels"))
            : InitialTensor.Full(0, arguments.Place, arguments.Int("out_channels"));
        return new ModelSource
        {
            Source = ForwardSource.Of(call),
            Parameters = biases is null ? [new("weight", weight)] : [new("weight", weight), new("bias", biases)],
            Attributes = [.. arguments.ToAttributes("bias"), .. moreAttributes, .. Absent.If(!bias, "bias")],
        };
    }

    private static void CheckGroups(LayerArguments arguments)
    {
        long groups = arguments.Int("groups");
        if (groups <= 0)
        {
            throw arguments.Fault("groups", "groups must be a positive integer.");
        }

        foreach (string channels in (ReadOnlySpan<string>)["in_channels", "out_channels"])
        {
            if (arguments.Int(channels) < 0)
            {
                throw arguments.Fault(channels, $"{channels} must not be negative.");
            }

            if (arguments.Int(channels) % groups != 0)
            {
                throw arguments.Fault(channels, $"{channels} must be divisible by groups, but {arguments.Int(channels)} is not by {groups}.");
            }
        }
    }

    // As pad() takes it: from the last dimension on, before and after. 'same' puts the odd one after.
    private static List<object?> PaddingOfEachSide(LayerArguments arguments)
    {
        long[] kernel = arguments.Ints("kernel_size");
        long[] dilation = arguments.Ints("dilation");
        var sides = new List<object?>();
        for (int i = kernel.Length - 1; i >= 0; i--)
        {
            long total = dilation[i] * (kernel[i] - 1);
            (long before, long after) = arguments["padding"] switch
            {
                "same" => (total / 2, total - (total / 2)),
                "valid" => (0L, 0L),
                _ => (arguments.Ints("padding")[i], arguments.Ints("padding")[i]),
            };
            sides.Add(before);
            sides.Add(after);
        }

        return sides;
    }
}
