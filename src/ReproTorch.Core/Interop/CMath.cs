using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>
/// Functions of the C library's math that .NET lacks in full precision: <c>double.LogP1</c> and <c>double.ExpM1</c> add or
/// subtract the 1 in plain double arithmetic, which loses the very digits that these functions exist for.
/// </summary>
/// <remarks>
/// <see cref="Math"/> and <see cref="MathF"/> call the C library for exp, log, pow, cos and acos, and so does NumPy. Taking
/// these three from the same library makes results equal to those of a NumPy on the same machine. Another C library (or glibc 2.39 and
/// later, which has other code for CPUs with FMA) may round the last bit differently, for NumPy just as for this.
/// </remarks>
internal static unsafe class CMath
{
    private static readonly nint s_library = Load();
    private static readonly delegate* unmanaged[SuppressGCTransition]<double, double> s_log1p =
        (delegate* unmanaged[SuppressGCTransition]<double, double>)Find("log1p");
    private static readonly delegate* unmanaged[SuppressGCTransition]<float, float> s_log1pf =
        (delegate* unmanaged[SuppressGCTransition]<float, float>)Find("log1pf");
    private static readonly delegate* unmanaged[SuppressGCTransition]<double, double> s_expm1 =
        (delegate* unmanaged[SuppressGCTransition]<double, double>)Find("expm1");

    /// <summary>log(1 + x).</summary>
    public static double Log1P(double x) => s_log1p is not null ? s_log1p(x) : KahanLog1P(x);

    /// <summary>log(1 + x) in single precision.</summary>
    public static float Log1P(float x) => s_log1pf is not null ? s_log1pf(x) : (float)KahanLog1P(x);

    /// <summary>exp(x) - 1.</summary>
    public static double ExpM1(double x) => s_expm1 is not null ? s_expm1(x) : KahanExpM1(x);

    // For a platform whose C library cannot be found by name: accurate to a few units in the last place, not to the bit.
    // W. Kahan's identities, Higham, "Accuracy and Stability of Numerical Algorithms", 1.14.1.
    internal static double KahanLog1P(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : double.IsInfinity(u) || u <= 0 ? Math.Log(u) : Math.Log(u) * x / (u - 1);
    }

    internal static double KahanExpM1(double x)
    {
        double u = Math.Exp(x);
        return u == 1 ? x : u == 0 ? -1 : double.IsInfinity(u) ? u : (u - 1) * x / Math.Log(u);
    }

    private static nint Load()
    {
        string[] names = OperatingSystem.IsWindows() ? ["ucrtbase.dll"]
            : OperatingSystem.IsMacOS() ? ["/usr/lib/libSystem.B.dylib"]
            : ["libm.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return library;
            }
        }

        return 0;
    }

    private static void* Find(string function) =>
        s_library != 0 && NativeLibrary.TryGetExport(s_library, function, out nint address) ? (void*)address : null;
}
