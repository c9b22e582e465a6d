namespace ReproTorch.Randomness;

// Elements of sequences: choice, shuffle, sample, choices.
public sealed partial class PythonRandom
{
    /// <summary>A random element. CPython's <c>choice(seq)</c>.</summary>
    /// <exception cref="ReproTorchException">"Cannot choose from an empty sequence".</exception>
    public T Choice<T>(IReadOnlyList<T> sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return sequence.Count > 0
            ? sequence[(int)Below((ulong)sequence.Count)]
            : throw Invalid("Cannot choose from an empty sequence");
    }

    /// <summary>Shuffles in place. CPython's <c>shuffle(x)</c>.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)Below((ulong)i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The same for a list of any kind.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = (int)Below((ulong)i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary><paramref name="k"/> elements without replacement, in the order of their selection. CPython's
    /// <c>sample(population, k)</c>.</summary>
    /// <param name="population">What is chosen from; elements that occur twice can be chosen twice.</param>
    /// <param name="k">How many, 0 to the size of the population.</param>
    /// <exception cref="ReproTorchException">"Sample larger than population or is negative".</exception>
    public T[] Sample<T>(IReadOnlyList<T> population, int k)
    {
        ArgumentNullException.ThrowIfNull(population);
        return Array.ConvertAll(Sample(population.Count, k), i => population[(int)i]);
    }

    /// <summary>The same with each element repeated: CPython's <c>sample(population, k, counts=counts)</c>.</summary>
    /// <param name="population">What is chosen from.</param>
    /// <param name="k">How many, 0 to the sum of the counts.</param>
    /// <param name="counts">How often each element occurs.</param>
    /// <exception cref="ReproTorchException">"The number of counts does not match the population", "Total of counts
    /// must be greater than zero", "Sample larger than population or is negative", or a total of 2^63 or
    /// more.</exception>
    public T[] Sample<T>(IReadOnlyList<T> population, int k, IReadOnlyList<long> counts)
    {
        ArgumentNullException.ThrowIfNull(population);
        ArgumentNullException.ThrowIfNull(counts);
        if (population.Count == 0 && counts.Count == 0)
        {
            throw Invalid("pop from empty list: neither an element nor a count was given.");
        }

        long[] cumulative = new long[counts.Count];
        long total = 0;
        for (int i = 0; i < cumulative.Length; i++)
        {
            try
            {
                total = checked(total + counts[i]);
            }
            catch (OverflowException e)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, "The sum of the counts passes 2^63-1.", e);
            }

            cumulative[i] = total;
        }

        if (cumulative.Length != population.Count)
        {
            throw Invalid("The number of counts does not match the population: "
                + $"{cumulative.Length} counts, {population.Count} elements.");
        }

        if (total <= 0)
        {
            throw Invalid($"Total of counts must be greater than zero: it is {total}.");
        }

        // The total is not searched, so that a selection past the others falls on the last element.
        int last = cumulative.Length - 1;
        return Array.ConvertAll(Sample(total, k), s => population[BisectRight(cumulative.AsSpan(0, last), s)]);
    }

    /// <summary><paramref name="k"/> different integers of 0..<paramref name="n"/>-1: CPython's <c>sample(range(n),
    /// k)</c>. Takes memory for <paramref name="k"/> integers only when <paramref name="n"/> is much greater.</summary>
    /// <exception cref="ReproTorchException">"Sample larger than population or is negative".</exception>
    public long[] Sample(long n, int k)
    {
        if (k < 0 || k > n)
        {
            throw Invalid($"Sample larger than population or is negative: {k} of {n}.");
        }

        long[] result = new long[k];
        if (n <= SetSize(k))
        {
            long[] pool = new long[n];
            for (int i = 0; i < pool.Length; i++)
            {
                pool[i] = i;
            }

            for (int i = 0; i < result.Length; i++)
            {
                int j = (int)Below((ulong)(n - i));
                result[i] = pool[j];
                pool[j] = pool[n - i - 1];
            }

            return result;
        }

        HashSet<long> selected = new(k);
        for (int i = 0; i < result.Length; i++)
        {
            long j;
            do
            {
                j = (long)Below((ulong)n);
            }
            while (!selected.Add(j));

            result[i] = j;
        }

        return result;
    }

    /// <summary><paramref name="k"/> elements with replacement, all equally likely. CPython's <c>choices(population,
    /// k=k)</c>.</summary>
    /// <param name="population">What is chosen from.</param>
    /// <param name="k">How many; 0 or less gives none.</param>
    /// <exception cref="ReproTorchException">"list index out of range": the population is empty and k is
    /// not.</exception>
    public T[] Choices<T>(IReadOnlyList<T> population, int k = 1)
    {
        ArgumentNullException.ThrowIfNull(population);
        T[] result = new T[Math.Max(k, 0)];
        double n = population.Count;
        if (n == 0 && result.Length > 0)
        {
            // CPython draws before it fails, and so does this: the stream stands where it would there.
            _ = Random();
            throw Invalid("list index out of range: the population is empty.");
        }

        for (int i = 0; i < result.Length; i++)
        {
            result[i] = population[(int)Math.Floor(Random() * n)];
        }

        return result;
    }

    /// <summary><paramref name="k"/> elements with replacement, by weight. CPython's <c>choices(population, weights,
    /// k=k)</c> and <c>choices(population, cum_weights=cumulativeWeights, k=k)</c>.</summary>
    /// <param name="population">What is chosen from.</param>
    /// <param name="weights">A weight for each element, or null.</param>
    /// <param name="cumulativeWeights">The running sums of the weights instead, or null.</param>
    /// <param name="k">How many; 0 or less gives none.</param>
    /// <remarks>Python adds integer weights without rounding; here they are doubles, which is the same up to
    /// 2^53.</remarks>
    /// <exception cref="ReproTorchException">"Cannot specify both weights and cumulative weights", "The number of
    /// weights does not match the population", "Total of weights must be greater than zero", "Total of weights must be
    /// finite", or "list index out of range" (nothing to choose from).</exception>
    public T[] Choices<T>(
        IReadOnlyList<T> population,
        IReadOnlyList<double>? weights,
        IReadOnlyList<double>? cumulativeWeights = null,
        int k = 1)
    {
        ArgumentNullException.ThrowIfNull(population);
        if (weights is null && cumulativeWeights is null)
        {
            return Choices(population, k);
        }

        if (weights is not null && cumulativeWeights is not null)
        {
            throw Invalid("Cannot specify both weights and cumulative weights");
        }

        double[] cumulative = cumulativeWeights is null ? RunningSums(weights!) : [.. cumulativeWeights];
        if (cumulative.Length != population.Count)
        {
            throw Invalid("The number of weights does not match the population: "
                + $"{cumulative.Length} weights, {population.Count} elements.");
        }

        if (cumulative.Length == 0)
        {
            throw Invalid("list index out of range: the population is empty.");
        }

        double total = cumulative[^1] + 0.0;
        if (total <= 0)
        {
            throw Invalid($"Total of weights must be greater than zero: it is {Text(total)}.");
        }

        if (!double.IsFinite(total))
        {
            throw Invalid($"Total of weights must be finite: it is {Text(total)}.");
        }

        T[] result = new T[Math.Max(k, 0)];
        ReadOnlySpan<double> searched = cumulative.AsSpan(0, cumulative.Length - 1);
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = population[BisectRight(searched, Random() * total)];
        }

        return result;
    }

    private static double[] RunningSums(IReadOnlyList<double> weights)
    {
        double[] sums = [.. weights];
        for (int i = 1; i < sums.Length; i++)
        {
            sums[i] += sums[i - 1];
        }

        return sums;
    }

    /// <summary>From which population on CPython remembers what it selected in place of copying the
    /// population.</summary>
    private static long SetSize(int k)
    {
        const long SmallSet = 21;
        if (k <= 5)
        {
            return SmallSet;
        }

        double exponent = Math.Ceiling(Math.Log(k * 3.0) / Math.Log(4.0));
        return SmallSet + (1L << (2 * (int)exponent));
    }

    // Python's bisect: also for sums that are not sorted (negative weights) the same steps are taken.
    private static int BisectRight<T>(ReadOnlySpan<T> sums, T value)
        where T : System.Numerics.IComparisonOperators<T, T, bool>
    {
        int low = 0;
        int high = sums.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (value < sums[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
