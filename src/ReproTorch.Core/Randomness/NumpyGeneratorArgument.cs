using System.Globalization;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>
/// Checks of arguments. A message begins with NumPy's own text (numpy/random/_common.pyx, _generator.pyx) and ends with
/// the value that was given. As NumPy's, most checks let NaN through.
/// </summary>
internal static class NumpyGeneratorArgument
{
    /// <summary>The greatest mean that <c>poisson</c> takes: 2^63 - 10 sqrt(2^63).</summary>
    public static readonly double PoissonMaximum = long.MaxValue - (Math.Sqrt(long.MaxValue) * 10);

    public static ReproTorchException Invalid(string text) => new(ReproTorchErrorKind.InvalidArgument, text);

    public static ReproTorchException Invalid(string text, double value) =>
        Invalid($"{text}: got {value.ToString("R", CultureInfo.InvariantCulture)}.");

    public static ReproTorchException Invalid(string text, BigInteger value) =>
        Invalid($"{text}: got {value.ToString(CultureInfo.InvariantCulture)}.");

    public static ReproTorchException Invalid(string text, long value) => Invalid(text, (BigInteger)value);

    public static ReproTorchException NegativeDimension(long value) =>
        Invalid("negative dimensions are not allowed", value);

    // The sign decides, not the comparison: NumPy refuses -0.0 too.
    public static void NonNegative(double value, string name) =>
        Require(double.IsNaN(value) || !double.IsNegative(value), name, "{0} < 0", value);

    public static void Positive(double value, string name) => Require(!(value <= 0), name, "{0} <= 0", value);

    public static void PositiveNotNaN(double value, string name)
    {
        Require(!double.IsNaN(value), name, "{0} must not be NaN", value);
        Positive(value, name);
    }

    public static void From0To1(double value, string name) =>
        Require(value is >= 0 and <= 1, name, "{0} < 0, {0} > 1 or {0} is NaN", value);

    public static void Above0To1(double value, string name) =>
        Require(value is > 0 and <= 1, name, "{0} <= 0, {0} > 1 or {0} contains NaNs", value);

    public static void From0Below1(double value, string name) =>
        Require(value is >= 0 and < 1, name, "{0} < 0, {0} >= 1 or {0} is NaN", value);

    public static void Above1(double value, string name) =>
        Require(value > 1, name, "{0} <= 1 or {0} is NaN", value);

    public static void PoissonMean(double value, string name)
    {
        Require(value >= 0, name, "{0} < 0 or {0} is NaN", value);
        Require(value <= PoissonMaximum, name, "{0} value too large", value);
    }

    private static void Require(bool holds, string name, string text, double value)
    {
        if (!holds)
        {
            throw Invalid(text.Replace("{0}", name, StringComparison.Ordinal), value);
        }
    }
}
