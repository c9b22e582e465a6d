using System.Globalization;
using System.Text;
using System.Text.Json;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Runs;

/// <summary>
/// Run files: an .npz that numpy.load opens, its members stored and aligned to 64 bytes, and run.json with what they are. The
/// outputs of the one run are members under their own names (<c>output.npy</c>, <c>output.logits.npy</c>); of several, in folders
/// (<c>run0/output.npy</c>). What NumPy has no dtype for (bfloat16, complex32, quantized, 8-bit floats) is stored as unsigned
/// integers of the same width, and run.json tells the true dtype. Strings and None are in run.json alone. What a replay needs stands in
/// folders beside: <c>inputs/</c>, <c>random/</c>, and <c>operators.jsonl</c> (docs/run-files.md).
/// </summary>
public static class RunFile
{
    private const string Format = "reprotorch-run";
    private const int Version = 1;
    private const string DocumentName = "run.json";
    private const string OperatorsName = "operators.jsonl";
    private const int MaxDocument = 256 << 20;

    /// <summary>Writes runs to a file.</summary>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written; what was
    /// there stays.</exception>
    public static void Write(string path, IReadOnlyList<RunOutput> runs, bool force)
    {
        ArgumentNullException.ThrowIfNull(runs);
        Action<Stream> write = Prepare(runs);
        AtomicFile.Write(path, force, write);
    }

    /// <summary>A run file's bytes, for what sends runs elsewhere.</summary>
    /// <exception cref="ReproTorchException">They are more than one array holds (2 GiB).</exception>
    public static byte[] ToBytes(IReadOnlyList<RunOutput> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        using var stream = new MemoryStream();
        try
        {
            Prepare(runs)(stream);
        }
        catch (IOException e)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "The run has more than 2 GiB, which cannot be sent as one value. Export-RunOutput writes it to a file.", e);
        }

        return stream.ToArray();
    }

    // What is wrong with the runs is found before anything is written.
    private static Action<Stream> Prepare(IReadOnlyList<RunOutput> runs)
    {
        var members = new Members();
        var records = new List<RunRecord>();
        for (int i = 0; i < runs.Count; i++)
        {
            string folder = runs.Count == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"run{i}/");
            records.Add(ToRecord(runs[i], folder, members));
        }

        var document = new RunDocument { Format = Format, Version = Version, Runs = records };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, RunJson.Default.RunDocument);
        return stream =>
        {
            var archive = new ZipWriter(stream);
            foreach (NamedTensorData member in members.Arrays)
            {
                archive.Add(member.Name + ".npy", NpyFile.Length(member.Data), target => NpyFile.Write(target, member.Data));
            }

            foreach ((string name, OperatorTrace trace) in members.Traces)
            {
                archive.Add(name, LengthOf(trace), target => OperatorTraceFile.Write(target, trace));
            }

            archive.Add(DocumentName, json.Length, target => target.Write(json));
            archive.Finish();
        };
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
        return Read(archive);
    }

    /// <summary>Reads the runs of a run file's bytes.</summary>
    /// <exception cref="ReproTorchException">They are damaged, or of a newer version.</exception>
    public static IReadOnlyList<RunOutput> FromBytes(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        using ZipReader archive = ZipReader.Open(new FileBytes("the run that was sent", bytes));
        return Read(archive);
    }

    private static RunOutput[] Read(ZipReader archive)
    {
        string path = archive.Path;
        archive.RequireWhole();
        if (archive.Find(DocumentName) is not { } member)
        {
            return
            [
                new RunOutput
                {
                    Name = Path.GetFileNameWithoutExtension(path),
                    Outputs = NpzFile.Read(archive).Select(array => RunValue.OfTensor(array.Name, array.Data)).ToArray(),
                },
            ];
        }

        if (archive.Members.FirstOrDefault(each => each.IsDeflated) is { } packed)
        {
            throw FileFault.In(path, $"the member {packed.Name} is compressed, and those of a run file are not.");
        }

        RunDocument document = ReadDocument(path, archive.ReadAll(member, MaxDocument));
        var members = new MembersToTake(archive);
        RunOutput[] runs = [.. document.Runs.Select(record => ToRun(members, record))];
        members.RequireNoOther();
        return runs.FirstOrDefault(run => run.Outputs.DistinctBy(output => output.Name).Count() != run.Outputs.Count) is { } ambiguous
            ? throw FileFault.In(path, $"the run '{ambiguous.Name}' has two outputs of one name.")
            : runs;
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
            // .NET tells the place in messages of its own alone.
            string place = e is JsonException { Path: { } at } && !e.Message.Contains(at, StringComparison.Ordinal) ? $"{at}: " : string.Empty;
            throw FileFault.In(path, $"{DocumentName} is damaged: {place}{e.Message}", e);
        }

        if (document?.Format != Format)
        {
            throw FileFault.In(path, $"{DocumentName} has the format '{document?.Format}'; expected '{Format}'.");
        }

        if (document.Version != Version)
        {
            throw FileFault.In(
                path, $"it has the run file version {document.Version}, and this ReproTorch reads {Version}. Use the ReproTorch that wrote it, or a later one.");
        }

        return RunDocumentCheck.FindMisfit(document) is { } misfit
            ? throw FileFault.In(path, $"{DocumentName} is damaged: {misfit}.")
            : document;
    }

    private static RunRecord ToRecord(RunOutput run, string folder, Members members)
    {
        List<ValueRecord> outputs = [.. run.Outputs.Select(value => new ValueRecord
        {
            Name = value.Name,
            Kind = value.Kind,
            DType = value.Data?.DType.ToString(),
            Member = members.Add(folder, value, "outputs"),
            Text = value.Text,
        })];
        string? operators = null;
        if (run.OperatorTrace is { } trace)
        {
            operators = folder + OperatorsName;
            members.Traces.Add((operators, trace));
        }

        return new RunRecord
        {
            Name = run.Name,
            Seed = run.Seed,
            Model = run.Model,
            ModelSha256 = run.ModelSha256,
            ModelContentHash = run.ModelContentHash,
            Method = run.Method,
            Traced = run.Traced,
            BatchSize = run.BatchSize,
            Device = run.Device,
            ContentHash = run.ContentHash,
            Inputs = ToInputs(run, folder, members),
            Arguments = run.InputValues is null ? null : run.Arguments,
            Outputs = outputs,
            RandomState = run.RandomState is { } state ? members.Add(folder + "random", state) : null,
            Operators = operators,
            Environment = run.Environment,
            Time = run.Time,
            Duration = run.Duration?.TotalSeconds,
        };
    }

    private static List<InputRecord> ToInputs(RunOutput run, string folder, Members members)
    {
        if (run.InputValues is { } values && values.Count != run.Inputs.Count)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The run {run.Name} has {values.Count} input values and descriptions of {run.Inputs.Count}. Each value needs its own.");
        }

        return [.. run.Inputs.Select((info, i) => new InputRecord
        {
            Name = info.Name,
            Kind = info.Kind,
            DType = info.DType,
            Shape = info.Shape,
            Hash = info.Hash,
            Kept = run.InputValues is not null,
            Member = run.InputValues is { } kept ? members.Add(folder + "inputs/", kept[i], "inputs") : null,
            Text = run.InputValues?[i].Text,
        })];
    }

    // Counted without being kept: a trace may be long.
    private static long LengthOf(OperatorTrace trace)
    {
        using var counter = new CountingStream();
        OperatorTraceFile.Write(counter, trace);
        return counter.Length;
    }

    private static RunOutput ToRun(MembersToTake members, RunRecord record) => new()
    {
        Name = record.Name,
        Outputs = record.Outputs.Select(output => ToValue(members, output)).ToArray(),
        Seed = record.Seed,
        Model = record.Model,
        ModelSha256 = record.ModelSha256,
        ModelContentHash = record.ModelContentHash,
        Method = record.Method,
        Traced = record.Traced,
        BatchSize = record.BatchSize,
        Device = record.Device,
        Inputs = record.Inputs.Select(input => new RunInputInfo
        {
            Name = input.Name,
            Kind = input.Kind,
            DType = input.DType,
            Shape = input.Shape,
            Hash = input.Hash,
        }).ToArray(),
        InputValues = ToInputValues(members, record),
        Arguments = record.Arguments,
        RandomState = record.RandomState is { } folder ? ToState(members, folder) : null,
        OperatorTrace = record.Operators is { } operators ? ToTrace(members, operators) : null,
        RecordedContentHash = record.ContentHash,
        Environment = record.Environment,
        Time = record.Time,

        // TimeSpan.FromSeconds cuts off, and 0.041904 s are a tick short in double.
        Duration = record.Duration is { } seconds && seconds is >= 0 and < 1e9
            ? TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
            : null,
    };

    // A run of a method without arguments has no inputs, and all of them are there.
    private static List<RunValue>? ToInputValues(MembersToTake members, RunRecord record) =>
        record.Inputs.Any(input => input.Kept) || (record.Inputs.Count == 0 && record.RandomState is not null)
            ? [.. record.Inputs.Select(input => ToValue(members, new ValueRecord
            {
                Name = input.Name,
                Kind = input.Kind,
                DType = input.DType,
                Member = input.Member,
                Text = input.Text,
            }))]
            : null;

    private static RngState ToState(MembersToTake members, string folder)
    {
        string prefix = folder + "/";
        return RngStateFile.FromMembers(members.Archive.Path, [.. members.TakeFolder(prefix)
            .Select(member => new NamedTensorData(member.Name[prefix.Length..^4], NpyFile.Read(members.Archive, member)))]);
    }

    private static OperatorTrace ToTrace(MembersToTake members, string name)
    {
        ZipMember member = members.Take(name, "the operators");
        members.Archive.Verify(member);
        using Stream stream = members.Archive.Open(member);
        return OperatorTraceFile.Read($"{members.Archive.Path}, member {name}", stream);
    }

    private static RunValue ToValue(MembersToTake members, ValueRecord record)
    {
        if (record.Kind == RunValueKind.None)
        {
            return RunValue.OfNone(record.Name);
        }

        string path = members.Archive.Path;
        if (record.Kind == RunValueKind.String)
        {
            return RunValue.OfString(record.Name, record.Text ?? throw FileFault.In(path, $"the string {record.Name} has no text."));
        }

        TensorData data = NpyFile.Read(members.Archive, members.Take(record.Member + ".npy", $"the data of {record.Name}"));

        // The names as they are written, and no others that a person might give.
        if (!DTypes.TryParse(record.DType, out DType dtype) || dtype.ToString() != record.DType || Storable(dtype) != data.DType)
        {
            throw FileFault.In(path, $"{record.Name} is said to be {record.DType}, but its data are {data.DType}.");
        }

        data = RetypedTensorData.For(data, dtype);
        return record.Kind switch
        {
            RunValueKind.Tensor => RunValue.OfTensor(record.Name, data),
            RunValueKind.Number when data.Shape.Length == 0 => RunValue.OfNumber(record.Name, data),
            _ => throw FileFault.In(path, $"{record.Name} is said to be a {record.Kind}, but is none."),
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

    // What a file holds beside run.json, each under a name of its own.
    private sealed class Members
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);

        public List<NamedTensorData> Arrays { get; } = [];

        public List<(string Name, OperatorTrace Trace)> Traces { get; } = [];

        // The member of a value; null for one without data.
        public string? Add(string folder, RunValue value, string what)
        {
            if (value.Data is not { } data)
            {
                return null;
            }

            string member = folder + MemberName(value.Name);
            if (!_names.Add(member))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, $"A run has two {what} called '{value.Name}'. Each needs a name of its own.");
            }

            Arrays.Add(new NamedTensorData(member, RetypedTensorData.For(data, Storable(data.DType))));
            return member;
        }

        public string Add(string folder, RngState state)
        {
            Arrays.AddRange(RngStateFile.ToMembers(state).Select(member => new NamedTensorData($"{folder}/{member.Name}", member.Data)));
            return folder;
        }
    }

    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    /// <summary>The members of a file that is read: each belongs to one thing that run.json tells of.</summary>
    private sealed class MembersToTake(ZipReader archive)
    {
        private readonly HashSet<string> _rest = [.. archive.Members.Select(member => member.Name).Where(name => name != DocumentName)];

        public ZipReader Archive => archive;

        public ZipMember Take(string name, string what) =>
            archive.Find(name) is not { } member ? throw FileFault.In(archive.Path, $"{what} ({name}) are missing.")
                : _rest.Remove(name) ? member
                : throw FileFault.In(archive.Path, $"{DocumentName} tells twice of the member {name}.");

        public IEnumerable<ZipMember> TakeFolder(string prefix) => archive.Members
            .Where(member => member.Name.StartsWith(prefix, StringComparison.Ordinal) && member.Name.EndsWith(".npy", StringComparison.Ordinal))
            .Select(member => Take(member.Name, "the states of the random streams"));

        public void RequireNoOther()
        {
            if (_rest.Count > 0)
            {
                throw FileFault.In(archive.Path, $"{DocumentName} tells nothing of the member {_rest.Min(StringComparer.Ordinal)}.");
            }
        }
    }
}
