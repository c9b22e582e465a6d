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
        var rtol = NumberOption.Of<double>("--rtol", "Relative tolerance; with --atol.", "x");
        var atol = NumberOption.Of<double>("--atol", "Absolute tolerance; with --rtol.", "y");
        var maxUlp = NumberOption.Of<ulong>("--max-ulp", "Greatest distance in units in the last place.");
        var tolerance = new Option<string[]>("--tolerance")
        {
            Description = "Tolerances of the outputs whose name fits, * and ? standing for any text and any letter: the first that fits counts.",
            HelpName = "name=rtol,atol",
        };
        var map = new Option<string[]>("--map")
        {
            Description = "Pair an output of the reference with one of another name.", HelpName = "reference=difference",
        };
        var ignoreDType = new Option<bool>("--ignore-dtype") { Description = "Compare values of different dtypes; with --close, tolerances or --max-ulp." };
        var equalNaN = new Option<bool>("--equal-nan") { Description = "Take NaN for equal to NaN." };
        var report = new Option<string?>("--report") { Description = "Write the comparison as one HTML page; an existing one is replaced.", HelpName = "PAGE.html" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("compare", "Compares two runs: the same bits, or how far apart. Exits with 0 when they match, 1 when not.")
        {
            reference, difference, close, rtol, atol, tolerance, maxUlp, equalNaN, ignoreDType, map, report, json,
        };
        command.SetAction((result, cancellation) => Task.Run(() => Guard.Run(() =>
        {
            var options = new ComparisonOptions
            {
                Close = result.GetValue(close),
                RelativeTolerance = result.GetValue(rtol),
                AbsoluteTolerance = result.GetValue(atol),
                OutputTolerances = [.. (result.GetValue(tolerance) ?? []).Select(ToTolerances)],
                MaxUlp = result.GetValue(maxUlp),
                EqualNaN = result.GetValue(equalNaN),
                CheckDType = !result.GetValue(ignoreDType),
                NameMap = (result.GetValue(map) ?? []).Select(ToNames).ToDictionary(StringComparer.Ordinal),
            };
            options.Validate();
            IReadOnlyList<RunComparison> comparisons = Compare(result.GetValue(reference)!, result.GetValue(difference)!, options, cancellation);
            if (result.GetValue(report) is { } page)
            {
                string html = RunReport.ToHtml(comparisons, cancellationToken: cancellation);
                AtomicFile.Write(page, force: true, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
            }

            if (result.GetValue(json))
            {
                Terminal.Line(ComparisonDocument.ToJson(comparisons));
            }
            else
            {
                Print(comparisons, result.GetValue(report));
            }

            foreach (RunComparison comparison in comparisons.Where(comparison => comparison.Failure is not null))
            {
                Terminal.Error(comparison.Reason!);
            }

            return comparisons.Any(comparison => comparison.Failure is not null) ? ExitCode.Usage
                : comparisons.All(comparison => comparison.Match) ? ExitCode.Same : ExitCode.Differs;
        })));
        return command;
    }

    private static IReadOnlyList<RunComparison> Compare(
        string reference, string difference, ComparisonOptions options, CancellationToken cancellation)
    {
        bool referenceIsFolder = Directory.Exists(reference);
        bool differenceIsFolder = Directory.Exists(difference);
        if (referenceIsFolder && differenceIsFolder)
        {
            return [.. RunComparer.CompareFolders(reference, difference, options, progress: null, cancellation)];
        }

        IReadOnlyList<RunOutput> expected = Read(reference);
        IReadOnlyList<RunOutput> actual = Read(difference);
        return RunComparer.Compare(
            referenceIsFolder ? RunFolder.Arrange(expected, actual) : expected,
            differenceIsFolder ? RunFolder.Arrange(actual, expected) : actual,
            options, progress: null, cancellation);
    }

    private static OutputTolerances ToTolerances(string text)
    {
        // A name may have '=' in it; the numbers have none.
        int at = text.LastIndexOf('=');
        string[] numbers = at < 0 ? [] : text[(at + 1)..].Split(',');
        return at > 0 && numbers.Length == 2 && NumberOption.TryParse(numbers[0], out double relative) && NumberOption.TryParse(numbers[1], out double absolute)
            ? new OutputTolerances(text[..at], new Tolerances(relative, absolute))
            : throw new ArgumentException($"--tolerance {text}: expected name=rtol,atol, such as output.logits=1e-5,1e-6.");
    }

    private static KeyValuePair<string, string> ToNames(string text)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && at < text.Length - 1
            ? KeyValuePair.Create(text[..at], text[(at + 1)..])
            : throw new ArgumentException($"--map {text}: expected reference=difference, such as output.0=output.logits.");
    }

    private static IReadOnlyList<RunOutput> Read(string path) => File.Exists(path) || Directory.Exists(path)
        ? RunSource.Read(path)
        : throw new FileNotFoundException($"There is no file or folder '{path}'.", path);

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
