using System.Collections;
using System.Globalization;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>Reads what streams can be seeded with.</summary>
internal static class RandomSeed
{
    /// <summary>An integer of any type, or text of one.</summary>
    public static bool TryInteger(object? value, out BigInteger integer)
    {
        switch (value)
        {
            case BigInteger number:
                integer = number;
                return true;
            case sbyte or byte or short or ushort or int or uint or long:
                integer = Convert.ToInt64(value, CultureInfo.InvariantCulture);
                return true;
            case ulong number:
                integer = number;
                return true;
            case bool flag:
                integer = flag ? 1 : 0;
                return true;
            case decimal number when decimal.IsInteger(number):
                integer = new BigInteger(number);
                return true;
            default:
                integer = default;
                return false;
        }
    }

    /// <summary>An integer, as the seed of a source.</summary>
    /// <exception cref="ReproTorchException">It is none.</exception>
    public static BigInteger Integer(object? value, RandomSource source) => TryInteger(value, out BigInteger integer) ? integer
        : value is double number && double.IsInteger(number) ? new BigInteger(number)
        : value is string text && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out integer) ? integer
        : throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument, $"The seed {Text(value)} is no whole number, as {source} takes.");

    /// <summary>A list of integers; null where the value is no list.</summary>
    /// <exception cref="ReproTorchException">It is a list, but not of integers.</exception>
    public static BigInteger[]? Integers(object? value, RandomSource source) => value is IEnumerable items and not string
        ? [.. items.Cast<object?>().Select(item => Integer(item, source))]
        : null;

    /// <summary>A seed as it is shown.</summary>
    public static string Text(object? value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        byte[] bytes => $"{bytes.Length} bytes",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Text))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
