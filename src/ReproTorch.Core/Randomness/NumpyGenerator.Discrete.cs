using ReproTorch.Interop;

namespace ReproTorch.Randomness;

/// <content>Discrete distributions; values are 64-bit integers.</content>
public sealed partial class NumpyGenerator
{
    private const long HypergeometricLimit = 1_000_000_000;

    // What depends on the mean alone, kept for the next call.
    private PoissonRejection _poisson;

    /// <summary><c>poisson(lam)</c>.</summary>
    /// <param name="lam">Mean, 0 to about 9.223372006484771e18.</param>
    /// <exception cref="ReproTorchException">lam is negative, NaN or too large.</exception>
    public long Poisson(double lam = 1)
    {
        NumpyGeneratorArgument.PoissonMean(lam, "lam");
        return NextPoisson(lam);
    }

    /// <summary><c>poisson(lam, size)</c>.</summary>
    /// <inheritdoc cref="Poisson(double)"/>
    public void Poisson(Span<long> destination, double lam = 1)
    {
        NumpyGeneratorArgument.PoissonMean(lam, "lam");
        foreach (ref long value in destination)
        {
            value = NextPoisson(lam);
        }
    }

    /// <summary><c>negative_binomial(n, p)</c>: a Poisson value with a gamma mean.</summary>
    /// <param name="n">Above 0; need not be whole.</param>
    /// <param name="p">Above 0, up to 1.</param>
    /// <exception cref="ReproTorchException">n or p is out of range, or together they give too great a
    /// mean.</exception>
    public long NegativeBinomial(double n, double p)
    {
        CheckNegativeBinomial(n, p);
        return NextPoisson((1 - p) / p * NextGamma(n));
    }

    /// <summary><c>negative_binomial(n, p, size)</c>.</summary>
    /// <inheritdoc cref="NegativeBinomial(double, double)"/>
    public void NegativeBinomial(Span<long> destination, double n, double p)
    {
        CheckNegativeBinomial(n, p);
        foreach (ref long value in destination)
        {
            value = NextPoisson((1 - p) / p * NextGamma(n));
        }
    }

    /// <summary><c>geometric(p)</c>: tries up to the first success, 1 or more.</summary>
    /// <param name="p">Above 0, up to 1.</param>
    /// <exception cref="ReproTorchException">p is out of range.</exception>
    public long Geometric(double p)
    {
        NumpyGeneratorArgument.Above0To1(p, "p");
        return NextGeometric(p);
    }

    /// <summary><c>geometric(p, size)</c>.</summary>
    /// <inheritdoc cref="Geometric(double)"/>
    public void Geometric(Span<long> destination, double p)
    {
        NumpyGeneratorArgument.Above0To1(p, "p");
        foreach (ref long value in destination)
        {
            value = NextGeometric(p);
        }
    }

    /// <summary><c>zipf(a)</c>.</summary>
    /// <param name="a">From 1 + 1e-11 to below 1025. Outside (but above 1) NumPy 1.24 tries for hours or for
    /// ever.</param>
    /// <exception cref="ReproTorchException">a &lt;= 1, NaN or out of that range.</exception>
    public long Zipf(double a)
    {
        CheckZipf(a);
        return NextZipf(a);
    }

    /// <summary><c>zipf(a, size)</c>.</summary>
    /// <inheritdoc cref="Zipf(double)"/>
    public void Zipf(Span<long> destination, double a)
    {
        CheckZipf(a);
        foreach (ref long value in destination)
        {
            value = NextZipf(a);
        }
    }

    /// <summary><c>logseries(p)</c>.</summary>
    /// <param name="p">0 or more, below 1.</param>
    /// <exception cref="ReproTorchException">p is out of range.</exception>
    public long Logseries(double p)
    {
        NumpyGeneratorArgument.From0Below1(p, "p");
        return NextLogseries(p);
    }

    /// <summary><c>logseries(p, size)</c>.</summary>
    /// <inheritdoc cref="Logseries(double)"/>
    public void Logseries(Span<long> destination, double p)
    {
        NumpyGeneratorArgument.From0Below1(p, "p");
        foreach (ref long value in destination)
        {
            value = NextLogseries(p);
        }
    }

    /// <summary><c>hypergeometric(ngood, nbad, nsample)</c>.</summary>
    /// <param name="ngood">0 to 999,999,999.</param>
    /// <param name="nbad">0 to 999,999,999.</param>
    /// <param name="nsample">0 to ngood + nbad.</param>
    /// <exception cref="ReproTorchException">A number is out of range.</exception>
    public long Hypergeometric(long ngood, long nbad, long nsample)
    {
        CheckHypergeometric(ngood, nbad, nsample);
        return NextHypergeometric(ngood, nbad, nsample);
    }

    /// <summary><c>hypergeometric(ngood, nbad, nsample, size)</c>.</summary>
    /// <inheritdoc cref="Hypergeometric(long, long, long)"/>
    public void Hypergeometric(Span<long> destination, long ngood, long nbad, long nsample)
    {
        CheckHypergeometric(ngood, nbad, nsample);
        foreach (ref long value in destination)
        {
            value = NextHypergeometric(ngood, nbad, nsample);
        }
    }

    private static void CheckZipf(double a)
    {
        NumpyGeneratorArgument.Above1(a, "a");
        // Near 1 nearly every try passes 2^63; from 1025 on 2^(a-1) overflows, and no try succeeds.
        if (a is < 1 + 1e-11 or >= 1025)
        {
            throw NumpyGeneratorArgument.Invalid("a must be from 1 + 1e-11 to below 1025: NumPy never returns", a);
        }
    }

    private static void CheckNegativeBinomial(double n, double p)
    {
        NumpyGeneratorArgument.PositiveNotNaN(n, "n");
        NumpyGeneratorArgument.Above0To1(p, "p");
        double greatest = (1 - p) / p * (n + (10 * Math.Sqrt(n)));
        if (greatest > NumpyGeneratorArgument.PoissonMaximum)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"n too large or p too small, see Generator.negative_binomial Notes: got {n} and {p}.");
        }
    }

    private static void CheckHypergeometric(long ngood, long nbad, long nsample)
    {
        if (ngood >= HypergeometricLimit || nbad >= HypergeometricLimit)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"both ngood and nbad must be less than {HypergeometricLimit}: got {ngood} and {nbad}.");
        }

        if (unchecked(ngood + nbad) < nsample)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"ngood + nbad < nsample: got {ngood}, {nbad} and {nsample}.");
        }

        NumpyGeneratorArgument.NonNegative(ngood, "ngood");
        NumpyGeneratorArgument.NonNegative(nbad, "nbad");
        NumpyGeneratorArgument.NonNegative(nsample, "nsample");
    }

    private long NextPoisson(double lam) =>
        lam >= 10 ? NextPoissonByRejection(lam) : lam == 0 ? 0 : NextPoissonByProduct(lam);

    private long NextPoissonByProduct(double lam)
    {
        double limit = Math.Exp(-lam);
        long count = 0;
        double product = 1;
        while (true)
        {
            product *= _bits.NextDouble();
            if (!(product > limit))
            {
                return count;
            }

            count++;
        }
    }

    private long NextPoissonByRejection(double lam)
    {
        if (_poisson.Lam != lam)
        {
            _poisson = new PoissonRejection(lam);
        }

        return _poisson.Next(_bits);
    }

    /// <summary>PTRS of W. Hoermann, "The Transformed Rejection Method for Generating Poisson Random Variables",
    /// 1993.</summary>
    private readonly struct PoissonRejection
    {
        private readonly double _logLam;
        private readonly double _a;
        private readonly double _b;
        private readonly double _logInverseAlpha;
        private readonly double _vr;

        public PoissonRejection(double lam)
        {
            Lam = lam;
            _logLam = Math.Log(lam);
            _b = 0.931 + (2.53 * Math.Sqrt(lam));
            _a = -0.059 + (0.02483 * _b);
            _logInverseAlpha = Math.Log(1.1239 + (1.1328 / (_b - 3.4)));
            _vr = 0.9277 - (3.6224 / (_b - 2));
        }

        public double Lam { get; }

        public long Next(BitGenerator bits)
        {
            while (true)
            {
                double u = bits.NextDouble() - 0.5;
                double v = bits.NextDouble();
                double us = 0.5 - Math.Abs(u);
                long k = ToInt64(Math.Floor((((2 * _a / us) + _b) * u) + Lam + 0.43));
                if (us >= 0.07 && v <= _vr)
                {
                    return k;
                }

                if (k < 0 || (us < 0.013 && v > us))
                {
                    continue;
                }

                if (Math.Log(v) + _logInverseAlpha - Math.Log((_a / (us * us)) + _b)
                    <= -Lam + (k * _logLam) - LogGamma(unchecked(k + 1)))
                {
                    return k;
                }
            }
        }
    }

    // S. Zhang and J. Jin, "Computation of Special Functions", 1996.
    private static double LogGamma(double x)
    {
        ReadOnlySpan<double> series =
        [
            8.333333333333333e-02, -2.777777777777778e-03, 7.936507936507937e-04, -5.952380952380952e-04,
            8.417508417508418e-04, -1.917526917526918e-03, 6.410256410256410e-03, -2.955065359477124e-02,
            1.796443723688307e-01, -1.39243221690590e+00,
        ];
        const double LogTwoPi = 1.8378770664093453;
        if (x is 1 or 2)
        {
            return 0;
        }

        long n = x < 7 ? (long)(7 - x) : 0;
        double x0 = x + n;
        double x2 = 1.0 / x0 * (1.0 / x0);
        double sum = series[9];
        for (int k = 8; k >= 0; k--)
        {
            sum *= x2;
            sum += series[k];
        }

        double result = (sum / x0) + (0.5 * LogTwoPi) + ((x0 - 0.5) * Math.Log(x0)) - x0;
        for (long k = 1; k <= n; k++)
        {
            result -= Math.Log(x0 - 1.0);
            x0 -= 1.0;
        }

        return result;
    }

    private long NextGeometric(double p)
    {
        if (p < 0.333333333333333333333333)
        {
            return ToInt64(Math.Ceiling(-StandardExponential() / CMath.Log1P(-p)));
        }

        long count = 1;
        double sum = p;
        double product = p;
        double q = 1.0 - p;
        double u = _bits.NextDouble();
        while (u > sum)
        {
            product *= q;
            sum += product;
            count++;
        }

        return count;
    }

    private long NextZipf(double a)
    {
        double power = a - 1.0;
        double b = Math.Pow(2.0, power);
        while (true)
        {
            double u = 1.0 - _bits.NextDouble();
            double v = _bits.NextDouble();
            double x = Math.Floor(Math.Pow(u, -1.0 / power));
            // Values past 2^63 are rejected: this is Zipf's distribution cut there.
            if (x > (double)long.MaxValue || x < 1)
            {
                continue;
            }

            double t = Math.Pow(1.0 + (1.0 / x), power);
            if (v * x * (t - 1.0) / (b - 1.0) <= t / b)
            {
                return ToInt64(x);
            }
        }
    }

    // LK of A. W. Kemp, "Efficient Generation of Logarithmically Distributed Pseudo-Random Variables", 1981.
    private long NextLogseries(double p)
    {
        double r = CMath.Log1P(-p);
        while (true)
        {
            double v = _bits.NextDouble();
            if (v >= p)
            {
                return 1;
            }

            double u = _bits.NextDouble();
            double q = -CMath.ExpM1(r * u);
            if (v <= q * q)
            {
                long result = ToInt64(Math.Floor(1 + (Math.Log(v) / Math.Log(q))));
                if (result < 1 || v == 0)
                {
                    continue;
                }

                return result;
            }

            return v >= q ? 1 : 2;
        }
    }

    private long NextHypergeometric(long good, long bad, long sample) => sample >= 10 && sample <= good + bad - 10
        ? NextHypergeometricByRatio(good, bad, sample)
        : NextHypergeometricByUrn(good, bad, sample);

    // Takes one after the other from the urn; of more than half, counts what stays.
    private long NextHypergeometricByUrn(long good, long bad, long sample)
    {
        long total = good + bad;
        bool countsRest = sample > total / 2;
        long toTake = countsRest ? total - sample : sample;
        long remaining = total;
        long remainingGood = good;
        while (toTake > 0 && remainingGood > 0 && remaining > remainingGood)
        {
            remaining--;
            if ((long)NextInterval((ulong)remaining) < remainingGood)
            {
                remainingGood--;
            }

            toTake--;
        }

        if (remaining == remainingGood)
        {
            remainingGood -= toTake;
        }

        return countsRest ? remainingGood : good - remainingGood;
    }

    // HRUA of E. Stadlober, "Sampling from Poisson, Binomial and Hypergeometric Distributions: Ratio of Uniforms as a
    // Simple and Fast Alternative", 1989.
    private long NextHypergeometricByRatio(long good, long bad, long sample)
    {
        const double D1 = 1.7155277699214135;
        const double D2 = 0.8989161620588988;
        long population = good + bad;
        long taken = Math.Min(sample, population - sample);
        long fewer = Math.Min(good, bad);
        long more = Math.Max(good, bad);
        double p = (double)fewer / population;
        double q = (double)more / population;
        double mean = taken * p;
        double a = mean + 0.5;
        double variance = (double)(population - taken) * taken * p * q / (population - 1);
        double c = Math.Sqrt(variance + 0.5);
        double h = (D1 * c) + D2;
        long m = ToInt64(Math.Floor((double)(taken + 1) * (fewer + 1) / (population + 2)));
        double g = LogFactorial(m) + LogFactorial(fewer - m) + LogFactorial(taken - m) + LogFactorial(more - taken + m);
        double b = Math.Min(Math.Min(taken, fewer) + 1, Math.Floor(a + (16 * c)));
        long k;
        while (true)
        {
            double u = _bits.NextDouble();
            double v = _bits.NextDouble();
            double x = a + (h * (v - 0.5) / u);
            if (x < 0 || x >= b)
            {
                continue;
            }

            k = ToInt64(Math.Floor(x));
            double gp = LogFactorial(k) + LogFactorial(fewer - k) + LogFactorial(taken - k) + LogFactorial(more - taken + k);
            double t = g - gp;
            if ((u * (4.0 - u)) - 3.0 <= t)
            {
                break;
            }

            if (u * (u - t) >= 1)
            {
                continue;
            }

            if (2.0 * Math.Log(u) <= t)
            {
                break;
            }
        }

        if (good > bad)
        {
            k = taken - k;
        }

        return taken < sample ? good - k : k;
    }

    private static double LogFactorial(long k)
    {
        const double HalfLogTwoPi = 0.9189385332046728;
        return k < LogFactorials.Length
            ? LogFactorials[(int)k]
            : ((k + 0.5) * Math.Log(k)) - k + (HalfLogTwoPi + (1.0 / k * ((1 / 12.0) - (1 / (360.0 * k * k)))));
    }
}
