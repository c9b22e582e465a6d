using System.Globalization;
using System.Numerics;

namespace ReproTorch.Tensors.Files;

/// <summary>Gives the values of a torch.save file their dotted names.</summary>
internal sealed class TorchSaveFlattener(string path)
{
    // A container that holds another many times over may not be unfolded without end.
    private const int MaxVisits = 2_000_000;

    private readonly List<NamedValue> _values = [];
    private int _visited;

    /// <inheritdoc cref="TorchSaveFile.Read"/>
    public List<NamedValue> Flatten(object? content, string? root)
    {
        if (content is KeyValuePair<object?, object?>[] entries)
        {
            Outermost(entries, isBracketed: false);
            if (HasDuplicates())
            {
                // {"a.b": x, "a": {"b": y}}: the dotted keys get brackets, as they have further in.
                _values.Clear();
                Outermost(entries, isBracketed: true);
            }
        }
        else
        {
            bool isList = content is object?[];
            Add(root ?? (isList ? string.Empty : Path.GetFileNameWithoutExtension(path)), content);
        }

        return HasDuplicates()
            ? throw FileFault.In(path, "two of its values would have the same name: a dict in it has keys that differ by type only.")
            : _values;
    }

    private void Outermost(KeyValuePair<object?, object?>[] entries, bool isBracketed)
    {
        foreach ((object? key, object? item) in entries)
        {
            string text = KeyText(key);
            Add(isBracketed || text.Length == 0 ? DottedName.Child(string.Empty, text) : text, item);
        }
    }

    private bool HasDuplicates()
    {
        var names = new HashSet<string>(_values.Count, StringComparer.Ordinal);
        return !_values.TrueForAll(value => names.Add(value.Name));
    }

    private void Add(string name, object? value)
    {
        if (++_visited > MaxVisits)
        {
            throw FileFault.In(path, $"its containers unfold to more than {MaxVisits} values.");
        }

        switch (value)
        {
            case object?[] items:
                for (int i = 0; i < items.Length; i++)
                {
                    Add(DottedName.Child(name, i.ToString(CultureInfo.InvariantCulture)), items[i]);
                }

                break;
            case KeyValuePair<object?, object?>[] entries:
                foreach ((object? key, object? item) in entries)
                {
                    Add(DottedName.Child(name, KeyText(key)), item);
                }

                break;
            default:
                _values.Add(new NamedValue(name, value));
                break;
        }
    }

    private string KeyText(object? key) => key switch
    {
        string text => text,
        null => "None",
        bool or long or double or BigInteger or DType => Convert.ToString(key, CultureInfo.InvariantCulture)!,
        _ => throw FileFault.In(path, "a dict in it has a key that is neither text nor number, so that its values have no names."),
    };
}
