using ReproTorch.Models.Screening;

namespace ReproTorch.Core.Tests.Models.Screening;

public sealed class ScriptCodeTests
{
    private const string Code = """
        op_version_set = 1
        import __torch__.other
        class Net(Module):
          __parameters__ = ["weight", "0", ]
          __buffers__ = ["mean", ]
          __annotations__ = []
          __annotations__["0"] = Tensor
          weight : Tensor
          mean : Optional[Tensor]
          table : Dict[str, List[Tuple[int, float]]]
          empty : Tuple[()]
          LIMIT : Final[int] = 3
          # Nothing of this.
          def forward(self: __torch__.m.Net,
              x: Tensor) -> Tensor:
            if True:
              y = [1, 2][0]
            return x
          def __setstate__(self: __torch__.m.Net,
            state: Tuple[int, bool]) -> NoneType:
            pass
          def __getstate__(self) -> int:
            return 3
        class Pair(NamedTuple):
          first : Tensor
          second : int = 3
        class Color(Enum):
          RED = 1
          BLUE = -2
        class Shape(Interface):
          def area(self, x: int) -> int:
            pass
        """;

    [Fact]
    public void ClassesAreRead()
    {
        Dictionary<string, ScriptClass> classes = ScriptCode.Read("m.pt", [("m.py", "__torch__.m", Code)]).Classes;
        Assert.Equal(["__torch__.m.Net", "__torch__.m.Pair", "__torch__.m.Color", "__torch__.m.Shape"], classes.Keys);
        ScriptClass net = classes["__torch__.m.Net"];
        Assert.Equal("Module", net.Base);
        Assert.Equal(["0", "weight", "mean", "table", "empty"], net.Attributes.Keys);
        Assert.Equal("Dict[str, List[Tuple[int, float]]]", net.Attributes["table"].ToString());
        Assert.Equal(["LIMIT"], net.Constants);
        Assert.Equal(["forward", "__setstate__", "__getstate__"], net.Methods.Keys);
        Assert.Equal("Tuple[int, bool]", net.State!.ToString());
        Assert.True(net.HasState);
        Assert.Equal(["area"], classes["__torch__.m.Shape"].Methods.Keys);
    }

    [Theory]
    [InlineData("weight = 3")]
    [InlineData("weight : int = 3")]
    [InlineData("weight : ")]
    [InlineData("weight : Optional[]")]
    [InlineData("weight : Optional[int, int]")]
    [InlineData("weight : Dict[int]")]
    [InlineData("weight : List[int")]
    [InlineData("weight : (int)")]
    [InlineData("weight : int int")]
    [InlineData("weight : int\n  weight : int")]
    [InlineData("__parameters__ : int")]
    [InlineData("__parameters__ = [weight]")]
    [InlineData("__parameters__ = [\"nope\", ]")]
    [InlineData("__buffers__ = [\"nope\", ]")]
    [InlineData("__annotations__[\"x\"] : int")]
    [InlineData("__annotations__[x] = int")]
    [InlineData("__parameterz__ = []")]
    [InlineData("torch.relu(3)")]
    [InlineData("if True:\n    pass")]
    [InlineData("x")]
    public void AClassBodyHoldsDeclarationsOnly(string line)
    {
        var error = Assert.Throws<ReproTorchException>(() => ScriptCode.Read("m.pt", [("m.py", "__torch__.m", $"class Net(Module):\n  {line}\n")]));
        Assert.Equal(ReproTorchErrorKind.ModelFormat, error.Kind);
        Assert.Contains("m.pt", error.Message, StringComparison.Ordinal);
        Assert.Contains("line ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class (Module):\n  x : int\n")]
    [InlineData("class Net(3):\n  x : int\n")]
    [InlineData("class Net(Module):\n")]
    [InlineData("class Net(Module): x : int\n")]
    [InlineData("class A:\n  x : int\nclass A:\n  x : int\n")]
    [InlineData("def f(x):\n  return x[]\n")]
    [InlineData("def f(x):\n  return f(x)[]\n")]
    public void OtherDamageIsTold(string code) =>
        Assert.Throws<ReproTorchException>(() => ScriptCode.Read("m.pt", [("m.py", "__torch__.m", code)]));

    [Theory]
    [InlineData(300, true)]
    [InlineData(500, false)]
    public void NestingIsBounded(int depth, bool fits)
    {
        string[] codes =
        [
            $"def f(x):\n  return {new string('(', depth)}x{new string(')', depth)}\n",
            $"def f(x):\n  return {string.Join(" + ", Enumerable.Repeat("x", depth))}\n",
            "def f(x):\n" + string.Concat(Enumerable.Range(1, depth).Select(i => $"{new string(' ', i)}if x:\n")) + new string(' ', depth + 1) + "pass\n",
        ];
        Assert.All(codes, code =>
        {
            Exception? error = Record.Exception(() => ScriptCode.Read("m.pt", [("m.py", "__torch__.m", code)]));
            Assert.Equal(fits, error is null);
        });
    }

    [Fact]
    public void LongListsAndManyStatementsAreNotDeep() => ScriptCode.Read(
        "m.pt",
        [("m.py", "__torch__.m", $"def f(x):\n  y = [{string.Join(", ", Enumerable.Repeat("-1", 50_000))}]\n" + string.Concat(Enumerable.Repeat("  y = y + [1]\n", 5000)))]);
}
