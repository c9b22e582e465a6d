namespace ReproTorch.Randomness;

/// <summary>
/// The singular value decomposition A = U S V^T of a small square matrix, without U. The signs of the rows of V^T are
/// free in mathematics and decided by the steps of the algorithm, so these are LAPACK's: Householder bidiagonalization
/// (dgebrd) and implicit QR with zero shifts where accuracy asks for them (dbdsqr; J. Demmel, W. Kahan, "Accurate
/// singular values of bidiagonal matrices", SIAM J. Sci. Stat. Comput. 11, 1990), with rotations as since LAPACK 3.10
/// (E. Anderson, "Algorithm 978: Safe scaling in the Level 1 BLAS", 2017).
/// </summary>
internal static class NumpyRandomStateSvd
{
    private const double Epsilon = 1.0 / (1L << 53);
    private const double SafeMinimum = 2.2250738585072014e-308;
    private const int IterationsPerSquare = 6;

    /// <summary>Decomposes.</summary>
    /// <param name="matrix">n x n numbers, row by row.</param>
    /// <param name="n">Rows and columns.</param>
    /// <returns>The singular values, greatest first, and V^T row by row.</returns>
    /// <exception cref="ReproTorchException">"SVD did not converge".</exception>
    public static (double[] Singular, double[] Rows) Decompose(double[] matrix, int n)
    {
        if (n == 0)
        {
            return ([], []);
        }

        double greatest = matrix.Max(Math.Abs);
        if (!matrix.All(double.IsFinite))
        {
            throw NotConverged();
        }

        // Squares must neither overflow nor vanish.
        double scale = greatest is > 1e145 or (> 0 and < 1e-145) ? greatest : 1.0;
        double[] a = Array.ConvertAll(matrix, x => x / scale);
        double[] d = new double[n];
        double[] e = new double[Math.Max(n - 1, 0)];
        double[] rows = Bidiagonalize(a, n, d, e);
        if (n > 1)
        {
            new Iteration(d, e, rows).Run();
        }

        MakePositiveAndSort(d, rows);
        return (Array.ConvertAll(d, x => x * scale), rows);
    }

    // A = Q B P^T with B of diagonal d and superdiagonal e. Returns P^T.
    private static double[] Bidiagonalize(double[] a, int n, double[] d, double[] e)
    {
        double[] rows = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            rows[(i * n) + i] = 1.0;
        }

        double[] v = new double[n];
        for (int i = 0; i < n; i++)
        {
            // From the left: zeros below the diagonal in column i.
            double tau = Reflector(a, (i * n) + i, n, n - i, v, out d[i]);
            for (int column = i + 1; column < n; column++)
            {
                Reflect(a, (i * n) + column, n, v.AsSpan(0, n - i), tau);
            }

            if (i == n - 1)
            {
                break;
            }

            // From the right: zeros behind the superdiagonal in row i.
            tau = Reflector(a, (i * n) + i + 1, 1, n - i - 1, v, out e[i]);
            for (int row = i + 1; row < n; row++)
            {
                Reflect(a, (row * n) + i + 1, 1, v.AsSpan(0, n - i - 1), tau);
            }

            for (int column = 0; column < n; column++)
            {
                Reflect(rows, ((i + 1) * n) + column, n, v.AsSpan(0, n - i - 1), tau);
            }
        }

        return rows;
    }

    // H = I - tau v v^T with H x = (beta, 0, ..), v[0] = 1, and beta of the sign that x[0] has not. H = I where nothing
    // is to do.
    private static double Reflector(double[] a, int start, int stride, int count, double[] v, out double beta)
    {
        double alpha = a[start];
        double rest = 0.0;
        for (int k = 1; k < count; k++)
        {
            v[k] = a[start + (k * stride)];
            rest += v[k] * v[k];
        }

        v[0] = 1.0;
        if (rest == 0)
        {
            beta = alpha;
            return 0.0;
        }

        beta = -Math.CopySign(Math.Sqrt((alpha * alpha) + rest), alpha);
        for (int k = 1; k < count; k++)
        {
            v[k] /= alpha - beta;
        }

        return (beta - alpha) / beta;
    }

    private static void Reflect(double[] a, int start, int stride, ReadOnlySpan<double> v, double tau)
    {
        if (tau == 0)
        {
            return;
        }

        double product = 0.0;
        for (int k = 0; k < v.Length; k++)
        {
            product += v[k] * a[start + (k * stride)];
        }

        for (int k = 0; k < v.Length; k++)
        {
            a[start + (k * stride)] -= tau * product * v[k];
        }
    }

    private static void MakePositiveAndSort(double[] d, double[] rows)
    {
        int n = d.Length;
        for (int i = 0; i < n; i++)
        {
            if (d[i] < 0)
            {
                d[i] = -d[i];
                foreach (ref double element in rows.AsSpan(i * n, n))
                {
                    element = -element;
                }
            }
        }

        for (int i = 0; i < n - 1; i++)
        {
            int least = 0;
            int last = n - 1 - i;
            for (int j = 1; j <= last; j++)
            {
                least = d[j] <= d[least] ? j : least;
            }

            if (least != last)
            {
                (d[least], d[last]) = (d[last], d[least]);
                for (int k = 0; k < n; k++)
                {
                    (rows[(least * n) + k], rows[(last * n) + k]) = (rows[(last * n) + k], rows[(least * n) + k]);
                }
            }
        }
    }

    private static (double C, double S, double R) Rotation(double f, double g)
    {
        if (g == 0)
        {
            return (1.0, 0.0, f);
        }

        if (f == 0)
        {
            return (0.0, Math.CopySign(1.0, g), Math.Abs(g));
        }

        double unit = Math.Max(Math.Abs(f), Math.Abs(g)) is var u && u is > 1e-140 and < 1e140 ? 1.0 : u;
        double fs = f / unit;
        double gs = g / unit;
        double length = Math.Sqrt((fs * fs) + (gs * gs));
        double r = Math.CopySign(length, f);
        return (Math.Abs(fs) / length, gs / r, r * unit);
    }

    private static ReproTorchException NotConverged() => new(
        ReproTorchErrorKind.InvalidArgument, "SVD did not converge: the matrix has NaN or infinity in it, or is not reduced.");

    /// <summary>QR steps on a bidiagonal matrix until its superdiagonal is zero.</summary>
    private sealed class Iteration
    {
        private readonly double[] _d;
        private readonly double[] _e;
        private readonly double[] _rows;
        private readonly int _n;
        private readonly double _tolerance;
        private readonly double _threshold;

        // The rotations of one sweep, by the upper one of the two rows.
        private readonly double[] _cosines;
        private readonly double[] _sines;

        public Iteration(double[] d, double[] e, double[] rows)
        {
            (_d, _e, _rows, _n) = (d, e, rows, d.Length);
            _cosines = new double[_n];
            _sines = new double[_n];
            _tolerance = Math.Max(10.0, Math.Min(100.0, Math.Pow(Epsilon, -0.125))) * Epsilon;
            double least = Math.Abs(d[0]);
            double mu = least;
            for (int i = 1; i < _n && least != 0; i++)
            {
                mu = Math.Abs(d[i]) * (mu / (mu + Math.Abs(e[i - 1])));
                least = Math.Min(least, mu);
            }

            _threshold = Math.Max(_tolerance * (least / Math.Sqrt(_n)), IterationsPerSquare * (_n * (_n * SafeMinimum)));
        }

        public void Run()
        {
            long steps = 0;
            int oldFirst = -2;
            int oldLast = -2;
            bool down = true;

            // The block that is not yet reduced ends at last, and starts at first, behind a zero.
            int last = _n - 1;
            while (last > 0)
            {
                if (steps > (long)IterationsPerSquare * _n * _n)
                {
                    throw NotConverged();
                }

                int first = FindBlock(last, out double greatest);
                if (first == last)
                {
                    last--;
                    continue;
                }

                if (first == last - 1)
                {
                    ReducePair(first);
                    last -= 2;
                    continue;
                }

                if (first > oldLast || last < oldFirst)
                {
                    // A new block: from its larger end to the smaller.
                    down = Math.Abs(_d[first]) >= Math.Abs(_d[last]);
                }

                if (FindsZero(first, last, down, out double least))
                {
                    continue;
                }

                (oldFirst, oldLast) = (first, last);
                double shift = Shift(first, last, down, least, greatest);
                steps += last - first;
                if (shift == 0)
                {
                    SweepWithoutShift(first, last, down);
                }
                else
                {
                    Sweep(first, last, down, shift);
                }

                int end = down ? last - 1 : first;
                if (Math.Abs(_e[end]) <= _threshold)
                {
                    _e[end] = 0.0;
                }
            }
        }

        private int FindBlock(int last, out double greatest)
        {
            greatest = Math.Abs(_d[last]);
            for (int i = last - 1; i >= 0; i--)
            {
                if (Math.Abs(_e[i]) <= _threshold)
                {
                    _e[i] = 0.0;
                    return i + 1;
                }

                greatest = Math.Max(greatest, Math.Max(Math.Abs(_d[i]), Math.Abs(_e[i])));
            }

            return 0;
        }

        // Demmel's and Kahan's criteria, in the direction of the sweep. The standard test at the far end comes first.
        private bool FindsZero(int first, int last, bool down, out double least)
        {
            least = 0.0;
            (int far, int farDiagonal) = down ? (last - 1, last) : (first, first);
            if (Math.Abs(_e[far]) <= _tolerance * Math.Abs(_d[farDiagonal]))
            {
                _e[far] = 0.0;
                return true;
            }

            double mu = Math.Abs(_d[down ? first : last]);
            least = mu;
            for (int k = 0; k < last - first; k++)
            {
                int i = down ? first + k : last - 1 - k;
                if (Math.Abs(_e[i]) <= _tolerance * mu)
                {
                    _e[i] = 0.0;
                    return true;
                }

                mu = Math.Abs(_d[down ? i + 1 : i]) * (mu / (mu + Math.Abs(_e[i])));
                least = Math.Min(least, mu);
            }

            return false;
        }

        private double Shift(int first, int last, bool down, double least, double greatest)
        {
            if (_n * _tolerance * (least / greatest) <= Math.Max(Epsilon, 0.01 * _tolerance))
            {
                return 0.0;
            }

            double start = Math.Abs(_d[down ? first : last]);
            double shift = down
                ? LeastOfPair(_d[last - 1], _e[last - 1], _d[last])
                : LeastOfPair(_d[first], _e[first], _d[first + 1]);
            double share = shift / start;
            return start > 0 && share * share < Epsilon ? 0.0 : shift;
        }

        private void SweepWithoutShift(int first, int last, bool down)
        {
            // Downwards the rotations of V, upwards those of U come first; rows take those of V.
            double c = 1.0;
            double oldC = 1.0;
            double s = 0.0;
            double oldS = 0.0;
            int step = down ? 1 : -1;
            int begin = down ? first : last;
            int end = down ? last : first;
            for (int i = begin; i != end; i += step)
            {
                int beside = down ? i : i - 1;
                (c, s, double r) = Rotation(_d[i] * c, _e[beside]);
                if (i != begin)
                {
                    _e[beside - step] = oldS * r;
                }

                (oldC, oldS, _d[i]) = Rotation(oldC * r, _d[i + step] * s);
                _cosines[beside] = down ? c : oldC;
                _sines[beside] = down ? s : -oldS;
            }

            double h = _d[end] * c;
            _d[end] = h * oldC;
            _e[down ? last - 1 : first] = h * oldS;
            RotateRows(first, last, down);
        }

        private void Sweep(int first, int last, bool down, double shift)
        {
            int step = down ? 1 : -1;
            int begin = down ? first : last;
            int end = down ? last : first;
            double f = (Math.Abs(_d[begin]) - shift) * (Math.CopySign(1.0, _d[begin]) + (shift / _d[begin]));
            double g = _e[down ? first : last - 1];
            for (int i = begin; i != end; i += step)
            {
                int beside = down ? i : i - 1;
                (double cosR, double sinR, double r) = Rotation(f, g);
                if (i != begin)
                {
                    _e[beside - step] = r;
                }

                f = (cosR * _d[i]) + (sinR * _e[beside]);
                _e[beside] = (cosR * _e[beside]) - (sinR * _d[i]);
                g = sinR * _d[i + step];
                _d[i + step] *= cosR;
                (double cosL, double sinL, _d[i]) = Rotation(f, g);
                f = (cosL * _e[beside]) + (sinL * _d[i + step]);
                _d[i + step] = (cosL * _d[i + step]) - (sinL * _e[beside]);
                if (i + step != end)
                {
                    g = sinL * _e[beside + step];
                    _e[beside + step] *= cosL;
                }

                _cosines[beside] = down ? cosR : cosL;
                _sines[beside] = down ? sinR : -sinL;
            }

            _e[down ? last - 1 : first] = f;
            RotateRows(first, last, down);
        }

        private void RotateRows(int first, int last, bool down)
        {
            for (int k = 0; k < last - first; k++)
            {
                int i = down ? first + k : last - 1 - k;
                RotateRows(i, _cosines[i], _sines[i]);
            }
        }

        private void RotateRows(int upper, double c, double s)
        {
            Span<double> row = _rows.AsSpan(upper * _n, _n);
            Span<double> next = _rows.AsSpan((upper + 1) * _n, _n);
            for (int k = 0; k < _n; k++)
            {
                double x = row[k];
                double y = next[k];
                next[k] = (c * y) - (s * x);
                row[k] = (s * y) + (c * x);
            }
        }

        // The block [f g; 0 h] as LAPACK's dlasv2 decomposes it.
        private void ReducePair(int i)
        {
            (double f, double g, double h) = (_d[i], _e[i], _d[i + 1]);
            bool swapped = Math.Abs(h) > Math.Abs(f);
            (double ft, double ht) = swapped ? (h, f) : (f, h);
            double fa = Math.Abs(ft);
            double ha = Math.Abs(ht);
            double ga = Math.Abs(g);
            double least;
            double greatest;
            double cl = 1.0;
            double sl = 0.0;
            double cr = 1.0;
            double sr = 0.0;
            if (ga == 0)
            {
                (least, greatest) = (ha, fa);
            }
            else if (ga > fa && fa / ga < Epsilon)
            {
                greatest = ga;
                least = ha > 1.0 ? fa / (ga / ha) : fa / ga * ha;
                (sl, sr, cr) = (ht / g, 1.0, ft / g);
            }
            else
            {
                double difference = fa - ha;
                double l = difference == fa ? 1.0 : difference / fa;
                double m = g / ft;
                double t = 2.0 - l;
                double mm = m * m;
                double s = Math.Sqrt((t * t) + mm);
                double r = l == 0 ? Math.Abs(m) : Math.Sqrt((l * l) + mm);
                double a = 0.5 * (s + r);
                least = ha / a;
                greatest = fa * a;
                if (mm != 0)
                {
                    t = ((m / (s + t)) + (m / (r + l))) * (1.0 + a);
                }
                else if (l == 0)
                {
                    t = Math.CopySign(2.0, ft) * Math.CopySign(1.0, g);
                }
                else
                {
                    t = (g / Math.CopySign(difference, ft)) + (m / t);
                }

                l = Math.Sqrt((t * t) + 4.0);
                cr = 2.0 / l;
                sr = t / l;
                cl = (cr + (sr * m)) / a;
                sl = ht / ft * sr / a;
            }

            (double cosL, double sinL, double cosR, double sinR) = swapped ? (sr, cr, sl, cl) : (cl, sl, cr, sr);
            double sign = ga > fa && ga != 0 ? Math.CopySign(1.0, sinR) * Math.CopySign(1.0, cosL) * Math.CopySign(1.0, g)
                : swapped ? Math.CopySign(1.0, sinR) * Math.CopySign(1.0, sinL) * Math.CopySign(1.0, h)
                : Math.CopySign(1.0, cosR) * Math.CopySign(1.0, cosL) * Math.CopySign(1.0, f);
            _d[i] = Math.CopySign(greatest, sign);
            _e[i] = 0.0;
            _d[i + 1] = Math.CopySign(least, sign * Math.CopySign(1.0, f) * Math.CopySign(1.0, h));
            RotateRows(i, cosR, sinR);
        }

        // The lesser singular value of [f g; 0 h]: LAPACK's dlas2.
        private static double LeastOfPair(double f, double g, double h)
        {
            double lesser = Math.Min(Math.Abs(f), Math.Abs(h));
            double greater = Math.Max(Math.Abs(f), Math.Abs(h));
            double ga = Math.Abs(g);
            if (lesser == 0)
            {
                return 0.0;
            }

            double sum = 1.0 + (lesser / greater);
            double difference = (greater - lesser) / greater;
            if (ga < greater)
            {
                double square = ga / greater * (ga / greater);
                return lesser * (2.0 / (Math.Sqrt((sum * sum) + square) + Math.Sqrt((difference * difference) + square)));
            }

            double share = greater / ga;
            if (share == 0)
            {
                return lesser * greater / ga;
            }

            double c = 1.0 / (Math.Sqrt(1.0 + (sum * share * (sum * share)))
                + Math.Sqrt(1.0 + (difference * share * (difference * share))));
            return 2.0 * (lesser * c * share);
        }
    }
}
