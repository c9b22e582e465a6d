using System.Text;
using System.Text.RegularExpressions;

namespace ReproTorch.HostileWorker;

/// <summary>TorchScript sources with something wrong in them.</summary>
internal static partial class MalformedSource
{
    private static readonly string[] s_tokens =
    [
        "(", ")", "[", "]", "{", "}", ",", ":", ".", "=", "->", "*", "**", "@", "if", "else", "elif", "for", "in", "while", "return", "def", "class",
        "lambda", "None", "True", "self", "Optional[", "List[]", "Dict[int]", "Tuple[()]", "Optional[]", "Union[]", "1e999", "0x", "1j", "\"", "'''",
        "# type: ()", "# type: (", "...", "assert", "raise", "with", "as", "import", "global", "del", "is", "not", "and", "or", "torch", "torch.nope()",
        "torch.add(", "nope", "annotate(", "torch.jit.annotate(List[", "self.nope", "self.weight", "super()", "\n", "\n    ", "\n        ", "\\", "\0",
        "\u00e9", "\t", "9999999999999999999999", "-", "~", "<<", "%", "!=", "==", "break", "continue", "pass", "yield", "print(", "len(", "getattr(",
        "isinstance(", "hasattr(self,", "range(", "enumerate(", "zip(", "list(", "dict(", "tuple(", "[x for x in", "x[", "x[:", "x[::", "x[...]", "x[]",
    ];

    /// <summary>One of the sources with one to four changes.</summary>
    public static string Make(string source, string[] all, Random random)
    {
        for (int n = random.Next(1, 5); n > 0; n--)
        {
            source = Change(source, all, random);
        }

        return source;
    }

    private static string Change(string source, string[] all, Random random)
    {
        MatchCollection tokens = Token().Matches(source);
        if (tokens.Count == 0)
        {
            return source;
        }

        Match one = tokens[random.Next(tokens.Count)];
        Match other = tokens[random.Next(tokens.Count)];
        switch (random.Next(9))
        {
            case 0: return source.Remove(one.Index, one.Length);
            case 1: return source.Insert(one.Index, one.Value);
            case 2: return source.Remove(one.Index, one.Length).Insert(one.Index, other.Value);
            case 3: return source.Insert(one.Index, s_tokens[random.Next(s_tokens.Length)]);
            case 4: return source.Remove(one.Index, one.Length).Insert(one.Index, s_tokens[random.Next(s_tokens.Length)]);
            case 5: return source[..one.Index];
            case 6: return source.Remove(random.Next(source.Length), 1);
            case 7:
                string from = all[random.Next(all.Length)];
                int start = random.Next(from.Length);
                return source.Insert(one.Index, from.Substring(start, random.Next(Math.Min(60, from.Length - start))));
            default:
                var nested = new StringBuilder(source);
                string piece = s_tokens[random.Next(s_tokens.Length)];
                nested.Insert(one.Index, piece, random.Next(2, random.Next(8) == 0 ? 6000 : 60));
                return nested.ToString();
        }
    }

    [GeneratedRegex(@"\w+|[^\w\s]|\n\s*")]
    private static partial Regex Token();
}
