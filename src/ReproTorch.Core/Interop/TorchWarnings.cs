using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>Warnings that libtorch raised. They belong to the thread that made the call.</summary>
public static class TorchWarnings
{
    [ThreadStatic]
    private static List<string>? t_carried;

    /// <summary>Takes the warnings raised on this thread since the last call.</summary>
    public static unsafe IReadOnlyList<string> Take()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_warnings_take(out nint texts, out long count));
        if (count == 0 && t_carried is null)
        {
            return [];
        }

        List<string> warnings = t_carried ?? [];
        t_carried = null;
        for (long i = 0; i < count; i++)
        {
            warnings.Add(Marshal.PtrToStringUTF8(((nint*)texts)[i]) ?? string.Empty);
        }

        NativeMethods.rpt_warnings_free((nint)texts, count);
        return warnings;
    }

    /// <summary>Hands warnings from a thread that worked for this one to this one.</summary>
    internal static void Carry(IReadOnlyList<string> warnings)
    {
        if (warnings.Count > 0)
        {
            (t_carried ??= []).AddRange(warnings);
        }
    }
}
