using System.Globalization;

namespace ReproTorch.Randomness;

/// <summary>What NumPy's legacy distributions demand of a parameter (numpy/random/_common.pyx, <c>constraint_type</c>).
/// NaN passes where the comment does not say otherwise, as it does in NumPy.</summary>
internal enum NumpyRandomStateConstraint
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>0 or more; -0.0 is refused too, for the sign decides.</summary>
    NonNegative,

    /// <summary>Above 0.</summary>
    Positive,

    /// <summary>0 to 1; no NaN.</summary>
    From0To1,

    /// <summary>Above 0, to 1; no NaN.</summary>
    Above0To1,

    /// <summary>From 0, below 1; no NaN.</summary>
    From0Below1,

    /// <summary>Above 1; no NaN.</summary>
    Above1,

    /// <summary>1 or more; no NaN.</summary>
    From1,

    /// <summary>0 to 2^63 - 10 sqrt(2^63); no NaN.</summary>
    PoissonMean,
}

/// <summary>Checks of constraints, with NumPy's texts and the offending value.</summary>
internal static class NumpyRandomStateConstraints
{
    // long.MaxValue - 10 sqrt(long.MaxValue), both in double.
    private static readonly double s_poissonMaximum = long.MaxValue - (Math.Sqrt(long.MaxValue) * 10);

    /// <summary>Checks a parameter that is one number.</summary>
    /// <exception cref="ReproTorchException">It does not meet the constraint.</exception>
    public static void Check(this NumpyRandomStateConstraint constraint, string name, double value) =>
        constraint.Check(name, [value], isNumber: true);

    /// <summary>Checks all elements of a parameter.</summary>
    /// <param name="constraint">What is demanded.</param>
    /// <param name="name">The parameter's name in NumPy.</param>
    /// <param name="values">The elements.</param>
    /// <param name="isNumber">Whether they are one number; NumPy says other things of arrays.</param>
    /// <exception cref="ReproTorchException">One does not meet the constraint.</exception>
    public static void Check(
        this NumpyRandomStateConstraint constraint, string name, ReadOnlySpan<double> values, bool isNumber = false)
    {
        string nanText = isNumber ? "is NaN" : "contains NaNs";
        if (constraint == NumpyRandomStateConstraint.PoissonMean && !isNumber)
        {
            // Of an array NumPy checks the upper end first, which NaN is not below either.
            foreach (double value in values)
            {
                if (!(value <= s_poissonMaximum))
                {
                    throw Refused($"{name} value too large", value);
                }
            }
        }

        foreach (double value in values)
        {
            string? text = constraint switch
            {
                NumpyRandomStateConstraint.NonNegative
                    when double.IsNegative(value) && !double.IsNaN(value) => $"{name} < 0",
                NumpyRandomStateConstraint.Positive
                    when value <= 0 => $"{name} <= 0",
                NumpyRandomStateConstraint.From0To1 when !(value >= 0 && value <= 1) =>
                    $"{name} < 0, {name} > 1 or {name} {nanText}",
                NumpyRandomStateConstraint.Above0To1 when !(value > 0 && value <= 1) =>
                    $"{name} <= 0, {name} > 1 or {name} contains NaNs",
                NumpyRandomStateConstraint.From0Below1 when !(value >= 0 && value < 1) =>
                    $"{name} < 0, {name} >= 1 or {name} {nanText}",
                NumpyRandomStateConstraint.Above1 when !(value > 1) => $"{name} <= 1 or {name} {nanText}",
                NumpyRandomStateConstraint.From1 when !(value >= 1) => $"{name} < 1 or {name} {nanText}",
                NumpyRandomStateConstraint.PoissonMean when !(value >= 0) => $"{name} < 0 or {name} {nanText}",
                NumpyRandomStateConstraint.PoissonMean when !(value <= s_poissonMaximum) => $"{name} value too large",
                _ => null,
            };
            if (text is not null)
            {
                throw Refused(text, value);
            }
        }
    }

    private static ReproTorchException Refused(string text, double value) => new(
        ReproTorchErrorKind.InvalidArgument, $"{text}: got {value.ToString("R", CultureInfo.InvariantCulture)}.");
}
