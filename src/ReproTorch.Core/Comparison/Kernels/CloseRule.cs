using ReproTorch.Tensors;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// Closeness in an arithmetic that rounds more than float64 does. The vector loop decides in float64 every element that is
/// clear of the border of tolerance; those near it, few as a rule, come here one by one.
/// </summary>
internal abstract class CloseRule
{
    private CloseRule(Tolerances tolerances, double margin) => (Tolerances, Margin) = (tolerances, margin);

    /// <summary>The tolerances, as this arithmetic rounds them.</summary>
    public Tolerances Tolerances { get; }

    /// <summary>How far float64 may be off, as a share of |reference|.</summary>
    public double SizeMargin { get; private init; }

    /// <summary>How far float64 may be off, as a share of the difference and of what is allowed.</summary>
    public double Margin { get; }

    /// <summary>How far float64 may be off at least, by subnormal rounding.</summary>
    public double Tiny { get; private init; }

    /// <summary>From here on this arithmetic may overflow.</summary>
    public double Huge { get; private init; } = double.MaxValue;

    /// <summary>Decides for two unequal finite elements.</summary>
    public abstract bool IsClose(in ElementPair pair);

    /// <summary>The rule for elements of a dtype; null where float64 in the vector loop is the rule itself.</summary>
    public static CloseRule? For(DType dtype, ClosenessArithmetic arithmetic, Tolerances tolerances)
    {
        if (tolerances.IsZero)
        {
            // PyTorch, too, then asks for equality and nothing else.
            return null;
        }

        if (dtype.IsInteger() || dtype == DType.@bool)
        {
            return new SingleRule(tolerances) { SizeMargin = Math.ScaleB(1, -22) };
        }

        bool own = arithmetic == ClosenessArithmetic.OwnDType;
        return dtype switch
        {
            DType.complex128 => new ComplexRule(tolerances),
            DType.complex64 or DType.complex32 when !own => new ComplexRule(tolerances),
            DType.complex64 => new ComplexSingleRule(tolerances),
            DType.complex32 => new ComplexHalfRule(tolerances),
            DType.float32 or DType.qint8 or DType.quint8 or DType.qint32 when own => new SingleRule(tolerances),
            DType.float16 when own => new HalfRule(tolerances),
            DType.bfloat16 when own => new BFloat16Rule(tolerances),
            _ => null,
        };
    }

    private static Tolerances Round(Tolerances tolerances, Func<float, float> round) =>
        new(round((float)tolerances.Relative), round((float)tolerances.Absolute));

    /// <summary>In complex128: only the magnitudes need care.</summary>
    private sealed class ComplexRule : CloseRule
    {
        public ComplexRule(Tolerances tolerances)
            : base(tolerances, margin: Math.ScaleB(1, -46))
        {
            Huge = Magnitude.Greatest;
            Tiny = Magnitude.Least;
        }

        public override bool IsClose(in ElementPair pair)
        {
            (double rtol, double atol) = (Tolerances.Relative, Tolerances.Absolute);
            double error = Magnitude.Of(pair.Difference - pair.Reference, pair.DifferenceImaginary - pair.ReferenceImaginary, pair.LeftOver);
            double allowed = atol + Magnitude.Of(rtol * pair.Reference, rtol * pair.ReferenceImaginary, pair.LeftOver);
            return double.IsFinite(error) && error <= allowed;
        }
    }

    /// <summary>In float32: integers always, float32 by the newer rule.</summary>
    private sealed class SingleRule : CloseRule
    {
        public SingleRule(Tolerances tolerances)
            : base(Round(tolerances, static value => value), margin: Math.ScaleB(1, -21))
        {
            Tiny = float.Epsilon * 8d;
            Huge = 3e38;
        }

        public override bool IsClose(in ElementPair pair)
        {
            float error = MathF.Abs(pair.DifferenceSingle - pair.ReferenceSingle);
            float scaled = MathF.Abs((float)Tolerances.Relative * pair.ReferenceSingle);
            return float.IsFinite(error) && error <= (float)Tolerances.Absolute + scaled;
        }
    }

    /// <summary>In float16, each step rounded.</summary>
    private sealed class HalfRule : CloseRule
    {
        public HalfRule(Tolerances tolerances)
            : base(Round(tolerances, Half), margin: Math.ScaleB(1, -8))
        {
            Tiny = 1e-6;
            Huge = 60000;
        }

        public override bool IsClose(in ElementPair pair)
        {
            float error = Half(MathF.Abs((float)pair.Difference - (float)pair.Reference));
            float scaled = Half(MathF.Abs((float)Tolerances.Relative * (float)pair.Reference));
            return float.IsFinite(error) && error <= Half((float)Tolerances.Absolute + scaled);
        }

        private static float Half(float value) => (float)(System.Half)value;
    }

    /// <summary>In bfloat16, each step rounded.</summary>
    private sealed class BFloat16Rule : CloseRule
    {
        public BFloat16Rule(Tolerances tolerances)
            : base(Round(tolerances, BFloat16), margin: Math.ScaleB(1, -5))
        {
            Tiny = float.Epsilon * 0x80000d;
            Huge = 3e38;
        }

        public override bool IsClose(in ElementPair pair)
        {
            float error = BFloat16(MathF.Abs((float)pair.Difference - (float)pair.Reference));
            float scaled = BFloat16(MathF.Abs((float)Tolerances.Relative * (float)pair.Reference));
            return float.IsFinite(error) && error <= BFloat16((float)Tolerances.Absolute + scaled);
        }

        private static float BFloat16(float value) =>
            BitConverter.UInt32BitsToSingle((uint)DTypeConversion.ToBFloat16(value) << 16);
    }

    /// <summary>In complex64.</summary>
    private sealed class ComplexSingleRule : CloseRule
    {
        public ComplexSingleRule(Tolerances tolerances)
            : base(Round(tolerances, static value => value), margin: Math.ScaleB(1, -19))
        {
            Tiny = 1e-19;
            Huge = 1e18;
        }

        public override bool IsClose(in ElementPair pair)
        {
            float rtol = (float)Tolerances.Relative;
            float error = Abs(
                (float)pair.Difference - (float)pair.Reference,
                (float)pair.DifferenceImaginary - (float)pair.ReferenceImaginary,
                pair.LeftOverSingle);
            float scaled = Abs(rtol * (float)pair.Reference, rtol * (float)pair.ReferenceImaginary, pair.LeftOverSingle);
            return float.IsFinite(error) && error <= (float)Tolerances.Absolute + scaled;
        }

        private static float Abs(float re, float im, bool leftOver) =>
            leftOver ? (float)Magnitude.Hypot(re, im) : MathF.Sqrt((re * re) + (im * im));
    }

    /// <summary>In complex32: computed in float32, each result rounded to float16.</summary>
    private sealed class ComplexHalfRule : CloseRule
    {
        public ComplexHalfRule(Tolerances tolerances)
            : base(Round(tolerances, Half), margin: Math.ScaleB(1, -7))
        {
            Tiny = 2e-6;
            Huge = 30000;
        }

        public override bool IsClose(in ElementPair pair)
        {
            float rtol = (float)Tolerances.Relative;
            float error = Abs(
                Half((float)pair.Difference - (float)pair.Reference),
                Half((float)pair.DifferenceImaginary - (float)pair.ReferenceImaginary));
            float scaled = Abs(Half(rtol * (float)pair.Reference), Half(rtol * (float)pair.ReferenceImaginary));
            return float.IsFinite(error) && error <= Half((float)Tolerances.Absolute + scaled);
        }

        private static float Abs(float re, float im) => Half((float)Magnitude.Hypot(re, im));

        private static float Half(float value) => (float)(System.Half)value;
    }
}

/// <summary>Two elements as numbers, for a <see cref="CloseRule"/>.</summary>
internal readonly ref struct ElementPair
{
    /// <summary>The reference, or its real part.</summary>
    public required double Reference { get; init; }

    /// <summary>The reference's imaginary part; 0 for a real number.</summary>
    public double ReferenceImaginary { get; init; }

    /// <summary>The difference, or its real part.</summary>
    public required double Difference { get; init; }

    /// <summary>The difference's imaginary part; 0 for a real number.</summary>
    public double DifferenceImaginary { get; init; }

    /// <summary>The reference rounded once to float32.</summary>
    public float ReferenceSingle { get; init; }

    /// <summary>The difference rounded once to float32.</summary>
    public float DifferenceSingle { get; init; }

    /// <summary>Whether PyTorch's loops over complex128 leave the element over (see <see cref="Magnitude"/>).</summary>
    public bool LeftOver { get; init; }

    /// <summary>The same for its loops over complex64.</summary>
    public bool LeftOverSingle { get; init; }
}
