namespace ReproTorch.Randomness;

/// <content>Householder's reflections and Givens's rotations.</content>
internal static partial class NumpyGeneratorLinearAlgebra
{
    /// <summary>Makes the reflection that turns a vector onto its first element (dlarfg): the vector at
    /// <paramref name="start"/>, <paramref name="stride"/>, becomes the new first element and then v without its
    /// leading 1.</summary>
    /// <returns>tau of the reflection 1 - tau v v^T; 0 for none.</returns>
    private static double Reflect(double[] a, int start, int stride, int count)
    {
        double rest = Norm(a, start + stride, stride, count - 1);
        if (rest == 0)
        {
            return 0;
        }

        double alpha = a[start];
        double beta = -Math.CopySign(Hypotenuse(alpha, rest), alpha);
        double scale = 1.0 / (alpha - beta);
        for (int i = 1; i < count; i++)
        {
            a[start + (i * stride)] *= scale;
        }

        a[start] = beta;
        return (beta - alpha) / beta;
    }

    /// <summary>Multiplies rows from <paramref name="row"/> and columns from <paramref name="column"/> on by a
    /// reflection from the left (dlarf), whose v is given in full.</summary>
    private static void ReflectLeft(double[] a, int n, int row, int column, ReadOnlySpan<double> v, double tau)
    {
        for (int j = column; j < n && tau != 0; j++)
        {
            double sum = 0;
            for (int i = 0; i < v.Length; i++)
            {
                sum += a[((row + i) * n) + j] * v[i];
            }

            double factor = -tau * sum;
            for (int i = 0; i < v.Length && sum != 0; i++)
            {
                a[((row + i) * n) + j] += v[i] * factor;
            }
        }
    }

    /// <summary>The same from the right.</summary>
    private static void ReflectRight(double[] a, int n, int row, int column, ReadOnlySpan<double> v, double tau)
    {
        for (int i = row; i < n && tau != 0; i++)
        {
            double sum = 0;
            for (int j = 0; j < v.Length; j++)
            {
                sum += a[(i * n) + column + j] * v[j];
            }

            for (int j = 0; j < v.Length; j++)
            {
                a[(i * n) + column + j] += sum * (-tau * v[j]);
            }
        }
    }

    /// <summary>v of a reflection that <see cref="Reflect"/> made, with its leading 1.</summary>
    private static double[] Direction(double[] a, int start, int stride, int count)
    {
        var v = new double[count];
        v[0] = 1;
        for (int i = 1; i < count; i++)
        {
            v[i] = a[start + (i * stride)];
        }

        return v;
    }

    /// <summary>The rotation with c f + s g = r and c g - s f = 0 (dlartg of LAPACK 3.10 and later).</summary>
    private static (double C, double S, double R) Rotation(double f, double g)
    {
        const double SafeMaximum = 1.0 / SafeMinimum;
        double least = Math.Sqrt(SafeMinimum);
        double most = Math.Sqrt(SafeMaximum / 2);
        (double f1, double g1) = (Math.Abs(f), Math.Abs(g));
        if (g == 0)
        {
            return (1, 0, f);
        }

        if (f == 0)
        {
            return (0, Math.CopySign(1, g), g1);
        }

        if (f1 > least && f1 < most && g1 > least && g1 < most)
        {
            double d = Math.Sqrt((f * f) + (g * g));
            double r = Math.CopySign(d, f);
            return (f1 / d, g / r, r);
        }
        else
        {
            double unit = Math.Min(SafeMaximum, Math.Max(SafeMinimum, Math.Max(f1, g1)));
            (double fs, double gs) = (f / unit, g / unit);
            double d = Math.Sqrt((fs * fs) + (gs * gs));
            double r = Math.CopySign(d, f);
            return (Math.Abs(fs) / d, gs / r, r * unit);
        }
    }

    /// <summary>Rotates column j and the one after it (dlasr from the right).</summary>
    private static void RotateColumns(double[] a, int n, int j, double c, double s)
    {
        if (c == 1 && s == 0)
        {
            return;
        }

        for (int i = 0; i < n; i++)
        {
            ref double left = ref a[(i * n) + j];
            ref double right = ref a[(i * n) + j + 1];
            double old = right;
            right = (c * old) - (s * left);
            left = (s * old) + (c * left);
        }
    }

    private static void SwapColumns(double[] a, int n, int j, int k)
    {
        for (int i = 0; i < n; i++)
        {
            (a[(i * n) + j], a[(i * n) + k]) = (a[(i * n) + k], a[(i * n) + j]);
        }
    }

    /// <summary>Sorts values, and columns with them, by selection.</summary>
    private static void SortColumns(double[] values, double[] columns, int n, bool descending)
    {
        for (int i = 0; i < n - 1; i++)
        {
            int best = i;
            for (int j = i + 1; j < n; j++)
            {
                if (descending ? values[j] > values[best] : values[j] < values[best])
                {
                    best = j;
                }
            }

            if (best != i)
            {
                (values[i], values[best]) = (values[best], values[i]);
                SwapColumns(columns, n, i, best);
            }
        }
    }

    private static double[] Identity(int n)
    {
        var identity = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            identity[(i * n) + i] = 1;
        }

        return identity;
    }

    /// <summary>sqrt(x^2 + y^2) as dlapy2 takes it.</summary>
    private static double Hypotenuse(double x, double y)
    {
        double w = Math.Max(Math.Abs(x), Math.Abs(y));
        double z = Math.Min(Math.Abs(x), Math.Abs(y));
        return z == 0 ? w : w * Math.Sqrt(1 + (z / w * (z / w)));
    }

    // Plain squares where they stay well in range (as dnrm2 does), else scaled by the greatest.
    private static double Norm(double[] a, int start, int stride, int count)
    {
        const double Small = 1.4916681462400413e-154;
        const double Big = 1.9979190722022350e+146;
        double sum = 0;
        double greatest = 0;
        bool isInRange = true;
        for (int i = 0; i < count; i++)
        {
            double x = Math.Abs(a[start + (i * stride)]);
            greatest = Math.Max(greatest, x);
            isInRange &= x == 0 || (x >= Small && x <= Big);
            sum += x * x;
        }

        if (isInRange)
        {
            return Math.Sqrt(sum);
        }

        sum = 0;
        for (int i = 0; i < count; i++)
        {
            double x = a[start + (i * stride)] / greatest;
            sum += x * x;
        }

        return greatest * Math.Sqrt(sum);
    }
}
