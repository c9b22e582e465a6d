namespace ReproTorch.Randomness;

/// <content>The binomial and multinomial distributions.</content>
public sealed partial class NumpyGenerator
{
    /// <summary><c>binomial(n, p)</c>.</summary>
    /// <param name="n">Tries, 0 or more.</param>
    /// <param name="p">Chance of success, 0 to 1.</param>
    /// <exception cref="ReproTorchException">n or p is out of range.</exception>
    public long Binomial(long n, double p)
    {
        CheckBinomial(n, p);
        return NextBinomial(n, p);
    }

    /// <summary><c>binomial(n, p, size)</c>.</summary>
    /// <inheritdoc cref="Binomial(long, double)"/>
    public void Binomial(Span<long> destination, long n, double p)
    {
        CheckBinomial(n, p);
        foreach (ref long value in destination)
        {
            value = NextBinomial(n, p);
        }
    }

    /// <summary><c>multinomial(n, pvals, size)</c>: rows of counts, each row with the sum n.</summary>
    /// <param name="destination">Rows one after the other, each as long as <paramref name="pvals"/>.</param>
    /// <param name="n">Tries a row, 0 or more.</param>
    /// <param name="pvals">Chances, each 0 to 1. The last is what the others leave, whatever is written there.</param>
    /// <exception cref="ReproTorchException">n or a chance is out of range, there is none, or all but the last sum to more than
    /// 1 + 1e-12.</exception>
    /// <exception cref="ArgumentException">The span does not hold whole rows.</exception>
    public void Multinomial(Span<long> destination, long n, ReadOnlySpan<double> pvals)
    {
        if (pvals.IsEmpty)
        {
            throw NumpyGeneratorArgument.Invalid(
                "pvals must have at least 1 dimension and the last dimension of pvals must be greater than 0.");
        }

        foreach (double p in pvals)
        {
            if (!(p is >= 0 and <= 1))
            {
                throw NumpyGeneratorArgument.Invalid("pvals < 0, pvals > 1 or pvals contains NaNs", p);
            }
        }

        double sum = KahanSum(pvals[..^1]);
        if (sum > 1.0 + 1e-12)
        {
            throw NumpyGeneratorArgument.Invalid("sum(pvals[:-1]) > 1.0", sum);
        }

        NumpyGeneratorArgument.NonNegative(n, "n");
        CheckRows(destination.Length, pvals.Length);
        for (; !destination.IsEmpty; destination = destination[pvals.Length..])
        {
            NextMultinomial(destination[..pvals.Length], n, pvals);
        }
    }

    private static void CheckBinomial(long n, double p)
    {
        NumpyGeneratorArgument.From0To1(p, "p");
        NumpyGeneratorArgument.NonNegative(n, "n");
    }

    private static void CheckRows(int length, int rowLength)
    {
        if (length % rowLength != 0)
        {
            throw new ArgumentException($"The span has {length} elements, which is no multiple of the row length {rowLength}.");
        }
    }

    private void NextMultinomial(Span<long> counts, long n, ReadOnlySpan<double> pvals)
    {
        counts.Clear();
        double remaining = 1;
        for (int i = 0; i < pvals.Length - 1; i++)
        {
            counts[i] = NextBinomial(n, pvals[i] / remaining);
            n -= counts[i];
            if (n <= 0)
            {
                return;
            }

            remaining -= pvals[i];
        }

        counts[^1] = n;
    }

    // p can be slightly above 1 or NaN here, from multinomial's quotient: every comparison then goes as in C.
    private long NextBinomial(long n, double p)
    {
        if (n == 0 || p == 0)
        {
            return 0;
        }

        if (p <= 0.5)
        {
            return p * n <= 30 ? NextBinomialByInversion(n, p) : NextBinomialByRejection(n, p);
        }

        double q = 1.0 - p;
        return q * n <= 30 ? n - NextBinomialByInversion(n, q) : n - NextBinomialByRejection(n, q);
    }

    private long NextBinomialByInversion(long n, double p)
    {
        double q = 1.0 - p;
        double none = Math.Exp(n * Math.Log(q));
        double mean = n * p;
        double limit = mean + (10.0 * Math.Sqrt((mean * q) + 1));
        long bound = ToInt64(n < limit ? n : limit);
        long x = 0;
        double px = none;
        double u = _bits.NextDouble();
        while (u > px)
        {
            x++;
            if (x > bound)
            {
                x = 0;
                px = none;
                u = _bits.NextDouble();
            }
            else
            {
                u -= px;
                px = (n - x + 1) * p * px / (x * q);
            }
        }

        return x;
    }

    // BTPE of V. Kachitvichyanukul and B. W. Schmeiser, "Binomial Random Variate Generation", 1988.
    private long NextBinomialByRejection(long n, double p)
    {
        double r = Math.Min(p, 1.0 - p);
        double q = 1.0 - r;
        double fm = (n * r) + r;
        long m = ToInt64(Math.Floor(fm));
        double p1 = Math.Floor((2.195 * Math.Sqrt(n * r * q)) - (4.6 * q)) + 0.5;
        double xm = m + 0.5;
        double xl = xm - p1;
        double xr = xm + p1;
        double c = 0.134 + (20.5 / (15.3 + m));
        double slope = (fm - xl) / (fm - (xl * r));
        double leftRate = slope * (1.0 + (slope / 2.0));
        slope = (xr - fm) / (xr * q);
        double rightRate = slope * (1.0 + (slope / 2.0));
        double p2 = p1 * (1.0 + (2.0 * c));
        double p3 = p2 + (c / leftRate);
        double p4 = p3 + (c / rightRate);
        double nrq = n * r * q;
        while (true)
        {
            double u = _bits.NextDouble() * p4;
            double v = _bits.NextDouble();
            long y;
            if (u <= p1)
            {
                // Under the triangle every point is accepted.
                return ToInt64(Math.Floor(xm - (p1 * v) + u));
            }

            if (u <= p2)
            {
                double x = xl + ((u - p1) / c);
                v = (v * c) + 1.0 - (Math.Abs(m - x + 0.5) / p1);
                if (v > 1)
                {
                    continue;
                }

                y = ToInt64(Math.Floor(x));
            }
            else if (u <= p3)
            {
                y = ToInt64(Math.Floor(xl + (Math.Log(v) / leftRate)));
                if (y < 0 || v == 0)
                {
                    continue;
                }

                v = v * (u - p2) * leftRate;
            }
            else
            {
                y = ToInt64(Math.Floor(xr - (Math.Log(v) / rightRate)));
                if (y > n || v == 0)
                {
                    continue;
                }

                v = v * (u - p3) * rightRate;
            }

            long k = Math.Abs(y - m);
            bool accepted = k > 20 && k < (nrq / 2.0) - 1
                ? AcceptsBySqueeze(k, y, v)
                : AcceptsByRecursion(y, v);
            if (accepted)
            {
                return y;
            }
        }

        bool AcceptsByRecursion(long y, double v)
        {
            double s = r / q;
            double a = s * (n + 1);
            double f = 1;
            for (long i = m + 1; i <= y; i++)
            {
                f *= (a / i) - s;
            }

            for (long i = y + 1; i <= m; i++)
            {
                f /= (a / i) - s;
            }

            return !(v > f);
        }

        bool AcceptsBySqueeze(long k, long y, double v)
        {
            double rho = k / nrq * (((k * ((k / 3.0) + 0.625) + 0.16666666666666666) / nrq) + 0.5);
            double t = unchecked(-k * k) / (2 * nrq);
            double a = Math.Log(v);
            if (a < t - rho)
            {
                return true;
            }

            if (a > t + rho)
            {
                return false;
            }

            double x1 = y + 1;
            double f1 = m + 1;
            double z = n + 1 - m;
            double w = n - y + 1;
            return !(a > (xm * Math.Log(f1 / x1)) + ((n - m + 0.5) * Math.Log(z / w))
                + ((y - m) * Math.Log(w * r / (x1 * q)))
                + Stirling(f1) + Stirling(z) + Stirling(x1) + Stirling(w));
        }

        static double Stirling(double x)
        {
            double square = x * x;
            return (13680.0 - ((462.0 - ((132.0 - ((99.0 - (140.0 / square)) / square)) / square)) / square)) / x / 166320.0;
        }
    }
}
