using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ReproTorch.Comparison;
using ReproTorch.Determinism;
using ReproTorch.Provenance;
using ReproTorch.Reporting;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Reporting;

public partial class RunReportTests
{
    private static readonly float[] s_values = [.. Enumerable.Range(0, 400).Select(i => MathF.Sin(i))];

    private static readonly TorchEnvironment s_environment = new()
    {
        TorchVersion = "1.13.1",
        CpuCapability = "AVX2",
        TorchBuild = "PyTorch built with:\n  - GCC 12.2\n",
        Variables = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "<8>" },
        CudaDevices = [new CudaDeviceInfo { Name = "GPU", ComputeCapability = "9.0", TotalMemory = 1L << 33 }],
        Determinism = new DeterminismSettings { Mode = DeterminismMode.Error, Threads = 4 },
        TorchSeed = 42,
    };

    public static TheoryData<string> Pages => [.. s_pages.Keys];

    private static readonly Dictionary<string, Func<(RunComparison Comparison, RunOutput Reference, RunOutput Difference)>> s_pages = new()
    {
        ["identical"] = () => Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", s_values))),
        ["large"] = () => Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", Changed(v => v * 100)))),
        ["tiny"] = () => Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", Changed(MathF.BitIncrement)))),
        ["close"] = () => Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", Changed(MathF.BitIncrement))),
            new ComparisonOptions { Close = true }),
        ["nan"] = () => Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", Changed(v => v < 0 ? float.NaN : v)))),
        ["missing and extra"] = () => Compare(Run("a", Tensor("output.a", s_values)), Run("b", Tensor("output.b", s_values))),
        ["other shape"] = () => Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", s_values[..9]))),
        ["other dtype"] = () => Compare(Run("a", Tensor("output", s_values)),
            Run("b", RunValue.OfTensor("output", TensorData.FromArray(DType.int32, [400], new byte[1600])))),
        ["strings"] = () => Compare(Run("a", RunValue.OfString("output", "<b>&amp;</b>")), Run("b", RunValue.OfString("output", "<i>"))),
        ["none"] = () => Compare(Run("a", RunValue.OfNone("output")), Run("b", RunValue.OfString("output", "x"))),
        ["numbers"] = () => Compare(Run("a", Number(1.5)), Run("b", Number(1.25))),
        ["empty tensors"] = () => Compare(Run("a", Tensor("output", [])), Run("b", Tensor("output", []))),
        ["nothing"] = () => Compare(Run("a"), Run("b")),
        ["injection"] = () => Compare(
            Run("</title><script>alert(1)</script>", Tensor("\"><script>x</script>", s_values)) with { Model = "<img src=x onerror=y>" },
            Run("'\"&<>", Tensor("\"><script>x</script>", Changed(v => -v))) with { Model = "]]>" }),
        ["environments"] = () => Compare(
            Run("a", Tensor("output", s_values)) with { Environment = s_environment },
            Run("b", Tensor("output", Changed(v => v + 1))) with { Environment = s_environment with { CpuCapability = "AVX512" } }),
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public void IsWellFormed(string page)
    {
        XElement html = Parse(Html(page));
        Assert.Equal("html", html.Name);
        Assert.Equal(["head", "body"], html.Elements().Select(element => element.Name.LocalName));
        Assert.Single(html.Descendants("h1"));
        string[] ids = [.. html.Descendants().Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(html.Descendants().Attributes("aria-labelledby"), label => Assert.Contains(label.Value, ids));
        foreach (XElement table in html.Descendants("table").Where(table => table.Element("thead") is not null))
        {
            int columns = table.Element("thead")!.Descendants("th").Count();
            Assert.All(table.Element("tbody")!.Elements("tr"), row =>
                Assert.Equal(columns, row.Elements().Sum(cell => (int?)cell.Attribute("colspan") ?? 1)));
        }

        // A chart says what it shows to those who cannot see it, and draws within its frame.
        Assert.All(html.Descendants("svg").Where(svg => svg.Attribute("aria-hidden") is null), svg =>
            Assert.NotEmpty(svg.Attribute("aria-label")!.Value));
        Assert.DoesNotContain("NaN", string.Concat(html.Descendants("rect").Attributes().Select(value => value.Value)),
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void LoadsNothingAndRunsNothing(string page)
    {
        XElement html = Parse(Html(page));
        string[] ids = [.. html.Descendants().Attributes("id").Select(id => id.Value)];
        foreach (XElement element in html.Descendants())
        {
            Assert.DoesNotContain(element.Name.LocalName, new[] { "script", "link", "img", "iframe", "object", "embed", "image", "use", "base" });
            foreach (XAttribute attribute in element.Attributes())
            {
                Assert.DoesNotMatch("^(src|srcset|data|action|style|on.*)$", attribute.Name.LocalName);
                if (attribute.Name.LocalName.EndsWith("href", StringComparison.Ordinal))
                {
                    Assert.StartsWith("#", attribute.Value, StringComparison.Ordinal);
                    Assert.Contains(attribute.Value[1..], ids);
                }
            }
        }

        Assert.DoesNotMatch(@"url\(|@import|expression\(|https?:", html.Descendants("style").Single().Value);
    }

    [Theory]
    [InlineData("identical", "Identical", "same")]
    [InlineData("large", "Different", "differs")]
    [InlineData("tiny", "Close, but not identical", "close")]
    [InlineData("close", "Match", "same")]
    [InlineData("nan", "Different", "differs")]
    [InlineData("missing and extra", "Different", "differs")]
    [InlineData("other shape", "Different", "differs")]
    [InlineData("strings", "Different", "differs")]
    [InlineData("nothing", "Nothing to compare", "differs")]
    public void SaysTheVerdictFirst(string page, string title, string style)
    {
        XElement main = Parse(Html(page)).Descendants("main").Single();
        XElement first = main.Elements().First();
        Assert.Equal(("header", $"verdict {style}"), (first.Name.LocalName, first.Attribute("class")!.Value));
        Assert.Equal(title, first.Descendants("h1").Single().Value);
    }

    [Fact]
    public void SaysWhichOutputAndElementDiffersFirst()
    {
        float[] changed = [.. s_values];
        changed[17] = 5;
        (RunComparison comparison, RunOutput reference, RunOutput difference) =
            Compare(Run("a", Tensor("output.logits", s_values)), Run("b", Tensor("output.logits", changed)));
        string header = Parse(RunReport.ToHtml(comparison, reference, difference)).Descendants("header").Single().Value;
        Assert.Contains($"First difference: output.logits at (17,), 5 instead of {s_values[17]:R}.", header, StringComparison.Ordinal);
    }

    [Fact]
    public void ShowsNamesAsTheyAreWithoutLettingThemAct()
    {
        XElement html = Parse(Html("injection"));
        Assert.Equal("'\"&<> against </title><script>alert(1)</script>", html.Descendants("title").First().Value);
        Assert.Contains("\"><script>x</script>", html.Descendants("h3").Single().Value, StringComparison.Ordinal);
        Assert.Contains(html.Descendants("td"), cell => cell.Value == "<img src=x onerror=y>");
    }

    [Fact]
    public void DrawsEveryDifferingElement()
    {
        // 100 ulps of all sizes, 7 infinities and 3 NaNs among 400.
        float[] changed = [.. s_values];
        for (int i = 0; i < 100; i++)
        {
            changed[i] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(changed[i]) + (1 << (i % 20)));
        }

        changed.AsSpan(100, 7).Fill(float.PositiveInfinity);
        changed.AsSpan(200, 3).Fill(float.NaN);
        (RunComparison comparison, RunOutput reference, RunOutput difference) =
            Compare(Run("a", Tensor("output", s_values)), Run("b", Tensor("output", changed)));
        XElement[] figures = [.. Parse(RunReport.ToHtml(comparison, reference, difference)).Descendants("figure")];
        Assert.Equal(100, BarSum(figures[0]));
        Assert.Contains("Not drawn: 290 elements of equal value; 7 elements infinitely far apart; 3 elements where only one side is NaN.",
            figures[0].Value, StringComparison.Ordinal);
        Assert.Equal(107, BarSum(figures[1]));
        Assert.Contains("Not drawn: 290 elements of equal value; 3 elements without a distance (NaN).",
            figures[1].Value, StringComparison.Ordinal);
        Assert.Equal(["1 ULP: 5 elements", "2 ULP: 5 elements", "3 to 4 ULP: 5 elements"],
            figures[1].Descendants("title").Take(3).Select(title => title.Value));
        Assert.Contains(figures[2].Descendants("path"), path => path.Attribute("class")!.Value == "special");
    }

    [Fact]
    public void MarksOnlyWhatDiffersBetweenTheEnvironments()
    {
        XElement section = Section(Parse(Html("environments")), "environment");
        Assert.Contains("One thing differs: CPU capability.", section.Value, StringComparison.Ordinal);
        XElement row = Assert.Single(section.Descendants("tr"), row => row.Attribute("class")?.Value == "marked");
        Assert.Equal(["CPU capability differs", "AVX2", "AVX512"], row.Elements().Select(cell => cell.Value));
        Assert.Contains(section.Descendants("details").Descendants("tr"), same => same.Value == "OMP_NUM_THREADS<8>");
    }

    [Fact]
    public void SaysThatAnEnvironmentIsMissing()
    {
        (RunComparison comparison, RunOutput reference, RunOutput difference) = s_pages["environments"]();
        XElement section = Section(Parse(RunReport.ToHtml(comparison, reference, difference with { Environment = null })), "environment");
        Assert.Contains("The difference did not record its environment", section.Value, StringComparison.Ordinal);
        Assert.DoesNotContain(section.Descendants("tr"), row => row.Attribute("class")?.Value == "marked");
    }

    [Fact]
    public void MarksOtherSeedsButNotOtherTimes()
    {
        RunOutput reference = Run("a", Tensor("output", s_values)) with { Seed = "1", Time = DateTimeOffset.UnixEpoch };
        RunOutput difference = reference with { Seed = "2", Time = DateTimeOffset.UnixEpoch.AddHours(1) };
        XElement section = Section(Parse(RunReport.ToHtml(RunComparer.Compare(reference, difference), reference, difference)), "runs");
        XElement row = Assert.Single(section.Descendants("tr"), row => row.Attribute("class")?.Value == "marked");
        Assert.Equal(["Seed differs", "1", "2"], row.Elements().Select(cell => cell.Value));
        Assert.Contains("1970-01-01 01:00:00 UTC", section.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void NeedsNeitherRunsNorDataForAComparisonThatWasReadBack()
    {
        RunComparison comparison = ComparisonJson.Read(ComparisonJson.Write(s_pages["large"]().Comparison));
        XElement html = Parse(RunReport.ToHtml(comparison));
        Assert.Equal(2, html.Descendants("svg").Count(svg => svg.Attribute("class")?.Value == "histogram"));
        Assert.DoesNotContain(html.Descendants("svg"), svg => svg.Attribute("class")?.Value == "map");
    }

    [Fact]
    public void HasNoTableOfRunsForTensorsThatAreNone()
    {
        RunOutput bare = Run(string.Empty, Tensor("output", s_values));
        XElement html = Parse(RunReport.ToHtml(RunComparer.Compare(bare, bare), bare, bare));
        Assert.DoesNotContain(html.Descendants("h2"), heading => heading.Value == "What was compared");
    }

    [Fact]
    public void KeepsTheCellsOfTheTableNarrow()
    {
        long[] extremes = [long.MinValue, long.MaxValue];
        XElement html = Parse(RunReport.ToHtml(RunComparer.Compare(Run("a", Integers(extremes)), Run("b", Integers([.. extremes.Reverse()])))));
        XElement row = Section(html, "outputs").Descendants("tbody").Single().Element("tr")!;
        Assert.Equal("1.845e+19", row.Elements().Last().Value);
        Assert.Equal("\u2260\u00A0Different", row.Descendants("span").Single().Value);
        html = Parse(RunReport.ToHtml(RunComparer.Compare(Run("a", Integers(0)), Run("b", Integers(uint.MaxValue)))));
        Assert.Equal("4,294,967,295", Section(html, "outputs").Descendants("tbody").Single().Descendants("td").Last().Value);
    }

    [Fact]
    public void DetailsAsManyOutputsAsAsked()
    {
        RunOutput reference = Run("a", [.. Enumerable.Range(0, 9).Select(i => Tensor($"output.{i}", s_values))]);
        RunOutput difference = Run("b", [.. Enumerable.Range(0, 9).Select(i => Tensor($"output.{i}", Changed(v => v + 1)))]);
        XElement html = Parse(RunReport.ToHtml(
            RunComparer.Compare(reference, difference), reference, difference, new RunReportOptions { DetailedOutputs = 4 }));
        Assert.Equal(9, Section(html, "outputs").Descendants("tbody").Elements("tr").Count());
        Assert.Equal(4, html.Descendants("h3").Count());
        Assert.Contains("The first 4 of 9 outputs that differ.", html.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsTheFirstDifferingOperatorWhereItIsKnown()
    {
        (RunComparison comparison, _, _) = s_pages["large"]();
        XElement html = Parse(RunReport.ToHtml(comparison, options: new() { FirstDifferingOperator = "aten::bernoulli_ <1>", Title = "T&T" }));
        Assert.Contains("First operator that differs: aten::bernoulli_ <1>", html.Value, StringComparison.Ordinal);
        Assert.Equal("T&T", html.Descendants("title").First().Value);
    }

    [Fact]
    public void GivesTheSameBytesForTheSameComparison() => Assert.Equal(Html("large"), Html("large"));

    [Fact]
    public void StopsWhenCancelled()
    {
        (RunComparison comparison, RunOutput reference, RunOutput difference) = s_pages["large"]();
        Assert.Throws<OperationCanceledException>(
            () => RunReport.ToHtml(comparison, reference, difference, null, new CancellationToken(canceled: true)));
    }

    /// <summary>Random bits of every dtype: NaNs, infinities, subnormals and the extremes of every integer.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(30)]
    [InlineData(3000)]
    public void DrawsAnythingInAnyDtype(int count)
    {
        var random = new Random(count);
        foreach (DType dtype in Enum.GetValues<DType>())
        {
            byte[] one = new byte[count * dtype.ItemSize()];
            byte[] two = new byte[one.Length];
            random.NextBytes(one);
            random.NextBytes(two);
            if (dtype == DType.@bool)
            {
                one = [.. one.Select(b => (byte)(b & 1))];
                two = [.. two.Select(b => (byte)(b & 1))];
            }

            (RunComparison comparison, RunOutput reference, RunOutput difference) = Compare(
                Run("a", RunValue.OfTensor("output", TensorData.FromArray(dtype, [3, count / 3], one))),
                Run("b", RunValue.OfTensor("output", TensorData.FromArray(dtype, [3, count / 3], two))));
            XElement html = Parse(RunReport.ToHtml(comparison, reference, difference));
            Assert.Single(html.Descendants("svg"), svg => svg.Attribute("class")?.Value == "map");
            foreach (XElement bar in html.Descendants("rect").Where(rect => rect.Attribute("class")?.Value == "bar"))
            {
                Assert.InRange(Number(bar, "x"), 40, 400);
                Assert.InRange(Number(bar, "x") + Number(bar, "width"), 40, 400);
                Assert.InRange(Number(bar, "y"), 0, 215);
                Assert.InRange(Number(bar, "height"), 1, 215);
            }

            foreach (XElement tick in html.Descendants("svg").SelectMany(svg => svg.Elements("text")).Where(text => text.Attribute("x") is not null))
            {
                Assert.InRange(Number(tick, "x"), 0, 400);
            }
        }
    }

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static long BarSum(XElement figure) => figure.Descendants("rect")
        .Where(rect => rect.Attribute("class")?.Value == "bar")
        .Sum(rect => long.Parse(CountInTitle().Match(rect.Element("title")!.Value).Groups[1].Value, NumberStyles.AllowThousands,
            CultureInfo.InvariantCulture));

    [GeneratedRegex(": ([0-9,]+) elements?$")]
    private static partial Regex CountInTitle();

    private static XElement Section(XElement html, string id) =>
        html.Descendants("section").Single(section => section.Attribute("aria-labelledby")?.Value == id);

    private static string Html(string page)
    {
        (RunComparison comparison, RunOutput reference, RunOutput difference) = s_pages[page]();
        return RunReport.ToHtml(comparison, reference, difference);
    }

    private static XElement Parse(string html)
    {
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">", html, StringComparison.Ordinal);
        return XElement.Parse(html["<!DOCTYPE html>".Length..]);
    }

    private static (RunComparison Comparison, RunOutput Reference, RunOutput Difference) Compare(
        RunOutput reference, RunOutput difference, ComparisonOptions? options = null) =>
        (RunComparer.Compare(reference, difference, options), reference, difference);

    private static RunOutput Run(string name, params RunValue[] outputs) => new() { Name = name, Outputs = outputs };

    private static RunValue Number(double value) =>
        RunValue.OfNumber("output", TensorData.FromArray(DType.float64, [], BitConverter.GetBytes(value)));

    private static RunValue Tensor(string name, float[] values) => RunValue.OfTensor(
        name, TensorData.FromArray(DType.float32, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

    private static RunValue Integers(params long[] values) => RunValue.OfTensor(
        "output", TensorData.FromArray(DType.int64, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

    private static float[] Changed(Func<float, float> change) => [.. s_values.Select(change)];
}
