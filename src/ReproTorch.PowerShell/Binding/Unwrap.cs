using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using ReproTorch.PowerShell.Hosting;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Takes PowerShell's wrappers off values, however deep they are nested.</summary>
internal static class Unwrap
{
    /// <summary>The value without its own wrapper. An object that is nothing but its wrapper's properties (a row of a table,
    /// <c>[pscustomobject]</c>) keeps it, unless it is one of ours that was sent here.</summary>
    public static object? Value(object? value) =>
        value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : Traveller.Revive(value);

    /// <summary>The value with everything inside it unwrapped too: arrays stay arrays, dictionaries keep their order.</summary>
    public static object? Deep(object? value)
    {
        switch (Value(value))
        {
            case IDictionary dictionary:
                var plain = new OrderedDictionary(dictionary.Count);
                foreach (DictionaryEntry entry in dictionary)
                {
                    plain.Add(Value(entry.Key)!, Deep(entry.Value));
                }

                return plain;
            case object?[] items:
                return Array.ConvertAll(items, Deep);
            case ArrayList or List<object>:
                return ((IEnumerable)Value(value)!).Cast<object?>().Select(Deep).ToArray();
            case var other:
                return other;
        }
    }
}
