using System.Globalization;

namespace ReproTorch.Comparison;

/// <summary>Writes float64 numbers so that they read back to the same bits.</summary>
/// <remarks>.NET's "R" is meant to do that, but writes 2^-25 (a frequent difference of float32 numbers) and 2^-958 one digit short.</remarks>
public static class ExactText
{
    /// <summary>The shortest digits that read back; "NaN", "Infinity", "-Infinity".</summary>
    public static string Of(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return double.Parse(text, CultureInfo.InvariantCulture).Equals(value) ? text : value.ToString("G17", CultureInfo.InvariantCulture);
    }
}
