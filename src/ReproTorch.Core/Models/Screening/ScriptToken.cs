namespace ReproTorch.Models.Screening;

/// <summary>What a piece of TorchScript code is.</summary>
internal enum TokenKind
{
    /// <summary>An identifier or keyword.</summary>
    Name,

    /// <summary>Digits.</summary>
    Number,

    /// <summary>A string literal.</summary>
    String,

    /// <summary>Anything else that is written; one character each.</summary>
    Sign,

    /// <summary>The end of a statement's line.</summary>
    Newline,

    /// <summary>Deeper indentation than before.</summary>
    Indent,

    /// <summary>The end of one indentation.</summary>
    Dedent,

    /// <summary>The end of the code.</summary>
    End,
}

/// <summary>A piece of code.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written; of a string its meaning; the line's end and indentation have none.</param>
/// <param name="Line">Its line, from 1.</param>
internal readonly record struct ScriptToken(TokenKind Kind, string Text, int Line)
{
    // Names that TorchScript's own lexer (torch/csrc/jit/frontend/lexer.h) takes for keywords.
    private static readonly HashSet<string> s_keywords =
    [
        "def", "if", "else", "elif", "while", "return", "is", "True", "False", "None", "and", "or", "not", "global", "for", "in", "raise",
        "assert", "break", "continue", "del", "pass", "class", "import", "with", "as",
    ];

    /// <summary>True for that sign, name or keyword.</summary>
    public bool Is(string text) => Kind is TokenKind.Name or TokenKind.Sign && Text == text;

    /// <summary>True for a name that is no keyword.</summary>
    public bool IsIdentifier => Kind == TokenKind.Name && !s_keywords.Contains(Text);
}
