using System.Globalization;
using System.Text.RegularExpressions;

namespace ReproTorch.Models.Layers;

/// <summary>
/// Reads a layer as it stands in Python: <c>Conv2d(1, 16, 3, padding=1)</c>, or <c>ReLU</c> alone. Values are numbers and sums and
/// products of them, strings, True, False, None, tuples and lists, dotted names, and other calls.
/// </summary>
internal sealed partial class LayerText
{
    // Deeper than any model is written, and far from the end of the stack.
    private const int MaxDepth = 50;

    private readonly string _text;
    private int _at;
    private int _depth;

    private LayerText(string text) => _text = text;

    /// <summary>Reads one layer.</summary>
    /// <exception cref="ReproTorchException">The text is not a layer; the message points at the place.</exception>
    public static LayerCall ParseLayer(string text)
    {
        var reader = new LayerText(text);
        SyntaxValue value = reader.Whole();
        return value.Value switch
        {
            LayerCall call => call,
            SyntaxName name => new LayerCall(name.Text, [], value.Column),
            _ => throw Fault(text, value.Column, "A layer begins with its name, such as Linear(64, 10) or ReLU."),
        };
    }

    /// <summary>Reads one value.</summary>
    /// <exception cref="ReproTorchException">The text is not a value.</exception>
    public static SyntaxValue ParseValue(string text) => new LayerText(text).Whole();

    /// <summary>An error that shows where in the text it is: in words too, since a console may break lines anew.</summary>
    public static ReproTorchException Fault(string text, int column, string message)
    {
        // What is before the place may hold tabs or line ends, under which the mark would stand wrong.
        string line = text.ReplaceLineEndings(" ").Replace('\t', ' ');
        int mark = Math.Min(column, line.Length);
        return new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            string.Create(CultureInfo.InvariantCulture, $"Column {mark + 1}: {message}\n    {line}\n    {new string(' ', mark)}^ here"));
    }

    private SyntaxValue Whole()
    {
        SyntaxValue value = Sum();
        SkipSpace();
        return _at == _text.Length ? value : throw Expected("the end of the layer");
    }

    private SyntaxValue Sum()
    {
        if (++_depth > MaxDepth)
        {
            throw Fault(_text, _at, $"The layer is nested more than {MaxDepth} levels deep.");
        }

        SyntaxValue left = Product();
        while (TakeOperator("+", "-") is { } sign)
        {
            left = Calculate(left, sign, Product());
        }

        _depth--;
        return left;
    }

    private SyntaxValue Product()
    {
        SyntaxValue left = Signed();
        while (TakeOperator("//", "*", "/") is { } sign)
        {
            left = Calculate(left, sign, Signed());
        }

        return left;
    }

    private SyntaxValue Signed()
    {
        SkipSpace();
        int start = _at;
        bool negative = false;
        while (TakeOperator("-", "+") is { } sign)
        {
            negative ^= sign == "-";
        }

        SyntaxValue value = Atom();
        return !negative ? value with { Column = start } : new SyntaxValue(
            value.Value switch
            {
                long number when number != long.MinValue => (object)-number,
                double number => -number,
                _ => throw Fault(_text, start, "Only a number can have a sign."),
            },
            start);
    }

    private SyntaxValue Atom()
    {
        SkipSpace();
        int start = _at;
        if (_at == _text.Length)
        {
            throw Expected("a value");
        }

        char first = _text[_at];
        object? value = first switch
        {
            '(' or '[' => Bracketed(first == '(' ? ')' : ']'),
            '\'' or '"' => Quoted(first),
            _ when char.IsAsciiDigit(first) || first == '.' => Number(),
            _ when char.IsAsciiLetter(first) || first == '_' => Named(),
            _ => throw Expected("a value"),
        };
        return value is SyntaxValue inner ? inner with { Column = start } : new SyntaxValue(value, start);
    }

    // A value in parentheses, or a tuple; brackets always make a list.
    private object Bracketed(char close)
    {
        _at++;
        var items = new List<SyntaxValue>();
        bool ended = false;
        while (!Take(close))
        {
            if (items.Count > 0 && !ended)
            {
                throw Expected($"',' or '{close}'");
            }

            items.Add(Sum());
            ended = Take(',');
        }

        return items.Count == 1 && !ended && close == ')' ? items[0] : new SyntaxTuple(items);
    }

    private string Quoted(char quote)
    {
        int end = _text.IndexOf(quote, _at + 1);
        if (end < 0)
        {
            throw Fault(_text, _at, $"This string does not end; a {quote} is missing.");
        }

        string value = _text[(_at + 1)..end];
        _at = end + 1;
        return value;
    }

    private object Number()
    {
        Match match = NumberForm().Match(_text, _at);
        if (!match.Success)
        {
            throw Expected("a number");
        }

        string digits = match.Value.Replace("_", string.Empty, StringComparison.Ordinal);
        int start = _at;
        _at += match.Length;
        if (match.Groups["fraction"].Success || match.Groups["exponent"].Success)
        {
            return double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw Fault(_text, start, "This number is too large; whole numbers go to 9223372036854775807.");
    }

    private object? Named()
    {
        int start = _at;
        string name = NameForm().Match(_text, _at).Value;
        _at += name.Length;
        if (Take('('))
        {
            return Call(name, start);
        }

        return name switch
        {
            "True" => true,
            "False" => false,
            "None" => null,
            "math.inf" or "torch.inf" => double.PositiveInfinity,
            "math.pi" or "torch.pi" => Math.PI,
            _ => new SyntaxName(name),
        };
    }

    private object Call(string name, int start)
    {
        var arguments = new List<SyntaxArgument>();
        bool ended = true;
        while (!Take(')'))
        {
            if (!ended)
            {
                throw Expected("',' or ')'");
            }

            arguments.Add(Argument());
            ended = Take(',');
        }

        // float('inf') is how Python writes it.
        return name == "float" && arguments is [{ Keyword: null, Value.Value: string text }]
            ? text.Trim().ToLowerInvariant() switch
            {
                "inf" or "infinity" or "+inf" => double.PositiveInfinity,
                "-inf" or "-infinity" => double.NegativeInfinity,
                "nan" => double.NaN,
                _ => throw Fault(_text, start, $"float('{text}') is no number. Write the number itself, or float('inf')."),
            }
            : new LayerCall(name, arguments, start);
    }

    private SyntaxArgument Argument()
    {
        SkipSpace();
        int start = _at;
        Match keyword = KeywordForm().Match(_text, _at);
        if (!keyword.Success)
        {
            return new SyntaxArgument(null, Sum(), start);
        }

        _at += keyword.Length;
        return new SyntaxArgument(keyword.Groups["name"].Value, Sum(), start);
    }

    private SyntaxValue Calculate(SyntaxValue left, string sign, SyntaxValue right)
    {
        try
        {
            object result = (left.Value, right.Value) switch
            {
                (long a, long b) when sign != "/" => (object)Calculate(a, sign, b),
                (long or double, long or double) => Calculate(ToDouble(left), sign, ToDouble(right)),
                _ => throw Fault(_text, right.Column, $"'{sign}' takes a number on each side."),
            };
            return new SyntaxValue(result, left.Column);
        }
        catch (Exception e) when (e is OverflowException or DivideByZeroException)
        {
            throw Fault(_text, left.Column, e is DivideByZeroException ? "Division by zero." : "The result is too large for a whole number.");
        }
    }

    private static long Calculate(long a, string sign, long b) => sign switch
    {
        "+" => checked(a + b),
        "-" => checked(a - b),
        "*" => checked(a * b),
        _ => FloorDivide(a, b),
    };

    private static double Calculate(double a, string sign, double b) => sign switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        _ when b == 0 => throw new DivideByZeroException(),
        "/" => a / b,
        _ => Math.Floor(a / b),
    };

    // Python's // goes down, C#'s / toward zero.
    private static long FloorDivide(long a, long b) => checked(a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);

    private static double ToDouble(SyntaxValue value) => value.Value is long number ? number : (double)value.Value!;

    private string? TakeOperator(params ReadOnlySpan<string> operators)
    {
        SkipSpace();
        foreach (string candidate in operators)
        {
            if (string.CompareOrdinal(_text, _at, candidate, 0, candidate.Length) == 0)
            {
                _at += candidate.Length;
                return candidate;
            }
        }

        return null;
    }

    private bool Take(char wanted)
    {
        SkipSpace();
        bool found = _at < _text.Length && _text[_at] == wanted;
        _at += found ? 1 : 0;
        return found;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private ReproTorchException Expected(string what) => Fault(
        _text, _at, _at < _text.Length ? $"Expected {what}, not '{_text[_at]}'." : $"Expected {what}, but the text ends.");

    [GeneratedRegex(@"\G(?:\d[\d_]*(?<fraction>\.[\d_]*)?|(?<fraction>\.\d[\d_]*))(?<exponent>[eE][+-]?\d+)?")]
    private static partial Regex NumberForm();

    [GeneratedRegex(@"\G[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", RegexOptions.ECMAScript)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"\G(?<name>[A-Za-z_]\w*)\s*=(?!=)", RegexOptions.ECMAScript)]
    private static partial Regex KeywordForm();
}
