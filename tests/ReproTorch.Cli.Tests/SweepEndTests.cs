using System.Diagnostics;
using System.Globalization;
using ReproTorch.Models;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Cli.Tests;

/// <summary>What is left of a sweep that ends before its time: no child, and after Ctrl+C no file either.</summary>
public sealed class SweepEndTests : IDisposable
{
    private const int Interrupt = 2;
    private const int Continue = 18;
    private const int Stop = 19;
    private const int Cancelled = 130;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("repro end ").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The child is held until its parent is dead, so that all of its work is still before it.
    [Fact]
    public void AChildEndsWithAParentThatIsKilled()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using Process parent = StartVerify();
        using Process child = ChildOf(parent);
        Signal(child, Stop);
        parent.Kill();
        Assert.True(parent.WaitForExit(s_patience));
        Signal(child, Continue);
        Assert.True(child.WaitForExit(s_patience));
        Assert.Empty(Directory.EnumerateFiles(_folder, "run-*.npz", SearchOption.AllDirectories));
    }

    [Fact]
    public void CtrlCEndsItWithItsChildAndLeavesNothing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using Process parent = StartVerify();
        using Process child = ChildOf(parent);
        Signal(child, Stop);
        Signal(parent, Interrupt);
        Assert.True(parent.WaitForExit(s_patience));
        Assert.Equal(Cancelled, parent.ExitCode);
        Assert.True(child.WaitForExit(s_patience));
        Assert.Empty(Directory.EnumerateDirectories(_folder, "reprotorch-*"));
    }

    // A model that takes seconds.
    private Process StartVerify()
    {
        string model = Path.Combine(_folder, "model.pt");
        using (ScriptModel script = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    for i in range(1000000):\n        x = x + 1\n    return x",
        }.Compile())
        {
            script.Save(model, force: true);
        }

        string input = Path.Combine(_folder, "x.npy");
        using (TorchTensor tensor = TorchTensor.FromSpan<float>([1, 2], DType.float32, 2))
        {
            TensorFile.Write(input, [new NamedTensorData("x", tensor.ToData())], force: true);
        }

        // A shell that starts the tests in the background lets its children ignore Ctrl+C.
        var start = new ProcessStartInfo(
            "env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "reprotorch.dll"), "verify", model, "--input", input, "--vary", "Process"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = _folder;
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static Process ChildOf(Process parent)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < s_patience && !parent.HasExited)
        {
            // A child belongs to the thread that started it.
            string? child = Directory.EnumerateDirectories($"/proc/{parent.Id}/task").SelectMany(Children).FirstOrDefault();
            if (child is not null && CommandLine(child) is { Length: > 0 } command && command != CommandLine(parent.Id.ToString(CultureInfo.InvariantCulture)))
            {
                return Process.GetProcessById(int.Parse(child, CultureInfo.InvariantCulture));
            }

            Thread.Yield();
        }

        throw new InvalidOperationException("No child was started.");
    }

    private static string[] Children(string task) => Read(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // A child that was forked and does not run its own program yet has its parent's: its parent waits for it, and would for ever if it were stopped then.
    private static string CommandLine(string process) => Read($"/proc/{process}/cmdline");

    // A thread or process that has just ended has no such file.
    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private static void Signal(Process process, int signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
