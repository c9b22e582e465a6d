using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

// Section "trace" of reprotorch.h, in its order; what each function does and who frees what is written there.
internal static unsafe partial class NativeMethods
{
    [LibraryImport(NativeLibraryLoader.LibraryName, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint rpt_module_trace(
        ScriptModuleHandle module, string method, nint* arguments, long argumentCount, nint* keywordNames,
        nint* keywordValues, long keywordCount, int strict, out ScriptModuleHandle outModule, out nint outFrozen);

    [LibraryImport(NativeLibraryLoader.LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint rpt_method_nodes(MethodHandle method, out nint outJson);

    [LibraryImport(NativeLibraryLoader.LibraryName)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial nint rpt_method_constants(MethodHandle method, out ValueHandle outTensors);
}
