using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ReproTorch.Interop;

/// <summary>
/// Finds libreprotorch: the file that REPROTORCH_LIBRARY_PATH names, then <c>runtimes/&lt;rid&gt;/native</c> beside this
/// assembly, then beside this assembly, then wherever the system looks. Checks that it speaks this assembly's ABI.
/// </summary>
internal static class NativeLibraryLoader
{
    internal const string LibraryName = "reprotorch";
    private const string PathVariable = "REPROTORCH_LIBRARY_PATH";
    private const uint AbiVersion = 1;

    // The system calls back once for each function; finding and checking the file once is enough.
    private static nint s_library;

#pragma warning disable CA2255 // The resolver must stand before the first native call, whichever that is.
    [ModuleInitializer]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, Resolve);
#pragma warning restore CA2255

    private static string FileName =>
        OperatingSystem.IsWindows() ? "reprotorch.dll" : OperatingSystem.IsMacOS() ? "libreprotorch.dylib" : "libreprotorch.so";

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != LibraryName)
        {
            return nint.Zero;
        }

        if (Volatile.Read(ref s_library) is var loaded and not 0)
        {
            return loaded;
        }

        var tried = new StringBuilder();
        foreach (string candidate in Candidates())
        {
            if (TryLoad(candidate, tried, out nint library))
            {
                CheckAbi(library, candidate);
                TorchLibrary.IsLoaded = true;
                Volatile.Write(ref s_library, library);
                return library;
            }
        }

        throw new ReproTorchException(
            ReproTorchErrorKind.NotInstalled,
            $"The native library {FileName} could not be loaded. Tried:{tried}{System.Environment.NewLine}"
            + "Build it with ./build.sh build, see that libtorch is installed (on Debian: libtorch-dev), or name the file in "
            + $"the environment variable {PathVariable}.");
    }

    private static IEnumerable<string> Candidates()
    {
        if (System.Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            // Named explicitly: nothing else may step in for it.
            yield return named;
            yield break;
        }

        string folder = AppContext.BaseDirectory;
#pragma warning disable IL3000 // Empty in a single-file program, where the base directory is right.
        string location = typeof(NativeLibraryLoader).Assembly.Location;
#pragma warning restore IL3000
        if (location.Length > 0)
        {
            folder = Path.GetDirectoryName(location)!;
        }

        yield return Path.Combine(folder, "runtimes", Rid(), "native", FileName);
        yield return Path.Combine(folder, FileName);
        yield return FileName;
    }

    private static string Rid()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    private static bool TryLoad(string candidate, StringBuilder tried, out nint library)
    {
        library = nint.Zero;
        if (Path.IsPathRooted(candidate) && !File.Exists(candidate))
        {
            tried.Append(System.Environment.NewLine).Append("  ").Append(candidate).Append(": there is no such file.");
            return false;
        }

        try
        {
            library = NativeLibrary.Load(candidate);
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The message of the system's loader says which library of libtorch it misses.
            tried.Append(System.Environment.NewLine).Append("  ").Append(candidate).Append(": ").Append(e.Message);
            return false;
        }
    }

    private static unsafe void CheckAbi(nint library, string path)
    {
        uint version = NativeLibrary.TryGetExport(library, "rpt_abi_version", out nint function)
            ? ((delegate* unmanaged[Cdecl]<uint>)function)()
            : 0;
        if (version != AbiVersion)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.NotInstalled,
                $"{path} has ABI version {version}, but this ReproTorch needs {AbiVersion}. Build both from the same source: "
                + "./build.sh clean, then ./build.sh build.");
        }
    }
}
