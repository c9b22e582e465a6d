using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>What one layer was given: a value for every parameter of its signature.</summary>
internal sealed class LayerArguments
{
    private readonly LayerCall _call;
    private readonly LayerOrigin _origin;
    private readonly Dictionary<string, (object? Value, int Column)> _values = new(StringComparer.Ordinal);

    /// <summary>Binds the arguments of a call to a signature, as Python does.</summary>
    /// <param name="signature">The layer's signature.</param>
    /// <param name="call">The call.</param>
    /// <param name="origin">What the call was read from.</param>
    /// <param name="defaults">What stands for an argument that was left out, by name; null for the signature's defaults.</param>
    /// <exception cref="ReproTorchException">An argument is missing, one too many, given twice, unknown, or of a wrong type.</exception>
    public LayerArguments(LayerSignature signature, LayerCall call, LayerOrigin origin, Func<string, object?>? defaults = null)
    {
        Signature = signature;
        _call = call;
        _origin = origin;
        var rest = new List<BoundLayer>();
        int next = 0;
        bool named = false;
        foreach (SyntaxArgument argument in call.Arguments)
        {
            named |= argument.Keyword is not null;
            if (argument.Keyword is null && named)
            {
                throw Fault(argument.Column, "An argument without a name cannot follow one with a name.");
            }

            LayerParameter? parameter = argument.Keyword is { } keyword
                ? Find(keyword, argument.Column)
                : signature.Parameters.Where(candidate => !candidate.IsKeywordOnly).ElementAtOrDefault(next++);
            if (parameter is not null)
            {
                if (!_values.TryAdd(parameter.Name, (Convert(parameter, argument.Value), argument.Column)))
                {
                    throw Fault(argument.Column, $"{signature.Name} was given {parameter.Name} twice.");
                }
            }
            else if (signature.Rest is null)
            {
                throw Fault(argument.Column, $"{signature.Name} takes no more arguments. {Takes()}");
            }
            else if (Convert(signature.Rest, argument.Value) is BoundLayer layer)
            {
                rest.Add(layer);
            }
        }

        foreach (LayerParameter parameter in signature.Parameters)
        {
            if (parameter.DefaultText is null && !_values.ContainsKey(parameter.Name))
            {
                throw Fault(call.Column, $"{signature.Name} needs {parameter.Name}, {parameter.Describe()}. {Takes()}");
            }

            _values.TryAdd(parameter.Name, (defaults is null ? parameter.Default : defaults(parameter.Name), call.Column));
        }

        Layers = rest;
    }

    /// <summary>The signature that these are for.</summary>
    public LayerSignature Signature { get; }

    /// <summary>The layers given beyond the named parameters.</summary>
    public IReadOnlyList<BoundLayer> Layers { get; }

    /// <summary>Where and as what the layer's tensors are made.</summary>
    public TensorPlace Place => new(
        _values.GetValueOrDefault("dtype").Value as DType?, _values.GetValueOrDefault("device").Value as TorchDevice?);

    /// <summary>An argument; null for None.</summary>
    public object? this[string name] => _values[name].Value;

    /// <summary>A whole number.</summary>
    public long Int(string name) => (long)this[name]!;

    /// <summary>A number.</summary>
    public double Float(string name) => (double)this[name]!;

    /// <summary>True or False.</summary>
    public bool Bool(string name) => (bool)this[name]!;

    /// <summary>A string.</summary>
    public string Text(string name) => (string)this[name]!;

    /// <summary>Whole numbers.</summary>
    public long[] Ints(string name) => [.. ((object?[])this[name]!).Select(item => (long)item!)];

    /// <summary>Whether the argument is None.</summary>
    public bool IsNone(string name) => this[name] is null;

    /// <summary>All that a module keeps of its arguments, as TorchScript carries it: without device and dtype, which its tensors
    /// tell, and without layers, which are its submodules.</summary>
    public List<KeyValuePair<string, object?>> ToAttributes(params string[] except)
    {
        IEnumerable<LayerParameter> kept = Signature.Parameters.Where(parameter =>
            !except.Contains(parameter.Name) && this[parameter.Name] is not BoundLayer and not DType and not TorchDevice
            && parameter.Name is not ("device" or "dtype"));
        return [.. kept.Select(parameter => KeyValuePair.Create(parameter.Name, AttributeValue(this[parameter.Name])))];
    }

    /// <summary>A list as a tuple, which is what PyTorch's modules hold; anything else as it is.</summary>
    public static object? AttributeValue(object? value) => value is object?[] items ? new TorchTuple(items) : value;

    /// <summary>A layer given as an argument.</summary>
    public BoundLayer Layer(string name) => (BoundLayer)this[name]!;

    /// <summary>Tells what PyTorch's constructor warns of.</summary>
    public void Warn(string message) => _origin.Warn(message);

    /// <summary>An error about an argument, which points at it.</summary>
    public ReproTorchException Fault(string name, string message) => Fault(_values[name].Column, message);

    /// <summary>An error about the layer.</summary>
    public ReproTorchException Fault(string message) => Fault(_call.Column, message);

    private ReproTorchException Fault(int column, string message) => LayerText.Fault(_origin.Text, column, message);

    private LayerParameter Find(string keyword, int column) =>
        Signature.Parameters.FirstOrDefault(candidate => candidate.Name == keyword)
        ?? throw Fault(
            column,
            $"{Signature.Name} has no parameter '{keyword}'."
            + Nearest.Hint(keyword, Signature.Parameters.Select(parameter => parameter.Name)) + " " + Takes());

    private object? Convert(LayerParameter parameter, SyntaxValue value)
    {
        if (!parameter.TryConvert(value.Value, out object? converted))
        {
            throw Fault(value.Column, $"{Signature.Name} takes {parameter.Describe()} for {parameter.Name}.");
        }

        return converted is LayerCall call && parameter.Type.StartsWith("Layer", StringComparison.Ordinal)
            ? LayerCatalogue.Bind(call with { Column = value.Column }, _origin)
            : converted;
    }

    private string Takes() => $"It takes: {Signature}.";
}

/// <summary>The text that a layer was read from, and where warnings about it go.</summary>
internal sealed record LayerOrigin(string Text, Action<string> Warn);

/// <summary>Where a tensor is made, and of which dtype; null for PyTorch's own choice.</summary>
internal readonly record struct TensorPlace(DType? DType, TorchDevice? Device);
