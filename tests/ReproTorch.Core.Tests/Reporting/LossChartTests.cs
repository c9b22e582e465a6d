using System.Xml.Linq;
using ReproTorch.Comparison;
using ReproTorch.Reporting;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Reporting;

public sealed class LossChartTests
{
    [Theory]
    [InlineData(new double[] { })]
    [InlineData(new[] { 1.5 })]
    [InlineData(new[] { 2.0, 2.0, 2.0 })]
    [InlineData(new[] { 1.0, double.NaN, 0.5, double.PositiveInfinity, 0.25 })]
    [InlineData(new[] { double.NaN })]
    public void AnyLossesMakeADrawing(double[] losses)
    {
        XElement svg = XElement.Parse(LossChart.ToSvg(losses));
        Assert.Equal("svg", svg.Name.LocalName);
        string path = svg.Elements().First(element => element.Name.LocalName == "path").Attribute("d")!.Value;
        Assert.DoesNotContain("NaN", path, StringComparison.Ordinal);
        Assert.Equal(losses.Count(double.IsFinite), path.Count(letter => letter is 'M' or 'L'));
    }

    [Theory]
    [InlineData(new[] { 1.5 }, 1)]
    [InlineData(new[] { 1.0, double.NaN, 0.5, double.NaN, 0.25, 0.125 }, 2)]
    [InlineData(new[] { 1.0, 2.0 }, 0)]
    [InlineData(new[] { double.NaN }, 0)]
    public void AStepWithoutANeighbourIsADot(double[] losses, int dots)
    {
        string? path = XElement.Parse(LossChart.ToSvg(losses)).Elements()
            .FirstOrDefault(element => element.Attribute("class")?.Value == "curve dots")?.Attribute("d")?.Value;
        Assert.Equal(dots, path?.Split("h0").Length - 1 ?? 0);
    }

    [Theory]
    [InlineData(1.747e34)]
    [InlineData(-1.747e-34)]
    [InlineData(0.6572)]
    public void LabelsHaveRoomBesideTheTitle(double loss)
    {
        XElement[] texts = [.. XElement.Parse(LossChart.ToSvg([loss, loss / 2])).Elements().Where(element => element.Name.LocalName == "text")];
        double title = 20; // The rotated title is 11 px high at 12.
        Assert.Contains(texts, text => text.Value == "loss" && text.Attribute("transform")!.Value.StartsWith("translate(12 ", StringComparison.Ordinal));
        foreach (XElement label in texts.Where(text => text.Attribute("text-anchor")!.Value == "end"))
        {
            double right = double.Parse(label.Attribute("x")!.Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(right - (label.Value.Length * 6) > title, label.Value);
        }
    }

    [Fact]
    public void OfTrainingsOfTwoLengthsTheReportTellsOfTheirStepsAndTheFirstParameter()
    {
        RunOutput reference = WithParameter(Run(3, 2, 1), 1);
        RunOutput difference = WithParameter(Run(3, 2), 2);
        string page = RunReport.ToHtml(RunComparer.Compare(reference, difference, new ComparisonOptions()), reference, difference);
        Assert.DoesNotContain("The values for attribute", page, StringComparison.Ordinal);
        Assert.Contains(">Shape (2,) instead of (3,): all 2 steps that both have are the same, and the reference goes on to step 3.<", page, StringComparison.Ordinal);
        Assert.Contains("First parameter that differs: </strong><code>parameter.0.weight</code>", page, StringComparison.Ordinal);

        static RunOutput WithParameter(RunOutput run, byte value) => run with
        {
            Outputs = [.. run.Outputs, RunValue.OfTensor("parameter.0.weight", TensorData.FromArray(DType.uint8, [1], [value]))],
        };
    }

    [Fact]
    public void ManyStepsAreDrawnByTheirExtremes()
    {
        double[] losses = [.. Enumerable.Range(0, 100_000).Select(i => i == 77_777 ? 9.0 : 1.0)];
        string svg = LossChart.ToSvg(losses);
        Assert.InRange(svg.Length, 1000, 20_000);
        Assert.Contains(">9<", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void AReportOfTwoTrainingsTellsWhereTheyPart()
    {
        RunOutput reference = Run(3, 2, 1);
        RunOutput difference = Run(3, 2, 1.5f);
        RunComparison comparison = RunComparer.Compare(reference, difference, new ComparisonOptions());
        Assert.Contains("Step 3 is the first whose loss differs.", RunReport.ToHtml(comparison, reference, difference), StringComparison.Ordinal);
        Assert.DoesNotContain("Loss of each step", RunReport.ToHtml(comparison), StringComparison.Ordinal);
    }

    private static RunOutput Run(params float[] losses) => new()
    {
        Name = "training",
        Outputs =
        [
            RunValue.OfTensor("loss", TensorData.FromArray(
                DType.float32, [losses.Length], System.Runtime.InteropServices.MemoryMarshal.AsBytes(losses.AsSpan()).ToArray())),
        ],
    };
}
