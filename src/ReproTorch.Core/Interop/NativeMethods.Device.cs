using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

// Section "device" of reprotorch.h, in its order; what each function does and who frees what is written there.
internal static unsafe partial class NativeMethods
{
    [LibraryImport(NativeLibraryLoader.LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int rpt_cuda_device_count();

    [LibraryImport(NativeLibraryLoader.LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint rpt_cuda_device_describe(int index, out nint outJson);

    [LibraryImport(NativeLibraryLoader.LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint rpt_cuda_synchronize(int index);
}
