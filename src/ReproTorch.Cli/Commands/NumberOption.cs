using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace ReproTorch.Cli.Commands;

/// <summary>Options that are numbers, written alike wherever the program runs.</summary>
/// <remarks>System.CommandLine's own parsers follow the machine's culture and skip the separators of thousands: 0,01 would be 1.</remarks>
internal static class NumberOption
{
    /// <summary>One that may be left out; null then.</summary>
    public static Option<T?> Of<T>(string name, string description, string helpName = "n")
        where T : struct, INumber<T> =>
        new(name) { Description = description, HelpName = helpName, CustomParser = result => Parse<T>(name, result, result.Tokens[0].Value) };

    /// <summary>One that must be given, or stands for itself when it is left out.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="otherwise">What it is when it is left out; null where it must be given.</param>
    public static Option<T> Always<T>(string name, string description, T? otherwise = null)
        where T : struct, INumber<T>
    {
        var option = new Option<T>(name)
        {
            Description = description,
            HelpName = "n",
            Required = otherwise is null,
            CustomParser = result => Parse<T>(name, result, result.Tokens[0].Value),
        };
        if (otherwise is { } value)
        {
            option.DefaultValueFactory = _ => value;
        }

        return option;
    }

    /// <summary>Several numbers after one name.</summary>
    public static Option<T[]> Several<T>(string name, string description, string helpName)
        where T : struct, INumber<T> =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            AllowMultipleArgumentsPerToken = true,
            CustomParser = result => [.. result.Tokens.Select(token => Parse<T>(name, result, token.Value))],
        };

    /// <summary>A number with a point, and without separators of thousands; <c>inf</c> as Python writes it.</summary>
    public static bool TryParse(string text, out double number) =>
        double.TryParse(Spelled(text), NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    private static T Parse<T>(string name, ArgumentResult result, string text)
        where T : struct, INumber<T>
    {
        bool isWhole = typeof(T) != typeof(double);
        NumberStyles styles = isWhole ? NumberStyles.AllowLeadingSign : NumberStyles.Float;
        if (!T.TryParse(isWhole ? text : Spelled(text), styles, CultureInfo.InvariantCulture, out T number))
        {
            result.AddError(isWhole
                ? $"{name} {text}: expected a whole number{Range<T>()}, in digits alone."
                : $"{name} {text}: expected a number such as 0.01 or 1e-3, with a point and without separators of thousands.");
        }

        return number;
    }

    private static string Spelled(string text) => text.Equals("inf", StringComparison.OrdinalIgnoreCase) ? "Infinity" : text;

    private static string Range<T>()
        where T : struct, INumber<T> =>
        typeof(T) == typeof(int) ? $" up to {int.MaxValue}" : typeof(T) == typeof(ulong) ? " of 0 or more" : string.Empty;
}
