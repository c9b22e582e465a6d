using ReproTorch.Models.Screening;

namespace ReproTorch.Core.Tests.Models.Screening;

/// <summary>Which names are operators that leave the process, and which only look like it.</summary>
public sealed class OperatorScreenTests
{
    // A module with a method and an attribute of the operators' names, one that has it as a part, and a line of code in its method.
    private const string Code = """
        class Archive(Module):
          __parameters__ = []
          __buffers__ = []
          from_file : float
          def save(self: __torch__.m.Archive,
            x: Tensor) -> Tensor:
            return x
        class Net(Module):
          __parameters__ = []
          __buffers__ = []
          save : Tensor
          archive : __torch__.m.Archive
          archives : List[__torch__.m.Archive]
          def forward(self: __torch__.m.Net,
            x: Tensor) -> Tensor:
            LINE
            return x

        """;

    [Theory]
    [InlineData("torch.save(x, \"f\")")]
    [InlineData("torch . save(x, \"f\")")]
    [InlineData("y = torch.\\\n  save(x, \"f\")")]
    [InlineData("y = (torch).save(x, \"f\")")]
    [InlineData("x.save(\"f\")")]
    [InlineData("(x).save(\"f\")")]
    [InlineData("x[0].save(\"f\")")]
    [InlineData("torch.relu(x).save(\"f\")")]
    [InlineData("(torch.relu)(x).save(\"f\")")]
    [InlineData("ops.aten.save(x, \"f\")")]
    [InlineData("ops.aten.from_file(\"f\")")]
    [InlineData("y = 3 .save(\"f\")")]
    [InlineData("y = 3.save(\"f\")")]
    [InlineData("f = torch.save")]
    [InlineData("t = torch")]
    [InlineData("f(torch, x)")]
    [InlineData("o = ops")]
    [InlineData("getattr(x, \"save\")(\"f\")")]
    [InlineData("getattr(x, 'sa' \"v\\145\")(\"f\")")]
    [InlineData("getattr(x, \"\\x73ave\")(\"f\")")]
    [InlineData("getattr(torch, \"relu\")(x)")]
    [InlineData("ops.c10d.barrier()")]
    [InlineData("__torch__.torch.classes.dist_c10d.Store()")]
    [InlineData("y = rpc_async(\"w\", f)")]
    [InlineData("y = ops.prim.rpc_sync(\"w\", f)")]
    [InlineData("y = \"#\" + x.save(\"f\")")]
    [InlineData("y = '\\'' + x.save(\"f\")")]
    [InlineData("y = \"\"\"\n\"\"\" + x.save(\"f\")")]
    [InlineData("self = x\n    self.save(\"f\")")]
    [InlineData("for self in [x]:\n      self.save(\"f\")")]
    [InlineData("self.archives.save(x)")]
    [InlineData("self.archive.other.save(x)")]
    [InlineData("self.archive(x).save(x)")]
    [InlineData("a = self.archive\n    a = x\n    a.save(\"f\")")]
    [InlineData("a, b = self.archive, x\n    b.save(\"f\")")]
    [InlineData("a = self.archive(x)\n    a.save(\"f\")")]
    [InlineData("x = self.archive\n    x.save(\"f\")")]
    public void AnOperatorThatLeavesTheProcessIsFound(string line) => Assert.NotNull(Find(line));

    [Theory]
    [InlineData("y = \"torch.save(x)\"")]
    [InlineData("y = 'it\\'s x.save(1)'")]
    [InlineData("y = \"\"\"\nx.save(1)\n\"\"\"")]
    [InlineData("y = x # torch.save(x)")]
    [InlineData("y = self.save")]
    [InlineData("self.archive.save(x)")]
    [InlineData("(self.archive).save(x, )")]
    [InlineData("y = self.archive.from_file")]
    [InlineData("a = self.archive\n    y = (a).save(x, )")]
    [InlineData("a = self.archive\n    b = a\n    y = b.save(x)")]
    [InlineData("y = f(x, save=1)")]
    [InlineData("save = 3")]
    [InlineData("from_file = save + 1")]
    [InlineData("y = torch.relu(x)")]
    [InlineData("y = torch.saved(x)")]
    [InlineData("y = ops.quantized.linear(x)")]
    [InlineData("y = getattr(self, \"0\")")]
    [InlineData("y = self.torch")]
    public void WhatOnlyLooksLikeOnePasses(string line) => Assert.Null(Find(line));

    [Fact]
    public void AFunctionHasNoObjectOfItsOwn() =>
        Assert.NotNull(OperatorScreen.Find(Read("def save(self: Tensor) -> Tensor:\n  return self.save(\"f\")\n", out var tokens), "__torch__.m", tokens));

    private static (string Name, int Line)? Find(string line) =>
        OperatorScreen.Find(Read(Code.Replace("LINE", line, StringComparison.Ordinal), out List<ScriptToken> tokens), "__torch__.m", tokens);

    private static Dictionary<string, ScriptClass> Read(string code, out List<ScriptToken> tokens)
    {
        ScriptCode read = ScriptCode.Read("m.pt", [("m.py", "__torch__.m", code)]);
        tokens = read.Files[0].Tokens;
        return read.Classes;
    }
}
