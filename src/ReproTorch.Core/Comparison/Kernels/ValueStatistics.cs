namespace ReproTorch.Comparison.Kernels;

/// <summary>What <see cref="ValuePass"/> gathers over the blocks of a segment of one pair of tensors, and then over all segments.</summary>
internal sealed class ValueStatistics
{
    /// <summary>Creates it, empty.</summary>
    /// <param name="first">The segment's first element.</param>
    /// <param name="count">Elements of the tensors.</param>
    /// <param name="tolerances">What the elements are held against.</param>
    /// <param name="rule">The rule near the border of tolerance; null when float64 is the rule.</param>
    /// <param name="defaultAbsolute">The dtype's default atol, for <see cref="NeededRelative"/>.</param>
    /// <param name="equalNaN">Whether two NaNs are close.</param>
    /// <param name="keep">How many of the first mismatched elements to keep.</param>
    public ValueStatistics(long first, long count, Tolerances tolerances, CloseRule? rule, double defaultAbsolute, bool equalNaN, int keep)
    {
        Tolerances = rule?.Tolerances ?? tolerances;
        Rule = rule;
        DefaultAbsolute = defaultAbsolute;
        EqualNaN = equalNaN;
        Keep = keep;
        Count = count;
        AbsoluteZeroAt = first;
        RelativeZeroAt = first;
        LeftOverFrom = count - (count % Magnitude.LoopElements);
        LeftOverSingleFrom = count - (count % (2 * Magnitude.LoopElements));
    }

    public long Count { get; }

    public Tolerances Tolerances { get; }

    public CloseRule? Rule { get; }

    public double DefaultAbsolute { get; }

    public bool EqualNaN { get; }

    public int Keep { get; }

    /// <summary>From this element on PyTorch's loops over complex numbers leave over (see <see cref="Magnitude"/>).</summary>
    public long LeftOverFrom { get; }

    public long LeftOverSingleFrom { get; }

    /// <summary>Elements that are not close.</summary>
    public long Mismatched { get; set; }

    /// <summary>The first of them.</summary>
    public List<long> FirstMismatched { get; } = [];

    public long NaNReference { get; set; }

    public long NaNDifference { get; set; }

    public long InfiniteReference { get; set; }

    public long InfiniteDifference { get; set; }

    /// <summary>Pairs with a NaN on one side only.</summary>
    public long NaNOnOneSide { get; set; }

    /// <summary>Pairs with NaN on both sides.</summary>
    public long NaNOnBothSides { get; set; }

    /// <summary>Pairs in which a side is not finite: they are in no sum.</summary>
    public long NotFinite { get; set; }

    /// <summary>Pairs that differ by infinity, or by more than float64 holds.</summary>
    public long InfinitelyApart { get; set; }

    /// <summary>Over all elements; pairs that are equal or both NaN count 0.</summary>
    public Extreme Absolute;

    /// <summary>As <see cref="Absolute"/>, divided by |reference|.</summary>
    public Extreme Relative;

    /// <summary>As assert_close tells it: over mismatched elements only, with its arithmetic.</summary>
    public Extreme MessageAbsolute;

    /// <summary>As assert_close tells it.</summary>
    public Extreme MessageRelative;

    /// <summary><see cref="MessageAbsolute"/> for integers, exact.</summary>
    public Int128 MessageInteger { get; set; }

    /// <summary>Where torch.max finds the 0 of <see cref="MessageInteger"/> if nothing is greater: not among differences that wrapped.</summary>
    public long AbsoluteZeroAt { get; set; }

    /// <summary>The same for <see cref="MessageRelative"/>.</summary>
    public long RelativeZeroAt { get; set; }

    /// <summary>The smallest rtol that all so far would pass with, together with the default atol; infinite when none would do.</summary>
    public double NeededRelative { get; private set; }

    /// <summary>The smallest atol that would pass with rtol 0.</summary>
    public double NeededAbsolute { get; set; }

    /// <summary>Pairs whose values differ by something finite that is not 0.</summary>
    public long Apart { get; set; }

    public CompensatedSum Difference;
    public CompensatedSum AbsoluteDifference;
    public CompensatedSum SquaredDifference;
    public CompensatedSum SquaredReference;
    public CompensatedSum SquaredOther;
    public CompensatedSum Product;

    /// <summary>Whether the last block had differences that closeness must be looked at for.</summary>
    public bool JudgeNext { get; set; }

    /// <summary>How many differences lie in which power of ten.</summary>
    public DecadeHistogram Decades { get; } = new();

    /// <summary>Raises <see cref="NeededRelative"/> until an element passes.</summary>
    /// <param name="difference">How far it is off.</param>
    /// <param name="reference">The magnitude of its reference.</param>
    public void NeedRelative(double difference, double reference)
    {
        if (difference <= DefaultAbsolute || !(difference > (NeededRelative * reference) + DefaultAbsolute))
        {
            return;
        }

        // The quotient rounds, and so does the product; what passes is looked for next to it, in steps that double and then halve. The bits of
        // positive numbers are in the numbers' order.
        double quotient = (difference - DefaultAbsolute) / reference;
        if (!double.IsFinite(quotient))
        {
            NeededRelative = double.PositiveInfinity;
            return;
        }

        long passing = Number(quotient);
        long failing = passing;
        for (long step = 1; !Passes(passing); step *= 2)
        {
            failing = passing;
            passing = Math.Min(passing + step, Number(double.PositiveInfinity));
        }

        for (long step = 1; failing >= passing || Passes(failing); step *= 2)
        {
            passing = Math.Min(passing, failing);
            failing = Math.Max(passing - step, 0);
        }

        while (passing - failing > 1)
        {
            long middle = failing + ((passing - failing) / 2);
            (failing, passing) = Passes(middle) ? (failing, middle) : (middle, passing);
        }

        NeededRelative = Math.Max(NeededRelative, Value(passing));

        bool Passes(long number) => RoundsToSingle
            ? (float)difference <= ((float)Value(number) * (float)reference) + (float)DefaultAbsolute
            : difference <= (Value(number) * reference) + DefaultAbsolute;

        long Number(double value) => RoundsToSingle ? BitConverter.SingleToInt32Bits((float)value) : BitConverter.DoubleToInt64Bits(value);

        double Value(long number) => RoundsToSingle ? BitConverter.Int32BitsToSingle((int)number) : BitConverter.Int64BitsToDouble(number);
    }

    /// <summary>Whether closeness is decided in float32, as that of integers is: needed tolerances are then float32's numbers.</summary>
    public bool RoundsToSingle { get; init; }

    /// <summary>Takes in what was gathered of the segment that follows.</summary>
    /// <param name="next">The segment's.</param>
    /// <param name="first">Its first element.</param>
    public void Add(ValueStatistics next, long first)
    {
        Mismatched += next.Mismatched;
        FirstMismatched.AddRange(next.FirstMismatched.Take(Keep - FirstMismatched.Count));
        NaNReference += next.NaNReference;
        NaNDifference += next.NaNDifference;
        InfiniteReference += next.InfiniteReference;
        InfiniteDifference += next.InfiniteDifference;
        NaNOnOneSide += next.NaNOnOneSide;
        NaNOnBothSides += next.NaNOnBothSides;
        NotFinite += next.NotFinite;
        InfinitelyApart += next.InfinitelyApart;
        Apart += next.Apart;
        Absolute.Consider(next.Absolute);
        Relative.Consider(next.Relative);
        MessageRelative.Consider(next.MessageRelative);
        if (next.MessageInteger == 0)
        {
            MessageAbsolute.Consider(next.MessageAbsolute);
        }
        else if (next.MessageInteger > MessageInteger)
        {
            MessageInteger = next.MessageInteger;
            MessageAbsolute = next.MessageAbsolute;
        }

        // torch.max's 0 moves on only where all before it wrapped.
        AbsoluteZeroAt = AbsoluteZeroAt == first ? next.AbsoluteZeroAt : AbsoluteZeroAt;
        RelativeZeroAt = RelativeZeroAt == first ? next.RelativeZeroAt : RelativeZeroAt;
        NeededRelative = Math.Max(NeededRelative, next.NeededRelative);
        NeededAbsolute = Math.Max(NeededAbsolute, next.NeededAbsolute);
        Difference.Add(next.Difference);
        AbsoluteDifference.Add(next.AbsoluteDifference);
        SquaredDifference.Add(next.SquaredDifference);
        SquaredReference.Add(next.SquaredReference);
        SquaredOther.Add(next.SquaredOther);
        Product.Add(next.Product);
        Decades.Add(next.Decades);
    }

    /// <summary>Adds a block.</summary>
    public void Add(in BlockSums sums, ReadOnlySpan<double> magnitudes)
    {
        Difference.Add(sums.Difference);
        AbsoluteDifference.Add(sums.Absolute);
        SquaredDifference.Add(sums.SquaredDifference);
        SquaredReference.Add(sums.SquaredReference);
        SquaredOther.Add(sums.SquaredOther);
        Product.Add(sums.Product);
        Apart += sums.Positive;
        Mismatched += sums.Mismatched;
        Decades.Add(magnitudes, sums);
    }

    /// <summary>Adds a block that is the same on both sides, and finite.</summary>
    public void AddIdentical(double squares)
    {
        SquaredReference.Add(squares);
        SquaredOther.Add(squares);
        Product.Add(squares);
    }
}
