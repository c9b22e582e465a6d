using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>Takes complex elements apart into real and imaginary parts.</summary>
internal static class ComplexParts
{
    /// <summary>Splits a block.</summary>
    /// <param name="source">Complex elements, a multiple of 64 of them.</param>
    /// <param name="partSize">Bytes of one part: 2, 4 or 8.</param>
    /// <param name="real">Takes the real parts.</param>
    /// <param name="imaginary">Takes the imaginary parts.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Split(ReadOnlySpan<byte> source, int partSize, Span<byte> real, Span<byte> imaginary)
    {
        ref byte from = ref Lanes.Start(source);
        ref byte re = ref Lanes.Start(real);
        ref byte im = ref Lanes.Start(imaginary);
        nuint to = 0;
        for (nuint i = 0; i < (nuint)source.Length; i += 2 * 64, to += 64)
        {
            Vector512<byte> one = Vector512.LoadUnsafe(ref from, i);
            Vector512<byte> two = Vector512.LoadUnsafe(ref from, i + 64);
            (Vector512<byte> reals, Vector512<byte> imaginaries) = partSize switch
            {
                2 => Halves(one.AsUInt32(), two.AsUInt32()),
                4 => Halves(one.AsUInt64(), two.AsUInt64()),
                _ => Halves(one.AsDouble(), two.AsDouble()),
            };
            reals.StoreUnsafe(ref re, to);
            imaginaries.StoreUnsafe(ref im, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<byte> Real, Vector512<byte> Imaginary) Halves(Vector512<uint> one, Vector512<uint> two) =>
        (Vector512.Narrow(one, two).AsByte(), Vector512.Narrow(one >>> 16, two >>> 16).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<byte> Real, Vector512<byte> Imaginary) Halves(Vector512<ulong> one, Vector512<ulong> two) =>
        (Vector512.Narrow(one, two).AsByte(), Vector512.Narrow(one >>> 32, two >>> 32).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<byte> Real, Vector512<byte> Imaginary) Halves(Vector512<double> one, Vector512<double> two)
    {
        Vector512<long> order = Vector512.Create(0L, 2, 4, 6, 1, 3, 5, 7);
        Vector512<long> a = Vector512.Shuffle(one.AsInt64(), order);
        Vector512<long> b = Vector512.Shuffle(two.AsInt64(), order);
        return (Vector512.Create(a.GetLower(), b.GetLower()).AsByte(), Vector512.Create(a.GetUpper(), b.GetUpper()).AsByte());
    }
}
