using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Determinism;
using ReproTorch.Observation;
using ReproTorch.Provenance;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Runs;

public sealed class RunFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void RunsComeBackWithEveryBitAndEveryFact(int count)
    {
        RunOutput[] runs = [.. Enumerable.Range(0, count).Select(Run)];
        RunFile.Write(_folder.File("x.npz"), runs, force: false);
        IReadOnlyList<RunOutput> back = RunFile.Read(_folder.File("x.npz"));
        Assert.Equal(count, back.Count);
        foreach ((RunOutput expected, RunOutput actual) in runs.Zip(back))
        {
            Assert.Equal(
                (expected.Name, expected.Seed, expected.Model, expected.ModelSha256, expected.Method, expected.Traced, expected.BatchSize, expected.Device, expected.Time, expected.Duration),
                (actual.Name, actual.Seed, actual.Model, actual.ModelSha256, actual.Method, actual.Traced, actual.BatchSize, actual.Device, actual.Time, actual.Duration));
            Assert.Equal(expected.Inputs[0].Hash, actual.Inputs[0].Hash);
            Assert.True(EnvironmentComparison.Compare(expected.Environment!, actual.Environment!).Match);
            Assert.Equal(expected.Outputs.Select(Describe), actual.Outputs.Select(Describe));
        }
    }

    [Fact]
    public void OutputsWithStrangeNamesHaveTheirPlaces()
    {
        string[] names = ["output", "output.a/b", "output[a.b]", "output...", "../up", "output.日本", "CON:*?", "output.%41", "output.A", ""];
        var run = new RunOutput { Outputs = [.. names.Select((name, i) => RunValue.OfTensor(name, TensorData.FromArray(DType.uint8, [1], [(byte)i])))] };
        RunFile.Write(_folder.File("x.npz"), [run], force: false);
        RunOutput back = Assert.Single(RunFile.Read(_folder.File("x.npz")));
        Assert.Equal(names, back.Outputs.Select(output => output.Name));
        Assert.Equal(Enumerable.Range(0, names.Length), back.Outputs.Select(output => (int)output.Data!.AllBytes()[0]));
    }

    [Fact]
    public void ANewerVersionSaysSo()
    {
        RunFile.Write(_folder.File("x.npz"), [Run(0)], force: false);
        byte[] bytes = File.ReadAllBytes(_folder.File("x.npz"));
        int at = bytes.AsSpan().IndexOf("\"version\": 1"u8);
        bytes[at + 11] = (byte)'2';
        File.WriteAllBytes(_folder.File("x.npz"), bytes);

        // The CRC no longer fits either: the point is that damage is told as damage.
        Assert.Contains("run.json", Assert.Throws<ReproTorchException>(() => RunFile.Read(_folder.File("x.npz"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void WhatAReplayNeedsComesBack(int count)
    {
        RunOutput[] runs = [.. Enumerable.Range(0, count).Select(Replayable)];
        RunFile.Write(_folder.File("x.npz"), runs, force: false);
        foreach ((RunOutput expected, RunOutput actual) in runs.Zip(RunFile.Read(_folder.File("x.npz"))))
        {
            Assert.True(actual.IsReplayable);
            Assert.Equal(expected.ModelContentHash, actual.ModelContentHash);
            Assert.Equal(expected.InputValues!.Select(Describe), actual.InputValues!.Select(Describe));
            Assert.Equal(["x", "words"], actual.Arguments!.Select(argument => argument.Name));
            Assert.Equal([false, true], actual.Arguments!.Select(argument => argument.IsKeyword));
            Assert.Equal(1, actual.Arguments![1].Value.Dict![0].Value.List![0].Leaf);
            Assert.Equal(expected.RandomState!.Torch["cpu"], actual.RandomState!.Torch["cpu"]);
            Assert.Equal(expected.RandomState.Python!.Internal, actual.RandomState.Python!.Internal);
            Assert.Equal(expected.RandomState.NumPy!.Key, actual.RandomState.NumPy!.Key);
            Assert.Equal(expected.OperatorTrace!.Records.Select(record => record.ToString()), actual.OperatorTrace!.Records.Select(record => record.ToString()));
            Assert.True(OperatorTraceComparer.Compare(expected.OperatorTrace, actual.OperatorTrace).Identical);
            Assert.Equal(expected.ContentHash, actual.RecordedContentHash);
            Assert.Equal(expected.ContentHash, actual.ContentHash);
        }
    }

    // The sample was written before there were inputs in run files.
    [Fact]
    public void AFileWithoutTheNewThingsReadsOn()
    {
        RunOutput run = Assert.Single(RunFile.Read(Path.Combine(Repository.Root, "samples", "digits", "reference.npz")));
        Assert.Equal("output", Assert.Single(run.Outputs).Name);
        Assert.False(run.IsReplayable);
        Assert.Null(run.RandomState);
        Assert.Null(run.OperatorTrace);
        Assert.Null(run.RecordedContentHash);
    }

    [Fact]
    public void TheContentHashIsOfTheContentAlone()
    {
        RunOutput run = Replayable(0);
        Assert.Equal(run.ContentHash, (run with { Name = "x", Seed = "1", Time = null, Environment = null, Device = "cuda:0", RandomState = null }).ContentHash);
        RunValue output = run.Outputs[0];
        byte[] bytes = output.Data!.AllBytes().ToArray();
        bytes[7] ^= 1;
        RunOutput[] others =
        [
            run with { Outputs = [RunValue.OfTensor(output.Name, TensorData.FromArray(output.Data.DType, output.Data.Shape, bytes)), .. run.Outputs.Skip(1)] },
            run with { Outputs = [RunValue.OfTensor("other", output.Data), .. run.Outputs.Skip(1)] },
            run with { Outputs = [.. run.Outputs.Reverse()] },
            run with { Outputs = [.. run.Outputs.Take(3)] },
            run with { Inputs = [run.Inputs[0] with { Hash = "01" }, .. run.Inputs.Skip(1)] },
        ];
        Assert.Equal(others.Length + 1, others.Select(other => other.ContentHash).Append(run.ContentHash).Distinct().Count());
    }

    // What libtorch 1.13 has no tensor of, or none without a scale, and what lies anywhere in memory.
    [Theory]
    [InlineData(DType.quint8)]
    [InlineData(DType.qint32)]
    [InlineData(DType.uint64)]
    [InlineData(DType.float8_e5m2)]
    [InlineData(DType.complex128)]
    public void EveryKindOfNumberIsHashedAndComesBack(DType dtype)
    {
        RunValue[] outputs = [.. Enumerable.Range(0, 5).Select(i => RunValue.OfTensor($"output.{i}", TensorFileTests.Random(dtype, [i, 2])))];
        RunFile.Write(_folder.File("x.npz"), [new RunOutput { Outputs = outputs }], force: false);
        RunOutput back = Assert.Single(RunFile.Read(_folder.File("x.npz")));
        Assert.Equal(outputs.Select(Describe), back.Outputs.Select(Describe));
        Assert.Equal(back.RecordedContentHash, back.ContentHash);
    }

    [Fact]
    public void ValuesThatDoNotFitTheirDescriptionsAreRefusedAndNothingIsWritten()
    {
        RunOutput run = Replayable(0);
        Assert.Throws<ReproTorchException>(() => RunFile.Write(_folder.File("x.npz"), [run with { InputValues = [run.InputValues![0]] }], force: false));
        Assert.Throws<ReproTorchException>(() => RunFile.Write(
            _folder.File("x.npz"), [run with { Inputs = [run.Inputs[0], run.Inputs[0]], InputValues = [run.InputValues![0], run.InputValues[0]] }], force: false));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("inputs/x.npy")]
    [InlineData("operators.jsonl")]
    [InlineData("random/numpy_pos.npy")]
    [InlineData("output.0.npy")]
    public void AMemberThatIsMissingIsNamed(string member)
    {
        RunFile.Write(_folder.File("x.npz"), [Replayable(0)], force: false);
        using (var archive = System.IO.Compression.ZipFile.Open(_folder.File("x.npz"), System.IO.Compression.ZipArchiveMode.Update))
        {
            archive.GetEntry(member)!.Delete();
        }

        ReproTorchException error = Assert.Throws<ReproTorchException>(() => RunFile.Read(_folder.File("x.npz")));
        Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
        Assert.Contains(Path.GetFileNameWithoutExtension(member), error.Message, StringComparison.Ordinal);
    }

    // What other programs pass over, or read otherwise, is damage.
    [Theory]
    [InlineData("junk behind")]
    [InlineData("an end record behind")]
    [InlineData("a gap")]
    [InlineData("a CRC in a header")]
    [InlineData("flags in the directory")]
    [InlineData("a later zip")]
    [InlineData("an extra field that is too long")]
    [InlineData("another archive of several")]
    public void WhatIsNoPartOfARunFileIsRefused(string change)
    {
        string path = _folder.File("x.npz");
        RunFile.Write(path, [Run(0)], force: false);
        byte[] bytes = File.ReadAllBytes(path);
        int directory = bytes.AsSpan().IndexOf("PK\x1\x2"u8);
        int end = bytes.Length - 22;
        Assert.Equal(directory, BitConverter.ToInt32(bytes, end + 16));
        switch (change)
        {
            case "junk behind":
                bytes = [.. bytes, .. "junk"u8];
                break;
            case "an end record behind":
                bytes = [.. bytes, .. bytes[end..]];
                break;
            case "a gap":
                bytes = [.. bytes[..directory], 0, .. bytes[directory..]];
                BitConverter.TryWriteBytes(bytes.AsSpan(end + 1 + 16), directory + 1);
                break;
            case "a CRC in a header":
                bytes[14] ^= 1;
                break;
            case "flags in the directory":
                bytes[directory + 8] ^= 2;
                break;
            case "a later zip":
                bytes[directory + 6] = 64;
                break;
            case "an extra field that is too long":
                bytes[30 + BitConverter.ToUInt16(bytes, 26) + 2] += 1;
                break;
            default:
                bytes[end + 4] = 1;
                break;
        }

        File.WriteAllBytes(path, bytes);
        ReproTorchException error = Assert.Throws<ReproTorchException>(() => RunFile.Read(path));
        Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
        Assert.Contains("x.npz", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMemberThatNothingTellsOfIsRefusedAndSoIsOneThatIsToldTwice()
    {
        string path = _folder.File("x.npz");
        RunFile.Write(path, [Replayable(0)], force: false);
        IReadOnlyList<NamedTensorData> arrays = NpzFile.Read(path);
        string json = System.Text.Encoding.UTF8.GetString(Member(path, "run.json"));
        Rewrite(path, json, arrays);
        Assert.Single(RunFile.Read(path));
        Rewrite(path, json, [.. arrays, arrays[0] with { Name = "more" }]);
        Refused("tells nothing of the member more.npy");
        Rewrite(path, json.Replace("\"member\": \"output.0\"", "\"member\": \"inputs/x\"", StringComparison.Ordinal), arrays);
        Refused("inputs/x.npy");

        void Refused(string words)
        {
            ReproTorchException error = Assert.Throws<ReproTorchException>(() => RunFile.Read(path));
            Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    // Every place of run.json where the serializer would take more than the document's types, and Python's reader, have.
    [Theory]
    [InlineData("\"runs\": [", "\"runs\": [null, ", "runs[0] is null")]
    [InlineData("\"inputs\": [", "\"inputs\": [null, ", "runs[0].inputs[0] is null")]
    [InlineData("\"outputs\": [", "\"outputs\": [null, ", "runs[0].outputs[0] is null")]
    [InlineData("\"arguments\": [", "\"arguments\": [null, ", "runs[0].arguments[0] is null")]
    [InlineData("\"dict\": [", "\"dict\": [null, ", "arguments[1].value.dict[0] is null")]
    [InlineData("\"list\": [", "\"list\": [null, ", "dict[0].value.list[0] is null")]
    [InlineData("\"list\": [", "\"tuple\": [null], \"list\": [", "dict[0].value.tuple[0] is null")]
    [InlineData("\"list\": [", "\"names\": [null], \"list\": [", "dict[0].value.names[0] is null")]
    [InlineData("\"intKey\": 3", "\"floatKey\": 1e999", "dict[0].floatKey is beyond")]
    [InlineData("\"cudaDevices\": [", "\"cudaDevices\": [null", "environment.cudaDevices[0] is null")]
    [InlineData("\"OMP_NUM_THREADS\": \"2\"", "\"OMP_NUM_THREADS\": null", "environment.variables.OMP_NUM_THREADS is null")]
    [InlineData("\"shape\": [", "\"shape\": [null, ", "shape")]
    [InlineData("\"kind\": \"Tensor\"", "\"kind\": \"tensor\"", "kind")]
    [InlineData("\"kind\": \"Tensor\"", "\"kind\": \"Tensor, Number\"", "kind")]
    [InlineData("\"kind\": \"Tensor\"", "\"kind\": 0", "kind")]
    [InlineData("\"kind\": \"Tensor\"", "\"kind\": null", "kind")]
    [InlineData("\"kind\": \"Tensor\",", "", "kind")]
    [InlineData("\"mode\": \"Error\"", "\"mode\": \"error\"", "mode")]
    [InlineData("\"mode\": \"Error\"", "\"mode\": 7", "mode")]
    [InlineData("\"matmulPrecision\": null", "\"matmulPrecision\": \" High\"", "matmulPrecision")]
    [InlineData("\"dType\": \"bfloat16\"", "\"dType\": \"BFloat16\"", "BFloat16")]
    [InlineData("\"dType\": \"complex64\"", "\"dType\": \" complex64\"", " complex64")]
    public void WhatNoRunHasIsRefusedWithTheFilesName(string old, string changed, string words)
    {
        string path = _folder.File("x.npz");
        RunFile.Write(path, [Replayable(0)], force: false);
        string json = System.Text.Encoding.UTF8.GetString(Member(path, "run.json"));
        int at = json.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0, json);
        Rewrite(path, json[..at] + changed + json[(at + old.Length)..], NpzFile.Read(path));
        ReproTorchException error = Assert.Throws<ReproTorchException>(() => RunFile.Read(path));
        Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Member(string path, string name)
    {
        using System.IO.Compression.ZipArchive archive = System.IO.Compression.ZipFile.OpenRead(path);
        using Stream stream = archive.GetEntry(name)!.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    // The file once more, with these arrays and this run.json, and its own operators.
    private static void Rewrite(string path, string document, IReadOnlyList<NamedTensorData> members)
    {
        byte[] trace = Member(path, "operators.jsonl");
        NpzFile.Write(path, members, force: true);
        using System.IO.Compression.ZipArchive target = System.IO.Compression.ZipFile.Open(path, System.IO.Compression.ZipArchiveMode.Update);
        foreach ((string name, byte[] data) in new[] { ("operators.jsonl", trace), ("run.json", System.Text.Encoding.UTF8.GetBytes(document)) })
        {
            using Stream stream = target.CreateEntry(name, System.IO.Compression.CompressionLevel.NoCompression).Open();
            stream.Write(data);
        }
    }

    private static RunOutput Replayable(int seed)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("t"), """
            {"format":"reprotorch-trace","version":1,"torchVersion":"1.13.0","hashes":true,"randomOnly":false}
            {"index":1,"parent":0,"name":"aten::empty","overload":"memory_format","kind":"operator","thread":1,"inputs":[],"outputs":["float32 (2)"],"nanoseconds":3}
            {"index":0,"parent":-1,"name":"aten::rand","overload":"","kind":"operator","thread":1,"inputs":["[2]"],"outputs":["float32 (2)"],"nanoseconds":9,"draws":{"cpu":2},"hashes":["ab"],"dispatched":true,"place":"x.ps1:3"}
            {"records":2}

            """.ReplaceLineEndings("\n"));
        return Run(seed) with
        {
            ModelContentHash = new string('b', 32),
            Inputs =
            [
                new RunInputInfo { Name = "x", Kind = RunValueKind.Tensor, DType = "float32", Shape = [2] },
                new RunInputInfo { Name = "words.0", Kind = RunValueKind.String },
            ],
            InputValues = [RunValue.OfTensor("x", TensorFileTests.Random(DType.float32, [2])), RunValue.OfString("words.0", "grüß")],
            Arguments =
            [
                new RunArgument { Name = "x", Value = new RunNode { Leaf = 0 } },
                new RunArgument
                {
                    Name = "words",
                    IsKeyword = true,
                    Value = new RunNode { Dict = [new RunEntry { IntKey = 3, Value = new RunNode { List = [new RunNode { Leaf = 1 }] } }] },
                },
            ],
            RandomState = RandomStreams.Capture(RandomStreams.SeededByDefault),
            OperatorTrace = OperatorTraceFile.Read(folder.File("t")),
        };
    }

    private static string Describe(RunValue value) =>
        $"{value.Name} {value.Kind} {value.Text} {value.Data?.DType} {string.Join(',', value.Data?.Shape ?? [])} {Convert.ToHexString(value.Data is { } data ? data.AllBytes() : [])}";

    private static RunOutput Run(int seed) => new()
    {
        Name = $"run {seed}",
        Outputs =
        [
            RunValue.OfTensor("output.0", TensorFileTests.Random(DType.float32, [3, 5])),
            RunValue.OfTensor("output.half", TensorFileTests.Random(DType.bfloat16, [4])),
            RunValue.OfTensor("output.empty", TensorFileTests.Random(DType.complex64, [0, 2])),
            RunValue.OfNumber("output.count", TensorData.FromArray(DType.int64, [], BitConverter.GetBytes(42L))),
            RunValue.OfNumber("output.nan", TensorData.FromArray(DType.float64, [], BitConverter.GetBytes(double.NaN))),
            RunValue.OfString("output.text", "grüß \u0000 \U0001F600"),
            RunValue.OfNone("output.none"),
        ],
        Seed = "18446744073709551615",
        Model = "digits",
        ModelSha256 = new string('a', 64),
        Method = "forward",
        Traced = true,
        BatchSize = 32,
        Device = "cpu",
        Inputs = [new RunInputInfo { Name = "x", Kind = RunValueKind.Tensor, DType = "float32", Shape = [2], Hash = "00" }],
        Environment = new TorchEnvironment
        {
            TorchVersion = "1.13.0",
            Variables = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "2" },
            Determinism = new DeterminismSettings { Mode = DeterminismMode.Error, Threads = 2 },
            TorchSeed = ulong.MaxValue,
        },
        Time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Duration = TimeSpan.FromMilliseconds(12.5),
    };
}
