namespace ReproTorch.Randomness;

// choice, shuffle and permutation, as numpy/random/mtrand.pyx has them.
public sealed partial class NumpyRandomState
{
    // sqrt of the spacing of doubles at 1: how far probabilities may be from the sum 1.
    private static readonly double s_sumTolerance = Math.Sqrt(Math.BitIncrement(1.0) - 1.0);

    /// <summary>An integer of 0..<paramref name="a"/>-1. NumPy's <c>choice(a)</c>, <c>choice(a, p=p)</c>.</summary>
    /// <param name="a">How many there are to choose from, 1 or more.</param>
    /// <param name="p">Their probabilities, or null where they are the same.</param>
    /// <exception cref="ReproTorchException">As for arrays.</exception>
    public long Choice(long a, double[]? p = null) => ChooseIndices(a, null, replace: true, p, isArray: false).Values[0];

    /// <summary>Integers of 0..<paramref name="a"/>-1. NumPy's <c>choice(a, size, replace, p)</c>.</summary>
    /// <param name="a">How many there are to choose from.</param>
    /// <param name="size">The shape; null for one (a 0-d array).</param>
    /// <param name="replace">Whether one can be chosen again.</param>
    /// <param name="p">Their probabilities, or null where they are the same.</param>
    /// <exception cref="ReproTorchException">"a must be greater than 0 unless no samples are taken", "'a' and 'p' must
    /// have same size", "probabilities contain NaN", "probabilities are not non-negative", "probabilities do not sum to
    /// 1", "Cannot take a larger sample than population when 'replace=False'", "Fewer non-zero entries in p than size",
    /// "negative dimensions are not allowed".</exception>
    public NumpyArray<long> Choice(long a, long[]? size, bool replace = true, double[]? p = null) =>
        ChooseIndices(a, size, replace, p, isArray: false);

    /// <summary>One of the elements. NumPy's <c>choice(a)</c>, <c>choice(a, p=p)</c> of an array.</summary>
    /// <param name="a">The elements, 1 or more.</param>
    /// <param name="p">Their probabilities, or null where they are the same.</param>
    /// <exception cref="ReproTorchException">"'a' cannot be empty unless no samples are taken", and as for
    /// arrays.</exception>
    public T Choice<T>(IReadOnlyList<T> a, double[]? p = null)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a[(int)ChooseIndices(a.Count, null, replace: true, p, isArray: true).Values[0]];
    }

    /// <summary>Elements of a list. NumPy's <c>choice(a, size, replace, p)</c> of an array.</summary>
    /// <param name="a">The elements.</param>
    /// <param name="size">The shape; null for one (a 0-d array).</param>
    /// <param name="replace">Whether an element can be chosen again.</param>
    /// <param name="p">Their probabilities, or null where they are the same.</param>
    /// <exception cref="ReproTorchException">"'a' cannot be empty unless no samples are taken", and as for
    /// integers.</exception>
    public NumpyArray<T> Choice<T>(IReadOnlyList<T> a, long[]? size, bool replace = true, double[]? p = null)
    {
        ArgumentNullException.ThrowIfNull(a);
        NumpyArray<long> indices = ChooseIndices(a.Count, size, replace, p, isArray: true);
        return new NumpyArray<T>(Array.ConvertAll(indices.Values, i => a[(int)i]), indices.Shape);
    }

    /// <summary>Shuffles in place. NumPy's <c>shuffle(x)</c> of a list or a 1-d array.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)NextInterval((ulong)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The same for a list of any kind.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = (int)NextInterval((ulong)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>Shuffles an array's parts along its first dimension, in place. NumPy's <c>shuffle(x)</c>.</summary>
    /// <exception cref="ReproTorchException">"len() of unsized object": a 0-d array.</exception>
    public void Shuffle<T>(NumpyArray<T> array)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Shape.Length == 0)
        {
            throw Invalid("len() of unsized object: an array with a dimension is needed.");
        }

        // NumPy shuffles nothing where nothing is, without a draw.
        if (array.Values.Length == 0)
        {
            return;
        }

        int row = array.Values.Length / (int)array.Shape[0];
        T[] kept = new T[row];
        for (int i = (int)array.Shape[0] - 1; i > 0; i--)
        {
            int j = (int)NextInterval((ulong)i);
            Span<T> upper = array.Values.AsSpan(i * row, row);
            Span<T> lower = array.Values.AsSpan(j * row, row);
            lower.CopyTo(kept);
            upper.CopyTo(lower);
            kept.CopyTo(upper);
        }
    }

    /// <summary>0..<paramref name="n"/>-1 in random order. NumPy's <c>permutation(n)</c>.</summary>
    /// <param name="n">How many; 0 or less gives none.</param>
    /// <exception cref="ReproTorchException">There are more than one array holds.</exception>
    public long[] Permutation(long n)
    {
        long[] items = new long[NumpyShape.Count([Math.Max(n, 0)])];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = i;
        }

        Shuffle(items.AsSpan());
        return items;
    }

    /// <summary>A copy in random order. NumPy's <c>permutation(x)</c> of a list or a 1-d array.</summary>
    public T[] Permutation<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        T[] copy = [.. items];
        Shuffle(copy.AsSpan());
        return copy;
    }

    /// <summary>A copy with its parts along the first dimension in random order. NumPy's
    /// <c>permutation(x)</c>.</summary>
    /// <exception cref="ReproTorchException">"x must be an integer or at least 1-dimensional".</exception>
    public NumpyArray<T> Permutation<T>(NumpyArray<T> array)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Shape.Length == 0)
        {
            throw Invalid("x must be an integer or at least 1-dimensional");
        }

        // Unlike shuffle this draws for rows that are empty.
        long[] order = Permutation(array.Shape[0]);
        T[] values = new T[array.Values.Length];
        int row = order.Length == 0 ? 0 : values.Length / order.Length;
        for (int i = 0; i < order.Length; i++)
        {
            array.Values.AsSpan((int)order[i] * row, row).CopyTo(values.AsSpan(i * row));
        }

        return new NumpyArray<T>(values, array.Shape);
    }

    private NumpyArray<long> ChooseIndices(long population, long[]? size, bool replace, double[]? p, bool isArray)
    {
        if (population <= 0 && (size is null || !size.Contains(0)))
        {
            throw Invalid(isArray
                ? "'a' cannot be empty unless no samples are taken"
                : $"a must be greater than 0 unless no samples are taken: got {population}.");
        }

        if (p is not null)
        {
            CheckProbabilities(population, p);
        }

        if (!replace)
        {
            return ChooseDifferent(population, size ?? [], p);
        }

        if (p is null)
        {
            return RandInt<long>(0, population, size ?? []);
        }

        double[] uniform = RandomSample(size ?? []).Values;
        double[] sums = CumulativeShares(p);
        return new NumpyArray<long>(Array.ConvertAll(uniform, u => CountUpTo(sums, u)), size ?? []);
    }

    private NumpyArray<long> ChooseDifferent(long population, long[] size, double[]? p)
    {
        int count = NumpyShape.Count(size);
        if (count > population)
        {
            throw Invalid("Cannot take a larger sample than population when 'replace=False': "
                + $"{count} were asked for, there are {population}.");
        }

        if (p is null)
        {
            return new NumpyArray<long>(Permutation(population)[..count], size);
        }

        int possible = p.Count(x => x > 0);
        if (possible < count)
        {
            throw Invalid($"Fewer non-zero entries in p than size: {count} were asked for, {possible} are not zero.");
        }

        // As many as are missing are drawn with replacement, what came before counts no more, and so on.
        double[] left = [.. p];
        List<long> found = new(count);
        while (found.Count < count)
        {
            double[] uniform = Rand(count - found.Count).Values;
            foreach (long index in found)
            {
                left[index] = 0;
            }

            double[] sums = CumulativeShares(left);
            found.AddRange(uniform.Select(u => CountUpTo(sums, u)).Distinct());
        }

        return new NumpyArray<long>([.. found], size);
    }

    private static void CheckProbabilities(long population, double[] p)
    {
        if (p.Length != population)
        {
            throw Invalid($"'a' and 'p' must have same size: {population} and {p.Length}.");
        }

        double sum = KahanSum(p);
        if (double.IsNaN(sum))
        {
            throw Invalid("probabilities contain NaN");
        }

        if (Array.Exists(p, x => x < 0))
        {
            throw Invalid($"probabilities are not non-negative: the lowest is {Text(p.Min())}.");
        }

        if (Math.Abs(sum - 1.0) > s_sumTolerance)
        {
            throw Invalid($"probabilities do not sum to 1: their sum is {Text(sum)}.");
        }
    }

    private static double KahanSum(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            return 0.0;
        }

        double sum = values[0];
        double lost = 0.0;
        foreach (double value in values[1..])
        {
            double y = value - lost;
            double t = sum + y;
            lost = t - sum - y;
            sum = t;
        }

        return sum;
    }

    private static double[] CumulativeShares(double[] weights)
    {
        double[] sums = [.. weights];
        for (int i = 1; i < sums.Length; i++)
        {
            sums[i] += sums[i - 1];
        }

        for (int i = 0; i < sums.Length - 1; i++)
        {
            sums[i] /= sums[^1];
        }

        if (sums.Length > 0)
        {
            sums[^1] /= sums[^1];
        }

        return sums;
    }

    /// <summary>How many of the sorted numbers are not above: NumPy's <c>searchsorted(x, side='right')</c>.</summary>
    private static long CountUpTo(double[] sums, double x)
    {
        int low = 0;
        int high = sums.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (sums[middle] <= x)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
