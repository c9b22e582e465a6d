namespace ReproTorch.Interop;

/// <summary>Environment variables as the C library sees them. On Unix, .NET keeps a copy of its own that libtorch, OpenMP and
/// CUDA never read.</summary>
internal static class NativeEnvironment
{
    /// <summary>The value, or null when the variable is not set.</summary>
    public static string? Get(string name)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_environment_get(name, out nint value));
        return value == nint.Zero ? null : NativeText.Take(value);
    }

    /// <summary>Sets the variable, or removes it for null, in both copies.</summary>
    public static void Set(string name, string? value)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_environment_set(name, value));
        System.Environment.SetEnvironmentVariable(name, value);
    }
}
