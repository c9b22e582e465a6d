using System.Globalization;
using System.Text;
using System.Text.Json;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Runs;

/// <summary>
/// Run files: an .npz that numpy.load opens, its members stored and aligned to 64 bytes, and run.json with what they are. The
/// outputs of the one run are members under their own names (<c>output.npy</c>, <c>output.logits.npy</c>); of several, in folders
/// (<c>run0/output.npy</c>). What NumPy has no dtype for (bfloat16, complex32, quantized, 8-bit floats) is stored as unsigned
/// integers of the same width, and run.json tells the true dtype. Strings and None are in run.json alone.
/// </summary>
public static class RunFile
{
    private const string Format = "reprotorch-run";
    private const int Version = 1;
    private const string DocumentName = "run.json";
    private const int MaxDocument = 256 << 20;

    /// <summary>Writes runs to a file.</summary>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written; what was
    /// there stays.</exception>
    public static void Write(string path, IReadOnlyList<RunOutput> runs, bool force)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var members = new List<NamedTensorData>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var records = new List<RunRecord>();
        for (int i = 0; i < runs.Count; i++)
        {
            string folder = runs.Count == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"run{i}/");
            records.Add(ToRecord(runs[i], folder, members, names));
        }

        var document = new RunDocument { Format = Format, Version = Version, Runs = records };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, RunJson.Default.RunDocument);
        AtomicFile.Write(path, force, stream =>
        {
            var archive = new ZipWriter(stream);
            foreach (NamedTensorData member in members)
            {
                archive.Add(member.Name + ".npy", NpyFile.Length(member.Data), target => NpyFile.Write(target, member.Data));
            }

            archive.Add(DocumentName, json.Length, target => target.Write(json));
            archive.Finish();
        });
    }

    /// <summary>Reads the runs of a file. Large outputs are mapped. An .npz without run.json is one run whose outputs are its
    /// arrays.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ReproTorchException">The file is damaged, or of a newer version.</exception>
    public static IReadOnlyList<RunOutput> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no run file '{path}'.", path);
        }

        using ZipReader archive = ZipReader.Open(path);
        if (archive.Find(DocumentName) is not { } member)
        {
            return
            [
                new RunOutput
                {
                    Name = Path.GetFileNameWithoutExtension(path),
                    Outputs = [.. NpzFile.Read(archive).Select(array => RunValue.OfTensor(array.Name, array.Data))],
                },
            ];
        }

        RunDocument document = ReadDocument(path, archive.ReadAll(member, MaxDocument));
        try
        {
            return [.. document.Runs.Select(record => ToRun(archive, record))];
        }
        catch (NullReferenceException e)
        {
            // JSON may put null where the document's types have none.
            throw FileFault.In(path, $"{DocumentName} lacks something that every run has.", e);
        }
    }

    private static RunDocument ReadDocument(string path, byte[] json)
    {
        RunDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(json, RunJson.Default.RunDocument);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw FileFault.In(path, $"{DocumentName} is damaged: {e.Message}", e);
        }

        if (document?.Format != Format)
        {
            throw FileFault.In(path, $"{DocumentName} has the format '{document?.Format}'; expected '{Format}'.");
        }

        return document.Version == Version
            ? document
            : throw FileFault.In(
                path, $"it has the run file version {document.Version}, and this ReproTorch reads {Version}. Use the ReproTorch that wrote it, or a later one.");
    }

    private static RunRecord ToRecord(RunOutput run, string folder, List<NamedTensorData> members, HashSet<string> names)
    {
        var outputs = new List<ValueRecord>();
        foreach (RunValue value in run.Outputs)
        {
            string? member = null;
            if (value.Data is { } data)
            {
                member = folder + MemberName(value.Name);
                if (!names.Add(member))
                {
                    throw new ReproTorchException(
                        ReproTorchErrorKind.InvalidArgument, $"A run has two outputs called '{value.Name}'. Each needs a name of its own.");
                }

                members.Add(new NamedTensorData(member, RetypedTensorData.For(data, Storable(data.DType))));
            }

            outputs.Add(new ValueRecord
            {
                Name = value.Name,
                Kind = value.Kind,
                DType = value.Data?.DType.ToString(),
                Member = member,
                Text = value.Text,
            });
        }

        return new RunRecord
        {
            Name = run.Name,
            Seed = run.Seed,
            Model = run.Model,
            ModelSha256 = run.ModelSha256,
            Method = run.Method,
            Traced = run.Traced,
            BatchSize = run.BatchSize,
            Device = run.Device,
            Inputs = run.Inputs,
            Outputs = outputs,
            Environment = run.Environment,
            Time = run.Time,
            Duration = run.Duration?.TotalSeconds,
        };
    }

    private static RunOutput ToRun(ZipReader archive, RunRecord record) => new()
    {
        Name = record.Name,
        Outputs = [.. record.Outputs.Select(output => ToValue(archive, output))],
        Seed = record.Seed,
        Model = record.Model,
        ModelSha256 = record.ModelSha256,
        Method = record.Method,
        Traced = record.Traced,
        BatchSize = record.BatchSize,
        Device = record.Device,
        Inputs = record.Inputs,
        Environment = record.Environment,
        Time = record.Time,
        Duration = record.Duration is { } seconds && seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null,
    };

    private static RunValue ToValue(ZipReader archive, ValueRecord record)
    {
        if (record.Kind == RunValueKind.None)
        {
            return RunValue.OfNone(record.Name);
        }

        if (record.Kind == RunValueKind.String)
        {
            return RunValue.OfString(record.Name, record.Text ?? throw FileFault.In(archive.Path, $"the string {record.Name} has no text."));
        }

        ZipMember member = archive.Find(record.Member + ".npy")
            ?? throw FileFault.In(archive.Path, $"the data of {record.Name} ({record.Member}.npy) are missing.");
        TensorData data = NpyFile.Read(archive, member);
        if (!DTypes.TryParse(record.DType, out DType dtype) || Storable(dtype) != data.DType)
        {
            throw FileFault.In(archive.Path, $"{record.Name} is said to be {record.DType}, but its data are {data.DType}.");
        }

        data = RetypedTensorData.For(data, dtype);
        return record.Kind switch
        {
            RunValueKind.Tensor => RunValue.OfTensor(record.Name, data),
            RunValueKind.Number when data.Shape.Length == 0 => RunValue.OfNumber(record.Name, data),
            _ => throw FileFault.In(archive.Path, $"{record.Name} is said to be a {record.Kind}, but is none."),
        };
    }

    // What a dtype is stored as.
    private static DType Storable(DType dtype) => dtype switch
    {
        DType.bfloat16 => DType.uint16,
        DType.complex32 => DType.uint32,
        DType.float8_e5m2 or DType.float8_e4m3fn or DType.quint8 => DType.uint8,
        DType.qint8 => DType.int8,
        DType.qint32 => DType.int32,
        _ => dtype,
    };

    // What is no safe part of a file's name is percent-encoded, byte by byte of UTF-8.
    private static string MemberName(string name)
    {
        var text = new StringBuilder();
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune rune in name.EnumerateRunes())
        {
            bool safe = Rune.IsLetterOrDigit(rune) || rune.Value is '.' or '_' or '-' or '[' or ']' or ' ' or '(' or ')' or '+' or '=' or ',' or '@' or '#';
            if (safe)
            {
                text.Append(rune);
                continue;
            }

            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                text.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }

        return text.Length == 0 || text[0] == '.' ? "%" + text : text.ToString();
    }
}
