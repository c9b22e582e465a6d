using System.Text;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Models;

/// <summary>What is refused before libtorch sees it; tests/python/hostile_side_by_side.py has many more, against the program.</summary>
public sealed class ArchiveCheckTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsSavedHereIsAccepted() => Check(Members());

    [Theory]
    [InlineData("version", "11", "version 11, and this libtorch reads 1 to 10")]
    [InlineData("version", "0", "version 0")]
    [InlineData("version", "x", "no number")]
    [InlineData(".data/version", "12", "version 12")]
    [InlineData("model.json", "{}", "model.json")]
    [InlineData("DATA.PKL", "", "case")]
    [InlineData("data.pkl", "\u0080\u0002cos\nsystem\n(X\u0001\0\0\0xtR.", "os.system")]
    [InlineData("data.pkl", "\u0080\u0002K\u0005)\u0081}b.", "no module")]
    [InlineData("data.pkl", "\u0080\u0002)q\0", "STOP")]
    [InlineData("constants.pkl", "\u0080\u0002)r\u00ff\u00ff\u00ff\u007f.", "memo")]
    [InlineData("constants.pkl", "\u0080\u0002(](h\0et.", "memo")]
    [InlineData("constants.pkl", "\u0080\u0002(]q\0(h\0et.", "holds itself")]
    [InlineData("constants.pkl", "\u0080\u0002}.", "no tuple")]
    [InlineData("code/__torch__/x.py", "def f(x: Tensor) -> NoneType:\n  torch.save(x, \"f\")\n", "AllowFileAccess")]
    [InlineData("CODE/__torch__/x.PY", "def f(x: Tensor) -> NoneType:\n  torch.save(x, \"f\")\n", "in that case")]
    [InlineData("code/__torch__/x.py", "def f(x):\n  return x[]\n", "index")]
    [InlineData("code/__torch__/x.py", "\0", "zero byte")]
    [InlineData("code/__torch__/x.py.debug_pkl", "\u0080\u0002(K\u0001t.", "source lines")]
    public void WhatDoesNotBelongIsRefused(string name, string content, string words)
    {
        Dictionary<string, byte[]> members = Members();
        string top = members.Keys.First().Split('/')[0];
        members[$"{top}/{name}"] = Encoding.Latin1.GetBytes(content);
        var error = Assert.Throws<ReproTorchException>(() => Check(members));
        Assert.True(error.Message.Contains(words, StringComparison.Ordinal), error.Message);
        Assert.Contains("m.pt", error.Message, StringComparison.Ordinal);
        Assert.True(error.Kind is ReproTorchErrorKind.ModelFormat or ReproTorchErrorKind.Refused);
    }

    [Fact]
    public void ATensorThatLeavesItsStorageIsRefused()
    {
        Dictionary<string, byte[]> members = Members();
        string weights = members.Keys.Single(name => name.Contains("/data/", StringComparison.Ordinal));
        members[weights] = members[weights][..^4];
        Assert.Contains("does not fit", Assert.Throws<ReproTorchException>(() => Check(members)).Message, StringComparison.Ordinal);
        members.Remove(weights);
        Assert.Contains("missing", Assert.Throws<ReproTorchException>(() => Check(members)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAttributeOfAnotherTypeIsRefused()
    {
        Dictionary<string, byte[]> members = Members();
        string code = members.Keys.Single(name => name.EndsWith(".py", StringComparison.Ordinal));
        members[code] = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(members[code]).Replace("training : bool", "training : int", StringComparison.Ordinal));
        Assert.Contains("'training'", Assert.Throws<ReproTorchException>(() => Check(members)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TextBehindTheDirectoryIsRefused()
    {
        Write(Members());
        byte[] bytes = File.ReadAllBytes(_folder.File("m.pt"));
        bytes[^2] = 3;
        File.WriteAllBytes(_folder.File("m.pt"), [.. bytes, 1, 2, 3]);
        Assert.Throws<ReproTorchException>(() => ArchiveCheck.Check(_folder.File("m.pt"), allowFileAccess: false));
    }

    private Dictionary<string, byte[]> Members()
    {
        string path = _folder.File("saved.pt");
        using TorchModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor) -> Tensor:\n    return x * self.weight",
            Parameters = [KeyValuePair.Create("weight", TorchTensor.FromSpan<float>([1, 2, 3], DType.float32))],
        }.Compile();
        model.Save(path, force: true);
        using ZipReader archive = ZipReader.Open(path);
        return archive.Members.ToDictionary(member => member.Name, member => archive.ReadAll(member, int.MaxValue));
    }

    private void Write(Dictionary<string, byte[]> members)
    {
        using FileStream stream = File.Create(_folder.File("m.pt"));
        var writer = new ZipWriter(stream);
        foreach ((string name, byte[] bytes) in members)
        {
            writer.Add(name, bytes.Length, member => member.Write(bytes));
        }

        writer.Finish();
    }

    private void Check(Dictionary<string, byte[]> members)
    {
        Write(members);
        ArchiveCheck.Check(_folder.File("m.pt"), allowFileAccess: false);
    }
}
