using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// How elements of one type are read as numbers: eight at a time as float64 lanes, which is the only form that sums and
/// differences are computed in. Always eight lanes, whatever the machine has, so that sums come out the same on every one.
/// A complex type is read as its components, real and imaginary apart.
/// </summary>
internal interface IElement
{
    /// <summary>Bytes of one element or component.</summary>
    static abstract int Size { get; }

    /// <summary>True for bool and integers: there is no infinity or NaN, and closeness works in float32 as in PyTorch.</summary>
    static abstract bool IsInteger { get; }

    /// <summary>Elements <paramref name="index"/> .. +7.</summary>
    static abstract Vector512<double> Load(ref readonly byte source, nuint index);

    /// <summary>One element.</summary>
    static abstract double Scalar(ref readonly byte source, nuint index);

    /// <summary>Difference minus reference for eight elements, exactly rounded.</summary>
    static virtual Vector512<double> Subtract(
        ref readonly byte reference, ref readonly byte difference, nuint index, Vector512<double> r, Vector512<double> d) => d - r;

    /// <summary>One element rounded once to float32; <paramref name="scalar"/> is what <see cref="Scalar"/> gave for it.</summary>
    static virtual float Single(ref readonly byte source, nuint index, double scalar) => (float)scalar;

    /// <summary>The absolute differences as a message tells them, eight at a time.</summary>
    static virtual Vector512<double> Told(
        ref readonly byte reference, ref readonly byte difference, nuint index, Vector512<double> absolute) => absolute;
}

/// <summary>Whether elements have an imaginary part.</summary>
internal interface IParts
{
    static abstract bool Imaginary { get; }
}

/// <summary>Elements with no imaginary part.</summary>
internal readonly struct RealValued : IParts
{
    public static bool Imaginary => false;
}

/// <summary>Elements with an imaginary part.</summary>
internal readonly struct ComplexValued : IParts
{
    public static bool Imaginary => true;
}
