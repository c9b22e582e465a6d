using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// The first look at a block: are both sides the same bits, and all finite? For most blocks of most comparisons that is all there
/// is, and it runs at the speed of memory.
/// </summary>
internal static class ScreenPass
{
    private const int Line = 64;

    /// <summary>True when the bits agree and the sum of the squares is finite.</summary>
    /// <param name="reference">One side.</param>
    /// <param name="difference">The other.</param>
    /// <param name="count">Elements, a multiple of 64; for a complex type its components.</param>
    /// <param name="squares">The sum of the elements' squares.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Agrees<T>(ref readonly byte reference, ref readonly byte difference, nuint count, out double squares)
        where T : struct, IElement
    {
        squares = 0;
        Vector512<double> sum = Vector512<double>.Zero;
        nuint lineElements = (nuint)(Line / T.Size);
        for (nuint i = 0; i < count; i += lineElements)
        {
            nuint offset = i * (nuint)T.Size;
            if (Vector512.LoadUnsafe(in reference, offset) != Vector512.LoadUnsafe(in difference, offset))
            {
                return false;
            }

            sum = AddSquares<T>(sum, in reference, i);
            if (T.Size <= 4)
            {
                sum = AddSquares<T>(sum, in reference, i + 8);
            }

            if (T.Size <= 2)
            {
                sum = AddSquares<T>(sum, in reference, i + 16);
                sum = AddSquares<T>(sum, in reference, i + 24);
            }

            if (T.Size == 1)
            {
                sum = AddSquares<T>(sum, in reference, i + 32);
                sum = AddSquares<T>(sum, in reference, i + 40);
                sum = AddSquares<T>(sum, in reference, i + 48);
                sum = AddSquares<T>(sum, in reference, i + 56);
            }
        }

        // A NaN or infinity anywhere ends up in the sum.
        squares = Lanes.Sum(sum);
        return double.IsFinite(squares);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> AddSquares<T>(Vector512<double> sum, ref readonly byte source, nuint index)
        where T : struct, IElement
    {
        Vector512<double> x = T.Load(in source, index);
        return sum + (x * x);
    }
}
