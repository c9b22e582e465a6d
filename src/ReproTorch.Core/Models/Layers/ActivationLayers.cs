namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/activation.py, without attention.</summary>
internal static class ActivationLayers
{
    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Stateless("ReLU(bool inplace=False)", "return torch.relu{_}(input)"),
        LayerKind.Stateless("ReLU6(bool inplace=False)", "return torch.hardtanh{_}(input, 0.0, 6.0)"),
        LayerKind.Stateless(
            "LeakyReLU(float negative_slope=0.01, bool inplace=False)", "return torch.leaky_relu{_}(input, self.negative_slope)"),
        LayerKind.Of("PReLU(int num_parameters=1, float init=0.25, Device? device=None, ScalarType? dtype=None)", PReLU),
        LayerKind.Stateless(
            "RReLU(float lower=0.125, float upper=0.3333333333333333, bool inplace=False)",
            "return torch.rrelu{_}(input, self.lower, self.upper, self.training)"),
        LayerKind.Stateless("ELU(float alpha=1.0, bool inplace=False)", "return torch.elu{_}(input, self.alpha)"),
        LayerKind.Stateless("SELU(bool inplace=False)", "return torch.selu{_}(input)"),
        LayerKind.Stateless("CELU(float alpha=1.0, bool inplace=False)", "return torch.celu{_}(input, self.alpha)"),
        LayerKind.Stateless("GELU(str approximate='none')", "return torch.gelu(input, approximate=self.approximate)"),
        LayerKind.Stateless("SiLU(bool inplace=False)", "return torch.silu{_}(input)"),
        LayerKind.Stateless("Mish(bool inplace=False)", "return torch.mish{_}(input)"),
        LayerKind.Stateless("Sigmoid", "return torch.sigmoid(input)"),
        LayerKind.Stateless("LogSigmoid", "return torch.log_sigmoid(input)"),
        LayerKind.Stateless("Hardsigmoid(bool inplace=False)", "return torch.hardsigmoid{_}(input)"),
        LayerKind.Stateless("Hardswish(bool inplace=False)", "return torch.hardswish{_}(input)"),
        LayerKind.Of(
            "Hardtanh(float min_val=-1.0, float max_val=1.0, bool inplace=False, float? min_value=None, float? max_value=None)", Hardtanh),
        LayerKind.Stateless("Hardshrink(float lambd=0.5)", "return torch.hardshrink(input, self.lambd)"),
        LayerKind.Stateless("Softshrink(float lambd=0.5)", "return torch.softshrink(input, self.lambd)"),
        LayerKind.Stateless("Softplus(float beta=1, float threshold=20)", "return torch.softplus(input, self.beta, self.threshold)"),
        LayerKind.Stateless("Softsign", "return input / (input.abs() + 1)"),
        LayerKind.Stateless("Tanh", "return torch.tanh(input)"),
        LayerKind.Stateless("Tanhshrink", "return input - input.tanh()"),
        LayerKind.Stateless(
            "Threshold(float threshold, float value, bool inplace=False)",
            "return torch.threshold{_}(input, self.threshold, self.value)"),
        LayerKind.Stateless("GLU(int dim=-1)", "return torch.glu(input, self.dim)"),
        Softmax("Softmax", "input.softmax"),
        Softmax("Softmin", "(-input).softmax"),
        Softmax("LogSoftmax", "input.log_softmax"),
        LayerKind.Stateless(
            "Softmax2d",
            """
            assert input.dim() == 4 or input.dim() == 3, "Softmax2d requires a 3D or 4D tensor as input"
            return input.softmax(-3)
            """),
    ];

    private static ModelSource PReLU(LayerArguments arguments) => new()
    {
        Source = ForwardSource.Of("return torch.prelu(input, self.weight)"),
        Parameters =
        [
            new("weight", InitialTensor.Full(arguments.Float("init"), arguments.Place, arguments.Int("num_parameters"))),
        ],
        Attributes = arguments.ToAttributes("init"),
    };

    // min_value and max_value are the names of before.
    private static ModelSource Hardtanh(LayerArguments arguments)
    {
        object? least = arguments["min_value"] ?? arguments["min_val"];
        object? greatest = arguments["max_value"] ?? arguments["max_val"];
        if (!((double)greatest! > (double)least!))
        {
            throw arguments.Fault("Hardtanh needs a max_val greater than its min_val.");
        }

        string inPlace = arguments.Bool("inplace") ? "_" : string.Empty;
        return new ModelSource
        {
            Source = ForwardSource.Of($"return torch.hardtanh{inPlace}(input, self.min_val, self.max_val)"),
            Attributes = [new("min_val", least), new("max_val", greatest), new("inplace", arguments["inplace"])],
        };
    }

    // Without a dimension PyTorch guesses one, and warns.
    private static LayerKind Softmax(string name, string function)
    {
        string operation = name.Replace("Soft", "_soft", StringComparison.Ordinal).ToLowerInvariant().TrimStart('_');
        return LayerKind.Stateless(
            name + "(int? dim=None)",
            $"""
            if self.dim is None:
                warnings.warn("Implicit dimension choice for {operation} has been deprecated. Change the call to include dim=X as an argument.")
                return {function}(0 if input.dim() == 0 or input.dim() == 1 or input.dim() == 3 else 1)
            else:
                return {function}(self.dim)
            """);
    }
}
