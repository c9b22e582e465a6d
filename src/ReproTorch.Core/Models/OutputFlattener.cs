using System.Collections;
using System.Globalization;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Turns what a model gave (or took) into named values (see <see cref="RunValue"/>).</summary>
internal static class OutputFlattener
{
    /// <summary>Flattens a value under a root name.</summary>
    public static List<RunValue> Flatten(object? value, string root)
    {
        var values = new List<RunValue>();
        Add(values, root, value);
        return values;
    }

    private static void Add(List<RunValue> values, string name, object? value)
    {
        switch (value)
        {
            case var _ when RunValue.OfLeaf(name, value) is { } leaf:
                values.Add(leaf);
                break;
            case TorchTensor tensor:
                values.Add(RunValue.OfTensor(name, tensor.ToOwnData()));
                break;
            case TorchTuple tuple:
                for (int i = 0; i < tuple.Count; i++)
                {
                    Add(values, DottedName.Child(name, tuple.Names?[i] ?? i.ToString(CultureInfo.InvariantCulture)), tuple[i]);
                }

                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Add(values, DottedName.Child(name, Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!), entry.Value);
                }

                break;
            case IEnumerable items:
                int index = 0;
                foreach (object? item in items)
                {
                    Add(values, DottedName.Child(name, (index++).ToString(CultureInfo.InvariantCulture)), item);
                }

                break;
            default:
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, $"{name} is a {value!.GetType()}, which a run cannot hold.");
        }
    }
}
