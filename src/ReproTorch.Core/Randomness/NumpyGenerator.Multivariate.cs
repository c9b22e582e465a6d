namespace ReproTorch.Randomness;

/// <content>Distributions whose values are vectors.</content>
public sealed partial class NumpyGenerator
{
    /// <summary><c>dirichlet(alpha, size)</c>: rows of numbers in [0, 1] with the sum 1.</summary>
    /// <param name="destination">Rows one after the other, each as long as <paramref name="alpha"/>.</param>
    /// <param name="alpha">Each above 0; where all are below 0.1, the last two not below 1e-15 together (see
    /// <see cref="Beta(double, double)"/>).</param>
    /// <exception cref="ReproTorchException">An alpha is 0 or less, or too small.</exception>
    /// <exception cref="ArgumentException">The span does not hold whole rows.</exception>
    public void Dirichlet(Span<double> destination, ReadOnlySpan<double> alpha)
    {
        double greatest = double.NegativeInfinity;
        foreach (double value in alpha)
        {
            if (value <= 0)
            {
                throw NumpyGeneratorArgument.Invalid("alpha <= 0", value);
            }

            greatest = Math.Max(greatest, value);
        }

        if (alpha.IsEmpty)
        {
            return;
        }

        CheckRows(destination.Length, alpha.Length);
        double[]? rests = greatest < 0.1 ? RestSums(alpha) : null;
        if (rests is { Length: > 1 } && rests[^2] < 1e-15)
        {
            throw NumpyGeneratorArgument.Invalid("The last two alpha are too small to find a value: their sum", rests[^2]);
        }

        for (; !destination.IsEmpty; destination = destination[alpha.Length..])
        {
            Span<double> row = destination[..alpha.Length];
            if (rests is null)
            {
                NextDirichlet(row, alpha);
            }
            else
            {
                NextDirichletByStickBreaking(row, alpha, rests);
            }
        }
    }

    /// <summary><c>multivariate_hypergeometric(colors, nsample, size, method)</c>: rows of how many of each color were
    /// drawn.</summary>
    /// <param name="destination">Rows one after the other, each as long as <paramref name="colors"/>.</param>
    /// <param name="colors">How many of each color there are, each 0 or more.</param>
    /// <param name="nsample">How many are drawn, 0 to the sum of <paramref name="colors"/>.</param>
    /// <param name="method"><c>marginals</c> (the sum below 10^9) or <c>count</c> (memory for 8 bytes for each of the
    /// sum).</param>
    /// <exception cref="ReproTorchException">An argument is out of range.</exception>
    /// <exception cref="ArgumentException">The span does not hold whole rows.</exception>
    public void MultivariateHypergeometric(
        Span<long> destination, ReadOnlySpan<long> colors, long nsample, string method = "marginals")
    {
        if (method is not ("marginals" or "count"))
        {
            throw NumpyGeneratorArgument.Invalid($"method must be \"count\" or \"marginals\": got {method}.");
        }

        if (nsample < 0)
        {
            throw NumpyGeneratorArgument.Invalid("nsample must be nonnegative", nsample);
        }

        long total = CheckedTotal(colors, method);
        if (nsample > total)
        {
            throw NumpyGeneratorArgument.Invalid($"nsample > sum(colors): got {nsample} and {total}.");
        }

        if (colors.IsEmpty)
        {
            return;
        }

        CheckRows(destination.Length, colors.Length);
        destination.Clear();
        if (nsample == 0 || destination.IsEmpty)
        {
            return;
        }

        bool countsRest = nsample > total / 2;
        long taken = countsRest ? total - nsample : nsample;
        int[]? urn = method == "count" ? Urn(colors, total) : null;
        for (; !destination.IsEmpty; destination = destination[colors.Length..])
        {
            Span<long> row = destination[..colors.Length];
            if (urn is null)
            {
                NextByMarginals(row, colors, total, taken);
            }
            else
            {
                NextByCount(row, urn, taken);
            }

            for (int i = 0; countsRest && i < row.Length; i++)
            {
                row[i] = colors[i] - row[i];
            }
        }
    }

    /// <summary><c>multivariate_normal(mean, cov, size, method=method)</c>.</summary>
    /// <remarks>
    /// The normal values underneath are NumPy's. What is made of them depends on the matrix decomposition, so on the
    /// LAPACK that a NumPy was built with: the reference implementation (Debian's default), OpenBLAS (in wheels) and
    /// MKL give other last bits, and for <c>svd</c> and <c>eigh</c> can turn the sign of a whole column. This is
    /// written after the reference implementation's order of operations (LAPACK 3.11): equal to it bit for bit with up
    /// to 25 variables, and with any number for
    /// <c>cholesky</c>; with more it is as accurate but not the same.
    /// </remarks>
    /// <param name="destination">Rows one after the other, each as long as <paramref name="mean"/>.</param>
    /// <param name="mean">Means of the n variables, n at least 1.</param>
    /// <param name="cov">The n by n covariances, in C order. Symmetric and positive semidefinite; <c>cholesky</c> reads
    /// the lower triangle, and needs it positive definite.</param>
    /// <param name="method"><c>svd</c>, <c>eigh</c> or <c>cholesky</c>.</param>
    /// <param name="tol">How far the check of the covariances lets them be off.</param>
    /// <returns>False where NumPy warns "covariance is not symmetric positive-semidefinite."; the values are drawn all
    /// the same.</returns>
    /// <exception cref="ReproTorchException">The method is unknown, the lengths disagree, or the matrix cannot be
    /// decomposed.</exception>
    /// <exception cref="ArgumentException">The span does not hold whole rows.</exception>
    public bool MultivariateNormal(
        Span<double> destination,
        ReadOnlySpan<double> mean,
        ReadOnlySpan<double> cov,
        string method = "svd",
        double tol = 1e-8)
    {
        if (method is not ("eigh" or "svd" or "cholesky"))
        {
            throw NumpyGeneratorArgument.Invalid($"method must be one of {{'eigh', 'svd', 'cholesky'}}: got {method}.");
        }

        int n = mean.Length;
        if (n == 0 || (long)n * n != cov.Length)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"mean and cov must have same length: got {n} means and {cov.Length} covariances.");
        }

        CheckRows(destination.Length, n);
        // NumPy draws before it decomposes, so the stream has moved on even where that fails.
        StandardNormal(destination);
        double[] factor = NumpyGeneratorLinearAlgebra.CovarianceFactor(cov, n, method, tol, out bool isValid);
        Span<double> row = new double[n];
        for (; !destination.IsEmpty; destination = destination[n..])
        {
            destination[..n].CopyTo(row);
            for (int i = 0; i < n; i++)
            {
                double sum = 0;
                for (int k = 0; k < n; k++)
                {
                    sum += row[k] * factor[(i * n) + k];
                }

                destination[i] = mean[i] + sum;
            }
        }

        return isValid;
    }

    private static double[] RestSums(ReadOnlySpan<double> alpha)
    {
        var sums = new double[alpha.Length];
        double sum = 0;
        for (int i = alpha.Length - 1; i >= 0; i--)
        {
            sum += alpha[i];
            sums[i] = sum;
        }

        return sums;
    }

    private void NextDirichlet(Span<double> row, ReadOnlySpan<double> alpha)
    {
        double sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = NextGamma(alpha[i]);
            sum += row[i];
        }

        double inverse = 1.0 / sum;
        foreach (ref double value in row)
        {
            value *= inverse;
        }
    }

    // Where all alphas are small, all gamma values can round to 0; pieces broken off a stick cannot.
    private void NextDirichletByStickBreaking(Span<double> row, ReadOnlySpan<double> alpha, double[] rests)
    {
        double left = 1;
        for (int i = 0; i < row.Length - 1; i++)
        {
            double piece = NextBeta(alpha[i], rests[i + 1]);
            row[i] = left * piece;
            left *= 1.0 - piece;
        }

        row[^1] = left;
    }

    private static long CheckedTotal(ReadOnlySpan<long> colors, string method)
    {
        long total = 0;
        foreach (long color in colors)
        {
            if (color < 0)
            {
                throw NumpyGeneratorArgument.Invalid(
                    $"colors must be a one-dimensional sequence of nonnegative integers not exceeding {long.MaxValue}", color);
            }

            if (color > long.MaxValue - total)
            {
                throw NumpyGeneratorArgument.Invalid(
                    $"sum(colors) must not exceed the maximum value of a 64 bit signed integer ({long.MaxValue})");
            }

            total += color;
        }

        if (method == "marginals" && total >= HypergeometricLimit)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"When method is \"marginals\", sum(colors) must be less than {HypergeometricLimit}", total);
        }

        // NumPy's own limit is 2^60 - 1, but an array here is shorter.
        return method == "count" && total > Array.MaxLength
            ? throw NumpyGeneratorArgument.Invalid($"When method is 'count', sum(colors) must not exceed {Array.MaxLength}", total)
            : total;
    }

    private void NextByMarginals(Span<long> row, ReadOnlySpan<long> colors, long total, long taken)
    {
        long remaining = total;
        for (int i = 0; taken > 0 && i < row.Length - 1; i++)
        {
            remaining -= colors[i];
            row[i] = NextHypergeometric(colors[i], remaining, taken);
            taken -= row[i];
        }

        if (taken > 0)
        {
            row[^1] = taken;
        }
    }

    private static int[] Urn(ReadOnlySpan<long> colors, long total)
    {
        var urn = new int[total];
        int end = 0;
        for (int color = 0; color < colors.Length; color++)
        {
            urn.AsSpan(end, (int)colors[color]).Fill(color);
            end += (int)colors[color];
        }

        return urn;
    }

    // The urn stays as the last row left it: the order within it does not matter for the next.
    private void NextByCount(Span<long> row, int[] urn, long taken)
    {
        for (int i = 0; i < taken; i++)
        {
            int j = i + (int)NextInterval((ulong)(urn.Length - i - 1));
            (urn[i], urn[j]) = (urn[j], urn[i]);
            row[urn[i]]++;
        }
    }
}
