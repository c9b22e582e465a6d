using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// The absolute value of complex numbers. PyTorch computes <c>sqrt(re*re + im*im)</c> in its vector loops, which overflows from 1e154 on,
/// and C's <c>hypot</c> for what is left over at the end of a tensor; the two differ in the last bit. Verdicts and messages
/// follow it in that; statistics do too, except that <c>hypot</c> stands in where squares overflow or vanish.
/// </summary>
internal static class Magnitude
{
    /// <summary>Above this a square may overflow.</summary>
    public const double Greatest = 1e150;

    /// <summary>Below this a square may lose bits.</summary>
    public const double Least = 1e-140;

    // Powers of two that keep hypot's squares in range.
    private static readonly double s_negligible = Math.ScaleB(1, -54);
    private static readonly double s_huge = Math.ScaleB(1, 511);
    private static readonly double s_tiny = Math.ScaleB(1, -459);
    private static readonly double s_scaleUp = Math.ScaleB(1, 600);
    private static readonly double s_scaleDown = Math.ScaleB(1, -600);

    /// <summary>How many elements at the end of a tensor PyTorch's loops leave over: its vectors (AVX2) hold two complex128 and its
    /// loops take two vectors at a time.</summary>
    public const int LoopElements = 4;

    /// <summary>Eight magnitudes, as the vector loops have them where squares are in range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Of(Vector512<double> re, Vector512<double> im)
    {
        Vector512<double> square = (re * re) + (im * im);
        Vector512<double> inRange = Vector512.LessThanOrEqual(square, Vector512.Create(Greatest * Greatest))
            & Vector512.GreaterThanOrEqual(square, Vector512.Create(Least * Least));
        inRange |= Vector512.Equals(Vector512.Abs(re) + Vector512.Abs(im), Vector512<double>.Zero);
        return Vector512.EqualsAll(inRange.AsUInt64(), Vector512<ulong>.AllBitsSet) ? Vector512.Sqrt(square) : ByHypot(re, im, square);
    }

    /// <summary>Eight magnitudes, those from a lane on by the rule for elements that the vector loops leave over.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector512<double> LeftOver(Vector512<double> re, Vector512<double> im, Vector512<double> magnitudes, long from)
    {
        for (int lane = (int)Math.Max(0, from); lane < Lanes.Count; lane++)
        {
            magnitudes = magnitudes.WithElement(lane, Hypot(re[lane], im[lane]));
        }

        return magnitudes;
    }

    /// <summary>Where PyTorch's squares overflow or lose bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> OutOfRange(Vector512<double> re, Vector512<double> im, Vector512<double> magnitudes) =>
        Vector512.GreaterThan(magnitudes, Vector512.Create(Greatest)) | (Vector512.LessThan(magnitudes, Vector512.Create(Least))
            & Vector512.GreaterThan(Vector512.Abs(re) + Vector512.Abs(im), Vector512<double>.Zero));

    /// <summary>One magnitude as PyTorch computes it.</summary>
    /// <param name="re">Real part.</param>
    /// <param name="im">Imaginary part.</param>
    /// <param name="leftOver">True for an element that its vector loops leave over.</param>
    public static double Of(double re, double im, bool leftOver) => leftOver ? Hypot(re, im) : Math.Sqrt((re * re) + (im * im));

    /// <summary>sqrt(x*x + y*y) without overflow, as C's <c>hypot</c> and Python's <c>abs(complex)</c> give it. The correction of the
    /// root is that of C. Borges, "An Improved Algorithm for hypot(a,b)" (arXiv:1904.09481), in its form without fused operations.</summary>
    public static double Hypot(double x, double y)
    {
        x = Math.Abs(x);
        y = Math.Abs(y);
        if (!double.IsFinite(x) || !double.IsFinite(y))
        {
            return double.IsInfinity(x) || double.IsInfinity(y) ? double.PositiveInfinity : double.NaN;
        }

        double big = Math.Max(x, y);
        double small = Math.Min(x, y);
        if (small <= big * s_negligible)
        {
            return big + small;
        }

        double scale = big > s_huge ? s_scaleDown : small < s_tiny ? s_scaleUp : 1;
        return CorrectedRoot(big * scale, small * scale) / scale;
    }

    private static double CorrectedRoot(double x, double y)
    {
        double root = Math.Sqrt((x * x) + (y * y));
        double error;
        if (root <= 2 * y)
        {
            double delta = root - y;
            error = (x * ((2 * delta) - x)) + ((delta - (2 * (x - y))) * delta);
        }
        else
        {
            double delta = root - x;
            error = (2 * delta * (x - (2 * y))) + ((((4 * delta) - y) * y) + (delta * delta));
        }

        return root - (error / (2 * root));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<double> ByHypot(Vector512<double> re, Vector512<double> im, Vector512<double> square)
    {
        Span<double> lanes = stackalloc double[Lanes.Count];
        Vector512.Sqrt(square).CopyTo(lanes);
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            lanes[lane] = square[lane] is >= Least * Least and <= Greatest * Greatest ? lanes[lane] : Hypot(re[lane], im[lane]);
        }

        return Vector512.Create<double>(lanes);
    }
}
