using System.Numerics;

namespace ReproTorch.Randomness;

/// <content>Choices from a population.</content>
public sealed partial class NumpyGenerator
{
    private static readonly double s_probabilityTolerance = Math.Sqrt(double.BitIncrement(1) - 1);

    /// <summary><c>choice(n, size, replace, p, shuffle=shuffle)</c>: numbers from 0 .. n-1.</summary>
    /// <param name="population">n: 1 or more, unless nothing is chosen.</param>
    /// <param name="count">How many: 0 or more, and not above n when <paramref name="replace"/> is false.</param>
    /// <param name="replace">Whether one number can come twice.</param>
    /// <param name="p">The chance of each number, with the sum 1 up to 1.5e-8; empty for equal chances.</param>
    /// <param name="shuffle">Whether the order is random too, when <paramref name="replace"/> is false; without it the
    /// draw is faster and other.</param>
    /// <exception cref="ReproTorchException">An argument is out of range.</exception>
    public long[] Choice(
        long population, int count = 1, bool replace = true, ReadOnlySpan<double> p = default, bool shuffle = true)
    {
        if (population <= 0 && count != 0)
        {
            throw NumpyGeneratorArgument.Invalid("a must be a positive integer unless no samples are taken", population);
        }

        return ChooseIndices(population, count, replace, p, shuffle);
    }

    /// <summary><c>choice(a, size, replace, p, shuffle=shuffle)</c> of a list's elements.</summary>
    /// <param name="items">The elements.</param>
    /// <param name="count">How many.</param>
    /// <param name="replace">Whether one can come twice.</param>
    /// <param name="p">The chance of each; empty for equal chances.</param>
    /// <param name="shuffle">Whether the order is random too, when <paramref name="replace"/> is false.</param>
    /// <exception cref="ReproTorchException">An argument is out of range.</exception>
    public T[] Choice<T>(
        ReadOnlySpan<T> items, int count = 1, bool replace = true, ReadOnlySpan<double> p = default, bool shuffle = true)
    {
        CheckPopulation(items.Length, count);
        var chosen = new T[Math.Max(count, 0)];
        long[] indices = ChooseIndices(items.Length, count, replace, p, shuffle);
        for (int i = 0; i < indices.Length; i++)
        {
            chosen[i] = items[(int)indices[i]];
        }

        return chosen;
    }

    /// <summary><c>choice(a, size, replace, p, axis, shuffle)</c> of an array's slices along an axis.</summary>
    /// <param name="array">The array, of one dimension or more.</param>
    /// <param name="size">How many, as a shape that takes the axis's place.</param>
    /// <param name="replace">Whether one can come twice.</param>
    /// <param name="p">The chance of each; empty for equal chances.</param>
    /// <param name="axis">The axis; negative counts from the last.</param>
    /// <param name="shuffle">Whether the order is random too, when <paramref name="replace"/> is false.</param>
    /// <exception cref="ReproTorchException">An argument is out of range, or there is no such axis.</exception>
    public NumpyArray<T> Choice<T>(
        NumpyArray<T> array,
        long[] size,
        bool replace = true,
        ReadOnlySpan<double> p = default,
        int axis = 0,
        bool shuffle = true)
    {
        ArgumentNullException.ThrowIfNull(array);
        ArgumentNullException.ThrowIfNull(size);
        var slices = new AxisSlices(array.Shape, axis);
        int count = NumpyShape.Count(size);
        CheckPopulation(slices.Length, count);
        long[] indices = ChooseIndices(slices.Length, count, replace, p, shuffle);
        return new NumpyArray<T>(
            slices.Take(array.Values, indices), [.. array.Shape[..slices.Axis], .. size, .. array.Shape[(slices.Axis + 1)..]]);
    }

    private static void CheckPopulation(int population, int count)
    {
        if (population == 0 && count != 0)
        {
            throw NumpyGeneratorArgument.Invalid("a cannot be empty unless no samples are taken");
        }
    }

    private long[] ChooseIndices(long population, int count, bool replace, ReadOnlySpan<double> p, bool shuffle)
    {
        if (!p.IsEmpty)
        {
            CheckProbabilities(p, population);
        }

        if (count < 0)
        {
            throw NumpyGeneratorArgument.NegativeDimension(count);
        }

        if (!replace && count > population)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"Cannot take a larger sample than population when replace is False: got {count} of {population}.");
        }

        if (p.IsEmpty)
        {
            return !replace ? ChooseDistinct(population, count, shuffle)
                : Draw<long>([count], x => Integers(x, 0, population)).Values;
        }

        return replace ? ChooseWeighted(p, count) : ChooseWeightedDistinct(p, count);
    }

    private static void CheckProbabilities(ReadOnlySpan<double> p, long population)
    {
        if (p.Length != population)
        {
            throw NumpyGeneratorArgument.Invalid($"a and p must have same size: got {population} and {p.Length}.");
        }

        double sum = KahanSum(p);
        if (double.IsNaN(sum))
        {
            throw NumpyGeneratorArgument.Invalid("probabilities contain NaN");
        }

        foreach (double chance in p)
        {
            if (chance < 0)
            {
                throw NumpyGeneratorArgument.Invalid("probabilities are not non-negative", chance);
            }
        }

        if (Math.Abs(sum - 1) > s_probabilityTolerance)
        {
            throw NumpyGeneratorArgument.Invalid("probabilities do not sum to 1", sum);
        }
    }

    private long[] ChooseWeighted(ReadOnlySpan<double> p, int count)
    {
        double[] cumulative = Cumulative(p);
        var chosen = new long[count];
        for (int i = 0; i < count; i++)
        {
            chosen[i] = UpperBound(cumulative, _bits.NextDouble());
        }

        return chosen;
    }

    // Draws as many as are missing, keeps the new ones in the order they came, takes their chances out, and goes on.
    private long[] ChooseWeightedDistinct(ReadOnlySpan<double> p, int count)
    {
        double[] chances = p.ToArray();
        int possible = chances.Count(chance => chance > 0);
        if (possible < count)
        {
            throw NumpyGeneratorArgument.Invalid($"Fewer non-zero entries in p than size: got {possible} and {count}.");
        }

        var chosen = new List<long>(count);
        var seen = new HashSet<long>();
        while (chosen.Count < count)
        {
            foreach (long index in chosen)
            {
                chances[index] = 0;
            }

            double[] cumulative = Cumulative(chances);
            seen.Clear();
            for (int missing = count - chosen.Count; missing > 0; missing--)
            {
                int index = UpperBound(cumulative, _bits.NextDouble());
                if (seen.Add(index))
                {
                    chosen.Add(index);
                }
            }
        }

        return [.. chosen];
    }

    private long[] ChooseDistinct(long population, int count, bool shuffle)
    {
        if (population > 10_000 && count > population / (shuffle ? 50 : 20))
        {
            // The last elements of a shuffle that stops when they are settled.
            if (population > Array.MaxLength)
            {
                throw NumpyGeneratorArgument.Invalid(
                    $"{count} distinct numbers of {population} need an array of that length, above {Array.MaxLength}.");
            }

            long[] all = Range((int)population);
            ShuffleByLemire(all, Math.Max(all.Length - count, 1));
            return all[(all.Length - count)..];
        }

        // R. W. Floyd's sampling (J. Bentley, "Programming Pearls: A Sample of Brilliance", 1987).
        var chosen = new long[count];
        var taken = new IntegerSet(count);
        for (int i = 0; i < count; i++)
        {
            long last = population - count + i;
            long value = (long)Next64((ulong)last);
            if (!taken.Add(value))
            {
                value = last;
                taken.Add(last);
            }

            chosen[i] = value;
        }

        if (shuffle)
        {
            ShuffleByLemire(chosen, 1);
        }

        return chosen;
    }

    // Another shuffle than the public one: it bounds by multiplication, not by masks.
    private void ShuffleByLemire(Span<long> items, int first)
    {
        for (int i = items.Length - 1; i >= first; i--)
        {
            int j = (int)Next64((ulong)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static double[] Cumulative(ReadOnlySpan<double> p)
    {
        var cumulative = new double[p.Length];
        double sum = 0;
        for (int i = 0; i < p.Length; i++)
        {
            sum += p[i];
            cumulative[i] = sum;
        }

        foreach (ref double value in cumulative.AsSpan())
        {
            value /= sum;
        }

        return cumulative;
    }

    // The first index whose value is above x.
    private static int UpperBound(ReadOnlySpan<double> sorted, double x)
    {
        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (sorted[middle] <= x)
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

    // W. Kahan's compensated sum.
    private static double KahanSum(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            return 0;
        }

        double sum = values[0];
        double lost = 0;
        foreach (double value in values[1..])
        {
            double y = value - lost;
            double t = sum + y;
            lost = t - sum - y;
            sum = t;
        }

        return sum;
    }

    /// <summary>A set of non-negative integers by open addressing; for numbers that are random already it needs no
    /// hash.</summary>
    private readonly struct IntegerSet
    {
        private readonly long[] _slots;

        public IntegerSet(int capacity)
        {
            _slots = new long[BitOperations.RoundUpToPowerOf2((ulong)(1.2 * capacity) + 1)];
            Array.Fill(_slots, -1);
        }

        /// <summary>False where the number was there already.</summary>
        public bool Add(long value)
        {
            long mask = _slots.Length - 1;
            for (long slot = value & mask; ; slot = (slot + 1) & mask)
            {
                if (_slots[slot] == value)
                {
                    return false;
                }

                if (_slots[slot] < 0)
                {
                    _slots[slot] = value;
                    return true;
                }
            }
        }
    }
}
