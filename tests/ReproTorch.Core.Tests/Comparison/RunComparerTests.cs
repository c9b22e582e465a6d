using System.Runtime.InteropServices;
using ReproTorch.Comparison;
using ReproTorch.Reporting;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Comparison;

/// <summary>Outputs that are paired by mapped names, and folders that are paired by file names.</summary>
public sealed class RunComparerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reprotorch-comparer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_mapped_output_stands_against_the_other_name_and_keeps_the_references()
    {
        RunComparison run = Compare([Value("a", 1), Value("same", 2)], [Value("b", 1), Value("same", 2)], new() { ["a"] = "b" });
        Assert.True(run.Identical);
        Assert.Equal([("a", "b"), ("same", null)], run.Outputs.Select(output => (output.Name, output.DifferenceName)));
    }

    [Fact]
    public void Two_names_can_be_exchanged()
    {
        RunComparison run = Compare([Value("a", 1), Value("b", 2)], [Value("a", 2), Value("b", 1)], new() { ["a"] = "b", ["b"] = "a" });
        Assert.True(run.Identical);
    }

    [Fact]
    public void An_output_whose_name_was_given_to_another_is_missing()
    {
        RunComparison run = Compare([Value("a", 1), Value("b", 2)], [Value("b", 1)], new() { ["a"] = "b" });
        Assert.Equal(["b"], run.Missing);
        Assert.Empty(run.Extra);
        Assert.False(run.Match);
    }

    [Fact]
    public void A_mapped_output_that_one_side_lacks_is_missing_and_one_that_both_lack_an_error()
    {
        Assert.Equal(["a"], Compare([Value("a", 1)], [Value("c", 1)], new() { ["a"] = "b" }).Missing);
        ReproTorchException problem = Assert.Throws<ReproTorchException>(() => Compare([Value("a", 1)], [Value("c", 1)], new() { ["x"] = "y" }));
        Assert.Contains("'x' is mapped to 'y'", problem.Message, StringComparison.Ordinal);
        Assert.Contains("The reference has 'a'; the difference has 'c'.", problem.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Compare([Value("a", 1)], [Value("c", 1)], new() { ["a"] = "c", ["b"] = "c" }));
    }

    [Fact]
    public void A_mapped_name_survives_json_and_is_told_on_the_page()
    {
        RunComparison run = Compare([Value("a", 1)], [Value("b", 2)], new() { ["a"] = "b" });
        Assert.Equal("b", ComparisonJson.Read(ComparisonJson.Write(run)).Outputs[0].DifferenceName);
        Assert.Contains("a (b)", RunReport.ToHtml(run), StringComparison.Ordinal);
        Assert.Contains("a (b): mismatch", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_tells_the_first_mismatches_and_what_would_pass()
    {
        RunComparison run = Compare([Value("a", 1, 2, 3)], [Value("a", 1, 2.5f, 4)], []);
        Assert.Contains("    index  reference  difference\n    (1,)   2          2.5\n    (2,)   3          4\n", run.Message, StringComparison.Ordinal);
        Assert.Contains("It would pass with an absolute tolerance of 1.0,", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_are_paired_by_the_names_of_their_files()
    {
        Write("one/gone.npz", 1);
        Write("one/in/both.npz", 1);
        Write("two/in/both.npz", 2);
        Write("two/new.npz", 1);
        Write("two/.hidden.npz", 1);
        RunComparison[] runs = [.. RunComparer.CompareFolders(Path.Combine(_folder, "one"), Path.Combine(_folder, "two"))];
        Assert.Equal(["gone.npz", "in/both.npz", "new.npz"], runs.Select(run => run.File));
        Assert.All(runs, run => Assert.False(run.Match));
        Assert.Equal("the difference has no file gone.npz", runs[0].Reason);
        Assert.Equal("the reference has no file new.npz", runs[2].Reason);
        Assert.StartsWith("in/both.npz: the runs do not match", runs[1].Message, StringComparison.Ordinal);
        Assert.Contains("2 of 3", RunReport.ToHtml(runs[..2].Append(Compare([Value("a", 1)], [Value("a", 1)], [])).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pair_of_files_that_cannot_be_read_is_a_mismatch_that_names_it_and_no_page_is_green()
    {
        Write("one/good.npz", 1);
        Write("two/good.npz", 1);
        File.WriteAllText(Path.Combine(_folder, "one", "bad.npz"), "rubbish");
        File.WriteAllText(Path.Combine(_folder, "two", "bad.npz"), "rubbish");
        RunComparison[] runs = [.. RunComparer.CompareFolders(Path.Combine(_folder, "one"), Path.Combine(_folder, "two"))];
        Assert.Equal([("bad.npz", false), ("good.npz", true)], runs.Select(run => (run.File!, run.Match)));
        Assert.StartsWith("the file bad.npz could not be compared: ", runs[0].Reason, StringComparison.Ordinal);
        Assert.Contains("\nThe file bad.npz could not be compared: ", runs[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain("..", runs[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain("<section", RunReport.ToHtml(runs[0]), StringComparison.Ordinal);
        string all = RunReport.ToHtml(runs);
        Assert.Contains("<h1>1 of 2 do not match</h1>", all, StringComparison.Ordinal);
        Assert.Contains("1 of 2 could not be made.", all, StringComparison.Ordinal);
        foreach (string page in (string[])[all, RunReport.ToHtml(runs[0])])
        {
            Assert.Contains("<header class=\"verdict differs\">", page, StringComparison.Ordinal);
            Assert.Contains(">Could not be compared</h", page, StringComparison.Ordinal);
            Assert.Contains("The file bad.npz could not be compared: ", page, StringComparison.Ordinal);
            Assert.DoesNotContain("..<", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_comparison_survives_json_in_every_number()
    {
        ulong[] bits = [0x8000000000000000, 1, 0x7FF0000000000000, 0xFFF8000000000001, 0x3E60000000000000, 0x4340000000000001];
        RunValue[] one = [Doubles(bits), Value("only", 1), RunValue.OfString("text", "a\nb"), RunValue.OfNone("none")];
        RunValue[] two = [Doubles([.. bits.Reverse()]), RunValue.OfString("text", "\u00E9"), RunValue.OfNone("none")];
        ComparisonOptions[] all =
        [
            ComparisonOptions.Default,
            new() { Close = true, EqualNaN = true, OutputTolerances = [new("t*", new Tolerances(Math.BitIncrement(0.1), 5e-324))] },
            new() { MaxUlp = ulong.MaxValue, CheckDType = false, NameMap = new Dictionary<string, string> { ["only"] = "other" } },
        ];
        foreach (ComparisonOptions options in all)
        {
            RunOutput other = Run([.. two, .. options.NameMap.Values.Select(name => Value(name, 2))]);
            RunComparison run = RunComparer.Compare(Run(one), other, options);
            RunComparison back = ComparisonJson.Read(ComparisonJson.Write(run));
            Assert.Equal(ComparisonJson.Write(run), ComparisonJson.Write(back));
            Assert.Equal(run.Message, back.Message);
            Assert.Equal(run.Outputs.Select(output => output.MaxAbsolute?.Value), back.Outputs.Select(output => output.MaxAbsolute?.Value));
            Assert.Equal(run.Outputs.Select(output => output.MaxUlp), back.Outputs.Select(output => output.MaxUlp));
        }
    }

    [Fact]
    public void Two_folders_without_runs_do_not_match()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "one"));
        Directory.CreateDirectory(Path.Combine(_folder, "two"));
        RunComparison only = Assert.Single(RunComparer.CompareFolders(Path.Combine(_folder, "one"), Path.Combine(_folder, "two")));
        Assert.False(only.Match);
        Assert.Contains("nothing was compared", only.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Losses_are_told_where_a_run_has_them()
    {
        RunComparison run = Compare([Value("loss", 3, 2, 1)], [Value("loss", 3, 2.5f, 1)], []);
        Assert.DoesNotContain("id=\"loss\"", RunReport.ToHtml(run), StringComparison.Ordinal);
        RunComparison runs = RunComparer.Compare(Run(Value("loss", 3, 2, 1)), Run(Value("loss", 3, 2.5f, 1)));
        Assert.Contains("Step 2 is the first whose loss differs.", RunReport.ToHtml(runs), StringComparison.Ordinal);
    }

    private static RunComparison Compare(RunValue[] reference, RunValue[] difference, Dictionary<string, string> names) =>
        RunComparer.Compare(reference, difference, new ComparisonOptions { NameMap = names });

    private static RunOutput Run(params RunValue[] outputs) => new() { Name = "run", Outputs = outputs };

    private static RunValue Doubles(ulong[] bits) =>
        RunValue.OfTensor("doubles", TensorData.FromArray(DType.float64, [bits.Length], MemoryMarshal.AsBytes(bits.AsSpan()).ToArray()));

    private static RunValue Value(string name, params float[] values) => RunValue.OfTensor(
        name, TensorData.FromArray(DType.float32, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

    private void Write(string path, float value)
    {
        string file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        RunFile.Write(file, [Run(Value("output", value))], force: false);
    }
}
