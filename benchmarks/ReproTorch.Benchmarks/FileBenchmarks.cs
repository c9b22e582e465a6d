using BenchmarkDotNet.Attributes;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Benchmarks;

/// <summary>Checksums and files of 16 MiB.</summary>
public class FileBenchmarks
{
    private readonly byte[] _bytes = new byte[16 << 20];
    private TensorData _tensor = null!;
    private string _folder = null!;

    /// <summary>Makes the data.</summary>
    [GlobalSetup]
    public void Setup()
    {
        new Random(1).NextBytes(_bytes);
        _tensor = TensorData.FromArray(DType.uint8, [_bytes.Length], _bytes);
        _folder = Directory.CreateTempSubdirectory("reprotorch-bench-").FullName;
    }

    /// <summary>Removes the files.</summary>
    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(_folder, recursive: true);

    /// <summary>CRC-32 as it is used.</summary>
    [Benchmark]
    public uint Crc() => Crc32.Append(0, _bytes);

    /// <summary>CRC-32 by tables, which it falls back on.</summary>
    [Benchmark]
    public uint CrcByTables() => Crc32.AppendByTables(0, _bytes);

    /// <summary>Writes a .npy file: a temporary file, flushed to the disk, renamed.</summary>
    [Benchmark]
    public void WriteNpy() => NpyFile.Write(Path.Combine(_folder, "values.npy"), _tensor, force: true);

    /// <summary>Writes the same as a .npz file, with its CRC.</summary>
    [Benchmark]
    public void WriteNpz() =>
        NpzFile.Write(Path.Combine(_folder, "values.npz"), [new NamedTensorData("values", _tensor)], force: true);
}
