namespace ReproTorch.Models.Screening;

/// <summary>A type as TorchScript code writes it: <c>Tensor</c>, <c>List[int]</c>, <c>__torch__.Net</c>.</summary>
/// <param name="Name">The dotted name.</param>
/// <param name="Arguments">What stands in the brackets; empty without.</param>
internal sealed record ScriptType(string Name, IReadOnlyList<ScriptType> Arguments)
{
    private const int MaxDepth = 100;

    /// <summary>Reads a type that begins at a token.</summary>
    /// <returns>False when what stands there is no type.</returns>
    public static bool TryRead(IReadOnlyList<ScriptToken> tokens, ref int at, out ScriptType? type) => TryRead(tokens, ref at, MaxDepth, out type);

    /// <summary>Reads a type that a text consists of.</summary>
    public static bool TryParse(string text, out ScriptType? type)
    {
        int at = 0;
        List<ScriptToken> tokens = ScriptLexer.Read(text);
        return TryRead(tokens, ref at, out type) && tokens[at].Kind == TokenKind.Newline && tokens[at + 1].Kind == TokenKind.End;
    }

    private static bool TryRead(IReadOnlyList<ScriptToken> tokens, ref int at, int depth, out ScriptType? type)
    {
        type = null;
        if (depth == 0 || !(tokens[at].IsIdentifier || tokens[at].Is("None")))
        {
            return false;
        }

        string name = tokens[at++].Text;
        while (tokens[at].Is(".") && tokens[at + 1].IsIdentifier)
        {
            name += "." + tokens[at + 1].Text;
            at += 2;
        }

        var arguments = new List<ScriptType>();
        if (tokens[at].Is("["))
        {
            at++;
            if (name == "Tuple" && tokens[at].Is("(") && tokens[at + 1].Is(")"))
            {
                at += 2;
            }
            else
            {
                do
                {
                    if (!TryRead(tokens, ref at, depth - 1, out ScriptType? argument))
                    {
                        return false;
                    }

                    arguments.Add(argument!);
                }
                while (TakeComma(tokens, ref at));
            }

            if (!tokens[at++].Is("]"))
            {
                return false;
            }
        }

        // What libtorch reads without looking whether it is there.
        int expected = name switch { "Optional" or "List" or "Future" or "RRef" or "Final" or "Await" => 1, "Dict" => 2, _ => arguments.Count };
        type = new ScriptType(name, arguments);
        return arguments.Count == expected;
    }

    private static bool TakeComma(IReadOnlyList<ScriptToken> tokens, ref int at)
    {
        if (!tokens[at].Is(","))
        {
            return false;
        }

        at++;
        return !tokens[at].Is("]");
    }

    public override string ToString() => Arguments.Count == 0 ? Name : $"{Name}[{string.Join(", ", Arguments)}]";
}
