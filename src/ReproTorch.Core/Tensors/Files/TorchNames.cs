namespace ReproTorch.Tensors.Files;

/// <summary>The names that torch.save puts into its pickles.</summary>
internal static class TorchNames
{
    // Storage classes of PyTorch before 2 (torch/storage.py, _dtype_to_storage_type_map). Newer dtypes have none and are saved as
    // untyped bytes with their dtype beside.
    private static readonly (string Storage, DType DType)[] s_storages =
    [
        ("DoubleStorage", DType.float64),
        ("FloatStorage", DType.float32),
        ("HalfStorage", DType.float16),
        ("BFloat16Storage", DType.bfloat16),
        ("LongStorage", DType.int64),
        ("IntStorage", DType.int32),
        ("ShortStorage", DType.int16),
        ("CharStorage", DType.int8),
        ("ByteStorage", DType.uint8),
        ("BoolStorage", DType.@bool),
        ("ComplexDoubleStorage", DType.complex128),
        ("ComplexFloatStorage", DType.complex64),
    ];

    /// <summary>What a file of tensors and plain containers may name.</summary>
    public static PickleRules Rules { get; } = new(PickleRules.AllOpcodes, maxProtocol: 5, IsKnown, Refusal);

    /// <summary>The storage class of a dtype; null where there is none.</summary>
    public static string? StorageOf(DType dtype) => s_storages.FirstOrDefault(known => known.DType == dtype).Storage;

    /// <summary>The dtype of a storage class, null for untyped bytes; false when the name is of no storage.</summary>
    public static bool TryStorage(string global, out DType? dtype)
    {
        dtype = null;
        if (global is "torch.storage.UntypedStorage" or "torch.UntypedStorage" or "torch.storage._UntypedStorage")
        {
            return true;
        }

        foreach ((string name, DType known) in s_storages)
        {
            if (global == "torch." + name)
            {
                dtype = known;
                return true;
            }
        }

        return false;
    }

    /// <summary>The dtype of a name such as "torch.float32".</summary>
    public static bool TryDType(string? global, out DType dtype)
    {
        dtype = default;
        return global is not null && global.StartsWith("torch.", StringComparison.Ordinal) && DTypes.TryParse(global, out dtype)
            && global == $"torch.{dtype}";
    }

    /// <summary>What to say of an object that cannot be read.</summary>
    public static string Refusal(string what) =>
        $"it holds the Python object '{what}', and only tensors, numbers, texts, and dicts, lists and tuples of them are read here, because "
        + "anything else would run code from the file. Save model.state_dict() instead of the model, or the tensors alone.";

    private static bool IsKnown(string global) => global is "collections.OrderedDict" or "torch.Size" or "torch.device"
            or "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_tensor_v3"
            or "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state"
            or "torch._tensor._rebuild_from_type_v2" or "torch.Tensor" or "torch.nn.parameter.Parameter"
            or "__builtin__.complex" or "builtins.complex"
        || TryStorage(global, out _) || TryDType(global, out _);
}
