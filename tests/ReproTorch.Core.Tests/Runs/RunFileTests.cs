using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Determinism;
using ReproTorch.Provenance;
using ReproTorch.Runs;
using ReproTorch.Tensors;

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
