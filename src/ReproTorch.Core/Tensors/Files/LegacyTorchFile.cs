using System.Buffers.Binary;
using System.Numerics;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Files of torch.save before PyTorch 1.6 (later with <c>_use_new_zipfile_serialization=False</c>): a magic number, a version, the
/// machine's sizes, the object and the keys of its storages, each a pickle; then each storage, its count of elements before it.
/// Layout: _legacy_save in torch/serialization.py.
/// </summary>
internal sealed class LegacyTorchFile(FileBytes file) : ITorchStorages
{
    private const int Protocol = 1001;

    private static readonly BigInteger s_magic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    private readonly Dictionary<string, (long Offset, long Count)> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (DType DType, long Count)> _asked = new(StringComparer.Ordinal);

    public bool IsBigEndian { get; private set; }

    /// <summary>True when a file begins as they do.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02]);

    /// <summary>Reads it (see <see cref="TorchValueBuilder.Build"/>).</summary>
    public object? Read()
    {
        byte[] bytes = file.Read(0, (int)Math.Min(file.Length, PickleReader.MaxBytes));
        int at = 0;
        if (Next(bytes, ref at) is not BigInteger magic || magic != s_magic)
        {
            throw FileFault.In(
                file.Path, "it is a pickle, but not one of torch.save. Load it in Python and save its tensors with torch.save.");
        }

        if (Next(bytes, ref at) is not long protocol || protocol != Protocol
            || Next(bytes, ref at) is not List<KeyValuePair<object?, object?>> system)
        {
            throw FileFault.In(file.Path, "it is a file of torch.save of a version that is not known. Load it in Python and save it again.");
        }

        IsBigEndian = system.Exists(entry => entry is { Key: "little_endian", Value: false });
        object? pickle = Next(bytes, ref at);
        var keys = Next(bytes, ref at) as List<object?>;
        FindAsked(pickle);
        Locate(keys ?? throw FileFault.In(file.Path, "it does not list its storages."), at);
        return new TorchValueBuilder(file.Path, this, file.Length).Build(pickle);
    }

    public TorchStorage Open(string key, DType? dtype, long count)
    {
        if (!_places.TryGetValue(key, out (long Offset, long Count) place))
        {
            throw FileFault.In(file.Path, $"the storage '{key}' is missing.");
        }

        (DType asked, _) = _asked[key];
        return dtype == asked
            ? new TorchStorage(file, place.Offset, place.Count * asked.ItemSize(), guard: null, verify: null)
            : throw FileFault.In(file.Path, $"the storage '{key}' has two dtypes.");
    }

    private object? Next(byte[] bytes, ref int at)
    {
        object? value = PickleReader.ReadFirst(file.Path, bytes.AsSpan(at), TorchNames.Rules, out int length);
        at += length;
        return value;
    }

    // The storages' dtypes are in the pickle only, and where each lies depends on all before it.
    private void FindAsked(object? root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Stack<object?>([root]);
        while (open.TryPop(out object? value))
        {
            if (value is not (PickleNode or object?[] or List<object?> or List<KeyValuePair<object?, object?>>) || !seen.Add(value))
            {
                continue;
            }

            switch (value)
            {
                case PickleNode { Kind: PickleNodeKind.Persistent, Argument: object?[] id }:
                    if (id is ["storage", PickleNode { Kind: PickleNodeKind.Global } type, string key, string, long count, ..]
                        && TorchNames.TryStorage(type.GlobalName!, out DType? dtype))
                    {
                        _asked[key] = (dtype ?? DType.uint8, count);
                    }

                    break;
                case PickleNode node:
                    open.Push(node.Argument);
                    if (node.HasContent)
                    {
                        node.Entries.ForEach(entry => open.Push(entry.Value));
                    }

                    break;
                case List<KeyValuePair<object?, object?>> dict:
                    dict.ForEach(entry => open.Push(entry.Value));
                    break;
                case IReadOnlyList<object?> items:
                    foreach (object? item in items)
                    {
                        open.Push(item);
                    }

                    break;
            }
        }
    }

    private void Locate(List<object?> keys, long at)
    {
        Span<byte> prefix = stackalloc byte[8];
        foreach (object? item in keys)
        {
            if (item is not string key || !_asked.TryGetValue(key, out (DType DType, long Count) asked))
            {
                throw FileFault.In(file.Path, "it lists a storage that no tensor in it has.");
            }

            file.Read(at, prefix);
            long count = IsBigEndian ? BinaryPrimitives.ReadInt64BigEndian(prefix) : BinaryPrimitives.ReadInt64LittleEndian(prefix);
            at += 8;
            if (count < 0 || count > (file.Length - at) / asked.DType.ItemSize())
            {
                throw FileFault.In(file.Path, $"the storage '{key}' is said to have {count} elements, more than follow.");
            }

            _places[key] = (at, count);
            at += count * asked.DType.ItemSize();
        }

        if (at != file.Length)
        {
            throw FileFault.In(file.Path, $"{file.Length - at} bytes follow its last storage.");
        }
    }
}
