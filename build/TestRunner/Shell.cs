using System.ComponentModel;
using System.Diagnostics;

namespace ReproTorch.Build.TestRunner;

/// <summary>Starts programs, their output going straight to ours.</summary>
internal static class Shell
{
    /// <summary>Runs a program to its end. Null when there is no such program.</summary>
    public static int? Run(string program, IEnumerable<string> arguments, string workingDirectory, bool quiet = false)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = quiet,
            RedirectStandardError = quiet,
        };
        try
        {
            using var process = Process.Start(start)!;
            if (quiet)
            {
                process.OutputDataReceived += static (_, _) => { };
                process.ErrorDataReceived += static (_, _) => { };
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
            }
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Runs a program to its end, showing its output and handing it back. Null when there is no such program.</summary>
    public static (int ExitCode, IReadOnlyList<string> Lines)? Tee(
        string program, IEnumerable<string> arguments, string workingDirectory)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var lines = new List<string>();
            while (process.StandardOutput.ReadLine() is { } line)
            {
                lines.Add(line);
                Console.WriteLine(line);
            }
            process.WaitForExit();
            return (process.ExitCode, lines);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
