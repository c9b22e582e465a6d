using System.Runtime.Intrinsics;
using Vector = System.Runtime.Intrinsics.Vector512<double>;

namespace ReproTorch.Comparison.Kernels;

/// <summary>The extremes so far, one in all lanes, that loops hold new elements against.</summary>
internal readonly struct Limits
{
    // PyTorch's quotients of integers are float32, and the loops' conversions of wide ones are rounded twice: their limits stand a
    // little lower, and elements that pass them are looked at one by one.
    private static readonly double s_singleSlack = 1 - Math.ScaleB(1, -22);
    private static readonly double s_exactIntegers = Math.ScaleB(1, 53);

    public readonly Vector Absolute;
    public readonly Vector Relative;
    public readonly Vector NeededRelative;
    public readonly Vector NeededAbsolute;
    public readonly Vector MessageAbsolute;

    /// <summary>Where a quotient may be a new greatest one, if the difference is at least this times the reference.</summary>
    public readonly Vector MessageRelative;

    /// <summary>What the quotient must then pass.</summary>
    public readonly Vector MessageQuotient;

    private Limits(ValueStatistics s, bool integer, bool wide)
    {
        double greatest = s.MessageAbsolute.Value;
        double relative = s.MessageRelative.Value;
        Absolute = Vector512.Create(s.Absolute.Value);
        Relative = Vector512.Create(s.Relative.Value);
        NeededRelative = Vector512.Create(s.NeededRelative);
        NeededAbsolute = Vector512.Create(s.NeededAbsolute);
        MessageAbsolute = Vector512.Create(wide && greatest >= s_exactIntegers ? Math.BitDecrement(greatest) : greatest);
        MessageRelative = Vector512.Create(integer ? relative * s_singleSlack : relative);
        MessageQuotient = Vector512.Create(wide ? relative * s_singleSlack : relative);
    }

    /// <summary>The limits as they stand.</summary>
    public static Limits Of<T>(ValueStatistics s)
        where T : struct, IElement => new(s, T.IsInteger, T.IsInteger && T.Size == sizeof(long));
}
