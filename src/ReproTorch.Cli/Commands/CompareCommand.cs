using System.CommandLine;
using System.Text;
using ReproTorch.Cli.Output;
using ReproTorch.Comparison;
using ReproTorch.Reporting;
using ReproTorch.Runs;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch compare</c>: compares two recorded runs or files of tensors.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var reference = new Argument<string>("REFERENCE") { Description = "A run file, a folder of run files, or a .npy, .npz, .safetensors or .pt (torch.save) file." };
        var difference = new Argument<string>("DIFFERENCE") { Description = "The same, to compare with it." };
        var close = new Option<bool>("--close") { Description = "Ask for closeness as torch.testing.assert_close has it." };
        var rtol = new Option<double?>("--rtol") { Description = "Relative tolerance; with --atol.", HelpName = "x" };
        var atol = new Option<double?>("--atol") { Description = "Absolute tolerance; with --rtol.", HelpName = "y" };
        var maxUlp = new Option<ulong?>("--max-ulp") { Description = "Greatest distance in units in the last place.", HelpName = "n" };
        var equalNaN = new Option<bool>("--equal-nan") { Description = "Take NaN for equal to NaN." };
        var report = new Option<string?>("--report") { Description = "Write the comparison as one HTML page; an existing one is replaced.", HelpName = "PAGE.html" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("compare", "Compares two runs: the same bits, or how far apart. Exits with 0 when they match, 1 when not.")
        {
            reference, difference, close, rtol, atol, maxUlp, equalNaN, report, json,
        };
        command.SetAction((result, cancellation) => Task.Run(() => Guard.Run(() =>
        {
            var options = new ComparisonOptions
            {
                Close = result.GetValue(close),
                RelativeTolerance = result.GetValue(rtol),
                AbsoluteTolerance = result.GetValue(atol),
                MaxUlp = result.GetValue(maxUlp),
                EqualNaN = result.GetValue(equalNaN),
            };
            options.Validate();
            IReadOnlyList<RunOutput> references = Read(result.GetValue(reference)!);
            IReadOnlyList<RunOutput> differences = Read(result.GetValue(difference)!);
            IReadOnlyList<RunComparison> comparisons = RunComparer.Compare(references, differences, options, progress: null, cancellation);
            if (result.GetValue(report) is { } page)
            {
                WriteReport(page, comparisons, references, differences, cancellation);
            }

            if (result.GetValue(json))
            {
                Terminal.Line(ComparisonDocument.ToJson(comparisons));
            }
            else
            {
                Print(comparisons, result.GetValue(report));
            }

            return comparisons.All(comparison => comparison.Match) ? ExitCode.Same : ExitCode.Differs;
        })));
        return command;
    }

    private static IReadOnlyList<RunOutput> Read(string path) => File.Exists(path) || Directory.Exists(path)
        ? RunSource.Read(path)
        : throw new FileNotFoundException($"There is no file or folder '{path}'.", path);

    // The page is of one pair: of several, the first that does not match, or the first of all.
    private static void WriteReport(
        string page, IReadOnlyList<RunComparison> comparisons, IReadOnlyList<RunOutput> references, IReadOnlyList<RunOutput> differences,
        CancellationToken cancellation)
    {
        int shown = Math.Max(0, comparisons.ToList().FindIndex(comparison => !comparison.Match));
        string html = RunReport.ToHtml(
            comparisons[shown], references.ElementAtOrDefault(shown), differences.ElementAtOrDefault(shown), cancellationToken: cancellation);
        AtomicFile.Write(page, force: true, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
    }

    private static void Print(IReadOnlyList<RunComparison> comparisons, string? report)
    {
        foreach (RunComparison comparison in comparisons)
        {
            string text = comparison.Message;
            int end = text.IndexOf('\n', StringComparison.Ordinal);
            string verdict = end < 0 ? text : text[..end];
            Terminal.Line(comparison.Match ? Terminal.Good(verdict) : Terminal.Bad(verdict));
            if (end >= 0)
            {
                Terminal.Line(text[(end + 1)..]);
            }
        }

        if (report is not null)
        {
            Terminal.Line($"Wrote {report}");
        }
    }
}
