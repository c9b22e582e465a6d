using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Models;

/// <summary>Builds a model from PyTorch's layers, or from TorchScript source.</summary>
[Cmdlet(VerbsCommon.New, "TorchModel", DefaultParameterSetName = LayerSet)]
[OutputType(typeof(TorchModel))]
public sealed class NewTorchModelCommand : ReproTorchCmdlet
{
    private const string LayerSet = "Layer";
    private const string DefinitionSet = "Definition";

    /// <summary>Layers as Python writes them, in order; ordered dictionaries of them give names.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LayerSet)]
    [ArgumentCompleter(typeof(LayerCompleter))]
    public object[] Layer { get; set; } = [];

    /// <summary>Seeds libtorch's generators right before the first layer is built.</summary>
    [Parameter(ParameterSetName = LayerSet)]
    [SeedTransformation]
    public BigInteger? Seed { get; set; }

    /// <summary>TorchScript source: one or several methods.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DefinitionSet)]
    public string Definition { get; set; } = string.Empty;

    /// <summary>Parameters by name: tensors, or values that a tensor is made of.</summary>
    [Parameter(ParameterSetName = DefinitionSet)]
    public IDictionary? Parameter { get; set; }

    /// <summary>Buffers by name: tensors, or values that a tensor is made of.</summary>
    [Parameter(ParameterSetName = DefinitionSet)]
    public IDictionary? Buffer { get; set; }

    /// <summary>Other attributes by name.</summary>
    [Parameter(ParameterSetName = DefinitionSet)]
    public IDictionary? Attribute { get; set; }

    /// <summary>Models by name that become parts of this one.</summary>
    [Parameter(ParameterSetName = DefinitionSet)]
    public IDictionary? Submodule { get; set; }

    /// <summary>The model's name.</summary>
    [Parameter]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        ScriptModel model = Definition.Length > 0 ? FromDefinition() : FromLayers();
        WriteVerbose($"Built {model.Name}: {model.ParameterCount} parameters.");
        WriteObject(model);
    }

    private ScriptModel FromLayers()
    {
        TorchSeedValue? seed = Seed is { } value ? TorchSeedValue.From(value) : null;
        ScriptModel model = LayerModel.Build(ReadLayers(), new LayerModelOptions
        {
            Name = Name ?? "Sequential",
            Seed = seed,
            SeedLocation = ScriptLocation,
            OnWarning = WriteWarning,
        });
        if (seed is { IsAliasOnCpu: true } alias)
        {
            WriteWarning(SeedWarnings.Alias(alias));
        }

        return model;
    }

    private List<KeyValuePair<string, string>> ReadLayers()
    {
        var layers = new List<KeyValuePair<string, string>>();
        foreach (object? element in Layer.Select(Unwrap.Value))
        {
            switch (element)
            {
                case string text:
                    layers.Add(new(layers.Count.ToString(CultureInfo.InvariantCulture), text));
                    break;
                case Hashtable { Count: > 1 }:
                    throw Invalid("A hashtable has no order, and layers need one. Write [ordered]@{ first = 'Linear(8, 4)'; second = 'ReLU' }.");
                case IDictionary named:
                    layers.AddRange(Entries(named, "Layer").Select(entry => KeyValuePair.Create(
                        entry.Key, entry.Value as string ?? throw Invalid($"The layer '{entry.Key}' is no text such as 'Linear(8, 4)'."))));
                    break;
                default:
                    throw Invalid(
                        $"-Layer was given a {element?.GetType().Name ?? "null"}. Expected text such as 'Linear(8, 4)', or an ordered "
                        + "dictionary of it.");
            }
        }

        return layers;
    }

    private ScriptModel FromDefinition() => new ModelSource
    {
        Name = Name ?? "Model",
        Source = Definition,
        Parameters = [.. Entries(Parameter, nameof(Parameter)).Select(ToTensor)],
        Buffers = [.. Entries(Buffer, nameof(Buffer)).Select(ToTensor)],
        Attributes = [.. Entries(Attribute, nameof(Attribute))],
        Submodules =
        [
            .. Entries(Submodule, nameof(Submodule)).Select(entry => KeyValuePair.Create(
                entry.Key,
                entry.Value as ScriptModel
                    ?? throw Invalid($"The submodule '{entry.Key}' is no model. Give one of New-TorchModel or Import-TorchModel."))),
        ],
    }.Compile();

    private static KeyValuePair<string, TorchTensor> ToTensor(KeyValuePair<string, object?> entry) =>
        new(entry.Key, entry.Value as TorchTensor ?? TorchTensor.FromData(NestedValues.Read(entry.Value)));

    // A hashtable's order changes from process to process; by name it is always the same.
    private static IEnumerable<KeyValuePair<string, object?>> Entries(IDictionary? dictionary, string parameter)
    {
        IEnumerable<KeyValuePair<string, object?>> entries = (dictionary ?? new Hashtable()).Cast<DictionaryEntry>().Select(
            entry => KeyValuePair.Create(
                entry.Key as string ?? throw Invalid($"-{parameter} has the key {entry.Key}, which is no name."),
                Unwrap.Deep(entry.Value)));
        return dictionary is Hashtable ? entries.OrderBy(entry => entry.Key, StringComparer.Ordinal) : entries;
    }

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);
}
