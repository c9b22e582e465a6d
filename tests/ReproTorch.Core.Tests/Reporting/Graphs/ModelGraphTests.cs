using System.Globalization;
using System.Xml.Linq;
using ReproTorch.Core.Tests.Models;
using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Reporting.Graphs;
using LoadOptions = ReproTorch.Models.LoadOptions;

namespace ReproTorch.Core.Tests.Reporting.Graphs;

public sealed class ModelGraphTests : ProcessStateTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private static string Digits => Path.Combine(Repository.Root, "samples", "digits", "digits.pt");

    [Fact]
    public void OperatorsAreCountedAsTheyRun()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        ModelGraph graph = ModelGraph.Of(model, "forward", inlined: false);
        Assert.Equal(2, graph.Operators.Single(entry => entry.Name == "aten::conv2d").Count);
        Assert.DoesNotContain(graph.Operators, entry => entry.Random > 0);
        Assert.Equal(["Tensor"], graph.Returns);
        Assert.Contains("def forward(self", graph.Code, StringComparison.Ordinal);
        Assert.Contains("graph(%self", graph.Graph, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePictureIsXmlWithABoxForEachOperatorAndNoTwoBoxesOverlap()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        var svg = XDocument.Parse(ModelGraph.Of(model, "forward", inlined: true).Svg);
        string[] names = [.. svg.Descendants(s_svg + "text").Where(text => (string?)text.Attribute("class") == "name").Select(text => text.Value)];
        Assert.Equal(
            ["images", "conv2d", "batch_norm", "relu", "conv2d", "batch_norm", "relu", "max_pool2d", "flatten", "dropout", "linear", "relu", "linear", "output"],
            names);
        (double Left, double Top, double Right, double Bottom)[] boxes =
            [.. svg.Descendants(s_svg + "g").Elements(s_svg + "rect").Where(IsBox).Select(Box)];
        Assert.Equal(names.Length, boxes.Length);
        for (int i = 0; i < boxes.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                Assert.True(boxes[i].Left >= boxes[j].Right || boxes[j].Left >= boxes[i].Right
                    || boxes[i].Top >= boxes[j].Bottom || boxes[j].Top >= boxes[i].Bottom, $"{names[i]} overlaps {names[j]}");
            }
        }
    }

    [Fact]
    public void ABranchThatTheModelNeverTakesIsNotDrawnAndARandomOperatorIsMarked()
    {
        using ScriptModel model = ScriptModelTests.Compile("""
            def forward(self, x: Tensor):
                if self.training:
                    x = torch.dropout(x, 0.5, True)
                return torch.relu(x)
            """);
        Assert.Contains("class=\"box random draws\"", ModelGraph.Of(model, "forward", inlined: true).Svg, StringComparison.Ordinal);
        model.SetTraining(false);
        ModelGraph graph = ModelGraph.Of(model, "forward", inlined: true);
        Assert.DoesNotContain("dropout", graph.Dot, StringComparison.Ordinal);
        Assert.DoesNotContain(graph.Operators, entry => entry.Name == "aten::dropout");
    }

    [Fact]
    public void ControlFlowThatTheInputDecidesIsDrawn()
    {
        using ScriptModel model = ScriptModelTests.Compile("""
            def forward(self, x: Tensor):
                if bool(x.sum() > 0):
                    x = torch.relu(x)
                for i in range(int(x.size(0))):
                    x = x + i
                return x
            """);
        string dot = ModelGraph.Of(model, "forward", inlined: true).Dot;
        Assert.Contains("label=\"if\\nthis way or past it\"", dot, StringComparison.Ordinal);
        Assert.Contains("label=\"loop\\nrepeats what leads here\"", dot, StringComparison.Ordinal);
        Assert.Contains("[style=dashed]", dot, StringComparison.Ordinal);
    }

    [Fact]
    public void SubmodulesAreClustersAndNamesCannotBreakOut()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        string dot = ModelGraph.Of(model, "forward", inlined: true).Dot;
        Assert.Contains("subgraph \"cluster_features\"", dot, StringComparison.Ordinal);
        Assert.Equal(dot.Count(c => c == '{'), dot.Count(c => c == '}'));
    }

    [Fact]
    public void ThePictureIsTheSameEachTime()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        Assert.Equal(ModelGraph.Of(model, "forward", inlined: true).Svg, ModelGraph.Of(model, "forward", inlined: true).Svg);
    }

    [Theory]
    [InlineData("a.svg", "<?xml")]
    [InlineData("a.DOT", "digraph")]
    [InlineData("a.gv", "digraph")]
    public void TheExtensionChoosesTheFormat(string name, string begin)
    {
        using var folder = new TestFolder();
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        ModelGraph graph = ModelGraph.Of(model, "forward", inlined: false);
        graph.Save(folder.File(name), force: false);
        Assert.StartsWith(begin, File.ReadAllText(folder.File(name)), StringComparison.Ordinal);
        Assert.Throws<IOException>(() => graph.Save(folder.File(name), force: false));
        Assert.Throws<ReproTorchException>(() => graph.Save(folder.File("a.png"), force: false));
    }

    private static bool IsBox(XElement rect) => ((string?)rect.Attribute("class"))?.StartsWith("box", StringComparison.Ordinal) == true
        && rect.Parent!.Element(s_svg + "title") is not null && rect.Parent.Name == s_svg + "g";

    private static (double Left, double Top, double Right, double Bottom) Box(XElement rect)
    {
        double Read(string name) => double.Parse(rect.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        return (Read("x"), Read("y"), Read("x") + Read("width"), Read("y") + Read("height"));
    }
}
