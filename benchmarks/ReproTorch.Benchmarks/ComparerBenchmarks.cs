using BenchmarkDotNet.Attributes;
using ReproTorch.Comparison;
using ReproTorch.Tensors;

namespace ReproTorch.Benchmarks;

/// <summary>Comparing 16 MiB with 16 MiB, all statistics, for each kind of element.</summary>
public class ComparerBenchmarks
{
    private const int ByteCount = 16 << 20;

    private TensorData _reference = null!;
    private TensorData _difference = null!;

    /// <summary>The element type.</summary>
    [Params(
        DType.float16, DType.bfloat16, DType.float32, DType.float64, DType.complex64, DType.uint8, DType.int32, DType.int64, DType.@bool)]
    public DType DType { get; set; }

    /// <summary>Whether every 1,000th element differs in its last bit, or none.</summary>
    [Params(false, true)]
    public bool Differing { get; set; }

    /// <summary>Makes the two tensors.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] bytes = Values(DType);
        byte[] others = [.. bytes];
        int size = DType.ItemSize();
        for (int at = 0; Differing && at < others.Length; at += 1000 * size)
        {
            others[at] ^= 1;
        }

        long count = ByteCount / size;
        _reference = TensorData.FromArray(DType, [count], bytes);
        _difference = TensorData.FromArray(DType, [count], others);
    }

    /// <summary>One comparison.</summary>
    [Benchmark]
    public TensorComparison Compare() => TensorComparer.Compare("values", _reference, _difference);

    // Finite values of moderate size: any bits, but the highest byte of each real number fixed to an exponent around 1.
    private static byte[] Values(DType dtype)
    {
        var bytes = new byte[ByteCount];
        new Random(1).NextBytes(bytes);
        int part = dtype.IsComplex() ? dtype.ItemSize() / 2 : dtype.ItemSize();
        for (int at = part - 1; dtype.IsFloatingPoint() || dtype.IsComplex(); at += part)
        {
            if (at >= bytes.Length)
            {
                break;
            }

            bytes[at] = 0x3f;
            bytes[at - 1] &= 0xbf;
        }

        for (int at = 0; dtype == DType.@bool && at < bytes.Length; at++)
        {
            bytes[at] &= 1;
        }

        return bytes;
    }
}
