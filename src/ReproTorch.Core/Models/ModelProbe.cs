using System.Diagnostics;
using System.Globalization;
using ReproTorch.Interop;

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
        var clock = Stopwatch.StartNew();
        (int code, string output, string errors) = ChildProgram.Run(
            [Verb, path, "--sha256", sha256, .. allowFileAccess ? ["--allow-file-access"] : (string[])[]], [], cancellation, process =>
            {
                if (clock.Elapsed > timeout)
                {
                    throw Failed(path, string.Create(CultureInfo.InvariantCulture, $"it took longer than {timeout.TotalSeconds:F0} s"));
                }

                if (MemoryOf(process) > memory)
                {
                    throw Failed(path, $"it took more than {memory >> 20} MiB of memory");
                }
            });
        Judge(path, code, output, errors);
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

        string last = errors.Split('\n')[^1].Trim();
        throw Failed(path, $"the process ended with code {code}{(last.Length > 0 ? $" ({last})" : string.Empty)}");
    }

    private static ReproTorchException Failed(string path, string what) => new(
        ReproTorchErrorKind.ModelFormat,
        $"{path} was not loaded here: when a process of its own loaded it first, {what}. The file is damaged, or means harm.");
}
