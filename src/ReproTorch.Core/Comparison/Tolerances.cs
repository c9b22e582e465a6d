using System.Text.Json.Serialization;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>
/// How far two elements may lie apart: they are close when <c>|difference - reference| &lt;= Absolute + Relative * |reference|</c>.
/// </summary>
/// <param name="Relative">rtol: the part that grows with the reference. 0 or more.</param>
/// <param name="Absolute">atol: the part that is always allowed, in the units of the values. 0 or more.</param>
/// <remarks>The defaults by dtype are those of <c>torch.testing.assert_close</c> (its documentation's table).</remarks>
public readonly record struct Tolerances(double Relative, double Absolute)
{
    /// <summary>Nothing but equality.</summary>
    public static Tolerances Zero => default;

    /// <summary>True when only equal elements are close.</summary>
    [JsonIgnore]
    public bool IsZero => Relative == 0 && Absolute == 0;

    /// <summary>The default for one dtype: 1e-3 and 1e-5 for float16 and complex32; 1.6e-2 and 1e-5 for bfloat16; 1.3e-6 and 1e-5 for
    /// float32, complex64 and the quantized dtypes; 1e-7 and 1e-7 for float64 and complex128; 0 and 0 for all else, the 8-bit
    /// floats among them.</summary>
    public static Tolerances Default(DType dtype) => dtype switch
    {
        DType.float16 or DType.complex32 => new(1e-3, 1e-5),
        DType.bfloat16 => new(1.6e-2, 1e-5),
        DType.float32 or DType.complex64 or DType.qint8 or DType.quint8 or DType.qint32 => new(1.3e-6, 1e-5),
        DType.float64 or DType.complex128 => new(1e-7, 1e-7),
        _ => Zero,
    };

    /// <summary>The default for values of two dtypes: the greater of each, the relative and the absolute apart.</summary>
    public static Tolerances Default(DType reference, DType difference)
    {
        Tolerances a = Default(reference);
        Tolerances b = Default(difference);
        return new(Math.Max(a.Relative, b.Relative), Math.Max(a.Absolute, b.Absolute));
    }

    /// <summary>Both or neither: the two numbers as tolerances, or null when neither is given.</summary>
    /// <exception cref="ArgumentException">Only one is given, or one is negative or NaN.</exception>
    public static Tolerances? Of(double? relative, double? absolute)
    {
        if (relative is null && absolute is null)
        {
            return null;
        }

        if (relative is null || absolute is null)
        {
            throw new ArgumentException(
                "Both 'rtol' and 'atol' must be either specified or omitted, but got no " + (relative is null ? "rtol." : "atol.") +
                " With only one of them the other's default would still let values pass: give 0 for the one that is not wanted.");
        }

        return new Tolerances(relative.Value, absolute.Value).Checked();
    }

    /// <summary>For people: <c>relative 1.3e-06, absolute 1e-05</c>.</summary>
    public override string ToString() => $"relative {PythonText.Of(Relative)}, absolute {PythonText.Of(Absolute)}";

    internal Tolerances Checked()
    {
        Check(Relative, "relative tolerance (rtol)");
        Check(Absolute, "absolute tolerance (atol)");
        return this;

        static void Check(double value, string what)
        {
            if (!(value >= 0))
            {
                throw new ArgumentException($"The {what} is {PythonText.Of(value)}; it must be 0 or more.");
            }
        }
    }
}
