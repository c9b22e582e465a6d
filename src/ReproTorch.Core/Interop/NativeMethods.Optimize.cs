using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

// Section "optimize" of reprotorch.h, in its order; what each function does and who frees what is written there.
internal static unsafe partial class NativeMethods
{
    [LibraryImport(NativeLibraryLoader.LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint rpt_module_optimize(
        ScriptModuleHandle module, int level, nint* preserved, long preservedCount, out ScriptModuleHandle outModule);
}
