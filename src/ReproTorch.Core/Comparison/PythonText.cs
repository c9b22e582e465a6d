using System.Globalization;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison;

/// <summary>Writes numbers, shapes and indices the way Python prints them, for messages that people know by heart.</summary>
internal static class PythonText
{
    /// <summary><c>repr(float)</c>: the shortest digits that read back to the same number; an exponent below 1e-4 and from
    /// 1e16 on; <c>inf</c>, <c>nan</c>.</summary>
    public static string Of(double value)
    {
        if (double.IsNaN(value))
        {
            return "nan";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "inf" : "-inf";
        }

        (string digits, int exponent) = Decompose(ExactText.Of(value));
        string sign = double.IsNegative(value) ? "-" : string.Empty;
        if (exponent is < -4 or >= 16)
        {
            string mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary><c>format(part / whole, '.1%')</c>: one decimal, ties to even, as Python's correctly rounded formatting has it.</summary>
    public static string Percent(long part, long whole)
    {
        double percent = (double)part / whole * 100;
        double quarters = percent * 4;

        // The only exact ties at one decimal are .25 and .75; .NET would round those away from zero.
        if (quarters == Math.Floor(quarters) && (long)quarters % 2 != 0)
        {
            double floor = Math.Floor(percent);
            return ((percent - floor < 0.5) ? floor + 0.2 : floor + 0.8).ToString("F1", CultureInfo.InvariantCulture) + "%";
        }

        return percent.ToString("F1", CultureInfo.InvariantCulture) + "%";
    }

    /// <summary><c>str(tuple)</c>: <c>()</c>, <c>(2,)</c>, <c>(2, 3)</c>.</summary>
    public static string Tuple(IReadOnlyList<long> values) =>
        values.Count == 1 ? $"({values[0]},)" : $"({string.Join(", ", values)})";

    /// <summary><c>str(torch.Size)</c>.</summary>
    public static string Size(IReadOnlyList<long> shape) => $"torch.Size([{string.Join(", ", shape)}])";

    /// <summary><c>str(torch.dtype)</c>.</summary>
    public static string Of(DType dtype) => "torch." + dtype;

    /// <summary>Digits without point or leading zeros, and the decimal exponent of the first.</summary>
    private static (string Digits, int Exponent) Decompose(string text)
    {
        text = text.TrimStart('-');
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        string digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal);
        int zeros = digits.Length - digits.TrimStart('0').Length;
        if (zeros == digits.Length)
        {
            return ("0", 0);
        }

        return (digits[zeros..].TrimEnd('0'), exponent - zeros);
    }
}
