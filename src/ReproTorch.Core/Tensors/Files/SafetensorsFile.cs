using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace ReproTorch.Tensors.Files;

/// <summary>The .safetensors format: names, dtypes and shapes as JSON, then the bytes. Rules: README.md and tensor.rs of
/// huggingface/safetensors.</summary>
public static class SafetensorsFile
{
    private const int MaxHeader = 100_000_000;
    private const string Metadata = "__metadata__";

    // Bounds the memory that a header can ask for beside its own text.
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Reads all tensors, in the order of their bytes; large ones are mapped.</summary>
    /// <exception cref="ReproTorchException">The file is damaged or breaks a rule of the format.</exception>
    public static IReadOnlyList<NamedTensorData> Read(string path)
    {
        using var file = new FileBytes(path);
        if (file.Length < 8)
        {
            throw FileFault.In(path, $"it is no .safetensors file: it has {file.Length} bytes, and the smallest has more.");
        }

        Span<byte> prefix = stackalloc byte[8];
        file.Read(0, prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxHeader || (long)length > file.Length - 8)
        {
            throw FileFault.In(path, $"its header is said to have {length} bytes; the file has {file.Length - 8} more, and {MaxHeader} are the most.");
        }

        byte[] header = file.Read(8, (int)length);
        if (header.Length == 0 || header[0] != (byte)'{')
        {
            throw FileFault.In(path, "its header does not begin with '{'.");
        }

        long data = 8 + (long)length;
        List<Entry> entries = ReadHeader(path, header);
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        long next = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Begin != next)
            {
                throw FileFault.In(path, $"the tensor {entry.Name} begins at {entry.Begin}, but the one before ends at {next}: there is a hole or an overlap.");
            }

            next = entry.End;
        }

        return next == file.Length - data
            ? [.. entries.Select(entry => new NamedTensorData(entry.Name, file.Tensor(entry.DType, entry.Shape, data + entry.Begin)))]
            : throw FileFault.In(path, $"its tensors take {next} bytes, but it has {file.Length - data}.");
    }

    /// <summary>Writes tensors as the reference writer orders them: by size of the dtype, largest first, then by name.</summary>
    /// <exception cref="ReproTorchException">Two have the same name, or the format has not one's dtype.</exception>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written.</exception>
    public static void Write(string path, IReadOnlyList<NamedTensorData> tensors, bool force)
    {
        UniqueNames.Check(tensors);
        NamedTensorData[] ordered = [.. tensors
            .OrderByDescending(tensor => tensor.Data.DType.ItemSize())
            .ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = WriteHeader(ordered);
        AtomicFile.Write(path, force, stream =>
        {
            Span<byte> prefix = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            foreach (NamedTensorData tensor in ordered)
            {
                NpyFile.WriteBytes(stream, tensor.Data);
            }
        });
    }

    private static List<Entry> ReadHeader(string path, byte[] header)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(header, s_strict);
            var entries = new List<Entry>();
            foreach (JsonProperty property in json.RootElement.EnumerateObject())
            {
                if (property.Name == Metadata)
                {
                    if (property.Value.EnumerateObject().Any(item => item.Value.ValueKind != JsonValueKind.String))
                    {
                        throw FileFault.In(path, "its __metadata__ holds something else than strings.");
                    }

                    continue;
                }

                entries.Add(ReadEntry(path, property));
            }

            return entries;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw FileFault.In(path, $"its header is damaged: {e.Message}", e);
        }
    }

    private static Entry ReadEntry(string path, JsonProperty property)
    {
        string name = property.Name;
        string type = property.Value.GetProperty("dtype").GetString() ?? string.Empty;
        DType dtype = s_dtypes.FirstOrDefault(pair => pair.Name == type) is { Name: not null } found
            ? found.DType
            : throw FileFault.In(path, $"the tensor {name} has the dtype '{type}', which is not known here.");
        long[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
        JsonElement offsets = property.Value.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
        {
            throw FileFault.In(path, $"the tensor {name} has {offsets.GetArrayLength()} data_offsets; expected 2.");
        }

        long begin = offsets[0].GetInt64();
        long end = offsets[1].GetInt64();
        long length;
        try
        {
            length = checked(TensorData.ElementCount(shape) * dtype.ItemSize());
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw FileFault.In(path, $"the tensor {name} has a shape that cannot be: {e.Message}", e);
        }

        return begin >= 0 && end >= begin && end - begin == length
            ? new Entry(name, dtype, shape, begin, end)
            : throw FileFault.In(path, $"the tensor {name} takes {length} bytes by its shape, but lies at {begin}..{end}.");
    }

    private static byte[] WriteHeader(NamedTensorData[] tensors)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            long offset = 0;
            foreach (NamedTensorData tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", NameOf(tensor));
                json.WriteStartArray("shape");
                Array.ForEach(tensor.Data.Shape, json.WriteNumberValue);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Data.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8, so that the data are aligned.
        buffer.Write(Encoding.ASCII.GetBytes(new string(' ', (int)((8 - (buffer.Length % 8)) % 8))));
        return buffer.ToArray();
    }

    private static string NameOf(NamedTensorData tensor) => s_dtypes.FirstOrDefault(pair => pair.DType == tensor.Data.DType).Name
        ?? throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"The tensor {tensor.Name} is {tensor.Data.DType}, which .safetensors has not. Convert it first.");

    private static readonly (string Name, DType DType)[] s_dtypes =
    [
        ("BOOL", DType.@bool), ("U8", DType.uint8), ("I8", DType.int8), ("I16", DType.int16), ("U16", DType.uint16),
        ("I32", DType.int32), ("U32", DType.uint32), ("I64", DType.int64), ("U64", DType.uint64), ("F16", DType.float16),
        ("BF16", DType.bfloat16), ("F32", DType.float32), ("F64", DType.float64), ("C64", DType.complex64),
        ("F8_E5M2", DType.float8_e5m2), ("F8_E4M3", DType.float8_e4m3fn),
    ];

    private sealed record Entry(string Name, DType DType, long[] Shape, long Begin, long End);
}
