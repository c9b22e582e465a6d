using System.Collections;
using System.Collections.Specialized;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Puts the outputs of batches together: tensors along their first dimension, at each place of the structure.</summary>
internal static class BatchOutputs
{
    /// <exception cref="ReproTorchException">The batches' outputs differ in structure, or one is no tensor.</exception>
    public static object? Concatenate(IReadOnlyList<object?> batches, string name)
    {
        switch (batches[0])
        {
            case TorchTensor first when first.Shape.Length > 0 && batches.All(batch => batch is TorchTensor { Shape.Length: > 0 }):
                return TorchTensor.Concatenate([.. batches.Cast<TorchTensor>()]);
            case null when batches.All(batch => batch is null):
                return null;
            case TorchTuple first when batches.All(batch => batch is TorchTuple tuple && tuple.Count == first.Count):
                return new TorchTuple(
                    Enumerable.Range(0, first.Count).Select(i => Concatenate([.. batches.Select(batch => ((TorchTuple)batch!)[i])], $"{name}.{i}")),
                    first.Names);
            case IDictionary first when batches.All(batch => batch is IDictionary other && SameKeys(first, other)):
                var joined = new OrderedDictionary(first.Count);
                foreach (object key in first.Keys)
                {
                    joined.Add(key, Concatenate([.. batches.Select(batch => Entry((IDictionary)batch!, key))], $"{name}.{key}"));
                }

                return joined;
            case object?[] first when batches.All(batch => batch is object?[] other && other.Length == first.Length):
                return Enumerable.Range(0, first.Length)
                    .Select(i => Concatenate([.. batches.Select(batch => ((object?[])batch!)[i])], $"{name}.{i}")).ToArray();
            default:
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"{name} cannot be put together from batches: it is no tensor with a first dimension, or its structure changes "
                    + "from batch to batch. Leave the batch size out to run the input whole.");
        }
    }

    private static bool SameKeys(IDictionary first, IDictionary second) =>
        first.Count == second.Count && first.Keys.Cast<object>().All(second.Contains);

    // OrderedDictionary's indexer takes an int for a position, so a key is looked for as what it is.
    private static object? Entry(IDictionary dictionary, object key)
    {
        foreach (DictionaryEntry entry in dictionary)
        {
            if (entry.Key.Equals(key))
            {
                return entry.Value;
            }
        }

        return null;
    }
}
