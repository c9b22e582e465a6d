using System.Numerics;

namespace ReproTorch.Tensors.Files;

/// <summary>Turns what a pickle of torch.save tells into tensors and plain containers. What <see cref="TorchNames"/> does not list has
/// been refused before.</summary>
internal sealed class TorchValueBuilder(string place, ITorchStorages storages, long fileLength)
{
    private const int MaxNesting = 200;

    // PyTorch has no limit of its own; NumPy's is 32.
    private const int MaxDimensions = 64;

    private const string AnOrderedDict = "collections.OrderedDict";

    private readonly Dictionary<object, object?> _built = new(ReferenceEqualityComparer.Instance);

    // One byte in the file may stand for any number in memory (expanded tensors, views that overlap): what is copied may not take more
    // than this beyond what the file's size justifies.
    private long _room = (256L << 20) + (4 * fileLength);

    /// <summary>The value: null, bool, long, BigInteger, double, Complex, string, DType or TensorData; object?[] for a list, a tuple or
    /// a torch.Size; KeyValuePair[] for a dict, in its order.</summary>
    public object? Build(object? pickle) => Value(pickle, 0);

    private object? Value(object? value, int depth)
    {
        if (value is null or bool or long or double or string or BigInteger)
        {
            return value;
        }

        if (depth > MaxNesting)
        {
            throw Damaged($"its containers are nested more than {MaxNesting} deep.");
        }

        if (_built.TryGetValue(value, out object? known))
        {
            // What is not finished yet is marked by itself.
            return ReferenceEquals(known, value) ? throw Damaged("a container in it holds itself.") : known;
        }

        _built[value] = value;
        object? built = value switch
        {
            object?[] tuple => Items(tuple, depth),
            List<object?> list => Items(list, depth),
            List<KeyValuePair<object?, object?>> dict => Entries(dict, depth),
            PickleNode node => Node(node, depth),
            _ => throw Unexpected("bytes"),
        };
        _built[value] = built;
        return built;
    }

    // A new array in any case: what is unfinished is told by identity.
    private object?[] Items(IReadOnlyList<object?> items, int depth)
    {
        var values = new object?[items.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Value(items[i], depth + 1);
        }

        return values.Length == 0 ? [] : values;
    }

    // Of a key that is set twice the last value counts, in the first one's place, as Python's dict has it.
    private KeyValuePair<object?, object?>[] Entries(List<KeyValuePair<object?, object?>> entries, int depth)
    {
        var values = new OrderedDictionary<Key, object?>();
        foreach ((object? key, object? value) in entries)
        {
            values[new Key(Value(key, depth + 1))] = Value(value, depth + 1);
        }

        return [.. values.Select(entry => new KeyValuePair<object?, object?>(entry.Key.Value, entry.Value))];
    }

    private object? Node(PickleNode node, int depth)
    {
        if (node.Kind == PickleNodeKind.Global && TorchNames.TryDType(node.GlobalName, out DType dtype))
        {
            return dtype;
        }

        if (node.Kind == PickleNodeKind.Call && node.Argument is object?[] arguments)
        {
            if (node.GlobalName == AnOrderedDict && arguments.Length == 0 && node.Items.Count == 0)
            {
                return Entries(node.Entries, depth);
            }

            if (!node.HasContent)
            {
                return Call(node, node.GlobalName, arguments, depth);
            }
        }

        throw Unexpected(Describe(node));
    }

    private object? Call(PickleNode node, string? name, object?[] arguments, int depth)
    {
        switch (name)
        {
            case "torch._utils._rebuild_tensor" when arguments.Length == 4:
            case "torch._utils._rebuild_tensor_v2" when arguments.Length is 6 or 7:
                return Tensor(arguments, null, arguments.ElementAtOrDefault(6));
            case "torch._utils._rebuild_tensor_v3" when arguments.Length is 7 or 8 && arguments[6] is PickleNode { Kind: PickleNodeKind.Global } type
                && TorchNames.TryDType(type.GlobalName, out DType given):
                return Tensor(arguments, given, arguments.ElementAtOrDefault(7));

            // (data, requires_grad, backward_hooks), and Python attributes of the parameter, which say nothing about its numbers.
            case "torch._utils._rebuild_parameter" when arguments.Length == 3:
            case "torch._utils._rebuild_parameter_with_state" when arguments.Length == 4:
                return Value(arguments[0], depth + 1) as TensorData ?? throw Unexpected(Describe(node));

            // (function, type, arguments, state): a tensor that was given Python attributes.
            case "torch._tensor._rebuild_from_type_v2" when arguments is
                [PickleNode { Kind: PickleNodeKind.Global } function, PickleNode { GlobalName: "torch.Tensor" or "torch.nn.parameter.Parameter" },
                 object?[] inner, _] && depth < MaxNesting && function.GlobalName != name:
                return Call(node, function.GlobalName, inner, depth + 1);
            case "torch.Size" when arguments is [object?[] sizes]:
                return Array.TrueForAll(sizes, size => size is long) ? sizes : throw Unexpected(Describe(node));
            case "torch.device" when arguments is [string type]:
                return type;
            case "torch.device" when arguments is [string type, long index]:
                return FormattableString.Invariant($"{type}:{index}");
            case "__builtin__.complex" or "builtins.complex" when arguments is [double real, double imaginary]:
                return new Complex(real, imaginary);
            default:
                throw Unexpected(Describe(node));
        }
    }

    private static string Describe(PickleNode node) => node.Kind switch
    {
        PickleNodeKind.Set => "a set",
        PickleNodeKind.Persistent => "a storage without a tensor",
        _ => $"'{node.GlobalName ?? "an object"}' in a place or form that torch.save does not write for tensors",
    };

    private ReproTorchException Unexpected(string what) => new(
        ReproTorchErrorKind.Refused,
        $"{place}: it holds {what}. Only tensors, numbers, texts, and dicts, lists and tuples of them are read. Save those alone.");

    private ReproTorchException Damaged(string what) => FileFault.In(place, what);

    // ---- tensors ------------------------------------------------------------------------------------------------

    // arguments: storage, offset, size, stride, requires_grad, backward_hooks, ...
    private TensorData Tensor(object?[] arguments, DType? given, object? metadata)
    {
        if (arguments[0] is not PickleNode { Kind: PickleNodeKind.Persistent, Argument: object?[] id }
            || arguments[1] is not long offset || offset < 0
            || !TryLongs(arguments[2], out long[] shape) || !TryLongs(arguments[3], out long[] strides)
            || shape.Length != strides.Length || shape.Length > MaxDimensions)
        {
            throw Damaged("a tensor in it has no proper storage, size or strides.");
        }

        (bool isConjugated, bool isNegated) = MathBits(metadata);
        (TorchStorage storage, DType? stored) = FindStorage(id);
        if (given is not null && stored is not null)
        {
            throw Damaged("a tensor in it has two dtypes.");
        }

        DType dtype = given ?? stored ?? DType.uint8;
        int size = dtype.ItemSize();
        if (!TryLength(dtype, shape, out long length) || !StridedCopy.TryExtent(shape, strides, offset, storage.Length / size, out long extent))
        {
            throw Damaged($"a tensor of shape ({string.Join(", ", shape)}) and strides ({string.Join(", ", strides)}) from element {offset} on "
                + $"does not fit its storage of {storage.Length} bytes.");
        }

        bool isPlain = !isConjugated && !isNegated && (!storages.IsBigEndian || size == 1) && StridedCopy.IsContiguous(shape, strides);
        if (isPlain)
        {
            // Whoever takes all of a storage takes no more than is there; parts may be taken over and over.
            Take(length == storage.Length ? 0 : length, shape);
            return storage.Tensor(dtype, shape, length == 0 ? 0 : offset * size);
        }

        Take(length, shape);
        if (length > Array.MaxLength || extent * size > Array.MaxLength)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.FileFormat,
                $"{place}: the tensor of shape ({string.Join(", ", shape)}) is a view with strides over more than 2 GiB. Save tensor.contiguous().");
        }

        byte[] bytes = StridedCopy.ToCOrder(storage.Read(offset * size, (int)(extent * size)), shape, strides, size);
        if (storages.IsBigEndian)
        {
            NpyFile.Swap(bytes, dtype);
        }

        if (isConjugated || isNegated)
        {
            FlipSigns(bytes, dtype, isConjugated, isNegated);
        }

        return TensorData.FromArray(dtype, shape, bytes);
    }

    private void Take(long bytes, long[] shape)
    {
        _room -= bytes;
        if (_room < 0)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.Refused,
                $"{place}: the tensor of shape ({string.Join(", ", shape)}) is a view that repeats what is stored and takes {bytes} bytes when it is "
                + "laid out, out of proportion to the file. Save tensor.clone() instead.");
        }
    }

    // PyTorch 2 saves lazily conjugated and negated views as they are stored, with a note.
    private (bool IsConjugated, bool IsNegated) MathBits(object? metadata)
    {
        bool conjugated = false;
        bool negated = false;
        foreach ((object? key, object? value) in metadata as List<KeyValuePair<object?, object?>> ?? [])
        {
            switch (key, value)
            {
                case ("conj", bool flag): conjugated = flag; break;
                case ("neg", bool flag): negated = flag; break;
                default: throw Damaged($"a tensor in it carries the note '{key as string}', which is not known.");
            }
        }

        return (conjugated, negated);
    }

    private void FlipSigns(byte[] bytes, DType dtype, bool isConjugated, bool isNegated)
    {
        if ((isConjugated && !dtype.IsComplex()) || (!dtype.IsComplex() && !dtype.IsFloatingPoint()))
        {
            throw Damaged($"a {dtype} tensor in it is said to be conjugated or negated.");
        }

        // Little endian: the sign is in the last byte of each number.
        int width = dtype.IsComplex() ? dtype.ItemSize() / 2 : dtype.ItemSize();
        int part = 0;
        for (int i = width - 1; i < bytes.Length; i += width, part++)
        {
            bool flip = isNegated ^ (isConjugated && (part & 1) == 1);
            bytes[i] ^= flip ? (byte)0x80 : (byte)0;
        }
    }

    private static bool TryLongs(object? value, out long[] longs)
    {
        object?[]? items = value is PickleNode { GlobalName: "torch.Size", Argument: object?[] and [object?[] inner] } ? inner : value as object?[];
        longs = items is not null && items.All(item => item is long and >= 0) ? [.. items.Cast<long>()] : [];
        return items is not null && longs.Length == items.Length;
    }

    private static bool TryLength(DType dtype, long[] shape, out long length)
    {
        length = 0;
        try
        {
            length = checked(TensorData.ElementCount(shape) * dtype.ItemSize());
            return true;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            return false;
        }
    }

    // ("storage", class, key, device, number of elements), and in the old form a note on views, which is None today.
    private (TorchStorage Storage, DType? DType) FindStorage(object?[] id)
    {
        if (id is not (["storage", PickleNode, string, string, long] or ["storage", PickleNode, string, string, long, null])
            || id[1] is not PickleNode { Kind: PickleNodeKind.Global } type || !TorchNames.TryStorage(type.GlobalName!, out DType? dtype))
        {
            throw Damaged("it asks for something outside the pickle that is no storage.");
        }

        var key = (string)id[2]!;
        var count = (long)id[4]!;
        TorchStorage storage = storages.Open(key, dtype, count);
        int size = (dtype ?? DType.uint8).ItemSize();
        return count >= 0 && storage.Length % size == 0 && count == storage.Length / size
            ? (storage, dtype)
            : throw Damaged($"the storage '{key}' is said to have {count} elements of {dtype?.ToString() ?? "one byte"}, but it has {storage.Length} bytes.");
    }

    private readonly record struct Key(object? Value);
}
