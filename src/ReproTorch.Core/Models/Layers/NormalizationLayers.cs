using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/batchnorm.py, instancenorm.py and normalization.py. None draws anything.</summary>
internal static class NormalizationLayers
{
    private const string Statistics =
        "(int num_features, float eps=1e-05, float? momentum=0.1, bool affine={0}, bool track_running_stats={0}, "
        + "Device? device=None, ScalarType? dtype=None)";

    public static IEnumerable<LayerKind> Kinds =>
    [
        Batch("BatchNorm1d", 2, 3),
        Batch("BatchNorm2d", 4),
        Batch("BatchNorm3d", 5),
        Instance("InstanceNorm1d", 2),
        Instance("InstanceNorm2d", 3),
        Instance("InstanceNorm3d", 4),
        LayerKind.Of(
            "GroupNorm(int num_groups, int num_channels, float eps=1e-05, bool affine=True, Device? device=None, ScalarType? dtype=None)",
            Group),
        LayerKind.Of(
            "LayerNorm(int[] normalized_shape, float eps=1e-05, bool elementwise_affine=True, Device? device=None, ScalarType? dtype=None)",
            arguments => Layer(
                arguments["normalized_shape"] is object?[] sizes ? [.. sizes.Select(size => (long)size!)] : [arguments.Int("normalized_shape")],
                arguments.Float("eps"),
                arguments.Bool("elementwise_affine"),
                arguments.Place)),
        LayerKind.Stateless(
            "LocalResponseNorm(int size, float alpha=0.0001, float beta=0.75, float k=1.0)",
            """
            if input.dim() < 3:
                raise ValueError("Expected 3D or higher dimensionality input (got {} dimensions)".format(input.dim()))
            if input.numel() == 0:
                return input
            squares = input.mul(input).unsqueeze(1)
            if input.dim() == 3:
                squares = torch.pad(squares, [0, 0, self.size // 2, (self.size - 1) // 2])
                means = torch.avg_pool2d(squares, [self.size, 1], stride=1).squeeze(1)
            else:
                sizes = input.size()
                squares = squares.view([sizes[0], 1, sizes[1], sizes[2], -1])
                squares = torch.pad(squares, [0, 0, 0, 0, self.size // 2, (self.size - 1) // 2])
                means = torch.avg_pool3d(squares, [self.size, 1, 1], stride=1).squeeze(1).view(sizes)
            return input / means.mul(self.alpha).add(self.k).pow(self.beta)
            """),
        LayerKind.Stateless(
            "CrossMapLRN2d(int size, float alpha=0.0001, float beta=0.75, float k=1)",
            """
            assert input.dim() == 4, "CrossMapLRN2d takes a 4D input"
            channels = input.size(1)
            squares = torch.pow(input, 2)
            ahead = int((self.size - 1) / 2 + 1)
            scale = torch.zeros_like(input)
            for c in range(min(ahead, channels)):
                scale.select(1, 0).add_(squares.select(1, c))
            for c in range(1, channels):
                sums = scale.select(1, c)
                sums.copy_(scale.select(1, c - 1))
                if c < channels - ahead + 1:
                    sums.add_(squares.select(1, c + ahead - 1), alpha=1)
                if c > ahead:
                    sums.add_(squares.select(1, c - ahead), alpha=-1)
            scale.mul_(self.alpha / self.size).add_(self.k)
            return torch.pow(scale, -self.beta).mul_(input)
            """),
    ];

    /// <summary>LayerNorm, also as a part of another layer.</summary>
    public static ModelSource Layer(long[] shape, double eps, bool affine, TensorPlace place) => new()
    {
        Name = "LayerNorm",
        Source = ForwardSource.Of("return torch.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps, True)"),
        Parameters = Affine(affine, place, shape),
        Attributes =
        [
            new("normalized_shape", new TorchTuple(shape.Cast<object?>())),
            new("eps", eps),
            new("elementwise_affine", affine),
            .. Absent.If(!affine, "weight", "bias"),
        ],
    };

    private static LayerKind Batch(string name, params int[] dimensions) => LayerKind.Of(
        name + Statistics.Replace("{0}", "True", StringComparison.Ordinal),
        arguments =>
        {
            bool tracks = arguments.Bool("track_running_stats");
            string check = string.Join(" and ", dimensions.Select(d => $"input.dim() != {d}"));
            string expected = string.Join(" or ", dimensions.Select(d => $"{d}D"));
            string momentum = arguments.IsNone("momentum") ? "0.0" : "self.momentum";
            // Without a momentum the running statistics are the mean of all batches so far.
            string average = arguments.IsNone("momentum") ? "\n    factor = 1.0 / float(self.num_batches_tracked)" : string.Empty;
            string count = tracks ? "\nif self.training:\n    self.num_batches_tracked.add_(1)" + average : string.Empty;
            return WithStatistics(
                arguments,
                $$"""
                if {{check}}:
                    raise ValueError("expected {{expected}} input (got {}D input)".format(input.dim()))
                factor = {{momentum}}{{count}}
                learns = {{(tracks ? "self.training" : "True")}}
                if learns:
                    count = input.size(0)
                    for i in range(2, input.dim()):
                        count *= input.size(i)
                    if count == 1:
                        raise ValueError("Expected more than 1 value per channel when training, got input size {}".format(input.size()))
                return torch.batch_norm(
                    input, self.weight, self.bias, self.running_mean, self.running_var, learns, factor, self.eps, True)
                """);
        });

    private static LayerKind Instance(string name, int unbatched) => LayerKind.Of(
        name + Statistics.Replace("{0}", "False", StringComparison.Ordinal).Replace("float?", "float", StringComparison.Ordinal),
        arguments => WithStatistics(
            arguments,
            $$"""
            if input.dim() != {{unbatched}} and input.dim() != {{unbatched + 1}}:
                raise ValueError("expected {{unbatched}}D or {{unbatched + 1}}D input (got {}D input)".format(input.dim()))
            batch = input.unsqueeze(0) if input.dim() == {{unbatched}} else input
            learns = {{(arguments.Bool("track_running_stats") ? "self.training" : "True")}}
            if learns:
                count = 1
                for i in range(2, batch.dim()):
                    count *= batch.size(i)
                if count == 1:
                    raise ValueError("Expected more than 1 spatial element when training, got input size {}".format(batch.size()))
            output = torch.instance_norm(
                batch, self.weight, self.bias, self.running_mean, self.running_var, learns, self.momentum, self.eps, True)
            return output.squeeze(0) if input.dim() == {{unbatched}} else output
            """));

    private static ModelSource WithStatistics(LayerArguments arguments, string body)
    {
        long features = arguments.Int("num_features");
        (bool affine, bool tracks) = (arguments.Bool("affine"), arguments.Bool("track_running_stats"));
        TensorPlace place = arguments.Place;
        return new ModelSource
        {
            Source = ForwardSource.Of(body),
            Parameters = Affine(affine, place, features),
            Buffers = !tracks ? [] :
            [
                new("running_mean", InitialTensor.Full(0, place, features)),
                new("running_var", InitialTensor.Full(1, place, features)),
                new("num_batches_tracked", InitialTensor.Full(0, place with { DType = DType.int64 })),
            ],
            Attributes =
            [
                .. arguments.ToAttributes(),
                .. Absent.If(!affine, "weight", "bias"),
                .. Absent.If(!tracks, "running_mean", "running_var", "num_batches_tracked"),
            ],
        };
    }

    private static ModelSource Group(LayerArguments arguments)
    {
        (long groups, long channels) = (arguments.Int("num_groups"), arguments.Int("num_channels"));
        if (groups <= 0 || channels % groups != 0)
        {
            throw arguments.Fault("num_groups", $"num_channels must be divisible by num_groups, but {channels} is not by {groups}.");
        }

        bool affine = arguments.Bool("affine");
        return new ModelSource
        {
            Source = ForwardSource.Of(
                """
                sizes = [input.size(0) * input.size(1) // self.num_groups, self.num_groups] + input.size()[2:]
                count = sizes[0]
                for i in range(2, len(sizes)):
                    count *= sizes[i]
                if count == 1:
                    raise ValueError("Expected more than 1 value per channel when training, got input size {}".format(sizes))
                return torch.group_norm(input, self.num_groups, self.weight, self.bias, self.eps, True)
                """),
            Parameters = Affine(affine, arguments.Place, channels),
            Attributes = [.. arguments.ToAttributes(), .. Absent.If(!affine, "weight", "bias")],
        };
    }

    private static KeyValuePair<string, TorchTensor>[] Affine(bool affine, TensorPlace place, params long[] shape) => affine
        ? [new("weight", InitialTensor.Full(1, place, shape)), new("bias", InitialTensor.Full(0, place, shape))]
        : [];
}
