using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Turns the arguments of a call into named values and how they were nested, and makes the call of those again.</summary>
internal static class InputRecorder
{
    // Deeper than any call that TorchScript takes.
    private const int MaxDepth = 64;

    /// <summary>The values of a call and its arguments, which refer to them by place.</summary>
    public static (List<RunValue> Values, List<RunArgument> Arguments) Record(ModelInput input, ModelMethod method)
    {
        var values = new List<RunValue>();
        var arguments = new List<RunArgument>();
        foreach (KeyValuePair<string, object?> argument in input.Named(method))
        {
            values.AddRange(OutputFlattener.Flatten(argument.Value, argument.Key));
            int leaf = values.Count - CountLeaves(argument.Value);
            arguments.Add(new RunArgument
            {
                Name = argument.Key,
                IsKeyword = arguments.Count >= input.Arguments.Count,
                Value = NodeOf(argument.Value, ref leaf),
            });
        }

        return (values, arguments);
    }

    /// <summary>The call of a run that holds its inputs.</summary>
    /// <exception cref="ReproTorchException">The arguments name values that are not there.</exception>
    public static ModelInput Rebuild(RunOutput run)
    {
        IReadOnlyList<RunValue> values = run.InputValues!;
        if (run.Arguments is not { } arguments)
        {
            return new ModelInput { Arguments = [.. values.Select(ValueOf)], Name = run.Name };
        }

        return new ModelInput
        {
            Arguments = [.. arguments.Where(argument => !argument.IsKeyword).Select(argument => ValueOf(argument.Value, values, 0))],
            Keywords = [.. arguments.Where(argument => argument.IsKeyword)
                .Select(argument => KeyValuePair.Create(argument.Name, ValueOf(argument.Value, values, 0)))],
            Name = run.Name,
        };
    }

    private static RunNode NodeOf(object? value, ref int leaf)
    {
        switch (value)
        {
            case TorchTuple tuple:
                return new RunNode { Tuple = NodesOf(tuple, ref leaf), Names = tuple.Names };
            case IDictionary dictionary:
                var entries = new List<RunEntry>(dictionary.Count);
                foreach (DictionaryEntry entry in dictionary)
                {
                    entries.Add(EntryOf(entry.Key) with { Value = NodeOf(entry.Value, ref leaf) });
                }

                return new RunNode { Dict = entries };
            case IEnumerable items when IsContainer(value):
                return new RunNode { List = NodesOf(items, ref leaf) };
            default:
                return new RunNode { Leaf = leaf++ };
        }
    }

    private static List<RunNode> NodesOf(IEnumerable items, ref int leaf)
    {
        var nodes = new List<RunNode>();
        foreach (object? item in items)
        {
            nodes.Add(NodeOf(item, ref leaf));
        }

        return nodes;
    }

    private static int CountLeaves(object? value) => value switch
    {
        IDictionary dictionary => dictionary.Values.Cast<object?>().Sum(CountLeaves),
        IEnumerable items when IsContainer(value) => items.Cast<object?>().Sum(CountLeaves),
        _ => 1,
    };

    private static bool IsContainer(object? value) => value is not (TorchTensor or string or TensorData);

    private static RunEntry EntryOf(object key) => key switch
    {
        bool flag => new RunEntry { BoolKey = flag },
        sbyte or byte or short or ushort or int or uint or long => new RunEntry { IntKey = Convert.ToInt64(key, CultureInfo.InvariantCulture) },
        float or double => new RunEntry { FloatKey = Convert.ToDouble(key, CultureInfo.InvariantCulture) },
        _ => new RunEntry { Key = Convert.ToString(key, CultureInfo.InvariantCulture) },
    };

    private static object? ValueOf(RunNode node, IReadOnlyList<RunValue> values, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Damaged($"they are nested more than {MaxDepth} levels deep");
        }

        if (node.Leaf is { } leaf)
        {
            return leaf >= 0 && leaf < values.Count ? ValueOf(values[leaf]) : throw Damaged($"they refer to value {leaf} of {values.Count}");
        }

        if (node.Dict is { } entries)
        {
            var dictionary = new OrderedDictionary(entries.Count);
            foreach (RunEntry entry in entries)
            {
                object key = entry.KeyValue ?? throw Damaged("an entry of a dictionary has no key");
                if (dictionary.Contains(key))
                {
                    throw Damaged($"a dictionary has the key '{key}' twice");
                }

                dictionary.Add(key, ValueOf(entry.Value, values, depth + 1));
            }

            return dictionary;
        }

        IReadOnlyList<RunNode> nodes = node.Tuple ?? node.List ?? throw Damaged("one is neither a value nor a container");
        object?[] items = [.. nodes.Select(item => ValueOf(item, values, depth + 1))];
        return node.Tuple is null ? items : new TorchTuple(items, node.Names?.Count == items.Length ? node.Names : null);
    }

    private static object? ValueOf(RunValue value) => value.Kind switch
    {
        RunValueKind.None => null,
        RunValueKind.String => value.Text,
        RunValueKind.Tensor => value.ToTensor(),
        _ => NumberOf(value),
    };

    private static object NumberOf(RunValue value)
    {
        ReadOnlySpan<byte> bytes = value.Data!.AllBytes();
        return value.Data.DType switch
        {
            DType.@bool => bytes[0] != 0,
            DType.int64 => BitConverter.ToInt64(bytes),
            DType.float64 => BitConverter.ToDouble(bytes),
            DType.complex128 => new System.Numerics.Complex(BitConverter.ToDouble(bytes), BitConverter.ToDouble(bytes[8..])),
            var other => throw Damaged($"the number {value.Name} is a {other}"),
        };
    }

    private static ReproTorchException Damaged(string what) => new(
        ReproTorchErrorKind.FileFormat, $"The run's arguments are damaged: {what}.");
}
