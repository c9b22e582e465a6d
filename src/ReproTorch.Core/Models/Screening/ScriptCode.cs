using System.Text;

namespace ReproTorch.Models.Screening;

/// <summary>
/// The code of a model, read as far as is needed to know that libtorch survives it: it compiles by recursion, reads the types of class
/// bodies without looking whether they are there, and reads the first index of a subscript that has none.
/// </summary>
internal sealed class ScriptCode
{
    // What libtorch's stack holds on the large stack that models are loaded on, with room to spare; code that it wrote itself has a
    // tenth of it.
    private const int MaxNesting = 400;

    // The same of all functions together: what calls another is compiled in the middle of it, so that depths add up. Lists within lists
    // take the most, 4 KB a level; densenet121 has 7000 levels in all.
    private const int MaxTotalNesting = 80_000;

    // Levels that a call of another function takes beside those of the expression that it stands in.
    private const int CallNesting = 4;

    // The largest real models have a few hundred thousand.
    private const int MaxTokens = 2_000_000;

    private readonly Func<string, ScriptToken, string, ReproTorchException> _damaged;
    private int _nesting;

    private ScriptCode(Func<string, ScriptToken, string, ReproTorchException> damaged) => _damaged = damaged;

    /// <summary>The files: their names, what their definitions' names begin with, and their tokens.</summary>
    public List<(string Member, string Qualifier, List<ScriptToken> Tokens)> Files { get; } = [];

    /// <summary>The classes by qualified name.</summary>
    public Dictionary<string, ScriptClass> Classes { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads and checks code.</summary>
    /// <param name="path">The model's file, for messages.</param>
    /// <param name="sources">Each member's name, the qualifier of what is defined in it, and its text.</param>
    /// <exception cref="ReproTorchException">It is damaged.</exception>
    public static ScriptCode Read(string path, IEnumerable<(string Member, string Qualifier, string Text)> sources)
    {
        var code = new ScriptCode((member, token, what) => new ReproTorchException(
            ReproTorchErrorKind.ModelFormat, $"{path} is damaged: in the code {member}, line {token.Line}, {what}. It was not loaded."));
        int left = MaxTokens;
        foreach ((string member, string qualifier, string text) in sources)
        {
            List<ScriptToken> tokens = code.Lex(member, text, left);
            left -= tokens.Count;
            code.Files.Add((member, qualifier, tokens));
            code.CheckNesting(member, tokens);
            code.ReadClasses(member, qualifier, tokens);
        }

        return code;
    }

    /// <summary>Checks the source of methods, outside of a class.</summary>
    /// <exception cref="ReproTorchException">The compiler would not survive it.</exception>
    public static void CheckMethods(string source)
    {
        var code = new ScriptCode((_, token, what) => new ReproTorchException(
            ReproTorchErrorKind.ScriptSource, $"The TorchScript source, line {token.Line}: {what}. It was not compiled."));
        code.CheckNesting(string.Empty, code.Lex(string.Empty, source, MaxTokens));
    }

    private ReproTorchException Damaged(string member, ScriptToken token, string what) => _damaged(member, token, what);

    private List<ScriptToken> Lex(string member, string text, int limit)
    {
        List<ScriptToken> tokens = ScriptLexer.Read(text, limit);
        return tokens.Count <= limit ? tokens : throw Damaged(member, tokens[^1], $"it has more than {MaxTokens} words and signs in all, which no model has");
    }

    // Indentation, and brackets and operators within a statement; each is a call of the compiler within another.
    private void CheckNesting(string member, List<ScriptToken> tokens)
    {
        int blocks = 0;
        int branches = 0;
        int depth = 0;
        int deepest = 0;
        var operators = new Stack<int>([0]);
        bool opensSubscript = false;
        ScriptToken previous = default;
        foreach (ScriptToken token in tokens)
        {
            switch (token.Kind)
            {
                case TokenKind.Newline or TokenKind.Indent or TokenKind.Dedent:
                    blocks += token.Kind == TokenKind.Indent ? 1 : token.Kind == TokenKind.Dedent ? -1 : 0;
                    operators.Clear();
                    operators.Push(0);
                    depth = 0;
                    break;
                case TokenKind.Sign when token.Text is "(" or "[" or "{":
                    opensSubscript = token.Text == "[" && (previous.IsIdentifier || previous.Is(")") || previous.Is("]"));
                    operators.Push(0);
                    depth++;
                    break;
                case TokenKind.Sign when token.Text is ")" or "]" or "}":
                    if (token.Text == "]" && opensSubscript && previous.Is("["))
                    {
                        throw Damaged(member, token, "a subscript has no index");
                    }

                    // What was in the brackets is one operator of what is around them.
                    if (operators.Count > 1)
                    {
                        depth -= operators.Pop();
                        operators.Push(operators.Pop() + 1);
                    }

                    break;
                case TokenKind.Sign when token.Text == ",":
                    depth -= operators.Pop();
                    operators.Push(0);
                    break;
                case TokenKind.Name when token.IsIdentifier:
                case TokenKind.Number or TokenKind.String:
                    break;
                default:
                    branches = token.Is("def") ? 0 : branches + (token.Is("elif") ? 1 : 0);
                    operators.Push(operators.Pop() + 1);
                    depth++;
                    break;
            }

            if (blocks + branches + depth > MaxNesting)
            {
                throw Damaged(member, token, $"it is nested deeper than {MaxNesting} levels, which the compiler's stack might not hold");
            }

            // Summed as it grows; a function begins anew.
            deepest = token.Is("def") ? 0 : deepest;
            int level = blocks + branches + depth;
            _nesting += token.Is("def") ? CallNesting : Math.Max(0, level - deepest);
            deepest = Math.Max(deepest, level);
            if (_nesting > MaxTotalNesting)
            {
                throw Damaged(
                    member, token, $"its functions together are nested deeper than {MaxTotalNesting} levels, which the compiler's stack might not hold where they call one another");
            }

            previous = token;
        }
    }

    private void ReadClasses(string member, string qualifier, List<ScriptToken> tokens)
    {
        int depth = 0;
        for (int at = 0; at < tokens.Count; at++)
        {
            depth += tokens[at].Kind == TokenKind.Indent ? 1 : tokens[at].Kind == TokenKind.Dedent ? -1 : 0;
            if (depth == 0 && tokens[at].Is("class"))
            {
                at = ReadClass(member, qualifier, tokens, at + 1) - 1;
            }
        }
    }

    // class NAME(BASE): and its body. Returns where the body ends.
    private int ReadClass(string member, string qualifier, List<ScriptToken> tokens, int at)
    {
        ScriptToken name = tokens[at];
        string parent = string.Empty;
        if (!name.IsIdentifier)
        {
            throw Damaged(member, name, "a class has no name");
        }

        at++;
        if (tokens[at].Is("("))
        {
            parent = tokens[at + 1].Text;
            if (!tokens[at + 1].IsIdentifier || !tokens[at + 2].Is(")"))
            {
                throw Damaged(member, tokens[at], $"the class {name.Text} derives from what is no class");
            }

            at += 3;
        }

        if (!tokens[at].Is(":") || tokens[at + 1].Kind != TokenKind.Newline || tokens[at + 2].Kind != TokenKind.Indent)
        {
            throw Damaged(member, tokens[at], $"the class {name.Text} has no body");
        }

        at += 3;
        var type = new ScriptClass($"{qualifier}.{name.Text}", parent);
        var listed = new List<ScriptToken>();
        while (tokens[at].Kind is not (TokenKind.Dedent or TokenKind.End))
        {
            at = tokens[at].Is("def") ? ReadMethod(tokens, at, type) : ReadStatement(member, tokens, at, type, listed);
        }

        foreach (ScriptToken parameter in listed)
        {
            if (!type.Attributes.ContainsKey(parameter.Text))
            {
                throw Damaged(member, parameter, $"the class {name.Text} lists '{parameter.Text}' as a parameter or buffer, but declares no such attribute");
            }
        }

        return Classes.TryAdd(type.Name, type) ? at + (tokens[at].Kind == TokenKind.Dedent ? 1 : 0) : throw Damaged(member, name, $"the class {type.Name} is there twice");
    }

    private static int ReadMethod(List<ScriptToken> tokens, int at, ScriptClass type)
    {
        int start = at;
        string name = tokens[at + 1].Text;
        while (tokens[at].Kind is not (TokenKind.Newline or TokenKind.End))
        {
            at++;
        }

        if (name == "__setstate__")
        {
            type.State = StateType(tokens, start, at);
        }

        type.Signatures[name] = Signature(tokens, start + 2, at);
        at += tokens[at].Kind == TokenKind.Newline ? 1 : 0;
        if (tokens[at].Kind == TokenKind.Indent)
        {
            int depth = 0;
            do
            {
                depth += tokens[at].Kind == TokenKind.Indent ? 1 : tokens[at].Kind == TokenKind.Dedent ? -1 : 0;
                at++;
            }
            while (depth > 0 && tokens[at].Kind != TokenKind.End);
        }

        type.Methods[name] = (start, at);
        return at;
    }

    // (self: .., x: int) -> int: without what self is.
    private static string Signature(List<ScriptToken> tokens, int at, int end)
    {
        var text = new StringBuilder();
        int depth = 0;
        bool isSelf = true;
        bool isTyped = false;
        for (; at < end && !(depth == 0 && tokens[at].Is(":")); at++)
        {
            ScriptToken token = tokens[at];
            depth += token.Is("(") || token.Is("[") ? 1 : token.Is(")") || token.Is("]") ? -1 : 0;
            isTyped |= depth == 1 && token.Is(":");
            isSelf &= !((depth == 1 && token.Is(",")) || depth == 0);
            if (!(isSelf && isTyped))
            {
                text.Append(token.Text).Append(' ');
            }
        }

        return text.ToString();
    }

    // def __setstate__(self: .., state: TYPE): the type of the second parameter.
    private static ScriptType? StateType(List<ScriptToken> tokens, int start, int end)
    {
        for (int at = start; at < end; at++)
        {
            if (tokens[at].Is(",") && tokens[at + 1].IsIdentifier && tokens[at + 2].Is(":"))
            {
                at += 3;
                return ScriptType.TryRead(tokens, ref at, out ScriptType? type) ? type : null;
            }
        }

        return null;
    }

    private int ReadStatement(string member, List<ScriptToken> tokens, int at, ScriptClass type, List<ScriptToken> listed)
    {
        ScriptToken name = tokens[at];
        bool done = name.Text switch
        {
            "pass" => Skip(1),
            "__parameters__" or "__buffers__" => Skip(1) && Take("=") && TakeNames(listed),
            "__forward_hooks__" or "__forward_pre_hooks__" => Skip(1) && Take("=") && TakeNames([]),
            "__annotations__" when tokens[at + 1].Is("[") => Skip(2) && TakeString(out ScriptToken key) && Take("]") && Take("=") && TakeType(key.Text),
            "__annotations__" => Skip(1) && Take("=") && Take("[") && Take("]"),
            _ when !name.IsIdentifier => false,
            _ when tokens[at + 1].Is(":") => Skip(2) && TakeDeclaration(),
            _ when type.Base == "Enum" => Skip(1) && Take("=") && TakeLiteral(),
            _ => false,
        };
        return done && tokens[at].Kind == TokenKind.Newline
            ? at + 1
            : throw Damaged(member, tokens[at], $"the body of the class {type.Name} has a statement that is no declaration, near '{tokens[at].Text}'");

        bool Skip(int count)
        {
            at += count;
            return true;
        }

        bool Take(string sign) => tokens[at].Is(sign) && Skip(1);

        bool TakeString(out ScriptToken text)
        {
            text = tokens[at];
            return text.Kind == TokenKind.String && Skip(1);
        }

        // ["a", "b", ]
        bool TakeNames(List<ScriptToken> names)
        {
            if (!Take("["))
            {
                return false;
            }

            while (TakeString(out ScriptToken one))
            {
                names.Add(one);
                if (!Take(","))
                {
                    break;
                }
            }

            return Take("]");
        }

        bool TakeType(string attribute) => ScriptType.TryRead(tokens, ref at, out ScriptType? read) && type.Attributes.TryAdd(attribute, read!);

        // name : Type, or name : Final[Type] = value, or in a NamedTuple name : Type = value.
        bool TakeDeclaration()
        {
            if (!TakeType(name.Text))
            {
                return false;
            }

            if (!tokens[at].Is("="))
            {
                return true;
            }

            if (type.Attributes[name.Text].Name == "Final")
            {
                type.Attributes.Remove(name.Text);
                type.Constants.Add(name.Text);
            }
            else if (type.Base != "NamedTuple")
            {
                return false;
            }

            int from = at + 1;
            while (tokens[at].Kind is not (TokenKind.Newline or TokenKind.End))
            {
                at++;
            }

            return at > from;
        }

        bool TakeLiteral()
        {
            int from = at;
            while (tokens[at].Kind is TokenKind.Number or TokenKind.String || tokens[at].Is("-") || tokens[at].Is(".") || tokens[at].Kind == TokenKind.Name)
            {
                at++;
            }

            return at > from;
        }
    }
}
