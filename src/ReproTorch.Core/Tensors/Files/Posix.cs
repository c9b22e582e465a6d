using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Tensors.Files;

/// <summary>Calls of the C library that .NET has no form of: folders flushed to the disk, pages handed back.</summary>
internal static partial class Posix
{
    /// <summary>MADV_DONTNEED, the same number on Linux and macOS.</summary>
    internal const int DontNeed = 4;

    /// <summary>MADV_WILLNEED, likewise.</summary>
    internal const int WillNeed = 3;

    /// <summary>POSIX_FADV_DONTNEED on Linux; macOS has no such call.</summary>
    internal const int ForgetCached = 4;

    [LibraryImport("libc")]
    internal static partial int madvise(nint address, nuint length, int advice);

    [LibraryImport("libc")]
    internal static partial int posix_fadvise(SafeFileHandle descriptor, long offset, long length, int advice);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

    [LibraryImport("libc")]
    internal static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    internal static partial int close(int descriptor);
}
