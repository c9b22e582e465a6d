using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ReproTorch.Build.TestRunner;

/// <summary>One method a kind of test. Each runs all tests of its kind and returns what they counted.</summary>
internal sealed partial class Runners(string root, string configuration)
{
    private readonly string _results = Directory.CreateDirectory(Path.Combine(root, "artifacts", "test-results")).FullName;

    /// <summary>The native library's own tests, by CTest.</summary>
    public Tally Native()
    {
        const string Runner = "native (ctest)";
        string report = Fresh("native.xml");
        int? exitCode = Shell.Run(
            "ctest",
            ["--test-dir", Path.Combine(root, "artifacts", "native"), "-C", configuration, "--output-on-failure",
                "--output-junit", report],
            root);
        return exitCode is null
            ? Tally.Broken(Runner, "ctest, a part of CMake, was not found on PATH")
            : Tally.Judge(Runner, exitCode.Value, ReadJUnit(Runner, report));
    }

    /// <summary>One xunit project, already built.</summary>
    public Tally Managed(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        string report = Fresh(name + ".trx");
        int exitCode = Shell.Run(
            "dotnet",
            ["test", project, "-c", configuration, "--no-build", "--nologo", "--verbosity", "quiet",
                "--logger", "console;verbosity=minimal", "--logger", "trx;LogFileName=" + report],
            root) ?? throw new InvalidOperationException("dotnet was not found on PATH.");
        return Tally.Judge(name, exitCode, ReadTrx(name, report));
    }

    /// <summary>The side-by-side checks against Python's torch, numpy and random.</summary>
    public Tally Python()
    {
        const string Runner = "side by side (python)";
        string runner = Path.Combine(root, "tests", "python", "run.py");
        int suites = Directory.EnumerateFiles(Path.GetDirectoryName(runner)!, "*side_by_side*.py", SearchOption.AllDirectories).Count();
        string? chosen = Environment.GetEnvironmentVariable("REPROTORCH_PYTHON");
        if (string.IsNullOrEmpty(chosen) && Environment.GetEnvironmentVariable("LIBTORCH") is { Length: > 0 })
        {
            // Some other Python's torch would run on some other libtorch: its bits prove nothing.
            return Tally.NotRun(Runner, suites, "LIBTORCH is set; name the Python that runs on it in REPROTORCH_PYTHON");
        }
        string[] candidates = string.IsNullOrEmpty(chosen) ? ["python3", "/usr/bin/python3", "python"] : [chosen];
        // The distribution's own Python is asked too: another one on PATH rarely has torch.
        string? python = Array.Find(candidates, name => Shell.Run(name, ["-c", "import torch, numpy"], root, quiet: true) == 0);
        if (python is null)
        {
            return Tally.NotRun(Runner, suites, $"no torch in {string.Join(", ", candidates)}");
        }
        var result = Shell.Tee(python, [runner], root);
        Match? closing = result?.Lines.Select(line => ClosingLine().Match(line)).LastOrDefault(match => match.Success);
        Tally? counted = closing is null ? null : new(Runner, Number(closing, 1), Number(closing, 2), Number(closing, 3));
        return Tally.Judge(Runner, result?.ExitCode ?? -1, counted);
    }

    /// <summary>The Pester suites, in a new PowerShell, against the packed module.</summary>
    public Tally Pester()
    {
        const string Runner = "Pester";
        string suites = Path.Combine(root, "tests", "Pester");
        string[] files = Directory.Exists(suites)
            ? Directory.GetFiles(suites, "*.Tests.ps1", SearchOption.AllDirectories)
            : [];
        int tests = files.Sum(file => ItBlock().Count(File.ReadAllText(file)));
        if (tests == 0)
        {
            return Tally.NotRun(Runner, 0, "there are no suites");
        }
        string tools = Path.Combine(root, "artifacts", "tools");
        if (ReadLine(Path.Combine(tools, "pwsh.txt")) is not { } pwsh)
        {
            return Tally.NotRun(Runner, tests, "no PowerShell 7.6 on PATH, and none to be had as a .NET tool");
        }
        if (ReadLine(Path.Combine(tools, "pester.txt")) is not { } pester)
        {
            return Tally.NotRun(Runner, tests, "no Pester 5 or later installed, and none to be had");
        }
        string counts = Fresh("pester.txt");
        int exitCode = Shell.Run(
            pwsh,
            ["-NoProfile", "-NonInteractive", "-File", Path.Combine(root, "build", "RunPester.ps1"), "-Pester", pester,
                "-Module", Path.Combine(root, "out", "ReproTorch", "ReproTorch.psd1"), "-Path", suites, "-CountFile", counts],
            root) ?? -1;
        int[]? numbers = ReadLine(counts)?.Split(' ').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return Tally.Judge(Runner, exitCode, numbers is [var passed, var failed, var skipped] ? new(Runner, passed, failed, skipped) : null);
    }

    // A report that an earlier run left must not speak for this one.
    private string Fresh(string name)
    {
        string path = Path.Combine(_results, name);
        File.Delete(path);
        return path;
    }

    private static string? ReadLine(string file) =>
        File.Exists(file) && File.ReadLines(file).FirstOrDefault() is { Length: > 0 } line ? line : null;

    private static Tally? ReadJUnit(string runner, string report)
    {
        if (!File.Exists(report))
        {
            return null;
        }
        XElement suite = XDocument.Load(report).Root!;
        int failed = Number(suite, "failures");
        int skipped = Number(suite, "skipped") + Number(suite, "disabled");
        return new Tally(runner, Number(suite, "tests") - failed - skipped, failed, skipped);
    }

    private static Tally? ReadTrx(string runner, string report)
    {
        if (!File.Exists(report))
        {
            return null;
        }
        XElement counters = XDocument.Load(report).Root!.Descendants().First(element => element.Name.LocalName == "Counters");
        int passed = Number(counters, "passed");
        int failed = Number(counters, "failed") + Number(counters, "error") + Number(counters, "timeout") + Number(counters, "aborted");
        return new Tally(runner, passed, failed, Number(counters, "total") - passed - failed);
    }

    private static int Number(XElement element, string attribute) => (int?)element.Attribute(attribute) ?? 0;

    private static int Number(Match match, int group) =>
        match.Groups[group].Success ? int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$")]
    private static partial Regex ClosingLine();

    [GeneratedRegex(@"^\s*It\s+['""]", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex ItBlock();
}
