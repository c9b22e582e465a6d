using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>Strings that native functions allocate.</summary>
internal static class NativeText
{
    /// <summary>Copies the text and frees it. A null pointer gives an empty string.</summary>
    public static string Take(nint text)
    {
        try
        {
            return Marshal.PtrToStringUTF8(text) ?? string.Empty;
        }
        finally
        {
            NativeMethods.rpt_string_free(text);
        }
    }
}
