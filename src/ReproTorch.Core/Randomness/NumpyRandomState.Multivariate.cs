namespace ReproTorch.Randomness;

/// <summary>What <see cref="NumpyRandomState.MultivariateNormal"/> does with a covariance that is not symmetric and
/// positive semidefinite: NumPy's <c>check_valid</c>.</summary>
public enum NumpyRandomStateCheck
{
    /// <summary>Draws from what the decomposition makes of it, and says so.</summary>
    Warn,

    /// <summary>Throws.</summary>
    Raise,

    /// <summary>Draws from what the decomposition makes of it.</summary>
    Ignore,
}

// Distributions of vectors.
public sealed partial class NumpyRandomState
{
    /// <summary>Multinomial distribution: how often each of several outcomes occurs. NumPy's <c>multinomial(n, pvals,
    /// size)</c>.</summary>
    /// <param name="n">Trials, 0 or more.</param>
    /// <param name="pvals">Probabilities of the outcomes; that of the last is what the others leave.</param>
    /// <param name="size">The shape before the last dimension, which has the outcomes; null for none.</param>
    /// <exception cref="ReproTorchException">"pvals &lt; 0, pvals > 1 or pvals contains NaNs", "sum(pvals[:-1]) > 1.0",
    /// "n &lt; 0".</exception>
    public NumpyArray<long> Multinomial(long n, double[] pvals, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(pvals);
        NumpyRandomStateConstraint.From0To1.Check("pvals", pvals);
        if (pvals.Length > 0 && KahanSum(pvals.AsSpan(0, pvals.Length - 1)) > 1.0 + 1e-12)
        {
            throw Invalid($"sum(pvals[:-1]) > 1.0: it is {Text(KahanSum(pvals.AsSpan(0, pvals.Length - 1)))}.");
        }

        NumpyArray<long> result = NewArray<long>([.. size ?? [], pvals.Length]);
        NumpyRandomStateConstraint.NonNegative.Check("n", n);
        for (int i = 0; i < result.Values.Length; i += pvals.Length)
        {
            NextMultinomial(n, result.Values.AsSpan(i, pvals.Length), pvals);
        }

        return result;
    }

    /// <summary>Dirichlet distribution: shares that add up to 1. NumPy's <c>dirichlet(alpha, size)</c>.</summary>
    /// <param name="alpha">A parameter above 0 for each share.</param>
    /// <param name="size">The shape before the last dimension, which has the shares; null for none.</param>
    /// <exception cref="ReproTorchException">"alpha &lt;= 0", "alpha must not be NaN".</exception>
    public NumpyArray<double> Dirichlet(double[] alpha, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(alpha);
        NumpyRandomStateConstraint.Positive.Check("alpha", alpha);
        NumpyArray<double> result = NewArray<double>([.. size ?? [], alpha.Length]);
        for (int i = 0; i < result.Values.Length; i += alpha.Length)
        {
            Span<double> shares = result.Values.AsSpan(i, alpha.Length);
            double sum = 0.0;
            for (int j = 0; j < shares.Length; j++)
            {
                shares[j] = NextStandardGamma(alpha[j]);
                sum += shares[j];
            }

            double inverse = 1 / sum;
            foreach (ref double share in shares)
            {
                share *= inverse;
            }
        }

        return result;
    }

    /// <summary>Multivariate normal distribution. NumPy's <c>multivariate_normal(mean, cov, size, check_valid,
    /// tol)</c>.</summary>
    /// <param name="mean">Means, one for each of n dimensions.</param>
    /// <param name="cov">Covariances, n x n.</param>
    /// <param name="size">The shape before the last dimension, which has the n numbers; null for none.</param>
    /// <param name="checkValid">What happens when <paramref name="cov"/> is not symmetric and positive
    /// semidefinite.</param>
    /// <param name="tol">How far off it may be, absolute and relative.</param>
    /// <param name="warn">Takes the text of the warning of <see cref="NumpyRandomStateCheck.Warn"/>.</param>
    /// <remarks>
    /// <para>The standard normal numbers under it are NumPy's to the bit, and so is the place in the stream afterwards.
    /// The result itself is not promised to the bit, in NumPy neither: it goes through a singular value decomposition
    /// by whichever LAPACK NumPy was built with, and its last bits change with that library, its version and its number
    /// of threads.</para>
    /// <para>The decomposition here follows the steps of LAPACK 3.10 and later for small matrices (dgesdd, up to 25
    /// dimensions), so that the signs, which are free in such a decomposition and change the numbers wholly, come out
    /// as there; results then agree to some 1e-12 relative to the greatest standard deviation. For more than 25
    /// dimensions, singular values that coincide, LAPACK before 3.10 (other signs in its rotations), or another
    /// implementation (MKL, Accelerate), numbers of the same distribution come out that need not be NumPy's.</para>
    /// </remarks>
    /// <exception cref="ReproTorchException">"mean must be 1 dimensional", "cov must be 2 dimensional and square",
    /// "mean and cov must have same length", "covariance is not symmetric positive-semidefinite.", "SVD did not
    /// converge" (NaN or infinity in it).</exception>
    public NumpyArray<double> MultivariateNormal(
        NumpyArray<double> mean,
        NumpyArray<double> cov,
        long[]? size = null,
        NumpyRandomStateCheck checkValid = NumpyRandomStateCheck.Warn,
        double tol = 1e-8,
        Action<string>? warn = null)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(cov);
        if (mean.Shape.Length != 1)
        {
            throw Invalid($"mean must be 1 dimensional: its shape is {NumpyShape.Text(mean.Shape)}.");
        }

        if (cov.Shape.Length != 2 || cov.Shape[0] != cov.Shape[1])
        {
            throw Invalid($"cov must be 2 dimensional and square: its shape is {NumpyShape.Text(cov.Shape)}.");
        }

        if (mean.Shape[0] != cov.Shape[0])
        {
            throw Invalid($"mean and cov must have same length: {mean.Shape[0]} and {cov.Shape[0]}.");
        }

        int n = mean.Values.Length;
        NumpyArray<double> result = StandardNormal([.. size ?? [], n]);
        (double[] singular, double[] rows) = NumpyRandomStateSvd.Decompose(cov.Values, n);
        if (checkValid != NumpyRandomStateCheck.Ignore && !IsReproduced(cov.Values, singular, rows, tol))
        {
            const string NotPositive = "covariance is not symmetric positive-semidefinite.";
            if (checkValid == NumpyRandomStateCheck.Raise)
            {
                throw Invalid(NotPositive);
            }

            warn?.Invoke(NotPositive);
        }

        for (int j = 0; j < n; j++)
        {
            double deviation = Math.Sqrt(singular[j]);
            foreach (ref double element in rows.AsSpan(j * n, n))
            {
                element *= deviation;
            }
        }

        double[] sums = new double[n];
        for (int i = 0; i < result.Values.Length; i += n)
        {
            Span<double> vector = result.Values.AsSpan(i, n);
            for (int k = 0; k < n; k++)
            {
                double sum = 0.0;
                for (int j = 0; j < n; j++)
                {
                    sum += vector[j] * rows[(j * n) + k];
                }

                sums[k] = sum + mean.Values[k];
            }

            sums.CopyTo(vector);
        }

        return result;
    }

    // Whether V^T S V is the matrix again, by numpy.allclose: then left and right vectors are the same, and it is
    // symmetric without negative eigenvalues.
    private static bool IsReproduced(double[] matrix, double[] singular, double[] rows, double tolerance)
    {
        int n = singular.Length;
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < n; k++)
            {
                double sum = 0.0;
                for (int j = 0; j < n; j++)
                {
                    sum += rows[(j * n) + i] * singular[j] * rows[(j * n) + k];
                }

                double expected = matrix[(i * n) + k];
                if (!(Math.Abs(sum - expected) <= tolerance + (tolerance * Math.Abs(expected))))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
