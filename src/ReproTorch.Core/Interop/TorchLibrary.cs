using System.IO.Compression;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Interop;

/// <summary>The native library of this process.</summary>
public static class TorchLibrary
{
    /// <summary>True once it was loaded; it is loaded by the first call that needs it.</summary>
    public static bool IsLoaded { get; internal set; }

    /// <summary>The version of the libtorch that is loaded, such as 1.13.1; empty when its build does not tell.</summary>
    /// <exception cref="ReproTorchException">It is missing or does not fit.</exception>
    public static string LoadedVersion => Marshal.PtrToStringUTF8(NativeMethods.rpt_torch_version_loaded()) ?? string.Empty;

    /// <summary>Loads it now if it is not, on whichever thread calls.</summary>
    /// <exception cref="ReproTorchException">It is missing or does not fit.</exception>
    public static void Load() => _ = NativeMethods.rpt_abi_version();

    /// <summary>Begins to load it on another thread: it takes a third of a second, in which files can be read and checked. What goes
    /// wrong is thrown by the first call that needs it.</summary>
    public static void BeginLoad()
    {
        FindFileFunctions();

        // A thread of its own starts sooner than the pool's first.
        new Thread(TryLoad) { IsBackground = true }.Start();
    }

    private static void TryLoad()
    {
        try
        {
            Load();
        }
        catch (ReproTorchException)
        {
            // The next call tries again and tells.
        }
    }

    // The system's loader finds one function at a time, and not while it loads a library: what .NET calls for the first time in
    // that third of a second waits for its end. So what reading and checking files takes is called once before.
    private static void FindFileFunctions()
    {
        if (System.Environment.ProcessPath is { } program)
        {
            using SafeFileHandle file = File.OpenHandle(program);
            _ = RandomAccess.GetLength(file);
            _ = RandomAccess.Read(file, stackalloc byte[1], fileOffset: 0);
        }

        // Deflate's form of nothing.
        using var inflate = new DeflateStream(new MemoryStream([3, 0]), CompressionMode.Decompress);
        _ = inflate.ReadByte();
        lock (new Lock())
        {
        }
    }
}
