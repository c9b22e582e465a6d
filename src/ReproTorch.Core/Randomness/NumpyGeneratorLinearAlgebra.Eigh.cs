namespace ReproTorch.Randomness;

/// <content>Eigenvalues, ascending, and eigenvectors of a symmetric matrix.</content>
internal static partial class NumpyGeneratorLinearAlgebra
{
    // dsyevd on the lower triangle: to three diagonals by reflections, then to one by QL or QR steps. (LAPACK divides
    // and conquers above 25 rows.)
    private static double[] Eigh(double[] a, int n, out double[] vectors)
    {
        var diagonal = new double[n];
        var beside = new double[n];
        var taus = new double[n];
        for (int i = 0; i < n - 1; i++)
        {
            int start = ((i + 1) * n) + i;
            taus[i] = Reflect(a, start, n, n - i - 1);
            beside[i] = a[start];
            if (taus[i] != 0)
            {
                ReflectBothSides(a, n, i + 1, Direction(a, start, n, n - i - 1), taus[i]);
            }

            diagonal[i] = a[(i * n) + i];
        }

        diagonal[^1] = a[^1];
        vectors = Identity(n);
        Diagonalize(diagonal, beside, vectors, n);
        SortColumns(diagonal, vectors, n, descending: false);
        for (int i = n - 2; i >= 0; i--)
        {
            ReflectLeft(vectors, n, i + 1, 0, Direction(a, ((i + 1) * n) + i, n, n - i - 1), taus[i]);
        }

        return diagonal;
    }

    // H A H on the lower triangle from a corner on (dsymv, dsyr2).
    private static void ReflectBothSides(double[] a, int n, int corner, double[] v, double tau)
    {
        var w = new double[v.Length];
        for (int j = 0; j < v.Length; j++)
        {
            double factor = tau * v[j];
            double sum = 0;
            w[j] += factor * At(j, j);
            for (int i = j + 1; i < v.Length; i++)
            {
                w[i] += factor * At(i, j);
                sum += At(i, j) * v[i];
            }

            w[j] += tau * sum;
        }

        double dot = 0;
        for (int i = 0; i < v.Length; i++)
        {
            dot += w[i] * v[i];
        }

        double alpha = -0.5 * tau * dot;
        for (int i = 0; i < v.Length; i++)
        {
            w[i] += alpha * v[i];
        }

        for (int j = 0; j < v.Length; j++)
        {
            (double first, double second) = (-w[j], -v[j]);
            for (int i = j; i < v.Length; i++)
            {
                ref double element = ref a[((corner + i) * n) + corner + j];
                element = element + (v[i] * first) + (w[i] * second);
            }
        }

        double At(int i, int j) => a[((corner + i) * n) + corner + j];
    }

    // The implicit QL and QR steps of dsteqr.
    private static void Diagonalize(double[] d, double[] e, double[] vectors, int n)
    {
        int budget = 30 * n;
        int next = 0;
        while (next < n)
        {
            int first = next;
            int last = first;
            while (last < n - 1 && e[last] != 0
                && Math.Abs(e[last]) > Math.Sqrt(Math.Abs(d[last])) * Math.Sqrt(Math.Abs(d[last + 1])) * Epsilon)
            {
                last++;
            }

            if (last < n - 1)
            {
                e[last] = 0;
            }

            next = last + 1;
            if (first == last)
            {
                continue;
            }

            // From the end with the smaller element: downward is QL, upward QR.
            bool isDownward = Math.Abs(d[last]) >= Math.Abs(d[first]);
            int sign = isDownward ? 1 : -1;
            int l = isDownward ? first : last;
            int end = isDownward ? last : first;
            while ((end - l) * sign >= 0)
            {
                int m = l;
                while (m != end && !IsNegligible(m, m + sign))
                {
                    m += sign;
                }

                if (m != end)
                {
                    e[Between(m, m + sign)] = 0;
                }

                if (m == l)
                {
                    l += sign;
                }
                else if (m == l + sign)
                {
                    int k = Math.Min(l, m);
                    (d[k], d[k + 1], double c, double s) = SolveSymmetricPair(d[k], e[k], d[k + 1]);
                    RotateColumns(vectors, n, k, c, s);
                    e[k] = 0;
                    l += 2 * sign;
                }
                else if (--budget < 0)
                {
                    throw NotConverged("Eigenvalues");
                }
                else
                {
                    Step(l, m, sign);
                }
            }
        }

        bool IsNegligible(int i, int j)
        {
            double between = Math.Abs(e[Between(i, j)]);
            return between * between <= (Epsilon * Epsilon * Math.Abs(d[i]) * Math.Abs(d[j])) + SafeMinimum;
        }

        void Step(int l, int m, int sign)
        {
            double beside = e[Between(l, l + sign)];
            double p = d[l];
            double g = (d[l + sign] - p) / (2 * beside);
            double r = Hypotenuse(g, 1);
            g = d[m] - p + (beside / (g + Math.CopySign(r, g)));
            double s = 1;
            double c = 1;
            p = 0;
            for (int i = m - sign; (i - l) * sign >= 0; i -= sign)
            {
                int here = Between(i, i + sign);
                double f = s * e[here];
                double b = c * e[here];
                (c, s, r) = Rotation(g, f);
                if (i != m - sign)
                {
                    e[Between(i + sign, i + (2 * sign))] = r;
                }

                g = d[i + sign] - p;
                r = ((d[i] - g) * s) + (2 * c * b);
                p = s * r;
                d[i + sign] = g + p;
                g = (c * r) - b;
                RotateColumns(vectors, n, here, c, -s * sign);
            }

            d[l] -= p;
            e[Between(l, l + sign)] = g;
        }

        static int Between(int i, int j) => Math.Min(i, j);
    }

    // Eigenvalues of [a b; b c], the one of greater magnitude first, and the rotation (dlaev2).
    private static (double Greater, double Lesser, double C, double S) SolveSymmetricPair(double a, double b, double c)
    {
        double sum = a + c;
        double difference = a - c;
        double twice = b + b;
        (double ad, double ab) = (Math.Abs(difference), Math.Abs(twice));
        (double greater, double lesser) = Math.Abs(a) > Math.Abs(c) ? (a, c) : (c, a);
        double root = ad > ab ? ad * Math.Sqrt(1 + (ab / ad * (ab / ad)))
            : ad < ab ? ab * Math.Sqrt(1 + (ad / ab * (ad / ab)))
            : ab * Math.Sqrt(2);
        double first;
        double second;
        int sign = 1;
        if (sum != 0)
        {
            sign = sum < 0 ? -1 : 1;
            first = 0.5 * (sum < 0 ? sum - root : sum + root);
            second = (greater / first * lesser) - (b / first * b);
        }
        else
        {
            first = 0.5 * root;
            second = -0.5 * root;
        }

        int otherSign = difference >= 0 ? 1 : -1;
        double cs = difference >= 0 ? difference + root : difference - root;
        double cosine;
        double sine;
        if (Math.Abs(cs) > ab)
        {
            double cotangent = -twice / cs;
            sine = 1 / Math.Sqrt(1 + (cotangent * cotangent));
            cosine = cotangent * sine;
        }
        else if (ab == 0)
        {
            (cosine, sine) = (1, 0);
        }
        else
        {
            double tangent = -cs / twice;
            cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
            sine = tangent * cosine;
        }

        return sign == otherSign ? (first, second, -sine, cosine) : (first, second, cosine, sine);
    }
}
