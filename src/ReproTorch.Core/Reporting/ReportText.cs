using System.Globalization;

namespace ReproTorch.Reporting;

/// <summary>Numbers and counts as the page shows them: few digits, for reading. The exact values stand in the files.</summary>
internal static class ReportText
{
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    /// <summary>A count with separators: 1,234,567.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary><inheritdoc cref="Count(long)"/></summary>
    public static string Count(ulong count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 element", "2,000 elements".</summary>
    public static string Elements(long count) => Many(count, "element");

    /// <summary>"1 output", "2 outputs".</summary>
    public static string Many(long count, string noun) => count == 1 ? $"1 {noun}" : $"{Count(count)} {noun}s";

    /// <summary>A count in few characters, for an axis: 1, 10, 100, 1k, 10k, 1M.</summary>
    public static string Short(double count) => count switch
    {
        < 1e3 => count.ToString("0", CultureInfo.InvariantCulture),
        < 1e6 => (count / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
        < 1e9 => (count / 1e6).ToString("0", CultureInfo.InvariantCulture) + "M",
        < 1e12 => (count / 1e9).ToString("0", CultureInfo.InvariantCulture) + "G",
        _ => PowerOf(10, (int)Math.Round(Math.Log10(count))),
    };

    /// <summary>A share of a whole. Neither something nor a lack of something is rounded away: below 0.01% and above 99.99%
    /// are said so.</summary>
    public static string Percent(long part, long whole)
    {
        double percent = 100.0 * part / whole;
        return part == 0 ? "0%"
            : part == whole ? "100%"
            : percent < 0.01 ? "below 0.01%"
            : percent > 99.99 ? "above 99.99%"
            : percent.ToString(percent < 10 ? "0.##" : "0.#", CultureInfo.InvariantCulture) + "%";
    }

    /// <summary>A measured number with about four digits: 0.1235, 12,345, 1.192e-07, NaN.</summary>
    public static string Number(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? (value > 0 ? "infinite" : "-infinite")
        : value == 0 ? "0"
        : Math.Abs(value) is >= 1e3 and < 1e6 ? value.ToString("#,##0", CultureInfo.InvariantCulture)
        : Math.Abs(value) is >= 1e-3 and < 1e3 ? value.ToString("G4", CultureInfo.InvariantCulture)
        : value.ToString("0.###e+00", CultureInfo.InvariantCulture);

    /// <summary>A distance in units in the last place for a column of a table: to the unit for all of 32 bits, above that as <see cref="Number"/>
    /// has it.</summary>
    public static string Ulp(ulong distance) => distance < 10_000_000_000 ? Count(distance) : Number(distance);

    /// <summary>A cosine: near 1 the distance from 1 is what counts.</summary>
    public static string Cosine(double value) => 1 - value is var missing and > 0 and < 1e-3
        ? $"1 - {Number(missing)}"
        : Number(value);

    /// <summary>Sizes as Python writes them: (2, 3), (2,), ().</summary>
    public static string Tuple(IReadOnlyList<long> sizes) =>
        sizes.Count == 1 ? $"({sizes[0]},)" : $"({string.Join(", ", sizes)})";

    /// <summary>A power for an axis: 10⁻⁸.</summary>
    public static string PowerOf(int radix, int power)
    {
        string digits = string.Concat(Math.Abs(power).ToString(CultureInfo.InvariantCulture).Select(d => Superscripts[d - '0']));
        return $"{radix}{(power < 0 ? "⁻" : string.Empty)}{digits}";
    }
}
