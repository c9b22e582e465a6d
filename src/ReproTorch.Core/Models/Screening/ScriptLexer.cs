using System.Text;

namespace ReproTorch.Models.Screening;

/// <summary>
/// Takes TorchScript code apart as libtorch's lexer does (torch/csrc/jit/frontend/lexer.h): what is a string or a comment there is one
/// here, so that code cannot hide from the screen. Numbers are taken apart further, which hides nothing.
/// </summary>
internal ref struct ScriptLexer
{
    private readonly ReadOnlySpan<char> _code;
    private readonly List<ScriptToken> _tokens = [];
    private readonly List<int> _indents = [];
    private readonly int _limit;
    private int _at;
    private int _line = 1;
    private int _nesting;

    private ScriptLexer(ReadOnlySpan<char> code, int limit)
    {
        _code = code;
        _limit = limit;
    }

    /// <summary>All tokens; the last is <see cref="TokenKind.End"/>. Past the limit the rest is left out, and there are more than
    /// it.</summary>
    public static List<ScriptToken> Read(string code, int limit = int.MaxValue)
    {
        var lexer = new ScriptLexer(code, limit);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        _indents.Add(SkipBlank(countsIndent: true));
        while (_at < _code.Length && _tokens.Count <= _limit)
        {
            char c = _code[_at];
            if (c == '\n')
            {
                EndLine();
            }
            else if (IsBlank(c) || IsComment())
            {
                SkipBlank(countsIndent: false);
            }
            else if (c == '\\' && _at + 1 < _code.Length && _code[_at + 1] == '\n')
            {
                _at += 2;
                _line++;
            }
            else
            {
                Take(c);
            }
        }

        if (_tokens.Count > 0 && _tokens[^1].Kind != TokenKind.Newline)
        {
            Add(TokenKind.Newline, string.Empty);
        }

        for (int i = 1; i < _indents.Count; i++)
        {
            Add(TokenKind.Dedent, string.Empty);
        }

        Add(TokenKind.End, string.Empty);
    }

    private void Take(char c)
    {
        if (c is '"' or '\'' && TryString())
        {
            return;
        }

        int start = _at;
        if (char.IsAsciiDigit(c))
        {
            while (_at < _code.Length && char.IsAsciiDigit(_code[_at]))
            {
                _at++;
            }

            Add(TokenKind.Number, _code[start.._at].ToString());
        }
        else if (char.IsAsciiLetter(c) || c == '_')
        {
            while (_at < _code.Length && (char.IsAsciiLetterOrDigit(_code[_at]) || _code[_at] == '_'))
            {
                _at++;
            }

            Add(TokenKind.Name, _code[start.._at].ToString());
        }
        else
        {
            _nesting = Math.Max(0, _nesting + (c is '(' or '[' or '{' ? 1 : c is ')' or ']' or '}' ? -1 : 0));
            _at++;
            Add(TokenKind.Sign, c.ToString());
        }
    }

    private readonly void Add(TokenKind kind, string text) => _tokens.Add(new ScriptToken(kind, text, _line));

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\v' or '\f';

    // "# type:" is no comment there.
    private readonly bool IsComment() => _code[_at] == '#' && !_code[_at..].StartsWith("# type:", StringComparison.Ordinal);

    // Past blanks and a comment; with the indentation, past empty lines too. Returns the indentation of the line that follows.
    private int SkipBlank(bool countsIndent)
    {
        int lineStart = _at;
        while (_at < _code.Length)
        {
            if (IsComment())
            {
                int length = _code[_at..].IndexOf('\n');
                _at = length < 0 ? _code.Length : _at + length;
            }
            else if (countsIndent && _code[_at] == '\n')
            {
                _at++;
                _line++;
                lineStart = _at;
            }
            else if (IsBlank(_code[_at]))
            {
                _at++;
            }
            else
            {
                break;
            }
        }

        return _at - lineStart;
    }

    private void EndLine()
    {
        if (_nesting > 0)
        {
            _at++;
            _line++;
            return;
        }

        Add(TokenKind.Newline, string.Empty);
        int indent = SkipBlank(countsIndent: true);
        if (_at >= _code.Length)
        {
            return;
        }

        if (indent > _indents[^1])
        {
            _indents.Add(indent);
            Add(TokenKind.Indent, string.Empty);
        }

        while (indent < _indents[^1] && _indents.Count > 1)
        {
            _indents.RemoveAt(_indents.Count - 1);
            Add(TokenKind.Dedent, string.Empty);
        }
    }

    private bool TryString()
    {
        char quote = _code[_at];
        int width = IsRun(_at, quote) ? 3 : 1;
        int end = _at + width;
        while (end < _code.Length && !(width == 3 ? IsRun(end, quote) : _code[end] == quote))
        {
            if (_code[end] == '\n' && width != 3)
            {
                return false;
            }

            end += _code[end] == '\\' ? 2 : 1;
        }

        if (end >= _code.Length)
        {
            return false;
        }

        ReadOnlySpan<char> body = _code[(_at + width)..end];
        Add(TokenKind.String, Meaning(body));
        _line += body.Count('\n');
        _at = end + width;
        return true;
    }

    private readonly bool IsRun(int at, char quote) =>
        at + 3 <= _code.Length && _code[at] == quote && _code[at + 1] == quote && _code[at + 2] == quote;

    // Escapes as torch/csrc/jit/frontend/parse_string_literal.h has them; what it refuses stays as written.
    private static string Meaning(ReadOnlySpan<char> body)
    {
        if (!body.Contains('\\'))
        {
            return body.ToString();
        }

        var text = new StringBuilder(body.Length);
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\' || i + 1 == body.Length)
            {
                text.Append(body[i]);
                continue;
            }

            char c = body[++i];
            if (c is >= '0' and <= '7')
            {
                int value = 0;
                int digits = 0;
                while (digits < 3 && i < body.Length && body[i] is >= '0' and <= '7')
                {
                    value = (value * 8) + (body[i++] - '0');
                    digits++;
                }

                i--;
                text.Append((char)value);
            }
            else if (c == 'x' && i + 2 < body.Length && char.IsAsciiHexDigit(body[i + 1]) && char.IsAsciiHexDigit(body[i + 2]))
            {
                text.Append((char)Convert.ToInt32(body.Slice(i + 1, 2).ToString(), 16));
                i += 2;
            }
            else
            {
                text.Append(c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', 'v' => '\v', 'a' => '\a', _ => c });
            }
        }

        return text.ToString();
    }
}
