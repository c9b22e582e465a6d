using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>Turns the error objects of reprotorch.h into exceptions and frees them.</summary>
internal static class NativeError
{
    /// <summary>Throws when <paramref name="error"/> is not null.</summary>
    /// <param name="error">What a native function returned.</param>
    /// <param name="call">The call as written; the compiler fills it in, and the function's name is read from it.</param>
    public static void ThrowIfFailed(nint error, [CallerArgumentExpression(nameof(error))] string call = "")
    {
        if (error != nint.Zero)
        {
            Throw(error, call);
        }
    }

    private static void Throw(nint error, string call)
    {
        try
        {
            int code = NativeMethods.rpt_error_code(error);
            string message = Marshal.PtrToStringUTF8(NativeMethods.rpt_error_message(error)) ?? string.Empty;
            string backtrace = Marshal.PtrToStringUTF8(NativeMethods.rpt_error_backtrace(error)) ?? string.Empty;
            var kind = code is >= (int)ReproTorchErrorKind.InvalidArgument and <= (int)ReproTorchErrorKind.Internal
                ? (ReproTorchErrorKind)code
                : ReproTorchErrorKind.Internal;
            throw new ReproTorchException(kind, message)
            {
                NativeFunction = FunctionName(call),
                NativeBacktrace = backtrace,
            };
        }
        finally
        {
            NativeMethods.rpt_error_free(error);
        }
    }

    private static string FunctionName(string call)
    {
        int start = call.IndexOf("rpt_", StringComparison.Ordinal);
        int end = start < 0 ? -1 : call.IndexOf('(', start);
        return end < 0 ? call : call[start..end];
    }
}
