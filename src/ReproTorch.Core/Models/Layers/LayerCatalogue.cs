using System.Collections.Frozen;

namespace ReproTorch.Models.Layers;

/// <summary>All kinds of layers.</summary>
internal static class LayerCatalogue
{
    private static readonly FrozenDictionary<string, LayerKind> s_kinds = new[]
    {
        LinearLayers.Kinds,
        ConvolutionLayers.Kinds,
        RecurrentLayers.Kinds,
        EmbeddingLayers.Kinds,
        AttentionLayers.Kinds,
        TransformerLayers.Kinds,
        NormalizationLayers.Kinds,
        ActivationLayers.Kinds,
        PoolingLayers.Kinds,
        PaddingLayers.Kinds,
        DropoutLayers.Kinds,
        VisionLayers.Kinds,
        ContainerLayers.Kinds,
    }.SelectMany(kinds => kinds).ToFrozenDictionary(kind => kind.Signature.Name, StringComparer.Ordinal);

    // Why a class of torch.nn is no layer here, by the end or beginning of its name.
    private static readonly (Func<string, bool> Is, string Reason)[] s_others =
    [
        (name => name.StartsWith("Lazy", StringComparison.Ordinal),
            "learns its sizes from its first input, in Python. Give the sizes, with the layer of the same name without 'Lazy'"),
        (name => name.EndsWith("Loss", StringComparison.Ordinal), "is a loss, which takes a target. Write it with -Definition"),
        (name => name.StartsWith("MaxUnpool", StringComparison.Ordinal),
            "takes the indices of a pooling as its second input. Write it with -Definition"),
        (name => name is "SyncBatchNorm" or "DataParallel",
            "works across processes or devices. Use BatchNorm1d, BatchNorm2d or BatchNorm3d"),
        (name => name is "Transformer" or "TransformerDecoder" or "TransformerDecoderLayer",
            "takes a target sequence besides the source. Build the encoder here, and write the rest with -Definition"),
        (name => name is "ModuleList" or "ModuleDict" or "ParameterList" or "ParameterDict" or "Module" or "Container",
            "only holds other things and computes nothing. Use Sequential, or -Definition with submodules"),
    ];

    /// <summary>The kinds, by name.</summary>
    public static IEnumerable<LayerKind> All => s_kinds.Values.OrderBy(kind => kind.Signature.Name, StringComparer.Ordinal);

    /// <summary>Finds the kind of a layer and checks its arguments. Nothing is drawn.</summary>
    /// <exception cref="ReproTorchException">There is no such layer, or the arguments do not fit.</exception>
    public static BoundLayer Bind(LayerCall call, LayerOrigin origin)
    {
        string name = WithoutModule(call.Name);
        if (s_kinds.TryGetValue(name, out LayerKind? kind))
        {
            return new BoundLayer(kind, new LayerArguments(kind.Signature, call, origin));
        }

        string? reason = s_others.FirstOrDefault(other => other.Is(name)).Reason;
        throw LayerText.Fault(
            origin.Text,
            call.Column,
            reason is null
                ? $"There is no layer '{call.Name}'.{Nearest.Hint(name, s_kinds.Keys)} Names are PyTorch's, such as Linear or Conv2d."
                : $"{name} {reason}.");
    }

    // As a script writes it after `import torch` or `from torch import nn`.
    private static string WithoutModule(string name)
    {
        foreach (string module in (ReadOnlySpan<string>)["torch.nn.", "nn."])
        {
            if (name.StartsWith(module, StringComparison.Ordinal))
            {
                return name[module.Length..];
            }
        }

        return name;
    }
}
