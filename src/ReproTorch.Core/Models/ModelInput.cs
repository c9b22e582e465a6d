using System.Collections;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>What one call of a method is given: arguments by position and by name.</summary>
public sealed record ModelInput
{
    /// <summary>Arguments by position: tensors, numbers, strings, bools, null, lists, tuples, dictionaries.</summary>
    public IReadOnlyList<object?> Arguments { get; init; } = [];

    /// <summary>Arguments by name.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Keywords { get; init; } = [];

    /// <summary>A name for the run, such as the input's file or member name; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Reads what a person hands over. A tensor or number is the one argument; a list is the arguments in order; a dictionary
    /// the arguments by name. Where the method takes a single argument and that is itself a list, tuple or dict, the whole is
    /// that argument.
    /// </summary>
    public static ModelInput From(object? value, ModelMethod method)
    {
        ArgumentNullException.ThrowIfNull(method);
        string? onlyType = method.Arguments.Count(argument => !argument.Optional) <= 1 && method.Arguments.Count >= 1
            ? method.Arguments[0].Type
            : null;
        return value switch
        {
            ModelInput input => input,
            TorchTensor tensor => new ModelInput { Arguments = [tensor], Name = tensor.Name },
            IDictionary dictionary when !IsDict(onlyType) => new ModelInput { Keywords = ReadKeywords(dictionary) },
            IEnumerable items and not (string or IDictionary or TorchTuple) when !IsSequence(onlyType) =>
                new ModelInput { Arguments = [.. items.Cast<object?>()], Name = NameOf(items) },
            _ => new ModelInput { Arguments = [value] },
        };
    }

    /// <summary>Gives the named tensors of files to a method: to the arguments of those names where all names are arguments'
    /// names, else in order.</summary>
    /// <exception cref="ReproTorchException">There are more tensors than arguments.</exception>
    public static ModelInput FromTensors(IReadOnlyList<TorchTensor> tensors, ModelMethod method)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(method);
        string? name = tensors.Count == 1 ? tensors[0].Name : null;
        if (tensors.Count > 1 && tensors.All(tensor => method.Arguments.Any(argument => argument.Name == tensor.Name)))
        {
            return new ModelInput
            {
                Keywords = [.. tensors.Select(tensor => KeyValuePair.Create<string, object?>(tensor.Name!, tensor))],
            };
        }

        return tensors.Count <= method.Arguments.Count
            ? new ModelInput { Arguments = [.. tensors], Name = name }
            : throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"{tensors.Count} tensors were given ({string.Join(", ", tensors.Select(tensor => tensor.Name))}), but "
                + $"{method.Name} takes {method.Arguments.Count}: {method.Schema}. Give one tensor an argument.");
    }

    /// <summary>All arguments with the names that the method has for them.</summary>
    internal IEnumerable<KeyValuePair<string, object?>> Named(ModelMethod method)
    {
        for (int i = 0; i < Arguments.Count; i++)
        {
            yield return KeyValuePair.Create(
                i < method.Arguments.Count ? method.Arguments[i].Name : $"argument {i}", Arguments[i]);
        }

        foreach (KeyValuePair<string, object?> keyword in Keywords)
        {
            yield return keyword;
        }
    }

    /// <summary>The same call with every tensor, however deep, replaced.</summary>
    internal ModelInput Map(Func<TorchTensor, TorchTensor> change) => this with
    {
        Arguments = [.. Arguments.Select(argument => MapValue(argument, change))],
        Keywords = [.. Keywords.Select(keyword => KeyValuePair.Create(keyword.Key, MapValue(keyword.Value, change)))],
    };

    /// <summary>A value with every tensor, however deep, replaced.</summary>
    internal static object? MapValue(object? value, Func<TorchTensor, TorchTensor> change) => value switch
    {
        TorchTensor tensor => change(tensor),
        string => value,
        TorchTuple tuple => new TorchTuple(tuple.Select(item => MapValue(item, change)), tuple.Names),
        IDictionary dictionary => MapDictionary(dictionary, change),
        IEnumerable items => items.Cast<object?>().Select(item => MapValue(item, change)).ToArray(),
        _ => value,
    };

    private static System.Collections.Specialized.OrderedDictionary MapDictionary(
        IDictionary dictionary, Func<TorchTensor, TorchTensor> change)
    {
        var mapped = new System.Collections.Specialized.OrderedDictionary(dictionary.Count);
        foreach (DictionaryEntry entry in dictionary)
        {
            mapped.Add(entry.Key, MapValue(entry.Value, change));
        }

        return mapped;
    }

    private static List<KeyValuePair<string, object?>> ReadKeywords(IDictionary dictionary)
    {
        var keywords = new List<KeyValuePair<string, object?>>(dictionary.Count);
        foreach (DictionaryEntry entry in dictionary)
        {
            keywords.Add(entry.Key is string name
                ? KeyValuePair.Create(name, entry.Value)
                : throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The key {entry.Key} is no argument's name. A dictionary of arguments has the method's argument names as keys."));
        }

        return keywords;
    }

    private static string? NameOf(IEnumerable items) =>
        items.Cast<object?>().FirstOrDefault() is TorchTensor { Name: { } name } ? name : null;

    private static bool IsDict(string? type) => type is not null && type.StartsWith("Dict", StringComparison.Ordinal);

    private static bool IsSequence(string? type) => type is not null && (type.StartsWith("List", StringComparison.Ordinal)
        || type.StartsWith("Tuple", StringComparison.Ordinal) || type.StartsWith('(') || type.EndsWith("[]", StringComparison.Ordinal));
}
