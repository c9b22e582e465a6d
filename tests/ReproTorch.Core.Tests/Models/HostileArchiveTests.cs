using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Models;

/// <summary>Archives made by hand, whose code and pickles do not agree in what libtorch believes of them.</summary>
public sealed class HostileArchiveTests : IDisposable
{
    private const string Classes = """
        class A:
          a0 : int
        class B:
          a0 : Tensor
          a1 : Tensor
        class S(Module):
          __parameters__ = []
          __buffers__ = []
          v : int
          def __getstate__(self: __torch__.S) -> List[__torch__.B]:
            return annotate(List[__torch__.B], [])
          def __setstate__(self: __torch__.S, state: List[__torch__.B]) -> NoneType:
            self.v = 1
            return None
        class I(Interface):
          def get(self: __torch__.I, x: int) -> __torch__.B:
            pass
        class C:
          a0 : int
          def get(self: __torch__.C, x: int) -> __torch__.A:
            return __torch__.A(x)
        class D:
          a0 : int
          def get(self: __torch__.D,
              x: int) -> __torch__.B:
            return __torch__.B(x)
        class Net(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          OTHER
          def forward(self: __torch__.Net, x: Tensor) -> Tensor:
            return x

        """;

    private static readonly string s_a = New("A", $"{Text("a0")}K\u0005");
    private static readonly string s_training = Text("training") + "\u0088";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AnAttributeThatIsThereTwiceIsRefused()
    {
        Accepted("w : int", s_training + Text("w") + "K\u0001");
        Refused("twice", "w : int", s_training + Text("w") + s_a + Text("w") + "K\u0001");
        Refused("twice", "w : int", s_training + Text("w") + "K\u0001" + Text("z") + s_a + Text("z") + "K\u0001");
    }

    [Theory]
    [InlineData("u : List[__torch__.A]", "w : List[__torch__.A]", true)]
    [InlineData("u : List[__torch__.A]", "w : List[__torch__.B]", false)]
    [InlineData("u : List[__torch__.A]", "w : Optional[List[__torch__.B]]", false)]
    public void WhatIsSharedIsHeldAgainstEachOfItsTypes(string first, string second, bool fits)
    {
        string state = s_training + Text("u") + $"]q\u0005({s_a}e" + Text("w") + "h\u0005";
        Judge(fits, "declared as __torch__.B", $"{first}\n  {second}", state);
    }

    [Fact]
    public void ASharedListIsHeldAgainstTheStateOfAnObjectToo() => Refused(
        "declared as __torch__.B", string.Empty, s_training + Text("y") + $"]q\u0005({s_a}e" + Text("z") + "c__torch__\nS\n)\u0081h\u0005b");

    [Fact]
    public void WhatATagSaysIsNotBelievedAgainstTheDeclaration()
    {
        string tagged = "ctorch.jit._pickle\nrestore_type_tag\n(](" + s_a + "e" + Text("List[__torch__.A]") + "tR";
        Accepted("w : List[__torch__.A]", s_training + Text("w") + tagged);
        Refused("declared as __torch__.B", "w : List[__torch__.B]", s_training + Text("w") + tagged);
        Refused("declared as str", "w : List[str]", s_training + Text("w") + "ctorch.jit._pickle\nbuild_intlist\n(](K\u0001etR");
    }

    [Theory]
    [InlineData("Union[__torch__.A, NoneType]", true)]
    [InlineData("Union[int, __torch__.A]", true)]
    [InlineData("Union[__torch__.B, NoneType]", false)]
    [InlineData("Union[__torch__.B, List[int]]", false)]
    [InlineData("Any", true)]
    [InlineData("Future[__torch__.A]", false)]
    [InlineData("__torch__.Nowhere", false)]
    [InlineData("Whatever", false)]
    [InlineData("__torch__.torch.classes.own.Thing", false)]
    public void OnlyKnownTypesAreFitted(string type, bool fits) => Judge(fits, "'w'", $"w : {type}", s_training + Text("w") + s_a);

    [Theory]
    [InlineData("Union[List[int], NoneType]", true)]
    [InlineData("Union[List[int], List[str]]", false)]
    [InlineData("Union[List[List[str]], List[str]]", false)]
    public void WhatIsInAUnionIsLookedInto(string type, bool fits) => Judge(fits, "List[", $"w : {type}", s_training + Text("w") + "](K\u0001e");

    [Fact]
    public void AnInterfaceIsFittedByItsSignatures()
    {
        Accepted("w : __torch__.I", s_training + Text("w") + New("D", Text("a0") + "K\u0001"));
        Refused("'w'", "w : __torch__.I", s_training + Text("w") + New("C", Text("a0") + "K\u0001"));
        Refused("'w'", "w : __torch__.I", s_training + Text("w") + s_a);
    }

    [Theory]
    [InlineData("code/__torch__/a.py", true)]
    [InlineData("code/__torch__/a.b.py", false)]
    [InlineData("code/__torch__/a.b/c.py", false)]
    [InlineData("code/__torch__.a.py", false)]
    [InlineData("code/__TORCH__/a.py", false)]
    [InlineData("Code/__torch__/a.py", false)]
    [InlineData("code/__torch__/a.PY", false)]
    [InlineData("code/other.py", false)]
    public void CodeHasOneNameOnly(string name, bool fits)
    {
        Dictionary<string, byte[]> members = Members(string.Empty, s_training);
        members[name] = "def f(x):\n  return x\n"u8.ToArray();
        Judge(fits, "in that case", members);
    }

    [Theory]
    [InlineData(200, 350, true)]
    [InlineData(800, 350, false)]
    [InlineData(45_000, 1, false)]
    public void NestingOfAllFunctionsIsBounded(int count, int depth, bool fits)
    {
        var code = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            code.Append(System.Globalization.CultureInfo.InvariantCulture, $"def f{i}(x):\n  return {new string('-', depth)}f{i + 1}(x)\n");
        }

        Dictionary<string, byte[]> members = Members(string.Empty, s_training);
        members["code/__torch__/a.py"] = Encoding.ASCII.GetBytes(code.ToString());
        Judge(fits, "nested deeper", members);
    }

    [Theory]
    [InlineData(",")]
    [InlineData("a\n")]
    public void CodeThatPacksTooWellIsRefused(string piece)
    {
        Dictionary<string, byte[]> members = Members(string.Empty, s_training);
        members["code/__torch__/a.py"] = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(piece, (4 << 20) / piece.Length)));
        Write(members);
        using (var archive = new ZipArchive(File.Create(_folder.File("packed.pt")), ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] bytes) in members)
            {
                using Stream member = archive.CreateEntry("m/" + name).Open();
                member.Write(bytes);
            }
        }

        string packed = Assert.Throws<ReproTorchException>(() => ArchiveCheck.Check(_folder.File("packed.pt"), allowFileAccess: false)).Message;
        Assert.Contains("code unpacks", packed, StringComparison.Ordinal);

        // What is not packed at all is bounded by its words.
        string stored = Assert.Throws<ReproTorchException>(() => ArchiveCheck.Check(_folder.File("m.pt"), allowFileAccess: false)).Message;
        Assert.Contains("words", stored, StringComparison.Ordinal);
    }

    private static string Text(string text)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return "X" + Encoding.Latin1.GetString(length) + text;
    }

    private static string New(string type, string state) => $"c__torch__\n{type}\n)\u0081}}({state}ub";

    private static Dictionary<string, byte[]> Members(string attributes, string state) => new()
    {
        ["constants.pkl"] = Encoding.Latin1.GetBytes("\u0080\u0002)."),
        ["version"] = "3\n"u8.ToArray(),
        ["data.pkl"] = Encoding.Latin1.GetBytes($"\u0080\u0002{New("Net", state)}."),
        ["code/__torch__.py"] = Encoding.ASCII.GetBytes(Classes.Replace("  OTHER\n", attributes.Length == 0 ? string.Empty : $"  {attributes}\n", StringComparison.Ordinal)),
    };

    private void Accepted(string attributes, string state) => Judge(true, string.Empty, attributes, state);

    private void Refused(string words, string attributes, string state) => Judge(false, words, attributes, state);

    private void Judge(bool fits, string words, string attributes, string state) => Judge(fits, words, Members(attributes, state));

    private void Judge(bool fits, string words, Dictionary<string, byte[]> members)
    {
        Write(members);
        Exception? error = Record.Exception(() => ArchiveCheck.Check(_folder.File("m.pt"), allowFileAccess: false));
        if (fits)
        {
            Assert.Null(error);
            return;
        }

        Assert.Equal(ReproTorchErrorKind.ModelFormat, Assert.IsType<ReproTorchException>(error).Kind);
        Assert.True(error.Message.Contains(words, StringComparison.Ordinal), error.Message);
    }

    private void Write(Dictionary<string, byte[]> members)
    {
        using FileStream stream = File.Create(_folder.File("m.pt"));
        var writer = new ZipWriter(stream);
        foreach ((string name, byte[] bytes) in members)
        {
            writer.Add("m/" + name, bytes.Length, member => member.Write(bytes));
        }

        writer.Finish();
    }
}
