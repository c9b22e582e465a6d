using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Comparison.Kernels;

/// <summary>
/// Counts positive numbers by powers of ten. It counts, for each power between the least and the greatest number of a block, the numbers that
/// reach it, eight at a time: differences within a block seldom span more than a few powers.
/// </summary>
internal sealed class DecadeHistogram
{
    private const int Least = -324;
    private const int Greatest = 308;

    // 10^-324 would round to 0: that bin begins at the least subnormal, 4.9e-324.
    private static readonly double[] s_powers = [.. Enumerable.Range(Least, Greatest - Least + 1)
        .Select(static k => Math.Max(double.Epsilon, double.Parse($"1e{k}", CultureInfo.InvariantCulture)))];

    private readonly long[] _counts = new long[Greatest - Least + 1];
    private int _guessedBin;

    /// <summary>The counts by power of ten, from the first that is not empty to the last: numbers of at least 10^Power and less than
    /// 10^(Power+1).</summary>
    public IEnumerable<(int Power, long Count)> NonEmptyRange()
    {
        int first = Array.FindIndex(_counts, static count => count > 0);
        int last = Array.FindLastIndex(_counts, static count => count > 0);
        for (int bin = first; first >= 0 && bin <= last; bin++)
        {
            yield return (bin + Least, _counts[bin]);
        }
    }

    /// <summary>10^power, correctly rounded; the least subnormal for 10^-324, infinity past 10^308.</summary>
    public static double Power(int power) => power > Greatest ? double.PositiveInfinity : s_powers[power - Least];

    /// <summary>A power of ten, one of four in a row, that differences of the next block are likely to lie about.</summary>
    public double Guess(int which) => Power(_guessedBin + which + Least);

    /// <summary>Adds the numbers that are above 0.</summary>
    /// <param name="values">Finite numbers, 0 or more; a multiple of 8 of them.</param>
    /// <param name="sums">What is known of them.</param>
    public void Add(ReadOnlySpan<double> values, in BlockSums sums)
    {
        if (sums.Positive == 0)
        {
            return;
        }

        int first = BinOf(sums.Least);
        int last = BinOf(sums.Greatest);
        if (sums.Guessed is { } reach && last >= _guessedBin && last <= _guessedBin + 4)
        {
            int left = Count(values, first, Math.Max(first, _guessedBin), sums.Positive);
            _counts[_guessedBin] += left - reach.Reach1;
            _counts[_guessedBin + 1] += reach.Reach1 - reach.Reach2;
            _counts[_guessedBin + 2] += reach.Reach2 - reach.Reach3;
            _counts[_guessedBin + 3] += reach.Reach3 - reach.Reach4;
            _counts[_guessedBin + 4] += reach.Reach4;
        }
        else
        {
            _guessedBin = Math.Clamp(last - 4, 0, _counts.Length - 5);
            _counts[last] += Count(values, first, last, sums.Positive);
        }
    }

    /// <summary>Adds the counts of other numbers.</summary>
    public void Add(DecadeHistogram other)
    {
        for (int bin = 0; bin < _counts.Length; bin++)
        {
            _counts[bin] += other._counts[bin];
        }
    }

    /// <summary>Counts the bins from <paramref name="first"/> on and before <paramref name="end"/>.</summary>
    /// <returns>How many of the numbers lie from <paramref name="end"/> on.</returns>
    private int Count(ReadOnlySpan<double> values, int first, int end, int left)
    {
        for (int bin = first; bin < end; bin += 2)
        {
            bool two = bin + 1 < end;
            (int next, int afterNext) = CountReaching(values, s_powers[bin + 1], s_powers[two ? bin + 2 : bin + 1]);
            _counts[bin] += left - next;
            _counts[bin + 1] += next - afterNext;
            left = afterNext;
        }

        return left;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int One, int Two) CountReaching(ReadOnlySpan<double> values, double one, double two)
    {
        ref double start = ref MemoryMarshal.GetReference(values);
        Vector512<double> first = Vector512.Create(one);
        Vector512<double> second = Vector512.Create(two);
        Vector512<long> firstCount = Vector512<long>.Zero;
        Vector512<long> secondCount = Vector512<long>.Zero;
        for (nuint i = 0; i < (nuint)values.Length; i += Lanes.Count)
        {
            Vector512<double> x = Vector512.LoadUnsafe(ref start, i);

            // A lane of a comparison's result is -1 where it holds.
            firstCount -= Vector512.GreaterThanOrEqual(x, first).AsInt64();
            secondCount -= Vector512.GreaterThanOrEqual(x, second).AsInt64();
        }

        return ((int)Vector512.Sum(firstCount), (int)Vector512.Sum(secondCount));
    }

    private static int BinOf(double value)
    {
        int bin = Math.Clamp((int)Math.Floor(Math.Log10(value)) - Least, 0, s_powers.Length - 1);
        while (bin > 0 && value < s_powers[bin])
        {
            bin--;
        }

        while (bin + 1 < s_powers.Length && value >= s_powers[bin + 1])
        {
            bin++;
        }

        return bin;
    }
}
