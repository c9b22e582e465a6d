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

    private static RunValue Value(string name, params float[] values) => RunValue.OfTensor(
        name, TensorData.FromArray(DType.float32, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

    private void Write(string path, float value)
    {
        string file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        RunFile.Write(file, [Run(Value("output", value))], force: false);
    }
}
