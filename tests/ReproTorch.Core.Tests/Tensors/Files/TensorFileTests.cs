using System.IO.Compression;
using ReproTorch.Comparison;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Tensors.Files;

public sealed class TensorFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, DType> Formats
    {
        get
        {
            var data = new TheoryData<string, DType>();
            foreach (DType dtype in Enum.GetValues<DType>().Where(dtype => !dtype.IsQuantized() && dtype != DType.complex32))
            {
                if (dtype is not (DType.bfloat16 or DType.float8_e4m3fn or DType.float8_e5m2))
                {
                    data.Add("x.npy", dtype);
                    data.Add("x.npz", dtype);
                }

                if (dtype != DType.complex128)
                {
                    data.Add("x.safetensors", dtype);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EveryBitComesBack(string file, DType dtype)
    {
        long[][] shapes = [[], [0], [5], [2, 3], [3, 0, 2], [1, 1, 1, 1, 1], [700_000]];
        foreach (long[] shape in shapes)
        {
            TensorData data = Random(dtype, shape);
            TensorFile.Write(_folder.File(file), [new NamedTensorData("x", data)], force: true);
            using TensorData back = Assert.Single(TensorFile.Read(_folder.File(file))).Data;
            Assert.Equal(dtype, back.DType);
            Assert.Equal(shape, back.Shape);
            Assert.True(data.AllBytes().SequenceEqual(back.AllBytes()));
        }
    }

    [Theory]
    [InlineData("x.npy", DType.bfloat16)]
    [InlineData("x.npz", DType.complex32)]
    [InlineData("x.safetensors", DType.complex128)]
    public void WhatAFormatHasNotIsRefusedAndNothingIsLeft(string file, DType dtype)
    {
        var error = Assert.Throws<ReproTorchException>(
            () => TensorFile.Write(_folder.File(file), [new NamedTensorData("x", Random(dtype, [2]))], force: true));
        Assert.Contains(dtype.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData(".npz")]
    [InlineData(".safetensors")]
    public void ManyTensorsKeepTheirNamesAndTheSameContentGivesTheSameBytes(string extension)
    {
        NamedTensorData[] tensors =
        [
            new("weight", Random(DType.float32, [7, 3])), new("b/ias", Random(DType.float64, [3])), new("日本", Random(DType.int8, [11])),
        ];
        TensorFile.Write(_folder.File("a" + extension), tensors, force: false);
        TensorFile.Write(_folder.File("b" + extension), tensors, force: false);
        Assert.Equal(File.ReadAllBytes(_folder.File("a" + extension)), File.ReadAllBytes(_folder.File("b" + extension)));
        Assert.Equal(
            tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            TensorFile.Read(_folder.File("a" + extension)).Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void MembersOfAnArchiveAreAligned()
    {
        TensorFile.Write(_folder.File("x.npz"), [new("a", Random(DType.int8, [3])), new("long name", Random(DType.int8, [5]))], force: false);
        using ZipReader archive = ZipReader.Open(_folder.File("x.npz"));
        Assert.All(archive.Members, member => Assert.Equal(0, member.Offset % 64));
    }

    // Four members of 150 MB of zeros: each is within its bounds, and all together are not. One alone is read.
    [Theory]
    [InlineData(4, false)]
    [InlineData(1, true)]
    public void ArchivesThatUnpackToFarMoreThanTheyHoldAreRefusedWhoeverReadsThem(int count, bool isRead)
    {
        string path = _folder.File("x.npz");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            var zeros = TensorData.FromArray(DType.uint8, [150_000_000], new byte[150_000_000]);
            for (int i = 0; i < count; i++)
            {
                using Stream member = archive.CreateEntry($"a{i}.npy", CompressionLevel.Fastest).Open();
                NpyFile.Write(member, zeros);
            }
        }

        if (isRead)
        {
            Assert.Equal(150_000_000, Assert.Single(TensorFile.Read(path)).Data.ByteLength);
            Assert.Single(RunFile.Read(path)[0].Outputs);
            return;
        }

        foreach (Action read in new Action[] { () => TensorFile.Read(path), () => RunFile.Read(path), () => RngStateFile.Read(path), () => Checkpoint.Read(path) })
        {
            ReproTorchException error = Assert.Throws<ReproTorchException>(read);
            Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.Contains("536870912 are the most", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("x.txt")]
    [InlineData("x")]
    public void AnUnknownExtensionNamesTheKnownOnes(string file)
    {
        File.WriteAllBytes(_folder.File(file), [1]);
        Assert.Contains(".safetensors", Assert.Throws<ReproTorchException>(() => TensorFile.Read(_folder.File(file))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANpyFileHoldsOneTensor() => Assert.Throws<ReproTorchException>(() => TensorFile.Write(
        _folder.File("x.npy"), [new("a", Random(DType.int8, [1])), new("b", Random(DType.int8, [1]))], force: false));

    [Fact]
    public void TwoTensorsOfOneNameAreRefused() => Assert.Throws<ReproTorchException>(() => TensorFile.Write(
        _folder.File("x.npz"), [new("a", Random(DType.int8, [1])), new("a", Random(DType.int8, [1]))], force: false));

    [Fact]
    public void AFlippedBitOfAMappedMemberIsFoundByTheReadingItself()
    {
        string path = _folder.File("x.npz");
        TensorFile.Write(path, [new("a", Random(DType.float32, [1 << 20]))], force: false);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[2_000_000] ^= 1;
        File.WriteAllBytes(path, bytes);
        using TensorData data = TensorFile.Read(path)[0].Data;
        var error = Assert.Throws<ReproTorchException>(() =>
        {
            for (long offset = 0; offset < data.ByteLength; offset += 1 << 16)
            {
                _ = data.Bytes(offset, 1 << 16);
            }
        });
        Assert.Contains("a.npy", error.Message, StringComparison.Ordinal);
        Assert.Throws<ReproTorchException>(() => TensorFile.Read(path)[0].Data.Verify());
        Assert.Throws<ReproTorchException>(() => TorchTensor.FromData(TensorFile.Read(path)[0].Data));
    }

    [Fact]
    public void AMappedTensorOutlivesItsFile()
    {
        string path = _folder.File("x.npy");
        TensorData written = Random(DType.float32, [1 << 20]);
        TensorFile.Write(path, [new("a", written)], force: false);
        using TensorData data = TensorFile.Read(path)[0].Data;
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(path);
        }

        Assert.True(written.AllBytes().SequenceEqual(data.AllBytes()));
        data.Dispose();
        Assert.Throws<ObjectDisposedException>(() => data.Bytes(0, 1));
    }

    [Fact]
    public void AFileThatIsCutShortWhileItIsComparedIsAnErrorAndNotTheEndOfTheProcess()
    {
        string path = _folder.File("x.npy");
        TensorData written = Random(DType.float32, [4 << 20]);
        TensorFile.Write(path, [new("a", written)], force: false);
        using TensorData data = TensorFile.Read(path)[0].Data;
        if (OperatingSystem.IsWindows())
        {
            // A mapped file cannot be cut short there.
            Assert.Throws<IOException>(() => Cut(path));
            return;
        }

        Assert.True(TensorComparer.Compare("a", written, data).Identical);
        Cut(path);
        var error = Assert.Throws<ReproTorchException>(() => TensorComparer.Compare("a", written, data));
        Assert.Contains("became shorter", error.Message, StringComparison.Ordinal);

        static void Cut(string path)
        {
            using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            file.SetLength(3 << 20);
        }
    }

    internal static TensorData Random(DType dtype, long[] shape)
    {
        var bytes = new byte[TensorData.ElementCount(shape) * dtype.ItemSize()];
        new Random(bytes.Length).NextBytes(bytes);
        if (dtype == DType.@bool)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] &= 1;
            }
        }

        return TensorData.FromArray(dtype, shape, bytes);
    }
}
