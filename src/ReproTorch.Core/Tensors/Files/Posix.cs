using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ReproTorch.Tensors.Files;

/// <summary>Calls of the C library that .NET has no form of: folders flushed to the disk, pages handed back, what a path is.</summary>
internal static partial class Posix
{
    /// <summary>MADV_DONTNEED, the same number on Linux and macOS.</summary>
    internal const int DontNeed = 4;

    /// <summary>MADV_WILLNEED, likewise.</summary>
    internal const int WillNeed = 3;

    /// <summary>POSIX_FADV_DONTNEED on Linux; macOS has no such call.</summary>
    internal const int ForgetCached = 4;

    private const int AtCurrentFolder = -100;
    private const uint StatxType = 1;
    private const int TypeOfFile = 0xF000;
    private const int RegularFile = 0x8000;
    private const int Folder = 0x4000;

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

    /// <summary>Whether a path, links followed, is there and is neither a regular file nor a folder: a device, a pipe, a socket. It is not
    /// opened: that waits at a pipe, and does something at a device.</summary>
    internal static unsafe bool IsSpecial(string path)
    {
        // struct statx is the same on every processor (linux/stat.h), and so is struct stat of macOS with 64-bit inodes (sys/stat.h).
        ushort* status = stackalloc ushort[128];
        bool isLinux = OperatingSystem.IsLinux();
        int failed = isLinux ? statx(AtCurrentFolder, path, 0, StatxType, status)
            : OperatingSystem.IsMacOS() ? RuntimeInformation.ProcessArchitecture == Architecture.X64 ? stat_inode64(path, status) : stat(path, status)
            : -1;
        return failed == 0 && ((isLinux ? status[14] : status[2]) & TypeOfFile) is not (RegularFile or Folder);
    }

    /// <summary>A path with no link, no <c>.</c> and no <c>..</c> in it; null where there is nothing.</summary>
    internal static string? RealPath(string path)
    {
        nint text = realpath(path, 0);
        try
        {
            return Marshal.PtrToStringUTF8(text);
        }
        finally
        {
            free(text);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, ushort* status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int stat(string path, ushort* status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int stat_inode64(string path, ushort* status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint realpath(string path, nint resolved);

    [LibraryImport("libc")]
    private static partial void free(nint memory);
}
