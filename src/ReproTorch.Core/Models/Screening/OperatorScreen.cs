namespace ReproTorch.Models.Screening;

/// <summary>
/// Finds calls of operators that read or write files or reach other processes. As TorchScript resolves names, <c>torch.save</c>,
/// <c>ops.aten.save</c> and <c>anything.save</c> are the operator <c>aten::save</c>, unless the receiver is an object whose class has
/// something of that name; where that cannot be told from the code the name is refused.
/// </summary>
internal sealed class OperatorScreen
{
    // The operators of libtorch that leave the process, by the names that are selected. rpc_* are known by their bare names too.
    private static readonly HashSet<string> s_operators = ["save", "from_file", "rpc_async", "rpc_sync", "rpc_remote"];

    // Namespaces of operators and of libtorch's own classes that do.
    private static readonly HashSet<string> s_namespaces = ["c10d", "dist_c10d", "dist_rpc", "rpc", "caffe2", "_caffe2", "_caffe2_ops"];

    // What leads to every operator; named other than to select from it, it could be kept under another name.
    private static readonly HashSet<string> s_roots = ["torch", "ops"];

    private readonly IReadOnlyDictionary<string, ScriptClass> _classes;
    private readonly IReadOnlyList<ScriptToken> _tokens;
    private readonly List<(int Start, int End, ScriptClass Type)> _methods = [];

    private OperatorScreen(IReadOnlyDictionary<string, ScriptClass> classes, string qualifier, IReadOnlyList<ScriptToken> tokens)
    {
        _classes = classes;
        _tokens = tokens;
        foreach (ScriptClass type in classes.Values.Where(type => type.Name.LastIndexOf('.') == qualifier.Length
            && type.Name.StartsWith(qualifier, StringComparison.Ordinal)))
        {
            _methods.AddRange(type.Methods.Values.Select(place => (place.Start, place.End, type)));
        }
    }

    /// <summary>The first such operator in a file, or null.</summary>
    public static (string Name, int Line)? Find(
        IReadOnlyDictionary<string, ScriptClass> classes, string qualifier, IReadOnlyList<ScriptToken> tokens)
    {
        var screen = new OperatorScreen(classes, qualifier, tokens);
        for (int at = 0; at < tokens.Count; at++)
        {
            if (screen.Offends(at) is { } name)
            {
                return (name, tokens[at].Line);
            }
        }

        return null;
    }

    private string? Offends(int at)
    {
        ScriptToken token = _tokens[at];
        bool isSelected = at > 0 && _tokens[at - 1].Is(".");
        if (token.Kind == TokenKind.Name)
        {
            if (isSelected)
            {
                return s_namespaces.Contains(token.Text) || (s_operators.Contains(token.Text) && !BelongsToReceiver(at - 2, token.Text))
                    ? "." + token.Text
                    : null;
            }

            bool isDefinition = at > 0 && _tokens[at - 1].Is("def");
            if (isDefinition || IsKeyword(at) || IsDeclaration(at))
            {
                return null;
            }

            return token.Text.StartsWith("rpc_", StringComparison.Ordinal) && s_operators.Contains(token.Text) ? token.Text
                : s_roots.Contains(token.Text) && !_tokens[at + 1].Is(".") ? token.Text + " under another name"
                : token.Text == "getattr" ? OffendsByText(at)
                : null;
        }

        return null;
    }

    // f(save=1): the name of an argument.
    private bool IsKeyword(int at) => _tokens[at + 1].Is("=") && at > 0 && (_tokens[at - 1].Is("(") || _tokens[at - 1].Is(","));

    // save : Tensor, in the body of a class.
    private bool IsDeclaration(int at) => _tokens[at + 1].Is(":") && (at == 0 || _tokens[at - 1].Kind is TokenKind.Newline or TokenKind.Indent or TokenKind.Dedent);

    // getattr(x, "save") is x.save; adjacent strings are one.
    private string? OffendsByText(int at)
    {
        int depth = 0;
        for (at++; _tokens[at].Kind is not (TokenKind.Newline or TokenKind.End); at++)
        {
            depth += _tokens[at].Is("(") ? 1 : _tokens[at].Is(")") ? -1 : 0;
            string text = string.Empty;
            while (_tokens[at].Kind == TokenKind.String)
            {
                text += _tokens[at++].Text;
            }

            if (s_operators.Contains(text) || s_namespaces.Contains(text))
            {
                return $"getattr(.., \"{text}\")";
            }

            if (depth <= 0)
            {
                break;
            }
        }

        return null;
    }

    // Whether what is selected from at `end` is an object whose class has something of that name.
    private bool BelongsToReceiver(int end, string name) => Receiver(end, depth: 0) is { } type && type.Has(name);

    // The class of the expression that ends at a token: self, self.a.b, a local that is one of those, any of them in brackets.
    private ScriptClass? Receiver(int end, int depth)
    {
        if (end < 0 || depth > 20)
        {
            return null;
        }

        if (_tokens[end].Is(")"))
        {
            // Only (x): not f(x), whose result is something else.
            int open = end;
            for (int level = 0; open >= 0; open--)
            {
                level += _tokens[open].Is(")") ? 1 : _tokens[open].Is("(") ? -1 : 0;
                if (level == 0)
                {
                    break;
                }
            }

            bool isCall = open > 0 && (_tokens[open - 1].IsIdentifier || _tokens[open - 1].Is(")") || _tokens[open - 1].Is("]"));
            return open >= 0 && !isCall && First(end - 1) == open + 1 ? Receiver(end - 1, depth + 1) : null;
        }

        if (!_tokens[end].IsIdentifier)
        {
            return null;
        }

        if (end > 1 && _tokens[end - 1].Is("."))
        {
            return Receiver(end - 2, depth + 1) is { } owner && owner.Attributes.TryGetValue(_tokens[end].Text, out ScriptType? type)
                ? _classes.GetValueOrDefault(type.Name)
                : null;
        }

        return Local(end, depth);
    }

    // Where the chain of names that ends at a token begins.
    private int First(int end)
    {
        while (end > 1 && _tokens[end].IsIdentifier && _tokens[end - 1].Is("."))
        {
            end -= 2;
        }

        return end;
    }

    private ScriptClass? Local(int at, int depth)
    {
        (int start, int methodEnd, ScriptClass? type) = _methods.Find(method => method.Start <= at && at < method.End);
        if (type is null)
        {
            return null;
        }

        string name = _tokens[at].Text;
        int assignment = -1;
        for (int i = start; i < methodEnd; i++)
        {
            if (!_tokens[i].IsIdentifier || _tokens[i].Text != name || _tokens[i - 1].Is("."))
            {
                continue;
            }

            if (i == start + 3 && _tokens[start + 2].Is("("))
            {
                // The first parameter is the object itself, whatever its name; a nested function's is not found here.
                if (name != "self")
                {
                    return null;
                }
            }
            else if (IsBound(i))
            {
                if (assignment >= 0 || name == "self")
                {
                    return null;
                }

                assignment = i;
            }
        }

        if (name == "self")
        {
            return _tokens[start + 3].Is("self") ? type : null;
        }

        // name = chain, and nothing else, on a line of its own.
        if (assignment < 0 || !_tokens[assignment + 1].Is("=") || !StartsLine(assignment))
        {
            return null;
        }

        int end = assignment + 2;
        while (_tokens[end].Kind is not (TokenKind.Newline or TokenKind.End))
        {
            end++;
        }

        return First(end - 1) == assignment + 2 ? Receiver(end - 1, depth + 1) : null;
    }

    private bool StartsLine(int at) => _tokens[at - 1].Kind is TokenKind.Newline or TokenKind.Indent or TokenKind.Dedent;

    // Anything but a plain use counts as a binding: before '=' or ':' on its line, a parameter, a loop's or with's name.
    private bool IsBound(int at)
    {
        if (_tokens[at - 1].Is("as") || _tokens[at + 1].Is(":") || _tokens[at - 1].Is("*"))
        {
            return true;
        }

        bool afterFor = false;
        for (int i = at - 1; i >= 0 && _tokens[i].Kind is not (TokenKind.Newline or TokenKind.Indent or TokenKind.Dedent); i--)
        {
            if (_tokens[i].Is("in"))
            {
                break;
            }

            afterFor |= _tokens[i].Is("for") || _tokens[i].Is("def") || _tokens[i].Is("lambda");
        }

        if (afterFor)
        {
            return true;
        }

        // An '=' of the statement that follows, outside of brackets.
        int depth = 0;
        for (int i = at + 1; _tokens[i].Kind is not (TokenKind.Newline or TokenKind.End); i++)
        {
            depth += _tokens[i].Is("(") || _tokens[i].Is("[") || _tokens[i].Is("{") ? 1 : _tokens[i].Is(")") || _tokens[i].Is("]") || _tokens[i].Is("}") ? -1 : 0;
            if (_tokens[i].Is("=") && depth <= 0 && !_tokens[i + 1].Is("=") && !_tokens[i - 1].Is("=") && !_tokens[i - 1].Is("!")
                && !_tokens[i - 1].Is("<") && !_tokens[i - 1].Is(">"))
            {
                return true;
            }
        }

        return false;
    }
}
