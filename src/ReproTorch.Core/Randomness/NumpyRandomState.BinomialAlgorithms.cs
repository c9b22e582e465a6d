namespace ReproTorch.Randomness;

// The binomial distribution of NumPy's legacy stream (src/distributions/distributions.c, by way of src/legacy). What
// depends on n and p alone is kept for the next call, as NumPy keeps it.
public sealed partial class NumpyRandomState
{
    private InversionPlan _inversion = new(0, 0.0);
    private BtpePlan _btpe = new(100, 0.5);

    private long NextLegacyBinomial(long n, double p)
    {
        if (p <= 0.5)
        {
            return p * n <= 30.0 ? NextBinomialByInversion(n, p) : NextBinomialBtpe(n, p);
        }

        double q = 1.0 - p;
        return n - (q * n <= 30.0 ? NextBinomialByInversion(n, q) : NextBinomialBtpe(n, q));
    }

    private long NextBinomialByInversion(long n, double p)
    {
        if (_inversion.N != n || _inversion.P != p)
        {
            _inversion = new InversionPlan(n, p);
        }

        double q = _inversion.Q;
        double px = _inversion.Start;
        long x = 0;
        double u = _twister.NextDouble();
        while (u > px)
        {
            x++;
            if (x > _inversion.Bound)
            {
                x = 0;
                px = _inversion.Start;
                u = _twister.NextDouble();
            }
            else
            {
                u -= px;
                px = (n - x + 1) * p * px / (x * q);
            }
        }

        return x;
    }

    // V. Kachitvichyanukul, B. W. Schmeiser, "Binomial random variate generation", CACM 31(2), 1988: BTPE. p is 0.5 at
    // most here, or NaN from the remainders of multinomial.
    private long NextBinomialBtpe(long n, double p)
    {
        if (_btpe.N != n || _btpe.P != p)
        {
            _btpe = new BtpePlan(n, p);
        }

        ref readonly BtpePlan plan = ref _btpe;
        while (true)
        {
            double u = _twister.NextDouble() * plan.P4;
            double v = _twister.NextDouble();
            long y;
            if (!(u > plan.P1))
            {
                // The triangle under the middle of the curve.
                return plan.Mirrored(ToInt64(Math.Floor(plan.Xm - (plan.P1 * v) + u)));
            }

            if (!(u > plan.P2))
            {
                // The parallelograms beside it.
                double x = plan.Xl + ((u - plan.P1) / plan.C);
                v = (v * plan.C) + 1.0 - (Math.Abs(plan.M - x + 0.5) / plan.P1);
                if (v > 1.0)
                {
                    continue;
                }

                y = ToInt64(Math.Floor(x));
            }
            else if (!(u > plan.P3))
            {
                // The left tail.
                y = ToInt64(Math.Floor(plan.Xl + (Math.Log(v) / plan.Laml)));
                if (y < 0 || v == 0.0)
                {
                    continue;
                }

                v = v * (u - plan.P2) * plan.Laml;
            }
            else
            {
                // The right tail.
                y = ToInt64(Math.Floor(plan.Xr - (Math.Log(v) / plan.Lamr)));
                if (y > n || v == 0.0)
                {
                    continue;
                }

                v = v * (u - plan.P3) * plan.Lamr;
            }

            if (plan.IsUnderCurve(y, v))
            {
                return plan.Mirrored(y);
            }
        }
    }

    /// <summary>Where the search from 0 upwards begins, and where it gives up.</summary>
    private readonly struct InversionPlan
    {
        public InversionPlan(long n, double p)
        {
            (N, P, Q) = (n, p, 1.0 - p);
            Start = Math.Exp(n * Math.Log(Q));
            double mean = n * p;
            double farthest = mean + (10.0 * Math.Sqrt((mean * Q) + 1));
            Bound = ToInt64(n < farthest ? n : farthest);
        }

        public long N { get; }

        public double P { get; }

        public double Q { get; }

        public double Start { get; }

        public long Bound { get; }
    }

    /// <summary>The four regions around the curve: their edges and weights, named as in the paper.</summary>
    private readonly struct BtpePlan
    {
        private readonly double _r;
        private readonly double _q;
        private readonly double _nrq;

        public BtpePlan(long n, double p)
        {
            (N, P) = (n, p);
            _r = p < 1.0 - p ? p : 1.0 - p;
            _q = 1.0 - _r;
            _nrq = n * _r * _q;
            double fm = (n * _r) + _r;
            M = ToInt64(Math.Floor(fm));
            P1 = Math.Floor((2.195 * Math.Sqrt(_nrq)) - (4.6 * _q)) + 0.5;
            Xm = M + 0.5;
            Xl = Xm - P1;
            Xr = Xm + P1;
            C = 0.134 + (20.5 / (15.3 + M));
            double slope = (fm - Xl) / (fm - (Xl * _r));
            Laml = slope * (1.0 + (slope / 2.0));
            slope = (Xr - fm) / (Xr * _q);
            Lamr = slope * (1.0 + (slope / 2.0));
            P2 = P1 * (1.0 + (2.0 * C));
            P3 = P2 + (C / Laml);
            P4 = P3 + (C / Lamr);
        }

        public long N { get; }

        public double P { get; }

        public long M { get; }

        public double P1 { get; }

        public double P2 { get; }

        public double P3 { get; }

        public double P4 { get; }

        public double Xm { get; }

        public double Xl { get; }

        public double Xr { get; }

        public double C { get; }

        public double Laml { get; }

        public double Lamr { get; }

        public long Mirrored(long y) => P > 0.5 ? N - y : y;

        public bool IsUnderCurve(long y, double v)
        {
            long k = Math.Abs(y - M);
            if (!(k > 20 && k < (_nrq / 2.0) - 1))
            {
                // Near the middle and far out: the quotient of probabilities, step by step.
                double s = _r / _q;
                double a = s * (N + 1);
                double f = 1.0;
                for (long i = M + 1; i <= y; i++)
                {
                    f *= (a / i) - s;
                }

                for (long i = y + 1; i <= M; i++)
                {
                    f /= (a / i) - s;
                }

                return !(v > f);
            }

            double rho = k / _nrq * ((((k * ((k / 3.0) + 0.625)) + 0.16666666666666666) / _nrq) + 0.5);
            double t = -k * k / (2 * _nrq);
            double logV = Math.Log(v);
            if (logV < t - rho)
            {
                return true;
            }

            if (logV > t + rho)
            {
                return false;
            }

            double x1 = y + 1;
            double f1 = M + 1;
            double z = N + 1 - M;
            double w = N - y + 1;
            return !(logV > (Xm * Math.Log(f1 / x1)) + ((N - M + 0.5) * Math.Log(z / w))
                + ((y - M) * Math.Log(w * _r / (x1 * _q)))
                + Stirling(f1) + Stirling(z) + Stirling(x1) + Stirling(w));
        }

        private static double Stirling(double x)
        {
            double x2 = x * x;
            return (13680.0 - ((462.0 - ((132.0 - ((99.0 - (140.0 / x2)) / x2)) / x2)) / x2)) / x / 166320.0;
        }
    }
}
