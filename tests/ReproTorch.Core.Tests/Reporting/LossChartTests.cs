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
        string path = svg.Elements().Single(element => element.Name.LocalName == "path").Attribute("d")!.Value;
        Assert.DoesNotContain("NaN", path, StringComparison.Ordinal);
        Assert.Equal(losses.Count(double.IsFinite), path.Count(letter => letter is 'M' or 'L'));
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
