using ReproTorch.Models;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Tensors.Files;

/// <summary>Thousands of damaged files of every kind: each is read right or refused with the one kind of error that says so, within
/// bounded memory.</summary>
public sealed class MutationTests : IDisposable
{
    // A file of a few kilobytes justifies no more; what it claims to hold does not count.
    private const long MaxAllocation = 64 << 20;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("x.npy", 2500)]
    [InlineData("x.npz", 2500)]
    [InlineData("x.safetensors", 2500)]
    [InlineData("x.pt", 2500)]
    [InlineData("run.npz", 1500)]
    [InlineData("model.pt", 2000)]
    public void ADamagedFileIsRefusedClearly(string name, int mutations)
    {
        byte[] original = Original(name);
        Read(name, original);
        var random = new Random(name.Length);
        int refused = 0;
        for (int i = 0; i < mutations; i++)
        {
            byte[] damaged = Damage(original, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(name, damaged);
            }
            catch (ReproTorchException e)
            {
                Assert.True(e.Kind is ReproTorchErrorKind.FileFormat or ReproTorchErrorKind.ModelFormat or ReproTorchErrorKind.Refused, e.Message);
                Assert.Contains(name, e.Message, StringComparison.Ordinal);
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocation);
        }

        // Most damage is noticed: the test would show nothing if the mutations were harmless.
        Assert.True(refused > mutations / 3, $"{refused} of {mutations} were refused");
    }

    [Fact]
    public void EveryTruncationOfAModelIsRefused()
    {
        byte[] original = Original("model.pt");
        for (int length = 0; length < original.Length; length += 64)
        {
            byte[] cut = original[..length];
            Assert.Throws<ReproTorchException>(() => Read("model.pt", cut));
        }
    }

    [Fact]
    public void EveryFlippedBitInAMembersDataIsNoticed()
    {
        byte[] original = Original("x.npz");
        using (ZipReader archive = ZipReader.Open(_folder.File("x.npz")))
        {
            ZipMember member = archive.Members[0];
            for (long at = member.Offset; at < member.Offset + member.Length; at++)
            {
                byte[] flipped = [.. original];
                flipped[at] ^= 0x10;
                Assert.Throws<ReproTorchException>(() => Read("flipped.npz", flipped));
            }
        }
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        switch (random.Next(5))
        {
            case 0:
                for (int n = random.Next(1, 4); n > 0; n--)
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                return bytes;
            case 1:
                return bytes[..random.Next(bytes.Length)];
            case 2:
                // A length field made huge, or negative.
                int at = random.Next(bytes.Length - 8);
                BitConverter.TryWriteBytes(bytes.AsSpan(at), random.Next(2) == 0 ? long.MaxValue >> random.Next(32) : -1L);
                return bytes;
            case 3:
                var inserted = new byte[random.Next(1, 40)];
                random.NextBytes(inserted);
                int place = random.Next(bytes.Length);
                return [.. bytes[..place], .. inserted, .. bytes[place..]];
            default:
                // Most parsing is of the first kilobyte and, for archives, of the last.
                int range = Math.Min(bytes.Length, 600);
                int from = random.Next(2) == 0 ? 0 : bytes.Length - range;
                bytes[from + random.Next(range)] = (byte)random.Next(256);
                return bytes;
        }
    }

    private void Read(string name, byte[] bytes)
    {
        string path = _folder.File(name);
        File.WriteAllBytes(path, bytes);
        if (name == "model.pt")
        {
            ArchiveCheck.Check(path, allowFileAccess: false);
            return;
        }

        IEnumerable<TensorData> tensors = name == "run.npz"
            ? RunFile.Read(path).SelectMany(run => run.Outputs).Where(output => output.Data is not null).Select(output => output.Data!)
            : TensorFile.Read(path).Select(tensor => tensor.Data);
        foreach (TensorData data in tensors)
        {
            using (data)
            {
                data.Verify();
                _ = data.AllBytes().Length;
            }
        }
    }

    private byte[] Original(string name)
    {
        string path = _folder.File(name);
        switch (name)
        {
            case "model.pt":
                new ModelSource
                {
                    Source = "def forward(self, x: Tensor):\n    return x * self.weight",
                    Parameters = [KeyValuePair.Create("weight", TorchTensor.FromSpan<float>([1, 2, 3], DType.float32))],
                }.Compile().Save(path, force: true);
                break;
            case "run.npz":
                RunFile.Write(path, [new RunOutput { Name = "a", Outputs = Values() }, new RunOutput { Name = "b", Outputs = Values() }], force: true);
                break;
            default:
                NamedTensorData[] tensors = [new("weight", TensorFileTests.Random(DType.float32, [9, 4])), new("bias", TensorFileTests.Random(DType.int16, [4]))];
                TensorFile.Write(path, name == "x.npy" ? tensors[..1] : tensors, force: true);
                break;
        }

        return File.ReadAllBytes(path);
    }

    private static List<RunValue> Values() =>
    [
        RunValue.OfTensor("output.0", TensorFileTests.Random(DType.bfloat16, [5])), RunValue.OfString("output.1", "text"), RunValue.OfNone("output.2"),
    ];
}
