namespace ReproTorch.Randomness;

/// <content>Singular values and left singular vectors.</content>
internal static partial class NumpyGeneratorLinearAlgebra
{
    // dgesdd for a square matrix: to two diagonals by reflections, then to one by QR steps. (LAPACK divides and
    // conquers above 25 rows, which gives other last bits.)
    private static double[] Svd(double[] a, int n, out double[] left)
    {
        var diagonal = new double[n];
        var upper = new double[n];
        var taus = new double[n];
        for (int i = 0; i < n; i++)
        {
            int corner = (i * n) + i;
            taus[i] = Reflect(a, corner, n, n - i);
            ReflectLeft(a, n, i, i + 1, Direction(a, corner, n, n - i), taus[i]);
            diagonal[i] = a[corner];
            if (i < n - 1)
            {
                double tau = Reflect(a, corner + 1, 1, n - i - 1);
                ReflectRight(a, n, i + 1, i + 1, Direction(a, corner + 1, 1, n - i - 1), tau);
                upper[i] = a[corner + 1];
            }
        }

        left = Identity(n);
        if (n == 1)
        {
            left[0] = Math.CopySign(1, diagonal[0]);
            diagonal[0] = Math.Abs(diagonal[0]);
        }
        else
        {
            Diagonalize(diagonal, upper, left);
            SortColumns(diagonal, left, n, descending: false);
            SortColumns(diagonal, left, n, descending: true);
        }

        for (int i = n - 1; i >= 0; i--)
        {
            ReflectLeft(left, n, i, 0, Direction(a, (i * n) + i, n, n - i), taus[i]);
        }

        return diagonal;
    }

    // J. Demmel and W. Kahan, "Accurate Singular Values of Bidiagonal Matrices", 1990, as dbdsqr has it.
    private static void Diagonalize(double[] d, double[] e, double[] left)
    {
        int n = d.Length;
        double tolerance = Math.Clamp(Math.Pow(Epsilon, -0.125), 10, 100) * Epsilon;
        double threshold = Math.Max(tolerance * LeastSingularValue(d, e), 6.0 * (n * (n * SafeMinimum)));
        bool isDownward = true;
        (int oldFirst, int oldLast) = (-2, -2);
        long budget = 6L * n * n;
        int last = n - 1;
        while (last > 0)
        {
            // The unreduced block that ends at last.
            double greatest = Math.Abs(d[last]);
            int first = last;
            while (first > 0 && Math.Abs(e[first - 1]) > threshold)
            {
                first--;
                greatest = Math.Max(greatest, Math.Max(Math.Abs(d[first]), Math.Abs(e[first])));
            }

            if (first > 0)
            {
                e[first - 1] = 0;
            }

            if (first == last)
            {
                last--;
                continue;
            }

            if (first == last - 1)
            {
                SolvePair(d, e, left, first);
                last -= 2;
                continue;
            }

            if (budget < 0)
            {
                throw NotConverged("SVD");
            }

            if (first > oldLast || last < oldFirst)
            {
                isDownward = Math.Abs(d[first]) >= Math.Abs(d[last]);
            }

            if (Deflates(d, e, first, last, isDownward, tolerance, out double least))
            {
                continue;
            }

            (oldFirst, oldLast) = (first, last);
            budget -= last - first;
            double shift = Shift(d, e, first, last, isDownward, tolerance, least, greatest);
            if (shift == 0)
            {
                StepWithoutShift(d, e, left, first, last, isDownward);
            }
            else
            {
                StepWithShift(d, e, left, first, last, isDownward, shift);
            }

            int end = isDownward ? last - 1 : first;
            if (Math.Abs(e[end]) <= threshold)
            {
                e[end] = 0;
            }
        }

        // Turning a value's sign turns its right vector; the left one stays.
        for (int i = 0; i < n; i++)
        {
            if (d[i] < 0)
            {
                d[i] = -d[i];
            }
        }

        for (int end = n - 1; end > 0; end--)
        {
            int least = 0;
            for (int i = 1; i <= end; i++)
            {
                if (d[i] <= d[least])
                {
                    least = i;
                }
            }

            if (least != end)
            {
                (d[least], d[end]) = (d[end], d[least]);
                SwapColumns(left, n, least, end);
            }
        }
    }

    // A lower bound of the least singular value, up to the square root of n.
    private static double LeastSingularValue(double[] d, double[] e)
    {
        double mu = Math.Abs(d[0]);
        double least = mu;
        for (int i = 1; i < d.Length && least != 0; i++)
        {
            mu = Math.Abs(d[i]) * (mu / (mu + Math.Abs(e[i - 1])));
            least = Math.Min(least, mu);
        }

        return least / Math.Sqrt(d.Length);
    }

    // Looks for an element beside the diagonal that is small against its neighbours, and sets it to zero.
    private static bool Deflates(double[] d, double[] e, int first, int last, bool isDownward, double tolerance, out double least)
    {
        least = 0;
        int end = isDownward ? last : first;
        int beside = isDownward ? last - 1 : first;
        if (Math.Abs(e[beside]) <= tolerance * Math.Abs(d[end]))
        {
            e[beside] = 0;
            return true;
        }

        double mu = Math.Abs(d[isDownward ? first : last]);
        least = mu;
        for (int i = 0; i < last - first; i++)
        {
            int k = isDownward ? first + i : last - 1 - i;
            if (Math.Abs(e[k]) <= tolerance * mu)
            {
                e[k] = 0;
                return true;
            }

            mu = Math.Abs(d[isDownward ? k + 1 : k]) * (mu / (mu + Math.Abs(e[k])));
            least = Math.Min(least, mu);
        }

        return false;
    }

    private static double Shift(
        double[] d, double[] e, int first, int last, bool isDownward, double tolerance, double least, double greatest)
    {
        if (d.Length * tolerance * (least / greatest) <= Math.Max(Epsilon, 0.01 * tolerance))
        {
            return 0;
        }

        double start = Math.Abs(d[isDownward ? first : last]);
        int k = isDownward ? last - 1 : first;
        double shift = LesserOfPair(d[k], e[k], d[k + 1]);
        return start > 0 && shift / start * (shift / start) < Epsilon ? 0 : shift;
    }

    private static void StepWithoutShift(double[] d, double[] e, double[] left, int first, int last, bool isDownward)
    {
        int n = d.Length;
        double c = 1;
        double oldC = 1;
        double oldS = 0;
        double s;
        double r;
        if (isDownward)
        {
            for (int i = first; i < last; i++)
            {
                (c, s, r) = Rotation(d[i] * c, e[i]);
                if (i > first)
                {
                    e[i - 1] = oldS * r;
                }

                (oldC, oldS, d[i]) = Rotation(oldC * r, d[i + 1] * s);
                RotateColumns(left, n, i, oldC, oldS);
            }

            double h = d[last] * c;
            d[last] = h * oldC;
            e[last - 1] = h * oldS;
        }
        else
        {
            for (int i = last; i > first; i--)
            {
                (c, s, r) = Rotation(d[i] * c, e[i - 1]);
                if (i < last)
                {
                    e[i] = oldS * r;
                }

                (oldC, oldS, d[i]) = Rotation(oldC * r, d[i - 1] * s);
                RotateColumns(left, n, i - 1, c, -s);
            }

            double h = d[first] * c;
            d[first] = h * oldC;
            e[first] = h * oldS;
        }
    }

    private static void StepWithShift(double[] d, double[] e, double[] left, int first, int last, bool isDownward, double shift)
    {
        int n = d.Length;
        double start = d[isDownward ? first : last];
        double f = (Math.Abs(start) - shift) * (Math.CopySign(1, start) + (shift / start));
        double r;
        if (isDownward)
        {
            double g = e[first];
            for (int i = first; i < last; i++)
            {
                (double rightC, double rightS, r) = Rotation(f, g);
                if (i > first)
                {
                    e[i - 1] = r;
                }

                f = (rightC * d[i]) + (rightS * e[i]);
                e[i] = (rightC * e[i]) - (rightS * d[i]);
                g = rightS * d[i + 1];
                d[i + 1] = rightC * d[i + 1];
                (double leftC, double leftS, d[i]) = Rotation(f, g);
                f = (leftC * e[i]) + (leftS * d[i + 1]);
                d[i + 1] = (leftC * d[i + 1]) - (leftS * e[i]);
                if (i < last - 1)
                {
                    g = leftS * e[i + 1];
                    e[i + 1] = leftC * e[i + 1];
                }

                RotateColumns(left, n, i, leftC, leftS);
            }

            e[last - 1] = f;
        }
        else
        {
            double g = e[last - 1];
            for (int i = last; i > first; i--)
            {
                (double rightC, double rightS, r) = Rotation(f, g);
                if (i < last)
                {
                    e[i] = r;
                }

                f = (rightC * d[i]) + (rightS * e[i - 1]);
                e[i - 1] = (rightC * e[i - 1]) - (rightS * d[i]);
                g = rightS * d[i - 1];
                d[i - 1] = rightC * d[i - 1];
                (double leftC, double leftS, d[i]) = Rotation(f, g);
                f = (leftC * e[i - 1]) + (leftS * d[i - 1]);
                d[i - 1] = (leftC * d[i - 1]) - (leftS * e[i - 1]);
                if (i > first + 1)
                {
                    g = leftS * e[i - 2];
                    e[i - 2] = leftC * e[i - 2];
                }

                RotateColumns(left, n, i - 1, rightC, -rightS);
            }

            e[first] = f;
        }
    }

    // A block of two in closed form, and its left rotation.
    private static void SolvePair(double[] d, double[] e, double[] left, int k)
    {
        (double lesser, double greater, double c, double s) = SolveTriangle(d[k], e[k], d[k + 1]);
        (d[k], e[k], d[k + 1]) = (greater, 0, lesser);
        int n = d.Length;
        for (int i = 0; i < n; i++)
        {
            ref double x = ref left[(i * n) + k];
            ref double y = ref left[(i * n) + k + 1];
            double old = x;
            x = (c * old) + (s * y);
            y = (c * y) - (s * old);
        }
    }

    // The singular values of [f g; 0 h] with signs, and the left rotation (dlasv2).
    private static (double Lesser, double Greater, double C, double S) SolveTriangle(double f, double g, double h)
    {
        (double ft, double ht) = (f, h);
        bool isSwapped = Math.Abs(h) > Math.Abs(f);
        if (isSwapped)
        {
            (ft, ht) = (ht, ft);
        }

        (double fa, double ga, double ha) = (Math.Abs(ft), Math.Abs(g), Math.Abs(ht));
        (double lesser, double greater) = (ha, fa);
        (double leftC, double leftS, double rightC, double rightS) = (1, 0, 1, 0);
        bool isOffDiagonalGreatest = ga > fa;
        if (ga > fa && fa / ga < Epsilon)
        {
            greater = ga;
            lesser = ha > 1 ? fa / (ga / ha) : fa / ga * ha;
            (leftC, leftS, rightC, rightS) = (1, ht / g, ft / g, 1);
        }
        else if (ga != 0)
        {
            double difference = fa - ha;
            double l = difference == fa ? 1 : difference / fa;
            double m = g / ft;
            double t = 2 - l;
            double mm = m * m;
            double s = Math.Sqrt((t * t) + mm);
            double r = l == 0 ? Math.Abs(m) : Math.Sqrt((l * l) + mm);
            double a = 0.5 * (s + r);
            lesser = ha / a;
            greater = fa * a;
            t = mm != 0 ? ((m / (s + t)) + (m / (r + l))) * (1 + a)
                : l == 0 ? Math.CopySign(2, ft) * Math.CopySign(1, g)
                : (g / Math.CopySign(difference, ft)) + (m / t);
            l = Math.Sqrt((t * t) + 4);
            rightC = 2 / l;
            rightS = t / l;
            leftC = (rightC + (rightS * m)) / a;
            leftS = ht / ft * rightS / a;
        }

        if (isSwapped)
        {
            (leftC, leftS, rightC, rightS) = (rightS, rightC, leftS, leftC);
        }

        double sign = isOffDiagonalGreatest ? Sign(rightS) * Sign(leftC) * Sign(g)
            : isSwapped ? Sign(rightS) * Sign(leftS) * Sign(h)
            : Sign(rightC) * Sign(leftC) * Sign(f);
        return (Math.CopySign(lesser, sign * Sign(f) * Sign(h)), Math.CopySign(greater, sign), leftC, leftS);

        static double Sign(double x) => Math.CopySign(1, x);
    }

    // The lesser singular value of [f g; 0 h] (dlas2).
    private static double LesserOfPair(double f, double g, double h)
    {
        double least = Math.Min(Math.Abs(f), Math.Abs(h));
        double most = Math.Max(Math.Abs(f), Math.Abs(h));
        double ga = Math.Abs(g);
        if (least == 0)
        {
            return 0;
        }

        double sum = 1 + (least / most);
        double difference = (most - least) / most;
        if (ga < most)
        {
            double square = ga / most * (ga / most);
            double c = 2 / (Math.Sqrt((sum * sum) + square) + Math.Sqrt((difference * difference) + square));
            return least * c;
        }

        double ratio = most / ga;
        if (ratio == 0)
        {
            return least * most / ga;
        }

        double s = sum * ratio;
        double t = difference * ratio;
        double half = least * (1 / (Math.Sqrt(1 + (s * s)) + Math.Sqrt(1 + (t * t)))) * ratio;
        return half + half;
    }
}
