using System.IO.Compression;
using System.Text;
using System.Text.Json;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Tensors;

public class TensorFormatterTests
{
    /// <summary>Some three thousand tensors with PyTorch's own texts, from tests/python/generate_print_cases.py.</summary>
    [Fact]
    public void PrintsEveryTensorAsPyTorchDoes()
    {
        int cases = 0;
        var failures = new List<string>();
        foreach (JsonElement example in ReadCases())
        {
            cases++;
            string text = TensorFormatter.Format(TensorOf(example), OptionsOf(example));
            string expected = example.GetProperty("text").GetString()!;
            if (text != expected)
            {
                failures.Add($"case {cases}, {example.GetProperty("dtype")} {example.GetProperty("shape")}\n"
                    + $"PyTorch:\n{expected}\nReproTorch:\n{text}\n");
            }
        }

        Assert.True(cases > 3000, $"only {cases} cases were read");
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases} differ:\n{string.Join("\n", failures.Take(5))}");
    }

    [Fact]
    public void WritesADeviceThatIsNotTheProcessorFirst()
    {
        TensorData data = Floats([2], 1, 2.5f);
        var options = new TensorFormatterOptions { Device = "cuda:0", RequiresGrad = true };
        Assert.Equal("tensor([1.0000, 2.5000], device='cuda:0', requires_grad=True)", TensorFormatter.Format(data, options));
        Assert.Equal("tensor([1.0000, 2.5000])", TensorFormatter.Format(data, new() { Device = "cpu" }));
    }

    // torch 1.13 has none of these; libtorch 2.x prints them by the same rules.
    [Theory]
    [InlineData(DType.uint16, "FFFF0100", "tensor([65535,     1], dtype=torch.uint16)")]
    [InlineData(DType.uint32, "FFFFFFFF01000000", "tensor([4294967295,          1], dtype=torch.uint32)")]
    [InlineData(DType.uint64, "FFFFFFFFFFFFFFFF", "tensor([18446744073709551615], dtype=torch.uint64)")]
    [InlineData(DType.float8_e5m2, "7BBC80", "tensor([ 5.7344e+04, -1.0000e+00, -0.0000e+00], dtype=torch.float8_e5m2)")]
    [InlineData(DType.float8_e5m2, "7CFC7D3C", "tensor([inf, -inf, nan, 1.], dtype=torch.float8_e5m2)")]
    [InlineData(DType.float8_e4m3fn, "7EB880", "tensor([448.,  -1.,  -0.], dtype=torch.float8_e4m3fn)")]
    [InlineData(DType.float8_e4m3fn, "01087F", "tensor([0.0020, 0.0156,    nan], dtype=torch.float8_e4m3fn)")]
    public void PrintsTheDtypesOfLaterVersions(DType dtype, string hex, string expected)
    {
        byte[] bytes = Convert.FromHexString(hex);
        Assert.Equal(expected, TensorFormatter.Format(
            TensorData.FromArray(dtype, [bytes.Length / dtype.ItemSize()], bytes)));
    }

    [Fact]
    public void PrintsTheStoredIntegersOfAQuantizedTensor() => Assert.Equal(
        "tensor([-128,    5], dtype=torch.qint8)",
        TensorFormatter.Format(TensorData.FromArray(DType.qint8, [2], [0x80, 5])));

    [Fact]
    public void ReadsOnlyWhatASummaryShows()
    {
        // 2^42 bytes, of which none exists but those that are asked for.
        using var data = new CountingData(DType.float32, [1L << 20, 1L << 20]);
        string text = TensorFormatter.Format(data);
        Assert.StartsWith("tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n", text, StringComparison.Ordinal);
        Assert.Equal(36 * sizeof(float), data.BytesRead);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1001)]
    public void RefusesAPrecisionOutOfRange(int precision) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorFormatterOptions { Precision = precision });

    [Fact]
    public void RefusesASummaryWithoutEdges() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorFormatterOptions { EdgeItems = 0 });

    [Fact]
    public void FailsInsteadOfOverflowingTheStackOnAbsurdShapes()
    {
        long[] shape = new long[2_000_000];
        Array.Fill(shape, 1L);
        Assert.Throws<InsufficientExecutionStackException>(
            () => TensorFormatter.Format(TensorData.FromArray(DType.uint8, shape, [1])));
    }

    private static TensorData Floats(long[] shape, params float[] values) =>
        TensorData.FromArray(DType.float32, shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    private static IEnumerable<JsonElement> ReadCases()
    {
        using Stream file = typeof(TensorFormatterTests).Assembly
            .GetManifestResourceStream("TensorFormatterCases.jsonl.gz")!;
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress), Encoding.ASCII);
        while (reader.ReadLine() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement;
        }
    }

    private static TensorData TensorOf(JsonElement example)
    {
        Assert.True(DTypes.TryParse(example.GetProperty("dtype").GetString(), out DType dtype));
        long[] shape = [.. example.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
        byte[] pattern = example.GetProperty("data").GetBytesFromBase64();
        byte[] bytes = new byte[TensorData.ElementCount(shape) * dtype.ItemSize()];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = pattern[i % pattern.Length];
        }

        return TensorData.FromArray(dtype, shape, bytes);
    }

    private static TensorFormatterOptions OptionsOf(JsonElement example)
    {
        if (!example.TryGetProperty("options", out JsonElement given))
        {
            return TensorFormatterOptions.Default;
        }

        TensorFormatterOptions options = TensorFormatterOptions.Default;
        foreach (JsonProperty option in given.EnumerateObject())
        {
            options = (option.Name, option.Value) switch
            {
                ("profile", var value) => value.GetString() == "short"
                    ? TensorFormatterOptions.Short : TensorFormatterOptions.Full,
                ("precision", var value) => options with { Precision = value.GetInt32() },
                ("threshold", var value) => options with { Threshold = value.GetInt64() },
                ("edgeitems", var value) => options with { EdgeItems = value.GetInt32() },
                ("linewidth", var value) => options with { LineWidth = value.GetInt32() },
                ("sci_mode", var value) => options with { SciMode = value.GetBoolean() },
                ("requires_grad", var value) => options with { RequiresGrad = value.GetBoolean() },
                _ => throw new InvalidDataException($"unknown option {option.Name}"),
            };
        }

        return options;
    }

    private sealed class CountingData(DType dtype, long[] shape) : TensorData(dtype, shape)
    {
        public long BytesRead { get; private set; }

        public override ReadOnlySpan<byte> Bytes(long offset, int length)
        {
            CheckRange(offset, length);
            BytesRead += length;
            return new byte[length];
        }
    }
}
