namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/linear.py and distance.py.</summary>
internal static class LinearLayers
{
    private const string Pair = "x1: Tensor, x2: Tensor";

    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Of("Identity(any... args)", _ => new ModelSource { Source = ForwardSource.Of("return input") }),
        LayerKind.Of(
            "Linear(int in_features, int out_features, bool bias=True, Device? device=None, ScalarType? dtype=None)",
            arguments => Source(
                arguments.Int("in_features"), arguments.Int("out_features"), arguments.Bool("bias"), arguments.Place)),
        LayerKind.Of(
            "Bilinear(int in1_features, int in2_features, int out_features, bool bias=True, Device? device=None, ScalarType? dtype=None)",
            Bilinear),
        LayerKind.Stateless(
            "CosineSimilarity(int dim=1, float eps=1e-08)", "return torch.cosine_similarity(x1, x2, self.dim, self.eps)", Pair),
        LayerKind.Stateless(
            "PairwiseDistance(float p=2.0, float eps=1e-06, bool keepdim=False)",
            "return torch.pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)",
            Pair),
    ];

    /// <summary>Linear, also as a part of another layer: the weight is drawn, then the bias.</summary>
    public static ModelSource Source(long inFeatures, long outFeatures, bool bias, TensorPlace place)
    {
        double bound = inFeatures > 0 ? 1 / Math.Sqrt(inFeatures) : 0;
        var weight = InitialTensor.KaimingUniform(place, outFeatures, inFeatures);
        return new ModelSource
        {
            Name = "Linear",
            Source = ForwardSource.Of("return torch.linear(input, self.weight, self.bias)"),
            Parameters = bias
                ? [new("weight", weight), new("bias", InitialTensor.Uniform(bound, place, outFeatures))]
                : [new("weight", weight)],
            Attributes = [new("in_features", inFeatures), new("out_features", outFeatures), .. Absent.If(!bias, "bias")],
        };
    }

    private static ModelSource Bilinear(LayerArguments arguments)
    {
        (long first, long second) = (arguments.Int("in1_features"), arguments.Int("in2_features"));
        long outputs = arguments.Int("out_features");
        if (first <= 0)
        {
            throw arguments.Fault("in1_features", "in1_features must be greater than 0.");
        }

        double bound = 1 / Math.Sqrt(first);
        bool bias = arguments.Bool("bias");
        var weight = InitialTensor.Uniform(bound, arguments.Place, outputs, first, second);
        return new ModelSource
        {
            Source = ForwardSource.Of("return torch.bilinear(input1, input2, self.weight, self.bias)", "input1: Tensor, input2: Tensor"),
            Parameters = bias
                ? [new("weight", weight), new("bias", InitialTensor.Uniform(bound, arguments.Place, outputs))]
                : [new("weight", weight)],
            Attributes = [.. arguments.ToAttributes("bias"), .. Absent.If(!bias, "bias")],
        };
    }
}
