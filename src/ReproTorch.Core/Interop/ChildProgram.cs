using System.ComponentModel;
using System.Diagnostics;

namespace ReproTorch.Interop;

/// <summary>The program <c>reprotorch</c> as a child process: it ends when this process does, for it watches its standard input, which
/// this process alone holds open.</summary>
internal static class ChildProgram
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="variables">Environment variables to set beside those of this process.</param>
    /// <param name="cancellation">Ends it at once.</param>
    /// <param name="watch">Called every some milliseconds while it runs; what it throws ends it.</param>
    /// <returns>Its exit code, and what it wrote to standard output and standard error.</returns>
    /// <exception cref="ReproTorchException">It is not there, or cannot be started.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static (int Code, string Output, string Errors) Run(
        IReadOnlyList<string> arguments,
        IReadOnlyList<KeyValuePair<string, string>> variables,
        CancellationToken cancellation,
        Action<Process>? watch = null)
    {
        var start = new ProcessStartInfo(Find(), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        using Process process = Start(start);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            while (!process.WaitForExit(s_interval))
            {
                cancellation.ThrowIfCancellationRequested();
                watch?.Invoke(process);
            }

            process.WaitForExit();
            return (process.ExitCode, output.Result, errors.Result.Trim());
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Whether it is there.</summary>
    public static bool Exists => Places().Any(File.Exists);

    private static string Find() => Places().FirstOrDefault(File.Exists) ?? throw new ReproTorchException(
        ReproTorchErrorKind.NotInstalled,
        $"The program reprotorch was not found in {string.Join(" or ", Places().Select(Path.GetDirectoryName).Distinct())}. It lies beside the "
        + "module; install that whole.");

    private static IEnumerable<string> Places()
    {
        string name = OperatingSystem.IsWindows() ? "reprotorch.exe" : "reprotorch";
        string[] folders = [Path.GetDirectoryName(typeof(ChildProgram).Assembly.Location) ?? string.Empty, AppContext.BaseDirectory];
        return folders.Select(folder => Path.Combine(folder, name));
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ReproTorchException(ReproTorchErrorKind.NotInstalled, $"The program {start.FileName} cannot be started: {e.Message}", e);
        }
    }
}
