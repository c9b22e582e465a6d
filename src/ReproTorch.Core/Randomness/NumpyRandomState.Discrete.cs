using static ReproTorch.Randomness.NumpyRandomStateConstraint;

namespace ReproTorch.Randomness;

// Distributions of integers: parameters and their constraints as in numpy/random/mtrand.pyx.
public sealed partial class NumpyRandomState
{
    private static readonly NumpyRandomStateDistribution<long> s_geometric =
        new((s, p, _, _) => s.NextGeometric(p), ("p", Above0To1));

    private static readonly NumpyRandomStateDistribution<long> s_logseries =
        new((s, p, _, _) => s.NextLogseries(p), ("p", From0Below1));

    private static readonly NumpyRandomStateDistribution<long> s_negativeBinomial = new(
        (s, n, p, _) => s.NextPoisson((1 - p) / p * s.NextStandardGamma(n)), ("n", Positive), ("p", From0To1));

    private static readonly NumpyRandomStateDistribution<long> s_poisson =
        new((s, lam, _, _) => s.NextPoisson(lam), ("lam", PoissonMean));

    private static readonly NumpyRandomStateDistribution<long> s_zipf =
        new((s, a, _, _) => s.NextZipf(a), ("a", Above1));

    /// <summary>Binomial distribution: successes in <paramref name="n"/> trials. NumPy's <c>binomial(n,
    /// p)</c>.</summary>
    /// <param name="n">Trials, 0 or more.</param>
    /// <param name="p">Probability of success, 0 to 1.</param>
    /// <exception cref="ReproTorchException">"p &lt; 0, p &gt; 1 or p is NaN", "n &lt; 0".</exception>
    public long Binomial(long n, double p)
    {
        From0To1.Check("p", p);
        NonNegative.Check("n", n);
        return NextLegacyBinomial(n, p);
    }

    /// <inheritdoc cref="Binomial(long, double)"/>
    public NumpyArray<long> Binomial(NumpyArray<long> n, NumpyArray<double> p, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(n);
        ArgumentNullException.ThrowIfNull(p);
        bool isNumber = n.Shape.Length == 0 && p.Shape.Length == 0;
        From0To1.Check("p", p.Values, isNumber);
        NonNegative.Check("n", AsDoubles(n), isNumber);
        long[] shape = NumpyRandomStateDistribution<long>.OutputShape(size, p.Shape, n.Shape);
        NumpyArray<long> result = NewArray<long>(shape);
        long[] trials = NumpyShape.Expand(n, shape);
        double[] probabilities = NumpyShape.Expand(p, shape);
        for (int i = 0; i < trials.Length; i++)
        {
            result.Values[i] = NextLegacyBinomial(trials[i], probabilities[i]);
        }

        return result;
    }

    /// <summary>Hypergeometric distribution: good ones in a sample without replacement. NumPy's
    /// <c>hypergeometric(ngood, nbad, nsample)</c>.</summary>
    /// <param name="ngood">Good ones in the population, 0 or more.</param>
    /// <param name="nbad">Bad ones in the population, 0 or more.</param>
    /// <param name="nsample">The size of the sample, 1 to that of the population.</param>
    /// <exception cref="ReproTorchException">"ngood + nbad &lt; nsample", "ngood &lt; 0", "nbad &lt; 0", "nsample &lt;
    /// 1 or nsample is NaN".</exception>
    public long Hypergeometric(long ngood, long nbad, long nsample) =>
        Hypergeometric((NumpyArray<long>)ngood, nbad, nsample).Values[0];

    /// <inheritdoc cref="Hypergeometric(long, long, long)"/>
    public NumpyArray<long> Hypergeometric(
        NumpyArray<long> ngood, NumpyArray<long> nbad, NumpyArray<long> nsample, long[]? size = null)
    {
        ArgumentNullException.ThrowIfNull(ngood);
        ArgumentNullException.ThrowIfNull(nbad);
        ArgumentNullException.ThrowIfNull(nsample);
        long[] together = NumpyShape.Broadcast(ngood.Shape, nbad.Shape, nsample.Shape);
        CheckPopulation(
            NumpyShape.Expand(ngood, together), NumpyShape.Expand(nbad, together), NumpyShape.Expand(nsample, together));
        bool isNumber = together.Length == 0;
        NonNegative.Check("ngood", AsDoubles(ngood), isNumber);
        NonNegative.Check("nbad", AsDoubles(nbad), isNumber);
        From1.Check("nsample", AsDoubles(nsample), isNumber);
        long[] shape = NumpyRandomStateDistribution<long>.OutputShape(size, ngood.Shape, nbad.Shape, nsample.Shape);
        NumpyArray<long> result = NewArray<long>(shape);
        long[] good = NumpyShape.Expand(ngood, shape);
        long[] bad = NumpyShape.Expand(nbad, shape);
        long[] sample = NumpyShape.Expand(nsample, shape);
        for (int i = 0; i < good.Length; i++)
        {
            result.Values[i] = NextHypergeometric(good[i], bad[i], sample[i]);
        }

        return result;
    }

    /// <summary>Geometric distribution: trials until the first success, 1 or more. NumPy's
    /// <c>geometric(p)</c>.</summary>
    /// <param name="p">Probability of success, above 0, to 1.</param>
    /// <exception cref="ReproTorchException">"p &lt;= 0, p &gt; 1 or p contains NaNs".</exception>
    public long Geometric(double p) => s_geometric.Draw(this, p);

    /// <inheritdoc cref="Geometric(double)"/>
    public NumpyArray<long> Geometric(NumpyArray<double> p, long[]? size = null) =>
        s_geometric.Draw(this, [p], size);

    /// <summary>Logarithmic series distribution. NumPy's <c>logseries(p)</c>.</summary>
    /// <param name="p">Shape, from 0, below 1.</param>
    /// <exception cref="ReproTorchException">"p &lt; 0, p &gt;= 1 or p is NaN".</exception>
    public long Logseries(double p) => s_logseries.Draw(this, p);

    /// <inheritdoc cref="Logseries(double)"/>
    public NumpyArray<long> Logseries(NumpyArray<double> p, long[]? size = null) =>
        s_logseries.Draw(this, [p], size);

    /// <summary>Negative binomial distribution: failures before n successes. NumPy's <c>negative_binomial(n,
    /// p)</c>.</summary>
    /// <param name="n">Successes, above 0; need not be whole.</param>
    /// <param name="p">Probability of success, 0 to 1.</param>
    /// <exception cref="ReproTorchException">"n &lt;= 0", "p &lt; 0, p &gt; 1 or p is NaN", "n must not be
    /// NaN".</exception>
    public long NegativeBinomial(double n, double p) => s_negativeBinomial.Draw(this, n, p);

    /// <inheritdoc cref="NegativeBinomial(double, double)"/>
    public NumpyArray<long> NegativeBinomial(NumpyArray<double> n, NumpyArray<double> p, long[]? size = null) =>
        s_negativeBinomial.Draw(this, [n, p], size);

    /// <summary>Poisson distribution. NumPy's <c>poisson(lam)</c>.</summary>
    /// <param name="lam">Mean, 0 to about 9.2e18.</param>
    /// <exception cref="ReproTorchException">"lam &lt; 0 or lam is NaN", "lam value too large".</exception>
    public long Poisson(double lam = 1.0) => s_poisson.Draw(this, lam);

    /// <inheritdoc cref="Poisson(double)"/>
    public NumpyArray<long> Poisson(NumpyArray<double> lam, long[]? size = null) =>
        s_poisson.Draw(this, [lam], size);

    /// <summary>Zipf distribution. NumPy's <c>zipf(a)</c>.</summary>
    /// <param name="a">Exponent, above 1. Close to 1 most tries are refused, and a draw takes long.</param>
    /// <exception cref="ReproTorchException">"a &lt;= 1 or a is NaN"; also from 1025 on, where NumPy would not
    /// return.</exception>
    public long Zipf(double a) => s_zipf.Draw(this, a);

    /// <inheritdoc cref="Zipf(double)"/>
    public NumpyArray<long> Zipf(NumpyArray<double> a, long[]? size = null) =>
        s_zipf.Draw(this, [a], size);

    private static void CheckPopulation(long[] good, long[] bad, long[] sample)
    {
        for (int i = 0; i < good.Length; i++)
        {
            // The sum wraps around past 2^63 in NumPy too, and is refused there for it.
            if (unchecked(good[i] + bad[i]) < sample[i])
            {
                throw Invalid($"ngood + nbad < nsample: got {good[i]}, {bad[i]} and {sample[i]}.");
            }
        }
    }

    private static double[] AsDoubles(NumpyArray<long> integers) => Array.ConvertAll(integers.Values, x => (double)x);
}
