using System.Globalization;

namespace ReproTorch.Tensors;

/// <summary>Writes float64 values as Python's <c>format</c> does. Both round the exact decimal expansion half to even; the
/// exponent and the special values look different in .NET.</summary>
internal static class PythonFloat
{
    /// <summary><c>"{:.{digits}f}".format(value)</c></summary>
    public static string Fixed(double value, int digits) =>
        Special(value) ?? value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    /// <summary><c>"{:.{digits}e}".format(value)</c>: at least two digits of exponent, always with a sign.</summary>
    public static string Scientific(double value, int digits)
    {
        if (Special(value) is { } special)
        {
            return special;
        }

        // .NET writes at least three digits: 1.0000E-005.
        string text = value.ToString($"E{digits}", CultureInfo.InvariantCulture);
        int mark = text.LastIndexOf('E');
        int firstDigit = text[mark + 2] == '0' ? mark + 3 : mark + 2;
        return $"{text.AsSpan(0, mark)}e{text[mark + 1]}{text.AsSpan(firstDigit)}";
    }

    // Python drops the sign of NaN and keeps that of infinity.
    private static string? Special(double value) =>
        double.IsNaN(value) ? "nan"
        : double.IsPositiveInfinity(value) ? "inf"
        : double.IsNegativeInfinity(value) ? "-inf"
        : null;
}
