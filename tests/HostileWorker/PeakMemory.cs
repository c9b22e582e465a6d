using System.Diagnostics;
using System.Globalization;

namespace ReproTorch.HostileWorker;

/// <summary>The most memory that this process has held since <see cref="Reset"/>.</summary>
internal static class PeakMemory
{
    private const string Status = "/proc/self/status";

    public static void Reset()
    {
        if (OperatingSystem.IsLinux())
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
    }

    public static long Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Process.GetCurrentProcess().PeakWorkingSet64;
        }

        string line = File.ReadLines(Status).First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line["VmHWM:".Length..].Replace("kB", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10;
    }
}
