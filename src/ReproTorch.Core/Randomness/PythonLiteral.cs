using System.Globalization;
using System.Numerics;
using System.Text;

namespace ReproTorch.Randomness;

/// <summary>
/// Reads a value that is written as in Python: integers of any size, floats (with <c>inf</c> and <c>nan</c>), strings in quotes,
/// bytes, <c>True</c>, <c>False</c>, <c>None</c>, lists, tuples and <c>range(..)</c>. Nothing is evaluated.
/// </summary>
/// <remarks>Source: The Python Language Reference, 2.4 and 6.2.</remarks>
public static class PythonLiteral
{
    private const int MaxDepth = 32;
    private const int MaxRange = 10_000_000;

    /// <summary>Reads a value.</summary>
    /// <param name="text">The text; what is none of the forms above, and has none of their marks, is a string without quotes.</param>
    /// <returns>A <see cref="BigInteger"/>, double, string, <c>byte[]</c>, bool, null, or <c>object[]</c>.</returns>
    /// <exception cref="ReproTorchException">The text begins as one of these forms and does not end as it.</exception>
    public static object? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        bool isLiteral = trimmed.Length > 0
            && (trimmed[0] is '[' or '(' or '\'' or '"' || IsBytes(trimmed, 0) || trimmed.StartsWith("range(", StringComparison.Ordinal));
        return isLiteral ? new Reader(trimmed).ReadAll() : Word(trimmed, isWhole: true);
    }

    private static object? Word(string word, bool isWhole) => word switch
    {
        "None" => null,
        "True" => true,
        "False" => false,
        "inf" or "+inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ when Integer(word) is { } integer => integer,
        _ when double.TryParse(word.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            => number,
        _ when isWhole => word,
        _ => throw Invalid($"'{word}' is no value of Python. Strings in a list have quotes."),
    };

    private static BigInteger? Integer(string word)
    {
        string digits = word.Replace("_", string.Empty, StringComparison.Ordinal);
        bool isNegative = digits.StartsWith('-');
        string hex = digits.TrimStart('+', '-');
        if (hex.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            // A leading 0 keeps the number positive.
            return BigInteger.TryParse("0" + hex[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out BigInteger value)
                ? (isNegative ? -value : value)
                : null;
        }

        return BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger integer) ? integer : null;
    }

    private static bool IsBytes(string text, int position) =>
        position + 1 < text.Length && text[position] == 'b' && (text[position + 1] is '\'' or '"');

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);

    private sealed class Reader(string text)
    {
        private int _position;

        public object? ReadAll()
        {
            object? value = Read(0);
            SkipBlanks();
            return _position == text.Length ? value : throw Unexpected();
        }

        private object? Read(int depth)
        {
            if (depth > MaxDepth)
            {
                throw Invalid($"The value is nested more than {MaxDepth} levels deep.");
            }

            SkipBlanks();
            switch (Current)
            {
                case '[':
                    return Items(']', depth);
                case '(':
                    return Items(')', depth);
                case '\'' or '"':
                    return Quoted(isBytes: false);
                case 'b' when IsBytes(text, _position):
                    _position++;
                    return Array.ConvertAll(Quoted(isBytes: true).ToCharArray(), character => character <= byte.MaxValue
                        ? (byte)character
                        : throw Invalid("bytes can only contain ASCII literal characters"));
                default:
                    int start = _position;
                    while (_position < text.Length && Current is not (',' or ']' or ')' or '(' or '['))
                    {
                        _position++;
                    }

                    string word = text[start.._position].Trim();
                    return word == "range" && Current == '(' ? Range(Items(')', depth)) : Word(word, isWhole: false);
            }
        }

        private object?[] Items(char end, int depth)
        {
            _position++;
            var items = new List<object?>();
            SkipBlanks();
            while (Current != end)
            {
                items.Add(Read(depth + 1));
                SkipBlanks();
                if (Current == ',')
                {
                    _position++;
                    SkipBlanks();
                }
                else if (Current != end)
                {
                    throw Unexpected();
                }
            }

            _position++;
            return [.. items];
        }

        private static object?[] Range(object?[] arguments)
        {
            BigInteger[] numbers = [.. arguments.Select(argument => argument is BigInteger number
                ? number
                : throw Invalid("range() takes whole numbers."))];
            (BigInteger start, BigInteger stop, BigInteger step) = numbers.Length switch
            {
                1 => (0, numbers[0], 1),
                2 => (numbers[0], numbers[1], 1),
                3 => (numbers[0], numbers[1], numbers[2]),
                _ => throw Invalid($"range() takes 1 to 3 numbers: got {numbers.Length}."),
            };
            if (step.IsZero)
            {
                throw Invalid("range() arg 3 must not be zero");
            }

            BigInteger count = BigInteger.Max(0, (stop - start + step - step.Sign) / step);
            if (count > MaxRange)
            {
                throw Invalid($"The range has {count} numbers; a range written out here has at most {MaxRange}.");
            }

            var items = new object?[(int)count];
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = start + (step * i);
            }

            return items;
        }

        private string Quoted(bool isBytes)
        {
            char quote = text[_position++];
            var result = new StringBuilder();
            while (_position < text.Length && Current != quote)
            {
                if (Current == '\\' && _position + 1 < text.Length)
                {
                    Escape(result, isBytes);
                }
                else
                {
                    result.Append(Current);
                }

                _position++;
            }

            return _position++ < text.Length ? result.ToString() : throw Invalid($"The string in {text} has no end.");
        }

        // The escapes of The Python Language Reference, 2.4.1; of one that there is not both characters stay. Ends on its last character.
        private void Escape(StringBuilder result, bool isBytes)
        {
            char kind = text[++_position];
            int digits = kind switch { 'x' => 2, 'u' when !isBytes => 4, 'U' when !isBytes => 8, _ => 0 };
            if (digits > 0)
            {
                string hex = text[(_position + 1)..Math.Min(_position + 1 + digits, text.Length)];
                if (hex.Length < digits || !int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) || code is < 0 or > 0x10ffff)
                {
                    throw Invalid($"The escape \\{kind}{hex} in {text} is truncated or names no character.");
                }

                _position += digits;
                result.Append(code > char.MaxValue ? char.ConvertFromUtf32(code) : (char)code);
                return;
            }

            if (kind is >= '0' and <= '7')
            {
                int value = 0;
                int end = Math.Min(_position + 3, text.Length);
                for (; _position < end && Current is >= '0' and <= '7'; _position++)
                {
                    value = (8 * value) + (Current - '0');
                }

                _position--;
                result.Append((char)value);
                return;
            }

            if (kind == 'N' && !isBytes)
            {
                throw Invalid($"The escape \\N in {text} names a character by its Unicode name; write it as it is, or as \\u and its number.");
            }

            result.Append(kind switch
            {
                '\\' => "\\",
                '\'' => "'",
                '"' => "\"",
                'a' => "\a",
                'b' => "\b",
                'f' => "\f",
                'n' => "\n",
                'r' => "\r",
                't' => "\t",
                'v' => "\v",
                _ => "\\" + kind,
            });
        }

        private char Current => _position < text.Length ? text[_position] : '\0';

        private void SkipBlanks()
        {
            while (Current is ' ' or '\t' or '\n' or '\r')
            {
                _position++;
            }
        }

        private ReproTorchException Unexpected() => Invalid(_position < text.Length
            ? $"'{text}' is no value of Python: '{Current}' at column {_position + 1} was not expected."
            : $"'{text}' is no value of Python: it ends too early.");
    }
}
