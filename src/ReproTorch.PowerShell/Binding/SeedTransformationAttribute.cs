using System.Globalization;
using System.Management.Automation;
using System.Numerics;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Lets a seed be given as any whole number, however large, or as text of one. A number with a fraction is refused, not
/// rounded.</summary>
internal sealed class SeedTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = Unwrap.Value(inputData);
        return value switch
        {
            BigInteger seed => seed,
            sbyte or byte or short or ushort or int or uint or long => new BigInteger(
                Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            ulong seed => new BigInteger(seed),
            decimal seed when decimal.Truncate(seed) == seed => new BigInteger(seed),
            double seed when Math.Truncate(seed) == seed && Math.Abs(seed) <= 1L << 53 => new BigInteger(seed),
            string text when TryParse(text.Trim(), out BigInteger seed) => seed,
            _ => throw new ArgumentTransformationMetadataException($"The seed '{value}' is no whole number."),
        };
    }

    private static bool TryParse(string text, out BigInteger seed) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? BigInteger.TryParse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out seed)
        : BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed);
}
