namespace ReproTorch.Randomness;

/// <content>The gamma distribution and those that are made of it.</content>
public sealed partial class NumpyGenerator
{
    /// <summary><c>standard_gamma(shape)</c>.</summary>
    /// <param name="shape">0 or more; 0 gives 0 and draws nothing.</param>
    /// <exception cref="ReproTorchException">shape &lt; 0.</exception>
    public double StandardGamma(double shape)
    {
        NumpyGeneratorArgument.NonNegative(shape, "shape");
        return NextGamma(shape);
    }

    /// <summary><c>standard_gamma(shape, size)</c>.</summary>
    /// <inheritdoc cref="StandardGamma(double)"/>
    public void StandardGamma(Span<double> destination, double shape)
    {
        NumpyGeneratorArgument.NonNegative(shape, "shape");
        foreach (ref double value in destination)
        {
            value = NextGamma(shape);
        }
    }

    /// <summary><c>standard_gamma(shape, dtype=np.float32)</c>.</summary>
    /// <inheritdoc cref="StandardGamma(double)"/>
    public float StandardGammaSingle(float shape)
    {
        NumpyGeneratorArgument.NonNegative(shape, "shape");
        return NextGamma(shape);
    }

    /// <summary><c>standard_gamma(shape, size, dtype=np.float32)</c>.</summary>
    /// <inheritdoc cref="StandardGamma(double)"/>
    public void StandardGamma(Span<float> destination, float shape)
    {
        NumpyGeneratorArgument.NonNegative(shape, "shape");
        foreach (ref float value in destination)
        {
            value = NextGamma(shape);
        }
    }

    /// <summary><c>gamma(shape, scale)</c>.</summary>
    /// <param name="shape">0 or more.</param>
    /// <param name="scale">0 or more.</param>
    /// <exception cref="ReproTorchException">shape &lt; 0, or scale &lt; 0.</exception>
    public double Gamma(double shape, double scale = 1)
    {
        CheckGamma(shape, scale);
        return scale * NextGamma(shape);
    }

    /// <summary><c>gamma(shape, scale, size)</c>.</summary>
    /// <inheritdoc cref="Gamma(double, double)"/>
    public void Gamma(Span<double> destination, double shape, double scale = 1)
    {
        CheckGamma(shape, scale);
        foreach (ref double value in destination)
        {
            value = scale * NextGamma(shape);
        }
    }

    /// <summary><c>beta(a, b)</c>.</summary>
    /// <param name="a">Above 0.</param>
    /// <param name="b">Above 0; the sum not below 1e-15, where NumPy 1.24 would try for hours.</param>
    /// <exception cref="ReproTorchException">a &lt;= 0, or b &lt;= 0, or both too small.</exception>
    public double Beta(double a, double b)
    {
        CheckBeta(a, b);
        return NextBeta(a, b);
    }

    /// <summary><c>beta(a, b, size)</c>.</summary>
    /// <inheritdoc cref="Beta(double, double)"/>
    public void Beta(Span<double> destination, double a, double b)
    {
        CheckBeta(a, b);
        foreach (ref double value in destination)
        {
            value = NextBeta(a, b);
        }
    }

    /// <summary><c>chisquare(df)</c>.</summary>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <exception cref="ReproTorchException">df &lt;= 0.</exception>
    public double Chisquare(double df)
    {
        NumpyGeneratorArgument.Positive(df, "df");
        return NextChisquare(df);
    }

    /// <summary><c>chisquare(df, size)</c>.</summary>
    /// <inheritdoc cref="Chisquare(double)"/>
    public void Chisquare(Span<double> destination, double df)
    {
        NumpyGeneratorArgument.Positive(df, "df");
        foreach (ref double value in destination)
        {
            value = NextChisquare(df);
        }
    }

    /// <summary><c>noncentral_chisquare(df, nonc)</c>.</summary>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <param name="nonc">Noncentrality, 0 or more.</param>
    /// <exception cref="ReproTorchException">df &lt;= 0, or nonc &lt; 0.</exception>
    public double NoncentralChisquare(double df, double nonc)
    {
        CheckNoncentral(df, nonc);
        return NextNoncentralChisquare(df, nonc);
    }

    /// <summary><c>noncentral_chisquare(df, nonc, size)</c>.</summary>
    /// <inheritdoc cref="NoncentralChisquare(double, double)"/>
    public void NoncentralChisquare(Span<double> destination, double df, double nonc)
    {
        CheckNoncentral(df, nonc);
        foreach (ref double value in destination)
        {
            value = NextNoncentralChisquare(df, nonc);
        }
    }

    /// <summary><c>f(dfnum, dfden)</c>.</summary>
    /// <param name="dfnum">Degrees of freedom of the numerator, above 0.</param>
    /// <param name="dfden">Degrees of freedom of the denominator, above 0.</param>
    /// <exception cref="ReproTorchException">dfnum &lt;= 0, or dfden &lt;= 0.</exception>
    public double F(double dfnum, double dfden)
    {
        CheckF(dfnum, dfden);
        return NextF(dfnum, dfden);
    }

    /// <summary><c>f(dfnum, dfden, size)</c>.</summary>
    /// <inheritdoc cref="F(double, double)"/>
    public void F(Span<double> destination, double dfnum, double dfden)
    {
        CheckF(dfnum, dfden);
        foreach (ref double value in destination)
        {
            value = NextF(dfnum, dfden);
        }
    }

    /// <summary><c>noncentral_f(dfnum, dfden, nonc)</c>.</summary>
    /// <param name="dfnum">Degrees of freedom of the numerator, above 0.</param>
    /// <param name="dfden">Degrees of freedom of the denominator, above 0.</param>
    /// <param name="nonc">Noncentrality, 0 or more.</param>
    /// <exception cref="ReproTorchException">dfnum &lt;= 0, dfden &lt;= 0, or nonc &lt; 0.</exception>
    public double NoncentralF(double dfnum, double dfden, double nonc)
    {
        CheckF(dfnum, dfden);
        NumpyGeneratorArgument.NonNegative(nonc, "nonc");
        return NextNoncentralF(dfnum, dfden, nonc);
    }

    /// <summary><c>noncentral_f(dfnum, dfden, nonc, size)</c>.</summary>
    /// <inheritdoc cref="NoncentralF(double, double, double)"/>
    public void NoncentralF(Span<double> destination, double dfnum, double dfden, double nonc)
    {
        CheckF(dfnum, dfden);
        NumpyGeneratorArgument.NonNegative(nonc, "nonc");
        foreach (ref double value in destination)
        {
            value = NextNoncentralF(dfnum, dfden, nonc);
        }
    }

    /// <summary><c>standard_t(df)</c>: Student's t.</summary>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <exception cref="ReproTorchException">df &lt;= 0.</exception>
    public double StandardT(double df)
    {
        NumpyGeneratorArgument.Positive(df, "df");
        return NextT(df);
    }

    /// <summary><c>standard_t(df, size)</c>.</summary>
    /// <inheritdoc cref="StandardT(double)"/>
    public void StandardT(Span<double> destination, double df)
    {
        NumpyGeneratorArgument.Positive(df, "df");
        foreach (ref double value in destination)
        {
            value = NextT(df);
        }
    }

    private static void CheckGamma(double shape, double scale)
    {
        NumpyGeneratorArgument.NonNegative(shape, "shape");
        NumpyGeneratorArgument.NonNegative(scale, "scale");
    }

    private static void CheckBeta(double a, double b)
    {
        NumpyGeneratorArgument.Positive(a, "a");
        NumpyGeneratorArgument.Positive(b, "b");
    }

    private static void CheckNoncentral(double df, double nonc)
    {
        NumpyGeneratorArgument.Positive(df, "df");
        NumpyGeneratorArgument.NonNegative(nonc, "nonc");
    }

    private static void CheckF(double dfnum, double dfden)
    {
        NumpyGeneratorArgument.Positive(dfnum, "dfnum");
        NumpyGeneratorArgument.Positive(dfden, "dfden");
    }

    // Shapes above 1: G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", 2000. Below 1:
    // rejection from two pieces (Ahrens and Dieter's GS with an exponential in place of the logarithm).
    private double NextGamma(double shape)
    {
        if (shape == 1)
        {
            return StandardExponential();
        }

        if (shape == 0)
        {
            return 0;
        }

        if (shape < 1)
        {
            while (true)
            {
                double u = _bits.NextDouble();
                double v = StandardExponential();
                if (u <= 1.0 - shape)
                {
                    double x = Math.Pow(u, 1.0 / shape);
                    if (x <= v)
                    {
                        return x;
                    }
                }
                else
                {
                    double y = -Math.Log((1 - u) / shape);
                    double x = Math.Pow(1.0 - shape + (shape * y), 1.0 / shape);
                    if (x <= v + y)
                    {
                        return x;
                    }
                }
            }
        }

        double b = shape - (1.0 / 3.0);
        double c = 1.0 / Math.Sqrt(9 * b);
        while (true)
        {
            double x;
            double v;
            do
            {
                x = StandardNormal();
                v = 1.0 + (c * x);
            }
            while (v <= 0);

            v = v * v * v;
            double u = _bits.NextDouble();
            if (u < 1.0 - (0.0331 * (x * x) * (x * x))
                || Math.Log(u) < (0.5 * x * x) + (b * (1.0 - v + Math.Log(v))))
            {
                return b * v;
            }
        }
    }

    private float NextGamma(float shape)
    {
        if (shape == 1)
        {
            return StandardExponentialSingle();
        }

        if (shape == 0)
        {
            return 0;
        }

        if (shape < 1)
        {
            while (true)
            {
                float u = _bits.NextSingle();
                float v = StandardExponentialSingle();
                if (u <= 1.0f - shape)
                {
                    float x = MathF.Pow(u, 1.0f / shape);
                    if (x <= v)
                    {
                        return x;
                    }
                }
                else
                {
                    float y = -MathF.Log((1.0f - u) / shape);
                    float x = MathF.Pow(1.0f - shape + (shape * y), 1.0f / shape);
                    if (x <= v + y)
                    {
                        return x;
                    }
                }
            }
        }

        float b = shape - (1.0f / 3.0f);
        float c = 1.0f / MathF.Sqrt(9.0f * b);
        while (true)
        {
            float x;
            float v;
            do
            {
                x = StandardNormalSingle();
                v = 1.0f + (c * x);
            }
            while (v <= 0);

            v = v * v * v;
            float u = _bits.NextSingle();
            if (u < 1.0f - (0.0331f * (x * x) * (x * x))
                || MathF.Log(u) < (0.5f * x * x) + (b * (1.0f - v + MathF.Log(v))))
            {
                return b * v;
            }
        }
    }

    private double NextBeta(double a, double b)
    {
        if (a > 1 || b > 1 || double.IsNaN(a) || double.IsNaN(b))
        {
            double left = NextGamma(a);
            double right = NextGamma(b);
            return left / (left + right);
        }

        // A try succeeds about 745 (a + b) times: elsewhere both powers are 0.
        if (a + b < 1e-15)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"a and b are too small to find a value: got {a} and {b}, the sum must be 1e-15 or more.");
        }

        // M. D. Joehnk's method. The sum is 0 once in 10^106.
        while (true)
        {
            double u = _bits.NextDouble();
            double v = _bits.NextDouble();
            double x = Math.Pow(u, 1.0 / a);
            double y = Math.Pow(v, 1.0 / b);
            double sum = x + y;
            if (sum is <= 1 and > 0)
            {
                return x / sum;
            }
        }
    }

    private double NextChisquare(double df) => 2.0 * NextGamma(df / 2.0);

    private double NextNoncentralChisquare(double df, double nonc)
    {
        if (double.IsNaN(nonc))
        {
            return s_nan;
        }

        if (nonc == 0)
        {
            return NextChisquare(df);
        }

        if (df > 1)
        {
            double chiSquare = NextChisquare(df - 1);
            double n = StandardNormal() + Math.Sqrt(nonc);
            return chiSquare + (n * n);
        }

        long i = NextPoisson(nonc / 2.0);
        return NextChisquare(df + (2 * i));
    }

    private double NextF(double dfnum, double dfden)
    {
        double top = NextChisquare(dfnum) * dfden;
        return top / (NextChisquare(dfden) * dfnum);
    }

    private double NextNoncentralF(double dfnum, double dfden, double nonc)
    {
        double top = NextNoncentralChisquare(dfnum, nonc) * dfden;
        return top / (NextChisquare(dfden) * dfnum);
    }

    private double NextT(double df)
    {
        double normal = StandardNormal();
        double gamma = NextGamma(df / 2);
        return Math.Sqrt(df / 2) * normal / Math.Sqrt(gamma);
    }
}
