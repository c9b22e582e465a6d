namespace ReproTorch.Randomness;

/// <summary>
/// The decompositions under <see cref="NumpyGenerator.MultivariateNormal"/>, in the order of operations of the
/// reference LAPACK (3.11: dpotrf, dgesdd, dsyevd and what they call), which decides signs and last bits. Matrices are
/// n by n in C order.
/// </summary>
internal static partial class NumpyGeneratorLinearAlgebra
{
    // DLAMCH('Epsilon'): the relative error of rounding, half the distance from 1 to the next number.
    private const double Epsilon = 1.0 / (1L << 53);
    private const double SafeMinimum = 2.2250738585072014e-308;

    /// <summary>A matrix F with F F^T = cov.</summary>
    /// <param name="cov">The covariances.</param>
    /// <param name="n">Variables, 1 or more.</param>
    /// <param name="method">svd, eigh or cholesky.</param>
    /// <param name="tol">Tolerance of the check.</param>
    /// <param name="isValid">Whether the covariances are symmetric and positive semidefinite up to the
    /// tolerance.</param>
    public static double[] CovarianceFactor(ReadOnlySpan<double> cov, int n, string method, double tol, out bool isValid)
    {
        double[] matrix = cov.ToArray();
        if (method == "cholesky")
        {
            isValid = true;
            return Cholesky(matrix, n);
        }

        bool isFinite = Array.TrueForAll(matrix, double.IsFinite);
        if (method == "eigh")
        {
            double[] values = isFinite ? Eigh(matrix, n, out double[] vectors) : throw NotConverged("Eigenvalues");
            isValid = Array.TrueForAll(values, value => !(value < -tol));
            return ScaleColumns(vectors, n, values);
        }

        double[] singular = isFinite ? Svd(matrix, n, out double[] left) : throw NotConverged("SVD");
        isValid = IsFactor(left, n, singular, cov, tol);
        return ScaleColumns(left, n, singular);
    }

    private static ReproTorchException NotConverged(string what) =>
        NumpyGeneratorArgument.Invalid($"{what} did not converge: the covariances must be finite.");

    private static double[] ScaleColumns(double[] matrix, int n, double[] values)
    {
        for (int i = 0; i < matrix.Length; i++)
        {
            matrix[i] *= Math.Sqrt(Math.Abs(values[i % n]));
        }

        return matrix;
    }

    // numpy.allclose(U S U^T, cov). NumPy takes the right singular vectors; for what passes they are the same.
    private static bool IsFactor(double[] left, int n, double[] singular, ReadOnlySpan<double> cov, double tol)
    {
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int k = 0; k < n; k++)
                {
                    sum += left[(i * n) + k] * singular[k] * left[(j * n) + k];
                }

                double expected = cov[(i * n) + j];
                if (!(Math.Abs(sum - expected) <= tol + (tol * Math.Abs(expected))))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // Blocks of 64 columns, each by halves (dpotrf, dpotrf2). Reads and writes the lower triangle.
    private static double[] Cholesky(double[] a, int n)
    {
        const int BlockSize = 64;
        for (int first = 0; first < n; first += BlockSize)
        {
            int width = Math.Min(BlockSize, n - first);
            int below = first + width;
            if (BlockSize < n)
            {
                SubtractProduct(a, n, first, below, first, width, 0, first, isTriangle: true);
            }

            CholeskyByHalves(a, n, first, width);
            if (below < n)
            {
                SubtractProduct(a, n, below, n, first, width, 0, first, isTriangle: false);
                SolveRight(a, n, below, n, first, width);
            }
        }

        for (int i = 0; i < n; i++)
        {
            a.AsSpan((i * n) + i + 1, n - i - 1).Clear();
        }

        return a;
    }

    private static void CholeskyByHalves(double[] a, int n, int first, int size)
    {
        if (size == 1)
        {
            ref double pivot = ref a[(first * n) + first];
            pivot = pivot > 0 ? Math.Sqrt(pivot)
                : throw NumpyGeneratorArgument.Invalid("Matrix is not positive definite");
            return;
        }

        int half = size / 2;
        CholeskyByHalves(a, n, first, half);
        SolveRight(a, n, first + half, first + size, first, half);
        SubtractProduct(a, n, first + half, first + size, first + half, size - half, first, half, isTriangle: true);
        CholeskyByHalves(a, n, first + half, size - half);
    }

    // The rows from .. to of a block become those of X with X L^T = block, L being the triangle at the diagonal
    // (dtrsm).
    private static void SolveRight(double[] a, int n, int from, int to, int column, int width)
    {
        for (int k = column; k < column + width; k++)
        {
            double inverse = 1.0 / a[(k * n) + k];
            for (int i = from; i < to; i++)
            {
                a[(i * n) + k] = inverse * a[(i * n) + k];
            }

            for (int j = k + 1; j < column + width; j++)
            {
                double factor = a[(j * n) + k];
                for (int i = from; i < to && factor != 0; i++)
                {
                    a[(i * n) + j] -= factor * a[(i * n) + k];
                }
            }
        }
    }

    // Subtracts the product of rows with rows (dsyrk, dgemm), over the columns from inner on, one after the other.
    private static void SubtractProduct(
        double[] a, int n, int from, int to, int column, int width, int inner, int innerWidth, bool isTriangle)
    {
        for (int j = column; j < column + width; j++)
        {
            for (int k = inner; k < inner + innerWidth; k++)
            {
                double factor = -a[(j * n) + k];
                for (int i = isTriangle ? j : from; i < to && factor != 0; i++)
                {
                    a[(i * n) + j] += factor * a[(i * n) + k];
                }
            }
        }
    }
}
