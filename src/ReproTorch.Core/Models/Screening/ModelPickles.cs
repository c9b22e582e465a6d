using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Models.Screening;

/// <summary>
/// The pickles of a TorchScript archive, walked and held against the code's classes and the archive's tensors before libtorch's
/// unpickler (torch/csrc/jit/serialization/unpickler.cpp) sees them: that one believes lengths, memo places, storage sizes and
/// strides, and takes a number for a function where it expects one.
/// </summary>
internal sealed class ModelPickles
{
    // Modules within modules take three levels each.
    private const int MaxNesting = 600;

    // What is shared by many under as many types is looked at as often.
    private const int MaxVisits = 50_000_000;

    private const long MaxRepeated = 256 << 20;
    private const int MaxIndices = 512 << 20;

    // c10::Layout::Sparse.
    private const long CoordinateLayout = 1;

    private const string Classes = "__torch__.torch.classes.";

    // What libtorch's own pickler writes; its unpickler knows few more.
    private static readonly byte[] s_opcodes =
        [0x80, .. "NJKMGX"u8, 0x88, 0x89, 0x8a, .. "()t]}eu"u8, 0x85, 0x86, 0x87, .. "qrhj"u8, .. "cQRb."u8, 0x81];

    private static readonly string[] s_schemes =
    [
        "torch.per_tensor_affine", "torch.per_channel_affine", "torch.per_tensor_symmetric", "torch.per_channel_symmetric",
        "torch.per_channel_affine_float_qparams",
    ];

    // Quantized storages and their bytes an element, beside those of TorchNames.
    private static readonly Dictionary<string, int> s_quantized = new(StringComparer.Ordinal)
    {
        ["torch.QInt8Storage"] = 1, ["torch.QUInt8Storage"] = 1, ["torch.QInt32Storage"] = 4, ["torch.QUInt4x2Storage"] = 1,
        ["torch.QUInt2x4Storage"] = 1, ["torch.ComplexHalfStorage"] = 4,
    };

    private readonly ZipReader _archive;
    private readonly ScriptCode _code;
    private readonly string _place;
    private readonly string _folder;

    // What was looked at and as which type, and whether all in it was too. What is shared may be declared differently in each place.
    private readonly Dictionary<(object Value, ScriptType? Type), bool> _checked = new(BothReferences.Instance);
    private int _visits;

    private ModelPickles(ZipReader archive, ScriptCode code, string place, string folder)
    {
        _archive = archive;
        _code = code;
        _place = place;
        _folder = folder;
    }

    /// <summary>What a pickle of a model may contain. Texts are bytes, a letter each.</summary>
    public static PickleRules Rules { get; } = new(s_opcodes, maxProtocol: 2, Allows, Refusal) { IsTorchScript = true };

    /// <summary>Checks a pickle of values: the model itself, or the constants of its code.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="code">The model's code.</param>
    /// <param name="member">The pickle.</param>
    /// <param name="isModel">True when the whole is to be a module, else a tuple.</param>
    /// <exception cref="ReproTorchException">It is damaged, or names what no model has.</exception>
    public static void Check(ZipReader archive, ScriptCode code, ZipMember member, bool isModel)
    {
        string place = $"{archive.Path}, member {member.Name}";
        object? root = PickleReader.Read(place, archive.ReadAll(member, PickleReader.MaxBytes), Rules);

        // data.pkl has its tensors in data/.
        var pickles = new ModelPickles(archive, code, place, member.Name[..^".pkl".Length] + "/");
        if (isModel)
        {
            bool isModule = root is PickleNode { Kind: PickleNodeKind.Call, IsNew: true } node
                && code.Classes.TryGetValue(node.GlobalName ?? string.Empty, out ScriptClass? type) && type.Base == "Module";
            if (!isModule)
            {
                throw pickles.Damaged("it holds no module");
            }
        }
        else if (root is not object?[])
        {
            throw pickles.Damaged("it holds no tuple");
        }

        pickles.Value(root, null, 0);
    }

    private static bool Allows(string global) => global.Length < 4096
        && (global is "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_qtensor" or "torch._utils._rebuild_sparse_tensor"
                or "collections.OrderedDict" or "builtins.complex" or "torch.device"
                or "torch.jit._pickle.build_intlist" or "torch.jit._pickle.build_tensorlist" or "torch.jit._pickle.build_doublelist"
                or "torch.jit._pickle.build_boollist" or "torch.jit._pickle.restore_type_tag" or "__main__.IntList"
            || global.StartsWith("__torch__.", StringComparison.Ordinal)
            || TorchNames.TryStorage(global, out DType? dtype) && dtype is not null
            || s_quantized.ContainsKey(global) || s_schemes.Contains(global));

    private static string Refusal(string name) => $"it names '{name}', which no TorchScript model has. It was not loaded.";

    private ReproTorchException Damaged(string what) =>
        new(ReproTorchErrorKind.ModelFormat, $"{_place} is damaged: {what}. It was not loaded.");

    // Holds a value, and all in it, against the type that it is declared to have; null for no declaration.
    private void Value(object? value, ScriptType? type, int depth)
    {
        if (depth > MaxNesting)
        {
            throw Damaged($"it is nested deeper than {MaxNesting} levels");
        }

        if (++_visits > MaxVisits)
        {
            throw Damaged($"it takes more than {MaxVisits} steps to check");
        }

        if (type is not null && !Fits(value, type))
        {
            throw Damaged($"a value that is declared as {type} is {Describe(value)}");
        }

        ScriptType? actual = Resolve(value, type);
        bool isShared = value is PickleNode or object?[] { Length: > 0 } or List<object?> or List<KeyValuePair<object?, object?>>;
        if (isShared && !_checked.TryAdd((value!, actual), false))
        {
            if (!_checked[(value!, actual)])
            {
                throw Damaged("something in it holds itself");
            }

            return;
        }

        Inside(value, actual, depth);
        if (isShared)
        {
            _checked[(value!, actual)] = true;
        }
    }

    private void Inside(object? value, ScriptType? type, int depth)
    {
        switch (value)
        {
            case object?[] tuple:
                for (int i = 0; i < tuple.Length; i++)
                {
                    Value(tuple[i], TupleItem(type, i), depth + 1);
                }

                break;
            case List<object?> list:
                list.ForEach(item => Value(item, Inner(type, "List", 0), depth + 1));
                break;
            case List<KeyValuePair<object?, object?>> dict:
                foreach ((object? key, object? item) in dict)
                {
                    if (key is not (string or long or double or bool or System.Numerics.Complex or PickleNode))
                    {
                        throw Damaged($"a key is {Describe(key)}");
                    }

                    Value(key, Inner(type, "Dict", 0), depth + 1);
                    Value(item, Inner(type, "Dict", 1), depth + 1);
                }

                break;
            case PickleNode node:
                Node(node, depth);

                // A tag says one type, and what holds the value may declare another: it has to be of both.
                if (type is not null && Content(node) is var content && content != node)
                {
                    Value(content, type, depth + 1);
                }

                break;
            case System.Numerics.BigInteger:
                throw Damaged("it has a whole number of more than 64 bits");
            default:
                break;
        }
    }

    private static ScriptType? Inner(ScriptType? type, string name, int index) => type?.Name == name ? type.Arguments[index] : null;

    // What a value is where its type leaves a choice: the one member of a union that it fits. What is within a list or tuple is held
    // against that, so that there must not be two.
    private ScriptType? Resolve(object? value, ScriptType? type)
    {
        while (type?.Name is "Optional" or "Union")
        {
            if (value is null)
            {
                return null;
            }

            ScriptType[] fitting = [.. type.Arguments.Where(member => Fits(value, member))];
            if (fitting.Length > 1 && Content(value) is object?[] or List<object?> or List<KeyValuePair<object?, object?>>)
            {
                string? tag = Tag(value);
                fitting = [.. fitting.Where(member => member.ToString() == tag)];
            }

            type = fitting.Length > 0 ? fitting[0] : throw Damaged($"{Describe(value)} may be several of the types of {type}");
        }

        return type;
    }

    private static string? Tag(object? value) => value is not PickleNode node ? null : node.GlobalName switch
    {
        "torch.jit._pickle.restore_type_tag" when node.Argument is object?[] and [_, string text] => text,
        "torch.jit._pickle.build_intlist" => "List[int]",
        "torch.jit._pickle.build_doublelist" => "List[float]",
        "torch.jit._pickle.build_boollist" => "List[bool]",
        "torch.jit._pickle.build_tensorlist" => "List[Tensor]",
        _ => null,
    };

    private ScriptType? TupleItem(ScriptType? type, int index)
    {
        return type?.Name == "Tuple" ? type.Arguments[index]
            : type is not null && Named(type) is { } named ? named.Attributes.Values.ElementAtOrDefault(index)
            : null;
    }

    private ScriptClass? Named(ScriptType type) =>
        _code.Classes.TryGetValue(type.Name, out ScriptClass? found) && found.Base == "NamedTuple" ? found : null;

    private bool Fits(object? value, ScriptType type)
    {
        switch (type.Name)
        {
            // A tensor that is not defined is None.
            case "Tensor": return value is null || IsTensor(value);
            case "int": return value is long;
            case "float": return value is double;
            case "complex": return value is PickleNode { GlobalName: "builtins.complex" };
            case "bool": return value is bool;
            case "str": return value is string;
            case "NoneType" or "None": return value is null;
            case "Device": return value is string or PickleNode { GlobalName: "torch.device" };
            case "Any": return true;
            case "Scalar" or "number": return value is long or double or PickleNode { GlobalName: "builtins.complex" };
            case "Layout" or "ScalarType" or "MemoryFormat" or "QScheme": return value is long;
            case "Union": return type.Arguments.Any(member => Fits(value, member));
            case "Optional": return value is null || Fits(value, type.Arguments[0]);
            case "List": return Content(value) is List<object?>;
            case "Dict": return Content(value) is List<KeyValuePair<object?, object?>>;
            case "Tuple": return value is object?[] tuple && tuple.Length == type.Arguments.Count;
            default:
                if (!_code.Classes.TryGetValue(type.Name, out ScriptClass? found))
                {
                    // libtorch's own classes; no other type has values in a file.
                    return type.Name.StartsWith(Classes, StringComparison.Ordinal)
                        && value is PickleNode { Kind: PickleNodeKind.Call } own && own.GlobalName == type.Name;
                }

                return found.Base switch
                {
                    "NamedTuple" => value is object?[] named && named.Length == found.Attributes.Count,
                    "Interface" or "ModuleInterface" => value is PickleNode { Kind: PickleNodeKind.Call, IsNew: true, GlobalName: { } name }
                        && _code.Classes.TryGetValue(name, out ScriptClass? implementing) && implementing.Implements(found),
                    _ => value is PickleNode { Kind: PickleNodeKind.Call } node && node.GlobalName == type.Name,
                };
        }
    }

    private static bool IsTensor(object? value) => value is PickleNode
    {
        GlobalName: "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_qtensor" or "torch._utils._rebuild_sparse_tensor",
        Kind: PickleNodeKind.Call,
    };

    // What is behind the tag that says its type.
    private static object? Content(object? value) => value is PickleNode { Kind: PickleNodeKind.Call } node
        && node.GlobalName?.StartsWith("torch.jit._pickle.", StringComparison.Ordinal) == true && node.Argument is object?[] and [var content, ..]
            ? content
            : value;

    private static string Describe(object? value) => value switch
    {
        null => "None",
        bool => "a bool",
        long => "a whole number",
        double => "a float",
        string => "a text",
        object?[] tuple => $"a tuple of {tuple.Length}",
        List<object?> => "a list",
        List<KeyValuePair<object?, object?>> => "a dict",
        PickleNode { GlobalName: { } name } => name,
        _ => "something else",
    };

    private void Node(PickleNode node, int depth)
    {
        if (node.Kind != PickleNodeKind.Call || node.GlobalName is not { } name || node.HasContent)
        {
            throw Damaged($"{Describe(node)} stands where a value belongs");
        }

        if (node.IsNew)
        {
            Object(node, name, depth);
            return;
        }

        if (node.IsBuilt)
        {
            throw Damaged($"{name} is given a state");
        }

        object?[]? arguments = node.Argument as object?[];
        switch (name)
        {
            case "torch._utils._rebuild_tensor_v2" when arguments is { Length: 6 or 7 }:
                Tensor(arguments, requiresGrad: arguments[4]);
                MathBits(arguments.ElementAtOrDefault(6));
                break;
            case "torch._utils._rebuild_qtensor" when arguments is { Length: 7 } && arguments[4] is object?[] scheme:
                Tensor(arguments, requiresGrad: arguments[5]);
                Scheme(scheme, ((object?[])arguments[2]!).Length, depth);
                break;
            case "torch._utils._rebuild_sparse_tensor" when arguments is [long layout, object?[] sizes, bool, PickleNode indices, PickleNode values, ..]:
                Sparse(layout, sizes, indices, values, depth);
                break;
            case "collections.OrderedDict" when arguments is { Length: 0 }:
                break;
            case "builtins.complex" when arguments is [double, double]:
            case "torch.device" when arguments is [string]:
                break;
            case "torch.jit._pickle.restore_type_tag" when arguments is [var content, string text]:
                Tagged(content, text, depth);
                break;
            case "torch.jit._pickle.build_intlist" when arguments is [List<object?> numbers] && numbers.TrueForAll(item => item is long):
            case "torch.jit._pickle.build_doublelist" when arguments is [List<object?> reals] && reals.TrueForAll(item => item is double):
            case "torch.jit._pickle.build_boollist" when arguments is [List<object?> flags] && flags.TrueForAll(item => item is bool):
                break;
            case "torch.jit._pickle.build_tensorlist" when arguments is [List<object?> tensors] && tensors.TrueForAll(IsTensor):
                Value(tensors, null, depth + 1);
                break;
            default:
                if (!_code.Classes.TryGetValue(name, out ScriptClass? found) || found.Base != "Enum" || node.Argument is not (long or double or string))
                {
                    throw Damaged($"{name} is called with what does not fit it");
                }

                break;
        }

    }

    private void Tagged(object? content, string text, int depth)
    {
        if (!ScriptType.TryParse(text, out ScriptType? tag) || tag!.Name is not ("List" or "Dict")
            || content is not (List<object?> or List<KeyValuePair<object?, object?>>) || (tag.Name == "List") != content is List<object?>)
        {
            throw Damaged($"{Describe(content)} is tagged with the type '{text}'");
        }

        Value(content, tag, depth + 1);
    }

    private void Object(PickleNode node, string name, int depth)
    {
        if (!node.IsBuilt || node.Argument is not object?[] { Length: 0 })
        {
            throw Damaged($"an object of {name} has no state");
        }

        if (!_code.Classes.TryGetValue(name, out ScriptClass? type))
        {
            // libtorch's own classes, such as packed parameters; they check what they are given.
            if (!name.StartsWith(Classes, StringComparison.Ordinal))
            {
                throw Damaged($"it has an object of the class {name}, which its code does not have");
            }

            Value(node.State, null, depth + 1);
            return;
        }

        if (type.Base is "NamedTuple" or "Enum" or "Interface" or "ModuleInterface")
        {
            throw Damaged($"it has an object of {name}, which is no class of objects");
        }

        if (type.HasState)
        {
            if (type.State is null)
            {
                throw Damaged($"the state that {name}.__setstate__ takes has no type that can be read");
            }

            Value(node.State, type.State, depth + 1);
            return;
        }

        if (node.State is not List<KeyValuePair<object?, object?>> state)
        {
            throw Damaged($"the state of an object of {name} is {Describe(node.State)}");
        }

        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((object? key, object? value) in state)
        {
            // libtorch builds each, and keeps the last.
            if (!values.TryAdd(key as string ?? throw Damaged($"an attribute of an object of {name} has no name"), value))
            {
                throw Damaged($"an object of {name} has its attribute '{key}' twice");
            }
        }

        foreach ((string attribute, ScriptType declared) in type.Attributes)
        {
            if (!values.TryGetValue(attribute, out object? value))
            {
                throw Damaged($"an object of {name} lacks its attribute '{attribute}'");
            }

            if (!Fits(value, declared))
            {
                throw Damaged($"the attribute '{attribute}' of an object of {name} is declared as {declared} and is {Describe(value)}");
            }

            Value(value, declared, depth + 1);
        }

        // What is not declared is read all the same.
        foreach ((string key, object? value) in values)
        {
            if (!type.Attributes.ContainsKey(key))
            {
                Value(value, null, depth + 1);
            }
        }
    }

    // libtorch does not look at the indices of a sparse tensor when it loads it, and takes them for right ever after.
    private void Sparse(long layout, object?[] sizes, PickleNode indices, PickleNode values, int depth)
    {
        if (layout != CoordinateLayout)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.Refused,
                $"{_place}: it holds a compressed sparse tensor, which cannot be checked here. Save the model with coordinates (to_sparse) or dense.");
        }

        Value(indices, null, depth + 1);
        Value(values, null, depth + 1);
        if (!IsDense(indices) || !IsDense(values) || !TryLongs(sizes, out long[] shape))
        {
            throw Damaged("a sparse tensor in it is not made of tensors");
        }

        Stored places = Tensor((object?[])indices.Argument!, false);
        Stored numbers = Tensor((object?[])values.Argument!, false);
        bool fits = places is { Type: "torch.LongStorage", Shape: [var dimensions, var count] } && dimensions <= shape.Length
            && StridedCopy.IsContiguous(places.Shape, places.Strides) && numbers.Shape.Length > 0 && numbers.Shape[0] == count
            && numbers.Shape.AsSpan(1).SequenceEqual(shape.AsSpan((int)dimensions)) && AreWithin(places, shape, count);
        if (!fits)
        {
            throw Damaged($"the indices of a sparse tensor of shape ({string.Join(", ", shape)}) do not fit it");
        }
    }

    private static bool IsDense(PickleNode node) => node is { Kind: PickleNodeKind.Call, GlobalName: "torch._utils._rebuild_tensor_v2" };

    private bool AreWithin(Stored places, long[] shape, long count)
    {
        if (places.Shape.Contains(0))
        {
            return true;
        }

        byte[] bytes = _archive.ReadAll(_archive.Find(_folder + places.Key)!, MaxIndices);
        ReadOnlySpan<long> all = MemoryMarshal.Cast<byte, long>(bytes).Slice((int)places.Offset, (int)(places.Shape[0] * count));
        for (int i = 0; i < all.Length; i++)
        {
            if ((ulong)all[i] >= (ulong)shape[i / (int)count])
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Stored(string Type, string Key, long[] Shape, long[] Strides, long Offset);

    // (storage, offset, size, stride, ..)
    private Stored Tensor(object?[] arguments, object? requiresGrad)
    {
        if (arguments[0] is not PickleNode { Kind: PickleNodeKind.Persistent, Argument: object?[] id } || arguments[1] is not long offset || offset < 0
            || !TryLongs(arguments[2], out long[] shape) || !TryLongs(arguments[3], out long[] strides) || shape.Length != strides.Length
            || requiresGrad is not bool)
        {
            throw Damaged("a tensor in it has no proper storage, size or strides");
        }

        if (id is not ["storage", PickleNode { Kind: PickleNodeKind.Global, GlobalName: { } type }, string key, string, long count]
            || StorageItem(type) is not (> 0 and int size))
        {
            throw Damaged("a tensor in it has no proper storage");
        }

        long bytes = count <= 0 ? 0 : _archive.Find(_folder + key)?.Length ?? throw Damaged($"the data of a tensor, {_folder}{key}, are missing");
        if (count < 0 || count > bytes / size || !Fits(shape, size, bytes) || !StridedCopy.TryExtent(shape, strides, offset, count, out _))
        {
            throw Damaged($"a tensor of shape ({string.Join(", ", shape)}) and strides ({string.Join(", ", strides)}) from element {offset} on does not fit its "
                + $"storage {_folder}{key} of {bytes} bytes, which it says are {count} elements");
        }

        return new Stored(type, key, shape, strides, offset);
    }

    // A view may repeat what is stored; out of proportion to it, whoever touches the tensor runs out of memory.
    private static bool Fits(long[] shape, int size, long bytes)
    {
        UInt128 length = (uint)size;
        foreach (long one in shape)
        {
            length *= (ulong)one;
            if (length > (UInt128)(bytes + MaxRepeated) && !shape.Contains(0))
            {
                return false;
            }

            length = UInt128.Min(length, ulong.MaxValue);
        }

        return true;
    }

    private static int StorageItem(string type) =>
        TorchNames.TryStorage(type, out DType? dtype) && dtype is { } known ? known.ItemSize() : s_quantized.GetValueOrDefault(type);

    private static bool TryLongs(object? value, out long[] longs)
    {
        longs = value is object?[] items && items.Length <= 64 && Array.TrueForAll(items, item => item is long and >= 0) ? [.. items.Cast<long>()] : [];
        return value is object?[] all && longs.Length == all.Length;
    }

    private void MathBits(object? notes)
    {
        bool fits = notes is null
            || (notes is List<KeyValuePair<object?, object?>> entries && entries.TrueForAll(entry => entry is { Key: "conj" or "neg", Value: bool }));
        if (!fits)
        {
            throw Damaged("a tensor in it carries a note that is not known");
        }
    }

    private void Scheme(object?[] scheme, int dimensions, int depth)
    {
        bool fits = scheme.Length > 0 && scheme[0] is PickleNode { Kind: PickleNodeKind.Global, GlobalName: { } name } && s_schemes.Contains(name)
            && (scheme is [_, double, long]
                || (scheme is [_, var scales, var zeros, long axis] && IsTensor(scales) && IsTensor(zeros) && axis >= 0 && axis < dimensions));
        if (!fits)
        {
            throw Damaged("a quantized tensor in it has no proper scheme");
        }

        foreach (object? item in scheme.Skip(1))
        {
            Value(item, null, depth + 1);
        }
    }

    private sealed class BothReferences : IEqualityComparer<(object Value, ScriptType? Type)>
    {
        public static BothReferences Instance { get; } = new();

        public bool Equals((object Value, ScriptType? Type) x, (object Value, ScriptType? Type) y) =>
            ReferenceEquals(x.Value, y.Value) && ReferenceEquals(x.Type, y.Type);

        public int GetHashCode((object Value, ScriptType? Type) both) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(both.Value), both.Type is null ? 0 : RuntimeHelpers.GetHashCode(both.Type));
    }
}
