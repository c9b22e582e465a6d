using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Tensors.Files;

/// <summary>What Python writes is read in tests/python/torch_save_side_by_side.py; here is what no well-meaning Python writes, and the
/// pickles are written out by hand (each character a byte).</summary>
public sealed class TorchSaveFileTests : IDisposable
{
    private const string Tensor =
        "ctorch._utils\n_rebuild_tensor_v2\n((X\a\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0004tQK\0";

    private const string TensorEnd = "\u0089ccollections\nOrderedDict\n)RtR";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("cos\nsystem\nX\u0001\0\0\0x\u0085R.", "os.system")]
    [InlineData("cbuiltins\neval\nX\u0001\0\0\0x\u0085R.", "builtins.eval")]
    [InlineData("ctorch\nload\n)R.", "torch.load")]
    [InlineData("Ncposix\nsystem\n0.", "posix.system")]
    [InlineData("X\u0002\0\0\0osX\u0006\0\0\0system\u0093.", "os.system")]
    [InlineData("ctorch\nTensor\n)R.", "torch.Tensor")]
    [InlineData("ccollections\nOrderedDict\n.", "OrderedDict")]
    [InlineData("C\u0001x.", "bytes")]
    [InlineData("\u008f.", "a set")]
    public void WhatIsNeitherTensorNorPlainIsRefusedByName(string pickle, string words) =>
        Fails(pickle, words, ReproTorchErrorKind.Refused);

    [Theory]
    [InlineData("", "STOP")]
    [InlineData("N", "STOP")]
    [InlineData("K", "0 are left")]
    [InlineData(".", "0 values")]
    [InlineData("NN.", "2 values")]
    [InlineData("N.N", "more follow")]
    [InlineData("(.", "open marks")]
    [InlineData("t.", "mark is missing")]
    [InlineData("0.", "runs dry")]
    [InlineData("(N\u0086.", "runs dry")]
    [InlineData("h\0.", "memo")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ff.", "announced")]
    [InlineData("X\u00ff\u00ff\u00ff\u007f.", "announced")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.", "announced")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u00ff.", "announced")]
    [InlineData("X\u0001\0\0\0\u00ff.", "UTF-8")]
    [InlineData("I1\n.", "opcode")]
    [InlineData("NNa.", "no list")]
    [InlineData("NNNs.", "no dict")]
    [InlineData("}(Nu.", "no value")]
    [InlineData("]q\0h\0a.", "holds itself")]
    [InlineData("ctorch", "does not end")]
    [InlineData("}((NNtNu.", "neither text nor number")]
    [InlineData("}(K\0NX\u0001\0\0\00Nu.", "same name")]
    public void DamagedPicklesAreTold(string pickle, string words) => Fails(pickle, words, ReproTorchErrorKind.FileFormat);

    [Theory]
    [InlineData("K\u0005\u0085K\u0001\u0085", "does not fit")]
    [InlineData("K\u0004\u0085K\u0002\u0085", "does not fit")]
    [InlineData("K\u0002K\u0002\u0086K\u0001\u0085", "strides")]
    [InlineData("J\u00ff\u00ff\u00ff\u00ff\u0085K\u0001\u0085", "strides")]
    [InlineData("\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f\u0085K\0\u0085", "does not fit")]
    [InlineData("\u008a\u0004\0\0\0\u0010\u0085K\0\u0085", "clone()")]
    public void TensorsThatLeaveTheirStorageOrRepeatItWithoutEndAreRefused(string sizes, string words) =>
        Fails(Tensor + sizes + TensorEnd + ".", words, kind: null);

    [Fact]
    public void AViewIsLaidOut()
    {
        TensorData data = Alone(Tensor + "K\u0002K\u0002\u0086K\u0001K\u0002\u0086" + TensorEnd + ".");
        Assert.Equal([2, 2], data.Shape);
        Assert.Equal([0f, 2f, 1f, 3f], MemoryMarshal.Cast<byte, float>(data.AllBytes()).ToArray());
    }

    [Fact]
    public void DeepNestingAndUnfoldingWithoutEndAreRefused()
    {
        Fails(new string(']', 5000) + new string('a', 4999) + ".", "nested", kind: null);

        // Each tuple holds the one before ten times.
        var pickle = new StringBuilder("(Nq\0");
        for (int i = 0; i < 12; i++)
        {
            pickle.Append('(').Insert(pickle.Length, $"h{(char)i}", 10).Append($"tq{(char)(i + 1)}");
        }

        Fails(pickle + "t.", "unfold", kind: null);
    }

    [Fact]
    public void ConjugatedViewsOfPyTorch2AreResolved()
    {
        string pickle = (Tensor + "K\u0001\u0085K\u0001\u0085" + TensorEnd).Replace("FloatStorage", "ComplexFloatStorage", StringComparison.Ordinal)
            .Replace("K\u0004tQ", "K\u0002tQ", StringComparison.Ordinal)
            .Replace("RtR", "R}(X\u0004\0\0\0conj\u0088X\u0003\0\0\0neg\u0089utR", StringComparison.Ordinal);
        TensorData data = Alone(pickle + ".");
        Assert.Equal(DType.complex64, data.DType);
        Assert.Equal([0f, -1f], MemoryMarshal.Cast<byte, float>(data.AllBytes()).ToArray());
    }

    [Fact]
    public void BigEndianNumbersAreTurnedRound()
    {
        TensorData data = Alone(Tensor + "K\u0001\u0085K\u0001\u0085" + TensorEnd + ".", byteOrder: "big", offsetByte: 1);
        Assert.Equal([0x00, 0x00, 0x80, 0x3f], BitConverter.GetBytes(1f));
        Assert.Equal([0x3f, 0x80, 0x00, 0x00], data.AllBytes().ToArray());
    }

    [Fact]
    public void NestedValuesHaveDottedNames()
    {
        // {"a.b": 1, "a": {"b": (True, None)}, "c.d": "x"}
        Write("}(X\u0003\0\0\0a.bK\u0001X\u0001\0\0\0a}(X\u0001\0\0\0b\u0088N\u0086uX\u0003\0\0\0c.dX\u0001\0\0\0xu.");
        IReadOnlyList<NamedValue> values = TorchSaveFile.Read(_folder.File("x.pt"));
        Assert.Equal([new("a.b", 1L), new("a.b.0", true), new("a.b.1", null), new("c.d", "x")], values);

        // What would be two values of one name has brackets instead.
        Write("}(X\u0003\0\0\0a.bK\u0001X\u0001\0\0\0a}(X\u0001\0\0\0bK\u0002uu.");
        Assert.Equal([new("[a.b]", 1L), new("a.b", 2L)], TorchSaveFile.Read(_folder.File("x.pt")));
        Write("(K\u0001K\u0002t.");
        Assert.Equal([new("0", 1L), new("1", 2L)], TorchSaveFile.Read(_folder.File("x.pt")));
        Assert.Equal([new("output.0", 1L), new("output.1", 2L)], TorchSaveFile.Read(_folder.File("x.pt"), "output"));
    }

    [Fact]
    public void ARunOfAFileHasItsNumbersAndTextsToo()
    {
        Write("}(X\u0005\0\0\0epochK\u0003X\u0001\0\0\0t" + Tensor + "K\u0004\u0085K\u0001\u0085" + TensorEnd + "X\u0001\0\0\0nNu.");
        RunOutput run = Assert.Single(RunSource.Read(_folder.File("x.pt")));
        Assert.Equal([RunValueKind.Number, RunValueKind.Tensor, RunValueKind.None], run.Outputs.Select(output => output.Kind));
        Assert.Equal("t", Assert.Single(TensorFile.Read(_folder.File("x.pt"))).Name);
    }

    [Fact]
    public void WhatIsWrittenIsReadAndAlwaysTheSameBytes()
    {
        NamedTensorData[] tensors =
        [
            new("a.weight", TensorData.FromArray(DType.bfloat16, [2, 2], [1, 2, 3, 4, 5, 6, 7, 8])),
            new("größe", TensorData.FromArray(DType.uint16, [], [1, 2])),
            new("empty", TensorData.FromArray(DType.@bool, [3, 0], [])),
        ];
        TensorFile.Write(_folder.File("a.pt"), tensors, force: false);
        TensorFile.Write(_folder.File("b.pth"), tensors, force: false);
        Assert.Equal(File.ReadAllBytes(_folder.File("a.pt")), File.ReadAllBytes(_folder.File("b.pth")));
        IReadOnlyList<NamedTensorData> read = TensorFile.Read(_folder.File("a.pt"));
        Assert.Equal(tensors.Select(tensor => tensor.Name), read.Select(tensor => tensor.Name));
        Assert.All(tensors.Zip(read), pair =>
        {
            Assert.Equal(pair.First.Data.DType, pair.Second.Data.DType);
            Assert.Equal(pair.First.Data.Shape, pair.Second.Data.Shape);
            Assert.Equal(pair.First.Data.AllBytes().ToArray(), pair.Second.Data.AllBytes().ToArray());
        });
    }

    [Fact]
    public void ATensorWithoutANameIsWrittenAlone()
    {
        TensorFile.Write(_folder.File("x.pt"), [new NamedTensorData(string.Empty, TensorData.FromArray(DType.int8, [1], [7]))], force: false);
        Assert.Equal("x", Assert.Single(TensorFile.Read(_folder.File("x.pt"))).Name);
        Assert.IsAssignableFrom<TensorData>(Assert.Single(TorchSaveFile.Read(_folder.File("x.pt"), "output")).Value);
    }

    [Fact]
    public void ALargeTensorIsMappedAndItsCrcChecked()
    {
        var bytes = new byte[4 << 20];
        bytes[5] = 1;
        TensorFile.Write(_folder.File("big.pt"), [new("x", TensorData.FromArray(DType.uint8, [bytes.Length], bytes))], force: false);
        using (TensorData data = TensorFile.Read(_folder.File("big.pt"))[0].Data)
        {
            Assert.IsType<MappedTensorData>(data);
            data.Verify();
        }

        byte[] file = File.ReadAllBytes(_folder.File("big.pt"));
        file[2 << 20] ^= 1;
        File.WriteAllBytes(_folder.File("big.pt"), file);
        using TensorData damaged = TensorFile.Read(_folder.File("big.pt"))[0].Data;
        Assert.Contains("CRC", Assert.Throws<ReproTorchException>(damaged.Verify).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WholeNumbersWithoutEndAreBounded()
    {
        Write("\u008b\0\u0001\0\0" + new string('\u0001', 256) + ".");
        Assert.IsType<BigInteger>(Assert.Single(TorchSaveFile.Read(_folder.File("x.pt"))).Value);
        Fails("\u008b\u0001\u0004\0\0" + new string('\u0001', 1025) + ".", "whole number", ReproTorchErrorKind.FileFormat);
    }

    [Fact]
    public void WhatUnpacksOutOfProportionIsRefused()
    {
        byte[] file;
        using (var stream = new MemoryStream())
        {
            var writer = new ZipWriter(stream);
            foreach (string name in new[] { "archive/data.pkl", "archive/data/0", "archive/data/1" })
            {
                writer.Add(name, 400_000, member => member.Write(new byte[400_000]));
            }

            writer.Finish();
            file = stream.ToArray();
        }

        // The directory's entries of the storages: deflated, and a thousand times as long, which each alone may be.
        for (int at = 0; at < file.Length - 46; at++)
        {
            if (file.AsSpan(at).StartsWith("PK\u0001\u0002"u8) && file.AsSpan(at + 46).StartsWith("archive/data/"u8))
            {
                file[at + 10] = 8;
                BitConverter.TryWriteBytes(file.AsSpan(at + 24), 400_000_000);
            }
        }

        File.WriteAllBytes(_folder.File("x.pt"), file);
        var error = Assert.Throws<ReproTorchException>(() => TorchSaveFile.Read(_folder.File("x.pt")));
        Assert.Contains("to 800000000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
    }

    private void Fails(string pickle, string words, ReproTorchErrorKind? kind)
    {
        Write(pickle);
        var error = Assert.Throws<ReproTorchException>(() => TorchSaveFile.Read(_folder.File("x.pt")));
        Assert.True(error.Message.Contains(words, StringComparison.Ordinal), error.Message);
        Assert.Contains("x.pt", error.Message, StringComparison.Ordinal);
        Assert.Equal(kind ?? error.Kind, error.Kind);
    }

    private TensorData Alone(string pickle, string byteOrder = "little", int offsetByte = 0)
    {
        Write(pickle.Replace("tQK\0", $"tQK{(char)offsetByte}", StringComparison.Ordinal), byteOrder);
        return Assert.Single(TensorFile.Read(_folder.File("x.pt"))).Data;
    }

    // An archive with that pickle of protocol 2 and a storage of four float32: 0, 1, 2, 3.
    private void Write(string pickle, string byteOrder = "little")
    {
        using FileStream stream = File.Create(_folder.File("x.pt"));
        var writer = new ZipWriter(stream);
        Add("archive/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]);
        Add("archive/byteorder", Encoding.ASCII.GetBytes(byteOrder));
        Add("archive/data/0", [.. Enumerable.Range(0, 4).SelectMany(i => BitConverter.GetBytes((float)i))]);
        Add("archive/version", "3\n"u8.ToArray());
        writer.Finish();

        void Add(string name, byte[] bytes) => writer.Add(name, bytes.Length, member => member.Write(bytes));
    }
}
