using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace ReproTorch.Models;

/// <summary>
/// Loads a file in a process of its own first, the program <c>reprotorch</c> that lies beside this assembly: what crashes there, hangs
/// or takes too much memory is an error here. The process ends with this one.
/// </summary>
public static class ModelProbe
{
    /// <summary>The verb of the program; it is not shown in its help.</summary>
    public const string Verb = "probe";

    // Loading takes a second, libtorch included, and reading a file of many gigabytes from a slow disk minutes.
    private const double BaseSeconds = 60;
    private const double BytesASecond = 20e6;

    // The process has a quarter of this without a model; loading takes the file's size, or twice that.
    private const long BaseMemory = 1L << 30;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Loads a file there, and lets it go.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sha256">The hash of the very bytes that are to be loaded.</param>
    /// <param name="allowFileAccess">Accepts a model whose code reads or writes files.</param>
    /// <param name="cancellation">Ends the process.</param>
    /// <exception cref="ReproTorchException">It could not be loaded, or loading it ended the process, took too long or took too much
    /// memory; or the program is not there.</exception>
    public static void Run(string path, string sha256, bool allowFileAccess, CancellationToken cancellation = default)
    {
        long length = new FileInfo(path).Length;
        Run(
            path, sha256, allowFileAccess, TimeSpan.FromSeconds(BaseSeconds + (length / BytesASecond)), BaseMemory + (4 * length), cancellation);
    }

    internal static void Run(
        string path, string sha256, bool allowFileAccess, TimeSpan timeout, long memory, CancellationToken cancellation)
    {
        using Process process = Start(path, sha256, allowFileAccess);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var watch = Stopwatch.StartNew();
            while (!process.WaitForExit(s_interval))
            {
                cancellation.ThrowIfCancellationRequested();
                if (watch.Elapsed > timeout)
                {
                    throw Failed(path, string.Create(CultureInfo.InvariantCulture, $"it took longer than {timeout.TotalSeconds:F0} s"));
                }

                if (MemoryOf(process) > memory)
                {
                    throw Failed(path, $"it took more than {memory >> 20} MiB of memory");
                }
            }

            process.WaitForExit();
            Judge(path, process.ExitCode, output.Result, errors.Result);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    // It may end at any moment, and then has none.
    private static long MemoryOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    private static void Judge(string path, int code, string output, string errors)
    {
        if (code == 0)
        {
            return;
        }

        // What it refused in good order: the kind, and what is to be said.
        int end = output.IndexOf('\n', StringComparison.Ordinal);
        if (end > 0 && Enum.TryParse(output[..end].Trim(), out ReproTorchErrorKind kind) && Enum.IsDefined(kind))
        {
            throw new ReproTorchException(kind, output[(end + 1)..].Trim());
        }

        string last = errors.Trim().Split('\n')[^1].Trim();
        throw Failed(path, $"the process ended with code {code}{(last.Length > 0 ? $" ({last})" : string.Empty)}");
    }

    private static ReproTorchException Failed(string path, string what) => new(
        ReproTorchErrorKind.ModelFormat,
        $"{path} was not loaded here: when a process of its own loaded it first, {what}. The file is damaged, or means harm.");

    private static Process Start(string path, string sha256, bool allowFileAccess)
    {
        string program = Program();
        var start = new ProcessStartInfo(program, [Verb, path, "--sha256", sha256, .. allowFileAccess ? ["--allow-file-access"] : (string[])[]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ReproTorchException(ReproTorchErrorKind.NotInstalled, $"The program {program} cannot be started: {e.Message}", e);
        }
    }

    private static string Program()
    {
        string name = OperatingSystem.IsWindows() ? "reprotorch.exe" : "reprotorch";
        string[] places = [System.IO.Path.GetDirectoryName(typeof(ModelProbe).Assembly.Location) ?? string.Empty, AppContext.BaseDirectory];
        return places.Select(place => System.IO.Path.Combine(place, name)).FirstOrDefault(File.Exists)
            ?? throw new ReproTorchException(
                ReproTorchErrorKind.NotInstalled,
                $"The program {name}, in which files that are not trusted are loaded first, was not found in {string.Join(" or ", places.Distinct())}. "
                + "It lies beside the module; install that whole.");
    }
}
