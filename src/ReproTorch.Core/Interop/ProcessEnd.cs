using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>The end of a process that has used libtorch.</summary>
public static class ProcessEnd
{
    /// <summary>Ends this process at once, after flushing what was printed. On the usual way out libtorch takes itself apart,
    /// operator by operator, which takes as long as running a small network and crashes where its loading has not ended; the
    /// system takes everything back all the same. Nothing may be half written: this is a program's last step.</summary>
    /// <param name="exitCode">The process's exit code, 0..255.</param>
    [DoesNotReturn]
    public static unsafe void At(int exitCode)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        if (!OperatingSystem.IsWindows())
        {
            // _exit(2): no handlers of exit(3), no destructors.
            nint library = NativeLibrary.GetMainProgramHandle();
            if (NativeLibrary.TryGetExport(library, "_exit", out nint function))
            {
                ((delegate* unmanaged[Cdecl]<int, void>)function)(exitCode);
            }
        }

        System.Environment.Exit(exitCode);
    }
}
