using static ReproTorch.Randomness.NumpyRandomStateConstraint;

namespace ReproTorch.Randomness;

// Continuous distributions: parameters and their constraints as in numpy/random/mtrand.pyx.
public sealed partial class NumpyRandomState
{
    private static readonly NumpyRandomStateDistribution<double> s_uniform =
        new((s, low, range, _) => low + (range * s._twister.NextDouble()), ("low", None), ("high", None));

    private static readonly NumpyRandomStateDistribution<double> s_normal =
        new((s, loc, scale, _) => loc + (scale * s.StandardNormal()), ("loc", None), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_beta =
        new((s, a, b, _) => s.NextBeta(a, b), ("a", Positive), ("b", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_chisquare =
        new((s, df, _, _) => s.NextChisquare(df), ("df", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_exponential =
        new((s, scale, _, _) => scale * s.StandardExponential(), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_f =
        new((s, n, d, _) => s.NextF(n, d), ("dfnum", Positive), ("dfden", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_gamma = new(
        (s, shape, scale, _) => scale * s.NextStandardGamma(shape), ("shape", NonNegative), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_gumbel =
        new((s, loc, scale, _) => s.NextGumbel(loc, scale), ("loc", None), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_laplace =
        new((s, loc, scale, _) => s.NextLaplace(loc, scale), ("loc", None), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_logistic =
        new((s, loc, scale, _) => s.NextLogistic(loc, scale), ("loc", None), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_lognormal = new(
        (s, mean, sigma, _) => Math.Exp(mean + (sigma * s.StandardNormal())), ("mean", None), ("sigma", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_noncentralChisquare = new(
        (s, df, nonc, _) => s.NextNoncentralChisquare(df, nonc), ("df", Positive), ("nonc", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_noncentralF = new(
        (s, n, d, nonc) => s.NextNoncentralF(n, d, nonc),
        ("dfnum", Positive), ("dfden", Positive), ("nonc", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_pareto =
        new((s, a, _, _) => Math.Exp(s.StandardExponential() / a) - 1, ("a", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_power =
        new((s, a, _, _) => Math.Pow(1 - Math.Exp(-s.StandardExponential()), 1.0 / a), ("a", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_rayleigh =
        new((s, scale, _, _) => s.NextRayleigh(scale), ("scale", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_standardGamma =
        new((s, shape, _, _) => s.NextStandardGamma(shape), ("shape", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_standardT =
        new((s, df, _, _) => s.NextStandardT(df), ("df", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_triangular =
        new((s, left, mode, right) => s.NextTriangular(left, mode, right),
            ("left", None), ("mode", None), ("right", None));

    private static readonly NumpyRandomStateDistribution<double> s_vonmises =
        new((s, mu, kappa, _) => s.NextVonmises(mu, kappa), ("mu", None), ("kappa", NonNegative));

    private static readonly NumpyRandomStateDistribution<double> s_wald =
        new((s, mean, scale, _) => s.NextWald(mean, scale), ("mean", Positive), ("scale", Positive));

    private static readonly NumpyRandomStateDistribution<double> s_weibull =
        new((s, a, _, _) => a == 0.0 ? 0.0 : Math.Pow(s.StandardExponential(), 1.0 / a), ("a", NonNegative));

    /// <summary>The next number of the exponential distribution of scale 1. NumPy's <c>standard_exponential()</c>. Two
    /// words.</summary>
    public double StandardExponential() => -Math.Log(1.0 - _twister.NextDouble());

    /// <summary>As many as the span holds, in the order of that many calls.</summary>
    public void StandardExponential(Span<double> destination)
    {
        _twister.Fill(destination);
        foreach (ref double value in destination)
        {
            value = -Math.Log(1.0 - value);
        }
    }

    /// <summary>An array of them. NumPy's <c>standard_exponential(size)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<double> StandardExponential(long[] size)
    {
        NumpyArray<double> result = NewArray<double>(size);
        StandardExponential(result.Values);
        return result;
    }

    /// <summary>The standard Cauchy distribution. NumPy's <c>standard_cauchy()</c>.</summary>
    public double StandardCauchy()
    {
        double numerator = StandardNormal();
        return numerator / StandardNormal();
    }

    /// <summary>An array of them. NumPy's <c>standard_cauchy(size)</c>.</summary>
    /// <param name="size">The shape.</param>
    public NumpyArray<double> StandardCauchy(long[] size)
    {
        NumpyArray<double> result = NewArray<double>(size);
        foreach (ref double value in result.Values.AsSpan())
        {
            value = StandardCauchy();
        }

        return result;
    }

    /// <summary>Beta distribution. NumPy's <c>beta(a, b)</c>.</summary>
    /// <param name="a">Alpha, above 0.</param>
    /// <param name="b">Beta, above 0.</param>
    /// <exception cref="ReproTorchException">"a &lt;= 0", "b &lt;= 0", "a must not be NaN".</exception>
    public double Beta(double a, double b) => s_beta.Draw(this, a, b);

    /// <inheritdoc cref="Beta(double, double)"/>
    public NumpyArray<double> Beta(NumpyArray<double> a, NumpyArray<double> b, long[]? size = null) =>
        s_beta.Draw(this, [a, b], size);

    /// <summary>Chi-square distribution. NumPy's <c>chisquare(df)</c>.</summary>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <exception cref="ReproTorchException">"df &lt;= 0", "df must not be NaN".</exception>
    public double Chisquare(double df) => s_chisquare.Draw(this, df);

    /// <inheritdoc cref="Chisquare(double)"/>
    public NumpyArray<double> Chisquare(NumpyArray<double> df, long[]? size = null) =>
        s_chisquare.Draw(this, [df], size);

    /// <summary>Exponential distribution. NumPy's <c>exponential(scale)</c>.</summary>
    /// <param name="scale">Scale, the mean; not negative.</param>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public double Exponential(double scale = 1.0) => s_exponential.Draw(this, scale);

    /// <inheritdoc cref="Exponential(double)"/>
    public NumpyArray<double> Exponential(NumpyArray<double> scale, long[]? size = null) =>
        s_exponential.Draw(this, [scale], size);

    /// <summary>F distribution. NumPy's <c>f(dfnum, dfden)</c>.</summary>
    /// <param name="dfnum">Degrees of freedom of the numerator, above 0.</param>
    /// <param name="dfden">Degrees of freedom of the denominator, above 0.</param>
    /// <exception cref="ReproTorchException">"dfnum &lt;= 0", "dfden &lt;= 0", "dfnum must not be NaN".</exception>
    public double F(double dfnum, double dfden) => s_f.Draw(this, dfnum, dfden);

    /// <inheritdoc cref="F(double, double)"/>
    public NumpyArray<double> F(NumpyArray<double> dfnum, NumpyArray<double> dfden, long[]? size = null) =>
        s_f.Draw(this, [dfnum, dfden], size);

    /// <summary>Gamma distribution. NumPy's <c>gamma(shape, scale)</c>.</summary>
    /// <param name="shape">Shape, not negative.</param>
    /// <param name="scale">Scale, not negative.</param>
    /// <exception cref="ReproTorchException">"shape &lt; 0", "scale &lt; 0", "shape must not be NaN".</exception>
    public double Gamma(double shape, double scale = 1.0) => s_gamma.Draw(this, shape, scale);

    /// <inheritdoc cref="Gamma(double, double)"/>
    public NumpyArray<double> Gamma(NumpyArray<double> shape, NumpyArray<double> scale, long[]? size = null) =>
        s_gamma.Draw(this, [shape, scale], size);

    /// <summary>Gumbel distribution. NumPy's <c>gumbel(loc, scale)</c>.</summary>
    /// <param name="loc">Mode.</param>
    /// <param name="scale">Scale, not negative.</param>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public double Gumbel(double loc = 0.0, double scale = 1.0) => s_gumbel.Draw(this, loc, scale);

    /// <inheritdoc cref="Gumbel(double, double)"/>
    public NumpyArray<double> Gumbel(NumpyArray<double> loc, NumpyArray<double> scale, long[]? size = null) =>
        s_gumbel.Draw(this, [loc, scale], size);

    /// <summary>Laplace distribution. NumPy's <c>laplace(loc, scale)</c>.</summary>
    /// <param name="loc">Mean.</param>
    /// <param name="scale">Scale, not negative.</param>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public double Laplace(double loc = 0.0, double scale = 1.0) => s_laplace.Draw(this, loc, scale);

    /// <inheritdoc cref="Laplace(double, double)"/>
    public NumpyArray<double> Laplace(NumpyArray<double> loc, NumpyArray<double> scale, long[]? size = null) =>
        s_laplace.Draw(this, [loc, scale], size);

    /// <summary>Logistic distribution. NumPy's <c>logistic(loc, scale)</c>.</summary>
    /// <param name="loc">Mean.</param>
    /// <param name="scale">Scale, not negative.</param>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public double Logistic(double loc = 0.0, double scale = 1.0) => s_logistic.Draw(this, loc, scale);

    /// <inheritdoc cref="Logistic(double, double)"/>
    public NumpyArray<double> Logistic(NumpyArray<double> loc, NumpyArray<double> scale, long[]? size = null) =>
        s_logistic.Draw(this, [loc, scale], size);

    /// <summary>Log-normal distribution. NumPy's <c>lognormal(mean, sigma)</c>.</summary>
    /// <param name="mean">Mean of the normal distribution under it.</param>
    /// <param name="sigma">Standard deviation of the normal distribution under it, not negative.</param>
    /// <exception cref="ReproTorchException">"sigma &lt; 0".</exception>
    public double Lognormal(double mean = 0.0, double sigma = 1.0) => s_lognormal.Draw(this, mean, sigma);

    /// <inheritdoc cref="Lognormal(double, double)"/>
    public NumpyArray<double> Lognormal(NumpyArray<double> mean, NumpyArray<double> sigma, long[]? size = null) =>
        s_lognormal.Draw(this, [mean, sigma], size);

    /// <summary>Noncentral chi-square distribution. NumPy's <c>noncentral_chisquare(df, nonc)</c>.</summary>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <param name="nonc">Noncentrality, not negative.</param>
    /// <exception cref="ReproTorchException">"df &lt;= 0", "nonc &lt; 0", "df must not be NaN".</exception>
    public double NoncentralChisquare(double df, double nonc) => s_noncentralChisquare.Draw(this, df, nonc);

    /// <inheritdoc cref="NoncentralChisquare(double, double)"/>
    public NumpyArray<double> NoncentralChisquare(NumpyArray<double> df, NumpyArray<double> nonc, long[]? size = null) =>
        s_noncentralChisquare.Draw(this, [df, nonc], size);

    /// <summary>Noncentral F distribution. NumPy's <c>noncentral_f(dfnum, dfden, nonc)</c>.</summary>
    /// <param name="dfnum">Degrees of freedom of the numerator, above 0.</param>
    /// <param name="dfden">Degrees of freedom of the denominator, above 0.</param>
    /// <param name="nonc">Noncentrality, not negative.</param>
    /// <exception cref="ReproTorchException">"dfnum &lt;= 0", "dfden &lt;= 0", "nonc &lt; 0", "dfnum must not be
    /// NaN".</exception>
    public double NoncentralF(double dfnum, double dfden, double nonc) => s_noncentralF.Draw(this, dfnum, dfden, nonc);

    /// <inheritdoc cref="NoncentralF(double, double, double)"/>
    public NumpyArray<double> NoncentralF(
        NumpyArray<double> dfnum, NumpyArray<double> dfden, NumpyArray<double> nonc, long[]? size = null) =>
        s_noncentralF.Draw(this, [dfnum, dfden, nonc], size);

    /// <summary>Pareto II (Lomax) distribution. NumPy's <c>pareto(a)</c>.</summary>
    /// <param name="a">Shape, above 0.</param>
    /// <exception cref="ReproTorchException">"a &lt;= 0".</exception>
    public double Pareto(double a) => s_pareto.Draw(this, a);

    /// <inheritdoc cref="Pareto(double)"/>
    public NumpyArray<double> Pareto(NumpyArray<double> a, long[]? size = null) =>
        s_pareto.Draw(this, [a], size);

    /// <summary>Power distribution in [0, 1]. NumPy's <c>power(a)</c>.</summary>
    /// <param name="a">The exponent plus 1, above 0.</param>
    /// <exception cref="ReproTorchException">"a &lt;= 0".</exception>
    public double Power(double a) => s_power.Draw(this, a);

    /// <inheritdoc cref="Power(double)"/>
    public NumpyArray<double> Power(NumpyArray<double> a, long[]? size = null) =>
        s_power.Draw(this, [a], size);

    /// <summary>Rayleigh distribution. NumPy's <c>rayleigh(scale)</c>.</summary>
    /// <param name="scale">Scale, the mode; not negative.</param>
    /// <exception cref="ReproTorchException">"scale &lt; 0".</exception>
    public double Rayleigh(double scale = 1.0) => s_rayleigh.Draw(this, scale);

    /// <inheritdoc cref="Rayleigh(double)"/>
    public NumpyArray<double> Rayleigh(NumpyArray<double> scale, long[]? size = null) =>
        s_rayleigh.Draw(this, [scale], size);

    /// <summary>Gamma distribution of scale 1. NumPy's <c>standard_gamma(shape)</c>.</summary>
    /// <param name="shape">Shape, not negative.</param>
    /// <exception cref="ReproTorchException">"shape &lt; 0", "shape must not be NaN".</exception>
    public double StandardGamma(double shape) => s_standardGamma.Draw(this, shape);

    /// <inheritdoc cref="StandardGamma(double)"/>
    public NumpyArray<double> StandardGamma(NumpyArray<double> shape, long[]? size = null) =>
        s_standardGamma.Draw(this, [shape], size);

    /// <summary>Student's t distribution. NumPy's <c>standard_t(df)</c>.</summary>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <exception cref="ReproTorchException">"df &lt;= 0", "df must not be NaN".</exception>
    public double StandardT(double df) => s_standardT.Draw(this, df);

    /// <inheritdoc cref="StandardT(double)"/>
    public NumpyArray<double> StandardT(NumpyArray<double> df, long[]? size = null) =>
        s_standardT.Draw(this, [df], size);

    /// <summary>Von Mises distribution of an angle in [-pi, pi]. NumPy's <c>vonmises(mu, kappa)</c>.</summary>
    /// <param name="mu">Mean angle in radians.</param>
    /// <param name="kappa">Concentration, not negative.</param>
    /// <exception cref="ReproTorchException">"kappa &lt; 0"; also where kappa is so great (some 1e16) that NumPy would
    /// not return.</exception>
    public double Vonmises(double mu, double kappa) => s_vonmises.Draw(this, mu, kappa);

    /// <inheritdoc cref="Vonmises(double, double)"/>
    public NumpyArray<double> Vonmises(NumpyArray<double> mu, NumpyArray<double> kappa, long[]? size = null) =>
        s_vonmises.Draw(this, [mu, kappa], size);

    /// <summary>Wald (inverse Gaussian) distribution. NumPy's <c>wald(mean, scale)</c>.</summary>
    /// <param name="mean">Mean, above 0.</param>
    /// <param name="scale">Scale, above 0.</param>
    /// <exception cref="ReproTorchException">"mean &lt;= 0", "scale &lt;= 0".</exception>
    public double Wald(double mean, double scale) => s_wald.Draw(this, mean, scale);

    /// <inheritdoc cref="Wald(double, double)"/>
    public NumpyArray<double> Wald(NumpyArray<double> mean, NumpyArray<double> scale, long[]? size = null) =>
        s_wald.Draw(this, [mean, scale], size);

    /// <summary>Weibull distribution of scale 1. NumPy's <c>weibull(a)</c>.</summary>
    /// <param name="a">Shape, not negative.</param>
    /// <exception cref="ReproTorchException">"a &lt; 0".</exception>
    public double Weibull(double a) => s_weibull.Draw(this, a);

    /// <inheritdoc cref="Weibull(double)"/>
    public NumpyArray<double> Weibull(NumpyArray<double> a, long[]? size = null) =>
        s_weibull.Draw(this, [a], size);

    /// <summary>Triangular distribution. NumPy's <c>triangular(left, mode, right)</c>.</summary>
    /// <param name="left">Lower end.</param>
    /// <param name="mode">The most likely number, between the ends.</param>
    /// <param name="right">Upper end, above the lower one.</param>
    /// <exception cref="ReproTorchException">"left &gt; mode", "mode &gt; right", "left == right".</exception>
    public double Triangular(double left, double mode, double right)
    {
        CheckTriangle([left], [mode], [right]);
        return NextTriangular(left, mode, right);
    }

    /// <inheritdoc cref="Triangular(double, double, double)"/>
    public NumpyArray<double> Triangular(
        NumpyArray<double> left, NumpyArray<double> mode, NumpyArray<double> right, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(mode);
        ArgumentNullException.ThrowIfNull(right);
        long[] shape = NumpyShape.Broadcast(left.Shape, mode.Shape, right.Shape);
        CheckTriangle(NumpyShape.Expand(left, shape), NumpyShape.Expand(mode, shape), NumpyShape.Expand(right, shape));
        return s_triangular.Draw(this, [left, mode, right], size);
    }

    private static void CheckTriangle(double[] left, double[] mode, double[] right)
    {
        Refuse(left, mode, (x, y) => x > y, "left > mode");
        Refuse(mode, right, (x, y) => x > y, "mode > right");
        Refuse(left, right, (x, y) => x == y, "left == right");

        static void Refuse(double[] first, double[] second, Func<double, double, bool> bad, string text)
        {
            for (int i = 0; i < first.Length; i++)
            {
                if (bad(first[i], second[i]))
                {
                    throw Invalid($"{text}: got {Text(first[i])} and {Text(second[i])}.");
                }
            }
        }
    }
}
