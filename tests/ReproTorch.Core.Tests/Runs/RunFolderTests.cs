using ReproTorch.Runs;

namespace ReproTorch.Core.Tests.Runs;

/// <summary>A folder of runs: the order of its files, and which of its runs stands against which.</summary>
public sealed class RunFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reprotorch-folder-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("run 1", "run 1-2", "run 1-10", "run 2", "run 10")]
    [InlineData("a", "a-2", "a0", "a00", "a01", "a1", "a01b", "b")]
    [InlineData("18446744073709551616", "18446744073709551617", "100000000000000000000")]
    public void Files_come_in_the_order_of_their_names_with_numbers_as_numbers(params string[] names)
    {
        foreach (string name in names.Reverse())
        {
            File.WriteAllText(Path.Combine(_folder, name + ".npz"), string.Empty);
        }

        Assert.Equal(names, RunFolder.Files(_folder).Select(Path.GetFileNameWithoutExtension));
    }

    [Theory]
    [InlineData("in2", "in10", "in1")]
    [InlineData("run 1", "run 1", "run 1", "run 1", "run 1", "run 1", "run 1", "run 1", "run 1", "run 1", "run 1")]
    [InlineData("a", "a-2", "a", "A", "a")]
    [InlineData("", "", "a:b", "a_b", "run")]
    public void What_was_written_in_an_order_stands_in_that_order_again(params string[] names)
    {
        RunOutput[] runs = [.. names.Select((name, i) => Run(name, i))];
        foreach ((string file, RunOutput run) in RunFolder.Plan(_folder, runs))
        {
            RunFile.Write(file, [run], force: false);
        }

        IReadOnlyList<RunOutput> read = RunFolder.Arrange(RunSource.Read(_folder), runs);
        Assert.Equal(runs.Select(Number), read.Select(Number));
    }

    [Fact]
    public void Runs_of_other_names_stay_in_the_order_of_their_files()
    {
        RunOutput[] runs = [Run("a", 0), Run("b", 1)];
        Assert.Same(runs, RunFolder.Arrange(runs, [Run("b", 0), Run("c", 1)]));
        Assert.Same(runs, RunFolder.Arrange(runs, [Run("b", 0), Run("b", 1)]));
        Assert.Same(runs, RunFolder.Arrange(runs, [Run("b", 0)]));
    }

    private static RunOutput Run(string name, int number) =>
        new() { Name = name, Outputs = [RunValue.OfString("number", $"{number}")] };

    private static string? Number(RunOutput run) => run.Outputs[0].Text;
}
