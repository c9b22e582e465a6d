using System.Globalization;
using ReproTorch.Randomness;

namespace ReproTorch.Models.Layers;

/// <summary>One kind of layer, for people.</summary>
/// <param name="Name">PyTorch's name, such as <c>Linear</c>.</param>
/// <param name="Signature">Its parameters and defaults, such as <c>Linear(in_features, out_features, bias=True, ..)</c>.</param>
/// <param name="Parameters">The names of its parameters, in order.</param>
/// <param name="Required">Those of them that have no default.</param>
public sealed record LayerInfo(string Name, string Signature, IReadOnlyList<string> Parameters, IReadOnlyList<string> Required);

/// <summary>How a model of layers is built.</summary>
public sealed record LayerModelOptions
{
    /// <summary>The model's name.</summary>
    public string Name { get; init; } = "Sequential";

    /// <summary>Seeds libtorch's generators right before the first layer is built, as torch.manual_seed does; null leaves them.</summary>
    public TorchSeedValue? Seed { get; init; }

    /// <summary>Script and line of the seeding, for the report of the streams.</summary>
    public string? SeedLocation { get; init; }

    /// <summary>Told what PyTorch's constructors warn of.</summary>
    public Action<string>? OnWarning { get; init; }
}

/// <summary>
/// Builds nn.Sequential from layers as they are written in Python. With one seed, every parameter and buffer has the bits and the
/// name that it has there, and the generators stand where they stand there.
/// </summary>
public static class LayerModel
{
    /// <summary>The layers that there are, by name.</summary>
    public static IReadOnlyList<LayerInfo> Layers { get; } =
        [.. LayerCatalogue.All.Select(kind => Info(kind.Signature))];

    /// <summary>Builds a model whose layers are called 0, 1, ..</summary>
    /// <inheritdoc cref="Build(IReadOnlyList{KeyValuePair{string, string}}, LayerModelOptions?)"/>
    public static ScriptModel Build(IReadOnlyList<string> layers, LayerModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return Build([.. layers.Select((layer, i) => KeyValuePair.Create(i.ToString(CultureInfo.InvariantCulture), layer))], options);
    }

    /// <summary>Builds a model whose layers have names, as nn.Sequential(OrderedDict(..)) does. It is in training mode.</summary>
    /// <param name="layers">Names, and layers such as <c>Conv2d(1, 16, 3, padding=1)</c> or <c>ReLU</c>, in order.</param>
    /// <param name="options">Name and seed.</param>
    /// <exception cref="ReproTorchException">A layer is not one, its arguments do not fit, or it does not fit the one before it. As
    /// long as it is the text that is wrong, nothing has been seeded or drawn.</exception>
    public static ScriptModel Build(IReadOnlyList<KeyValuePair<string, string>> layers, LayerModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        options ??= new LayerModelOptions();
        Action<string> warn = options.OnWarning ?? (_ => { });
        if (layers.Any(layer => layer.Key == "forward"))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "A layer is called 'forward', which is the name of the model's own method. Choose another name.");
        }

        KeyValuePair<string, BoundLayer>[] bound =
        [
            .. layers.Select(layer => KeyValuePair.Create(
                layer.Key, LayerCatalogue.Bind(LayerText.ParseLayer(layer.Value), new LayerOrigin(layer.Value, warn)))),
        ];
        if (options.Seed is { } seed)
        {
            RandomStreams.Seed(seed.Given, [RandomSource.Torch], options.SeedLocation);
        }

        return (ContainerLayers.Sequence(bound) with { Name = options.Name }).CompileAndRelease();
    }

    private static LayerInfo Info(LayerSignature signature) => new(
        signature.Name,
        signature.ToString(),
        [.. signature.Parameters.Select(parameter => parameter.Name)],
        [.. signature.Parameters.Where(parameter => parameter.DefaultText is null).Select(parameter => parameter.Name)]);
}
