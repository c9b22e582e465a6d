namespace ReproTorch.Models.Layers;

/// <summary>A kind of layer: its signature, and how a module is made from arguments. The recipe draws the initial values, in the
/// order in which PyTorch's constructor does.</summary>
internal sealed record LayerKind(LayerSignature Signature, Func<LayerArguments, ModelSource> Recipe)
{
    /// <summary>A kind without parameters and buffers: its arguments become attributes, and the body computes with those.</summary>
    /// <param name="signature">The signature.</param>
    /// <param name="body">TorchScript. <c>{_}</c> stands for an underscore when the argument <c>inplace</c> is True.</param>
    /// <param name="inputs">The parameters of forward.</param>
    /// <param name="check">Checks the arguments.</param>
    public static LayerKind Stateless(
        string signature, string body, string inputs = ForwardSource.OneTensor, Action<LayerArguments>? check = null) =>
        new(new LayerSignature(signature), arguments =>
        {
            check?.Invoke(arguments);
            bool inPlace = arguments.Signature.Parameters.Any(parameter => parameter.Name == "inplace") && arguments.Bool("inplace");
            return new ModelSource
            {
                Source = ForwardSource.Of(body.Replace("{_}", inPlace ? "_" : string.Empty, StringComparison.Ordinal), inputs),
                Attributes = arguments.ToAttributes(),
            };
        });

    /// <summary>A kind with a recipe of its own.</summary>
    public static LayerKind Of(string signature, Func<LayerArguments, ModelSource> recipe) => new(new LayerSignature(signature), recipe);
}

/// <summary>A layer whose arguments have been checked and which has drawn nothing yet.</summary>
internal sealed record BoundLayer(LayerKind Kind, LayerArguments Arguments)
{
    /// <summary>The layer's name.</summary>
    public string Name => Kind.Signature.Name;

    /// <summary>Draws the initial values and compiles the module.</summary>
    /// <param name="inputs">The parameters of its forward, as written.</param>
    public ScriptModel Build(out string inputs)
    {
        ModelSource source = Kind.Recipe(Arguments) with { Name = Name };
        inputs = ForwardSource.InputsOf(source.Source);
        return source.CompileAndRelease();
    }

    /// <inheritdoc cref="Build(out string)"/>
    public ScriptModel Build() => Build(out _);
}
