using System.Globalization;

namespace ReproTorch.Randomness;

// Real-valued distributions. The order of operations is CPython's, for each rounding counts; where a float operation of
// Python raises an error the helpers at the end do.
public sealed partial class PythonRandom
{
    private static readonly double s_normalFactor = 4 * Math.Exp(-0.5) / Math.Sqrt(2.0);
    private static readonly double s_log4 = Math.Log(4.0);
    private static readonly double s_gammaFactor = 1.0 + Math.Log(4.5);

    /// <summary>A number between <paramref name="a"/> and <paramref name="b"/>. CPython's <c>uniform(a,
    /// b)</c>.</summary>
    public double Uniform(double a, double b) => a + ((b - a) * Random());

    /// <summary>Triangular distribution. CPython's <c>triangular(low, high, mode)</c>.</summary>
    /// <param name="low">Lower end.</param>
    /// <param name="high">Upper end. The same as <paramref name="low"/> gives that number when there is a mode.</param>
    /// <param name="mode">The most likely number; null for the middle.</param>
    /// <exception cref="ReproTorchException">"math domain error": the mode is not between the ends.</exception>
    public double Triangular(double low = 0.0, double high = 1.0, double? mode = null)
    {
        double u = Random();
        if (mode is not null && high - low == 0)
        {
            return low;
        }

        double c = mode is null ? 0.5 : (mode.Value - low) / (high - low);
        if (u > c)
        {
            u = 1.0 - u;
            c = 1.0 - c;
            (low, high) = (high, low);
        }

        return low + ((high - low) * Sqrt(u * c));
    }

    /// <summary>Normal distribution by Kinderman's and Monahan's ratio of uniforms. CPython's <c>normalvariate(mu,
    /// sigma)</c>. Two words or more.</summary>
    /// <param name="mu">Mean.</param>
    /// <param name="sigma">Standard deviation.</param>
    public double NormalVariate(double mu = 0.0, double sigma = 1.0)
    {
        double z;
        double u2;
        do
        {
            double u1 = Random();
            u2 = 1.0 - Random();
            z = s_normalFactor * (u1 - 0.5) / u2;
        }
        while (!(z * z / 4.0 <= -Math.Log(u2)));

        return mu + (z * sigma);
    }

    /// <summary>Normal distribution by Box's and Muller's transform. CPython's <c>gauss(mu, sigma)</c>. Makes two
    /// numbers at a time and keeps one for the next call: four words, then none.</summary>
    /// <param name="mu">Mean.</param>
    /// <param name="sigma">Standard deviation.</param>
    public double Gauss(double mu = 0.0, double sigma = 1.0)
    {
        double z;
        if (_gaussNext is { } kept)
        {
            z = kept;
            _gaussNext = null;
        }
        else
        {
            double angle = Random() * Math.Tau;
            double radius = Math.Sqrt(-2.0 * Math.Log(1.0 - Random()));
            z = Math.Cos(angle) * radius;
            _gaussNext = Math.Sin(angle) * radius;
        }

        return mu + (z * sigma);
    }

    /// <summary>Log-normal distribution: the exponential of <see cref="NormalVariate"/>. CPython's
    /// <c>lognormvariate(mu, sigma)</c>.</summary>
    /// <exception cref="ReproTorchException">"math range error": the result is too great for a float.</exception>
    public double LogNormVariate(double mu, double sigma) => Exp(NormalVariate(mu, sigma));

    /// <summary>Exponential distribution. CPython's <c>expovariate(lambd)</c>.</summary>
    /// <param name="lambd">1 divided by the mean; negative gives negative numbers.</param>
    /// <exception cref="ReproTorchException">"float division by zero".</exception>
    public double ExpoVariate(double lambd) => Divide(-Math.Log(1.0 - Random()), lambd);

    /// <summary>Von Mises distribution of an angle, in [0, 2 pi]. CPython's <c>vonmisesvariate(mu, kappa)</c>.</summary>
    /// <param name="mu">Mean angle in radians.</param>
    /// <param name="kappa">Concentration, 0 or more; up to 1e-6 the angle is uniform.</param>
    /// <exception cref="ReproTorchException">"math domain error": with a <paramref name="kappa"/> that is NaN the
    /// original would not come to an end.</exception>
    public double VonMisesVariate(double mu, double kappa)
    {
        if (double.IsNaN(kappa))
        {
            throw Invalid("math domain error: kappa is nan.");
        }

        if (kappa <= 1e-6)
        {
            return Math.Tau * Random();
        }

        double s = 0.5 / kappa;
        double r = s + Math.Sqrt(1.0 + (s * s));
        double z;
        double d;
        double u;
        do
        {
            z = Math.Cos(Math.PI * Random());
            d = Divide(z, r + z);
            u = Random();
        }
        while (!(u < 1.0 - (d * d)) && !(u <= (1.0 - d) * Exp(d)));

        double q = 1.0 / r;
        double f = Divide(q + z, 1.0 + (q * z));
        double angle = Random() > 0.5 ? mu + Acos(f) : mu - Acos(f);
        return Modulo(angle, Math.Tau);
    }

    /// <summary>Gamma distribution. CPython's <c>gammavariate(alpha, beta)</c>.</summary>
    /// <param name="alpha">Shape, above 0.</param>
    /// <param name="beta">Scale, above 0.</param>
    /// <exception cref="ReproTorchException">"gammavariate: alpha and beta must be > 0.0"; also where
    /// <paramref name="alpha"/> is NaN or 2^1023 and more, with which the original would not come to an end.</exception>
    public double GammaVariate(double alpha, double beta)
    {
        if (alpha <= 0.0 || beta <= 0.0 || !double.IsFinite(2.0 * alpha))
        {
            throw Invalid("gammavariate: alpha and beta must be > 0.0: "
                + $"alpha is {Text(alpha)}, beta {Text(beta)}, and alpha must be below 2^1023.");
        }

        return alpha switch
        {
            > 1.0 => GammaAbove1(alpha) * beta,
            1.0 => -Math.Log(1.0 - Random()) * beta,
            _ => GammaBelow1(alpha) * beta,
        };
    }

    /// <summary>Beta distribution. CPython's <c>betavariate(alpha, beta)</c>.</summary>
    /// <param name="alpha">Above 0.</param>
    /// <param name="beta">Above 0.</param>
    /// <exception cref="ReproTorchException">As <see cref="GammaVariate"/>.</exception>
    public double BetaVariate(double alpha, double beta)
    {
        double y = GammaVariate(alpha, 1.0);
        return y == 0 ? 0.0 : y / (y + GammaVariate(beta, 1.0));
    }

    /// <summary>Pareto distribution. CPython's <c>paretovariate(alpha)</c>.</summary>
    /// <param name="alpha">Shape.</param>
    /// <exception cref="ReproTorchException">"float division by zero", "Numerical result out of range".</exception>
    public double ParetoVariate(double alpha)
    {
        double u = 1.0 - Random();
        return Power(u, Divide(-1.0, alpha));
    }

    /// <summary>Weibull distribution. CPython's <c>weibullvariate(alpha, beta)</c>.</summary>
    /// <param name="alpha">Scale.</param>
    /// <param name="beta">Shape.</param>
    /// <exception cref="ReproTorchException">"float division by zero", "Numerical result out of range", "0.0 cannot be
    /// raised to a negative power".</exception>
    public double WeibullVariate(double alpha, double beta)
    {
        double u = 1.0 - Random();
        return alpha * Power(-Math.Log(u), Divide(1.0, beta));
    }

    // R. C. H. Cheng, "The generation of gamma variables with non-integral shape parameters", Applied Statistics 26(1),
    // 1977.
    private double GammaAbove1(double alpha)
    {
        double ainv = Math.Sqrt((2.0 * alpha) - 1.0);
        double bbb = alpha - s_log4;
        double ccc = alpha + ainv;
        while (true)
        {
            double u1 = Random();
            if (u1 is not (> 1e-7 and < 0.9999999))
            {
                continue;
            }

            double u2 = 1.0 - Random();
            double v = Math.Log(u1 / (1.0 - u1)) / ainv;
            double x = alpha * Exp(v);
            double z = u1 * u1 * u2;
            double r = bbb + (ccc * v) - x;
            if (r + s_gammaFactor - (4.5 * z) >= 0.0 || r >= Math.Log(z))
            {
                return x;
            }
        }
    }

    // Algorithm GS of W. J. Kennedy and J. E. Gentle, "Statistical Computing", 1980.
    private double GammaBelow1(double alpha)
    {
        while (true)
        {
            double b = (Math.E + alpha) / Math.E;
            double p = b * Random();
            double x = p <= 1.0 ? Power(p, 1.0 / alpha) : -Log((b - p) / alpha);
            double u = Random();
            if (p > 1.0 ? u <= Power(x, alpha - 1.0) : u <= Exp(-x))
            {
                return x;
            }
        }
    }

    private static double Divide(double numerator, double denominator) =>
        denominator != 0 ? numerator / denominator : throw Invalid("float division by zero");

    private static double Log(double x) =>
        x > 0 || double.IsNaN(x) ? Math.Log(x) : throw Invalid($"math domain error: the logarithm of {Text(x)}.");

    private static double Sqrt(double x) =>
        x >= 0 || double.IsNaN(x) ? Math.Sqrt(x) : throw Invalid($"math domain error: the square root of {Text(x)}.");

    private static double Acos(double x) =>
        Math.Abs(x) <= 1 || double.IsNaN(x) ? Math.Acos(x) : throw Invalid($"math domain error: the arc cosine of {Text(x)}.");

    private static double Exp(double x)
    {
        double result = Math.Exp(x);
        return !double.IsInfinity(result) || double.IsInfinity(x)
            ? result
            : throw Invalid($"math range error: the exponential of {Text(x)}.");
    }

    private static double Power(double x, double y)
    {
        if (x == 0 && y < 0)
        {
            throw Invalid("0.0 cannot be raised to a negative power");
        }

        double result = Math.Pow(x, y);
        return !double.IsInfinity(result) || double.IsInfinity(x) || double.IsInfinity(y)
            ? result
            : throw Invalid($"Numerical result out of range: {Text(x)} to the power {Text(y)}.");
    }

    // Python's remainder has the divisor's sign, here +.
    private static double Modulo(double x, double divisor)
    {
        double remainder = x % divisor;
        return remainder switch
        {
            0 => 0.0,
            < 0 => remainder + divisor,
            _ => remainder,
        };
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
