namespace ReproTorch.Randomness;

/// <content>The binomial and multinomial distributions.</content>
public sealed partial class NumpyGenerator
{
    // What depends on n and p alone, kept for the next call.
    private BinomialInversion _inversion;
    private BinomialRejection _rejection;

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
    /// <exception cref="ReproTorchException">n or a chance is out of range, there is none, or all but the last sum to
    /// more than 1 + 1e-12.</exception>
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
        if (_inversion.N != n || _inversion.P != p)
        {
            _inversion = new BinomialInversion(n, p);
        }

        return _inversion.Next(_bits);
    }

    private long NextBinomialByRejection(long n, double p)
    {
        if (_rejection.N != n || _rejection.P != p)
        {
            _rejection = new BinomialRejection(n, p);
        }

        return _rejection.Next(_bits);
    }

    /// <summary>Adds chances up until they pass a uniform value.</summary>
    private readonly struct BinomialInversion
    {
        private readonly double _q;
        private readonly double _none;
        private readonly long _bound;

        public BinomialInversion(long n, double p)
        {
            (N, P) = (n, p);
            _q = 1.0 - p;
            _none = Math.Exp(n * Math.Log(_q));
            double mean = n * p;
            double limit = mean + (10.0 * Math.Sqrt((mean * _q) + 1));
            _bound = ToInt64(n < limit ? n : limit);
        }

        public long N { get; }

        public double P { get; }

        public long Next(BitGenerator bits)
        {
            long x = 0;
            double chance = _none;
            double u = bits.NextDouble();
            while (u > chance)
            {
                x++;
                if (x > _bound)
                {
                    x = 0;
                    chance = _none;
                    u = bits.NextDouble();
                }
                else
                {
                    u -= chance;
                    chance = (N - x + 1) * P * chance / (x * _q);
                }
            }

            return x;
        }
    }

    /// <summary>BTPE of V. Kachitvichyanukul and B. W. Schmeiser, "Binomial Random Variate Generation", 1988, under
    /// whose names for things this goes.</summary>
    private readonly struct BinomialRejection
    {
        private readonly double _r;
        private readonly double _q;
        private readonly long _m;
        private readonly double _p1;
        private readonly double _p2;
        private readonly double _p3;
        private readonly double _p4;
        private readonly double _xm;
        private readonly double _xl;
        private readonly double _xr;
        private readonly double _c;
        private readonly double _leftRate;
        private readonly double _rightRate;

        public BinomialRejection(long n, double p)
        {
            (N, P) = (n, p);
            _r = Math.Min(p, 1.0 - p);
            _q = 1.0 - _r;
            double fm = (n * _r) + _r;
            _m = ToInt64(Math.Floor(fm));
            _p1 = Math.Floor((2.195 * Math.Sqrt(n * _r * _q)) - (4.6 * _q)) + 0.5;
            _xm = _m + 0.5;
            _xl = _xm - _p1;
            _xr = _xm + _p1;
            _c = 0.134 + (20.5 / (15.3 + _m));
            double slope = (fm - _xl) / (fm - (_xl * _r));
            _leftRate = slope * (1.0 + (slope / 2.0));
            slope = (_xr - fm) / (_xr * _q);
            _rightRate = slope * (1.0 + (slope / 2.0));
            _p2 = _p1 * (1.0 + (2.0 * _c));
            _p3 = _p2 + (_c / _leftRate);
            _p4 = _p3 + (_c / _rightRate);
        }

        public long N { get; }

        public double P { get; }

        public long Next(BitGenerator bits)
        {
            double spread = N * _r * _q;
            while (true)
            {
                double u = bits.NextDouble() * _p4;
                double v = bits.NextDouble();
                long y;
                if (u <= _p1)
                {
                    // Under the triangle every point is accepted.
                    return ToInt64(Math.Floor(_xm - (_p1 * v) + u));
                }

                if (u <= _p2)
                {
                    double x = _xl + ((u - _p1) / _c);
                    v = (v * _c) + 1.0 - (Math.Abs(_m - x + 0.5) / _p1);
                    if (v > 1)
                    {
                        continue;
                    }

                    y = ToInt64(Math.Floor(x));
                }
                else if (u <= _p3)
                {
                    y = ToInt64(Math.Floor(_xl + (Math.Log(v) / _leftRate)));
                    if (y < 0 || v == 0)
                    {
                        continue;
                    }

                    v = v * (u - _p2) * _leftRate;
                }
                else
                {
                    y = ToInt64(Math.Floor(_xr - (Math.Log(v) / _rightRate)));
                    if (y > N || v == 0)
                    {
                        continue;
                    }

                    v = v * (u - _p3) * _rightRate;
                }

                long k = Math.Abs(y - _m);
                if (k > 20 && k < (spread / 2.0) - 1 ? AcceptsBySqueeze(k, y, v, spread) : AcceptsByRecursion(y, v))
                {
                    return y;
                }
            }
        }

        private bool AcceptsByRecursion(long y, double v)
        {
            double s = _r / _q;
            double a = s * (N + 1);
            double f = 1;
            for (long i = _m + 1; i <= y; i++)
            {
                f *= (a / i) - s;
            }

            for (long i = y + 1; i <= _m; i++)
            {
                f /= (a / i) - s;
            }

            return !(v > f);
        }

        private bool AcceptsBySqueeze(long k, long y, double v, double spread)
        {
            double rho = k / spread * (((k * ((k / 3.0) + 0.625) + 0.16666666666666666) / spread) + 0.5);
            double t = unchecked(-k * k) / (2 * spread);
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
            double f1 = _m + 1;
            double z = N + 1 - _m;
            double w = N - y + 1;
            return !(a > (_xm * Math.Log(f1 / x1)) + ((N - _m + 0.5) * Math.Log(z / w))
                + ((y - _m) * Math.Log(w * _r / (x1 * _q)))
                + Stirling(f1) + Stirling(z) + Stirling(x1) + Stirling(w));
        }

        private static double Stirling(double x)
        {
            double square = x * x;
            return (13680.0 - ((462.0 - ((132.0 - ((99.0 - (140.0 / square)) / square)) / square)) / square)) / x / 166320.0;
        }
    }
}
