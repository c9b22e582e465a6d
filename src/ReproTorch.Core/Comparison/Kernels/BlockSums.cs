namespace ReproTorch.Comparison.Kernels;

/// <summary>What <see cref="ValuePass"/> may find in a block that is not ordinary.</summary>
[Flags]
internal enum Found
{
    /// <summary>Perhaps a new greatest relative difference.</summary>
    Relative = 1,

    /// <summary>Perhaps a new greatest relative difference among mismatched elements.</summary>
    ToldRelative = 2,

    /// <summary>A complex magnitude whose square leaves the range of float64.</summary>
    Range = 4,

    /// <summary>An element that changes an extreme, or lies at the border of tolerance.</summary>
    Element = 8,
}

/// <summary>How many differences reach the powers of ten that <see cref="DecadeHistogram.Guess"/> gave.</summary>
internal readonly record struct GuessedDecades(int Reach1, int Reach2, int Reach3, int Reach4);

/// <summary>What a block adds.</summary>
internal readonly struct BlockSums
{
    public double Difference { get; init; }

    public double Absolute { get; init; }

    public double SquaredDifference { get; init; }

    public double SquaredReference { get; init; }

    public double SquaredOther { get; init; }

    public double Product { get; init; }

    /// <summary>Elements that differ in value.</summary>
    public int Positive { get; init; }

    /// <summary>The greatest absolute difference.</summary>
    public double Greatest { get; init; }

    /// <summary>The least above 0; infinity when there is none.</summary>
    public double Least { get; init; }

    /// <summary>Elements that are not close.</summary>
    public int Mismatched { get; init; }

    /// <summary>Null where nothing was guessed.</summary>
    public GuessedDecades? Guessed { get; init; }

    public Found Found { get; init; }
}
