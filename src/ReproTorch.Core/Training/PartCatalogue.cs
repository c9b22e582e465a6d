using ReproTorch.Models.Layers;

namespace ReproTorch.Training;

/// <summary>Parts of a training that are written as Python's constructors write them, such as <c>SGD(momentum=0.9)</c>.</summary>
internal sealed class PartCatalogue<T>
{
    private readonly string _what;
    private readonly string _suffix;
    private readonly Dictionary<string, (LayerSignature Signature, Func<LayerArguments, T> Make)> _kinds = new(StringComparer.Ordinal);

    /// <param name="what">What the parts are, for messages: "loss".</param>
    /// <param name="suffix">What the names end in and may be left out: "Loss".</param>
    /// <param name="kinds">Signatures, and what is made of arguments.</param>
    public PartCatalogue(string what, string suffix, params (string Signature, Func<LayerArguments, T> Make)[] kinds)
    {
        _what = what;
        _suffix = suffix;
        foreach ((string text, Func<LayerArguments, T> make) in kinds)
        {
            var signature = new LayerSignature(text);
            _kinds.Add(signature.Name, (signature, make));
        }
    }

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => [.. _kinds.Keys];

    /// <summary>The constructors with their defaults, in order.</summary>
    public IReadOnlyList<string> Signatures => [.. _kinds.Values.Select(kind => kind.Signature.ToString())];

    /// <summary>Reads one part.</summary>
    /// <param name="text">A name, or a name with arguments. Where it stands (<c>torch.optim.</c>) and its suffix may be left out, and a
    /// name alone may be in any case.</param>
    /// <param name="kind">The name of the parts that <paramref name="defaults"/> are for.</param>
    /// <param name="defaults">What stands for an argument that was left out; null for the signature's defaults.</param>
    /// <exception cref="ReproTorchException">There is no such part, or its arguments do not fit; the message points at the place.</exception>
    public T Parse(string text, string? kind = null, Func<string, object?>? defaults = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        LayerCall call = LayerText.ParseLayer(text);
        string name = call.Name[(call.Name.LastIndexOf('.') + 1)..];
        string? known = _kinds.Keys.FirstOrDefault(candidate => candidate.Equals(name, StringComparison.OrdinalIgnoreCase)
            || candidate.Equals(name + _suffix, StringComparison.OrdinalIgnoreCase));
        if (known is null)
        {
            throw LayerText.Fault(
                text, call.Column, $"There is no {_what} '{call.Name}'.{Nearest.Hint(name, _kinds.Keys)} There are: {string.Join(", ", _kinds.Keys)}.");
        }

        (LayerSignature signature, Func<LayerArguments, T> make) = _kinds[known];
        return make(new LayerArguments(signature, call, new LayerOrigin(text, _ => { }), known == kind ? defaults : null));
    }
}
