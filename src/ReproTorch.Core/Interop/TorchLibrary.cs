namespace ReproTorch.Interop;

/// <summary>The native library of this process.</summary>
public static class TorchLibrary
{
    /// <summary>True once it was loaded; it is loaded by the first call that needs it.</summary>
    public static bool IsLoaded { get; internal set; }

    /// <summary>Loads it now if it is not, on whichever thread calls: worth doing beside other work, as it takes a third of a
    /// second.</summary>
    /// <exception cref="ReproTorchException">It is missing or does not fit.</exception>
    public static void Load() => _ = NativeMethods.rpt_abi_version();
}
