namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/dropout.py, with the checks and warnings of torch/nn/functional.py.</summary>
internal static class DropoutLayers
{
    public static IEnumerable<LayerKind> Kinds =>
    [
        Dropout("Dropout", "return torch.dropout{_}(input, self.p, self.training)"),
        Dropout(
            "Dropout1d",
            """
            if input.dim() != 2 and input.dim() != 3:
                raise RuntimeError("dropout1d: Expected 2D or 3D input, but received a {}D input.".format(input.dim()))
            if input.dim() == 3:
                return torch.feature_dropout{_}(input, self.p, self.training)
            return torch.feature_dropout{_}(input.unsqueeze{_}(0), self.p, self.training).squeeze{_}(0)
            """),
        Dropout(
            "Dropout2d",
            """
            if input.dim() != 3 and input.dim() != 4:
                warnings.warn("dropout2d: Received a {}-D input to dropout2d, which is deprecated. Use Dropout instead.".format(input.dim()))
            if input.dim() == 3:
                warnings.warn("dropout2d: Received a 3D input, which is taken as (N, C, L). Use Dropout1d to say so.")
            return torch.feature_dropout{_}(input, self.p, self.training)
            """),
        Dropout(
            "Dropout3d",
            """
            if input.dim() != 4 and input.dim() != 5:
                warnings.warn("dropout3d: Received a {}-D input to dropout3d, which is deprecated. Use Dropout instead.".format(input.dim()))
            if input.dim() == 5:
                return torch.feature_dropout{_}(input, self.p, self.training)
            return torch.feature_dropout{_}(input.unsqueeze{_}(0), self.p, self.training).squeeze{_}(0)
            """),
        // These two ignore inplace, in PyTorch too.
        Dropout("AlphaDropout", "return torch.alpha_dropout(input, self.p, self.training)"),
        Dropout("FeatureAlphaDropout", "return torch.feature_alpha_dropout(input, self.p, self.training)"),
    ];

    /// <summary>Dropout as a part of another layer.</summary>
    public static ModelSource Source(double p) => new()
    {
        Name = "Dropout",
        Source = ForwardSource.Of("return torch.dropout(input, self.p, self.training)"),
        Attributes = [new("p", p), new("inplace", false)],
    };

    private static LayerKind Dropout(string name, string body) =>
        LayerKind.Stateless(name + "(float p=0.5, bool inplace=False)", body, check: arguments => CheckProbability(arguments, "p"));

    public static void CheckProbability(LayerArguments arguments, string name)
    {
        if (arguments.Float(name) is not (>= 0 and <= 1))
        {
            throw arguments.Fault(name, "A dropout probability has to be between 0 and 1.");
        }
    }
}
