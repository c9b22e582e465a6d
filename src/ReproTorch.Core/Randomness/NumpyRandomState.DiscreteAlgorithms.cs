using ReproTorch.Interop;

namespace ReproTorch.Randomness;

// How NumPy's legacy stream draws integers from distributions (src/legacy/legacy-distributions.c,
// src/distributions/distributions.c).
public sealed partial class NumpyRandomState
{
    private static readonly double[] s_logGammaSeries =
    [
        8.333333333333333e-02, -2.777777777777778e-03, 7.936507936507937e-04, -5.952380952380952e-04, 8.417508417508418e-04,
        -1.917526917526918e-03, 6.410256410256410e-03, -2.955065359477124e-02, 1.796443723688307e-01, -1.39243221690590e+00,
    ];

    private long NextPoisson(double lam)
    {
        if (lam >= 10)
        {
            return NextPoissonPtrs(lam);
        }

        return lam == 0 ? 0 : NextPoissonByProducts(lam);
    }

    private long NextPoissonByProducts(double lam)
    {
        double limit = Math.Exp(-lam);
        double product = 1.0;
        for (long count = 0; ; count++)
        {
            product *= _twister.NextDouble();
            if (!(product > limit))
            {
                return count;
            }
        }
    }

    // W. Hoermann, "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics
    // and Economics 12, 1993: PTRS.
    private long NextPoissonPtrs(double lam)
    {
        double root = Math.Sqrt(lam);
        double logLam = Math.Log(lam);
        double b = 0.931 + (2.53 * root);
        double a = -0.059 + (0.02483 * b);
        double inverseAlpha = 1.1239 + (1.1328 / (b - 3.4));
        double vr = 0.9277 - (3.6224 / (b - 2));
        while (true)
        {
            double u = _twister.NextDouble() - 0.5;
            double v = _twister.NextDouble();
            double us = 0.5 - Math.Abs(u);
            long k = ToInt64(Math.Floor((((2 * a / us) + b) * u) + lam + 0.43));
            if (us >= 0.07 && v <= vr)
            {
                return k;
            }

            if (k < 0 || (us < 0.013 && v > us))
            {
                continue;
            }

            if (Math.Log(v) + Math.Log(inverseAlpha) - Math.Log((a / (us * us)) + b)
                <= -lam + (k * logLam) - LogGamma(k + 1))
            {
                return k;
            }
        }
    }

    private long NextGeometric(double p) => p >= 0.333333333333333333333333
        ? NextGeometricBySearch(p)
        : ToInt64(Math.Ceiling(CMath.Log1P(-_twister.NextDouble()) / Math.Log(1 - p)));

    private long NextGeometricBySearch(double p)
    {
        long x = 1;
        double sum = p;
        double term = p;
        double q = 1.0 - p;
        double u = _twister.NextDouble();
        while (u > sum)
        {
            term *= q;
            sum += term;
            x++;
        }

        return x;
    }

    // L. Devroye, "Non-Uniform Random Variate Generation", 1986, chapter X.6.
    private long NextZipf(double a)
    {
        double am1 = a - 1.0;
        double b = Math.Pow(2.0, am1);
        if (double.IsInfinity(b))
        {
            throw Invalid($"a is so great that NumPy's legacy algorithm has no end: got {Text(a)}.");
        }

        while (true)
        {
            double u = 1.0 - _twister.NextDouble();
            double v = _twister.NextDouble();
            double x = Math.Floor(Math.Pow(u, -1.0 / am1));
            if (x > long.MaxValue || x < 1.0)
            {
                continue;
            }

            double t = Math.Pow(1.0 + (1.0 / x), am1);
            if (v * x * (t - 1.0) / (b - 1.0) <= t / b)
            {
                return ToInt64(x);
            }
        }
    }

    // A. W. Kemp, "Efficient generation of logarithmically distributed pseudo-random variables", Applied Statistics 30,
    // 1981: LK.
    private long NextLogseries(double p)
    {
        double r = Math.Log(1.0 - p);
        while (true)
        {
            double v = _twister.NextDouble();
            if (v >= p)
            {
                return 1;
            }

            double u = _twister.NextDouble();
            double q = 1.0 - Math.Exp(r * u);
            if (v <= q * q)
            {
                long result = ToInt64(Math.Floor(1 + (Math.Log(v) / Math.Log(q))));
                if (result < 1 || v == 0.0)
                {
                    continue;
                }

                return result;
            }

            return v >= q ? 1 : 2;
        }
    }

    private long NextHypergeometric(long good, long bad, long sample)
    {
        if (sample > 10)
        {
            return NextHypergeometricHrua(good, bad, sample);
        }

        return sample > 0 ? NextHypergeometricByDrawing(good, bad, sample) : 0;
    }

    private long NextHypergeometricByDrawing(long good, long bad, long sample)
    {
        long rest = unchecked(bad + good - sample);
        double fewer = Math.Min(bad, good);
        double y = fewer;
        for (long k = sample; y > 0.0 && k > 0; k--)
        {
            double u = _twister.NextDouble();
            y -= ToInt64(Math.Floor(u + (y / (rest + k))));
        }

        long z = ToInt64(fewer - y);
        return good > bad ? sample - z : z;
    }

    // E. Stadlober's ratio of uniforms, 1989, with I. Frohne's corrections: HRUA*.
    private long NextHypergeometricHrua(long good, long bad, long sample)
    {
        const double D1 = 1.7155277699214135; // 2 sqrt(2 / e)
        const double D2 = 0.8989161620588988; // 3 - 2 sqrt(3 / e)
        long fewer = Math.Min(good, bad);
        long more = Math.Max(good, bad);
        long population = unchecked(good + bad);
        long m = Math.Min(sample, population - sample);
        double d4 = (double)fewer / population;
        double d5 = 1.0 - d4;
        double d6 = (m * d4) + 0.5;
        double d7 = Math.Sqrt(((double)(population - m) * sample * d4 * d5 / (population - 1)) + 0.5);
        double d8 = (D1 * d7) + D2;
        long d9 = ToInt64(Math.Floor((double)(m + 1) * (fewer + 1) / (population + 2)));
        double d10 = LogGamma(d9 + 1) + LogGamma(fewer - d9 + 1) + LogGamma(m - d9 + 1) + LogGamma(more - m + d9 + 1);
        double end = Math.Floor(d6 + (16 * d7));
        double d11 = Math.Min(m, fewer) + 1.0;
        d11 = d11 < end ? d11 : end;
        long z;
        while (true)
        {
            double x = _twister.NextDouble();
            double y = _twister.NextDouble();
            double w = d6 + (d8 * (y - 0.5) / x);
            if (w < 0.0 || w >= d11)
            {
                continue;
            }

            z = ToInt64(Math.Floor(w));
            double t = d10
                - (LogGamma(z + 1) + LogGamma(fewer - z + 1) + LogGamma(m - z + 1) + LogGamma(more - m + z + 1));
            if ((x * (4.0 - x)) - 3.0 <= t)
            {
                break;
            }

            if (x * (x - t) >= 1)
            {
                continue;
            }

            if (2.0 * Math.Log(x) <= t)
            {
                break;
            }
        }

        z = good > bad ? m - z : z;
        return m < sample ? good - z : z;
    }

    private void NextMultinomial(long n, Span<long> counts, ReadOnlySpan<double> probabilities)
    {
        double remaining = 1.0;
        for (int j = 0; j < counts.Length - 1; j++)
        {
            // Unlike in binomial nothing is drawn where the result is known.
            double p = probabilities[j] / remaining;
            counts[j] = n == 0 || p == 0 ? 0 : NextLegacyBinomial(n, p);
            n -= counts[j];
            if (n <= 0)
            {
                return;
            }

            remaining -= probabilities[j];
        }

        if (n > 0)
        {
            counts[^1] = n;
        }
    }

    // S. Zhang, J. Jin, "Computation of Special Functions", 1996: an asymptotic series, moved up where x is small.
    private static double LogGamma(double x)
    {
        const double LogTwoPi = 1.8378770664093453;
        if (x is 1.0 or 2.0)
        {
            return 0.0;
        }

        long steps = x < 7.0 ? ToInt64(7 - x) : 0;
        double x0 = x + steps;
        double x2 = 1.0 / x0 * (1.0 / x0);
        double series = s_logGammaSeries[9];
        for (int k = 8; k >= 0; k--)
        {
            series *= x2;
            series += s_logGammaSeries[k];
        }

        double result = (series / x0) + (0.5 * LogTwoPi) + ((x0 - 0.5) * Math.Log(x0)) - x0;
        for (long k = 1; k <= steps; k++)
        {
            result -= Math.Log(x0 - 1.0);
            x0 -= 1.0;
        }

        return result;
    }

    // What x86-64 makes of a number outside of the range: its least integer. .NET saturates, and takes NaN for 0.
    private static long ToInt64(double value) => value is >= -9223372036854775808.0 and < 9223372036854775808.0
        ? (long)value
        : long.MinValue;
}
