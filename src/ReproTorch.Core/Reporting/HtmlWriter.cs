using System.Text;
using ReproTorch.Comparison;

namespace ReproTorch.Reporting;

/// <summary>
/// Writes HTML that is also well-formed XML. Every text and attribute value is escaped here, so that whoever writes a page
/// cannot forget it; tags and attribute names are constants of the callers.
/// </summary>
/// <param name="prolog">What stands before the first element.</param>
internal sealed class HtmlWriter(string prolog = "<!DOCTYPE html>\n")
{
    private readonly StringBuilder _text = new(prolog);
    private readonly Stack<string> _open = new();

    /// <summary>Opens an element; disposing what is returned closes it. Attributes whose value is null are left out.</summary>
    public Scope Open(string tag, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        StartTag(tag, attributes);
        _text.Append('>');
        _open.Push(tag);
        return new Scope(this, _open.Count);
    }

    /// <summary>An element with a text.</summary>
    public void Element(string tag, string text, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        using (Open(tag, attributes))
        {
            Text(text);
        }
    }

    /// <summary>An element without content: meta, br, or a shape in SVG.</summary>
    public void Empty(string tag, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        StartTag(tag, attributes);
        _text.Append("/>");
    }

    /// <summary>A text, escaped.</summary>
    public void Text(string text) => Escape(_text, text);

    /// <summary>A style sheet, which knows no escapes.</summary>
    /// <exception cref="ArgumentException">It has a character that would end it or that XML would read as markup.</exception>
    public void Style(string css)
    {
        if (css.AsSpan().IndexOfAny('<', '&') >= 0)
        {
            throw new ArgumentException("A style sheet inside a page must not have '<' or '&'.", nameof(css));
        }

        _text.Append("<style>\n").Append(css).Append("</style>\n");
    }

    /// <summary>The page.</summary>
    /// <exception cref="InvalidOperationException">An element is still open.</exception>
    public override string ToString() => _open.Count == 0
        ? _text.ToString()
        : throw new InvalidOperationException($"<{_open.Peek()}> is still open.");

    private void StartTag(string tag, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _text.Append('<').Append(tag);
        foreach ((string name, string? value) in attributes)
        {
            if (value is not null)
            {
                _text.Append(' ').Append(name).Append("=\"");
                Escape(_text, value);
                _text.Append('"');
            }
        }
    }

    private void Close(int depth)
    {
        if (_open.Count != depth)
        {
            throw new InvalidOperationException("Elements must be closed from the inside out.");
        }

        string tag = _open.Pop();
        _text.Append("</").Append(tag).Append('>');
        // Lines where a person would break them; within a line of text or a chart a break would show as a space.
        if (tag is "html" or "head" or "body" or "title" or "header" or "footer" or "main" or "section" or "table" or "thead"
            or "tbody" or "tr" or "p" or "h1" or "h2" or "h3" or "dl" or "figure" or "svg" or "details" or "summary" or "div"
            or "ul" or "li")
        {
            _text.Append('\n');
        }
    }

    private static void Escape(StringBuilder text, string value)
    {
        Span<char> chars = stackalloc char[2];
        foreach (Rune rune in value.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&': text.Append("&amp;"); break;
                case '<': text.Append("&lt;"); break;
                case '>': text.Append("&gt;"); break;
                case '"': text.Append("&quot;"); break;
                case '\'': text.Append("&#39;"); break;
                case '\n' or '\t': text.Append((char)rune.Value); break;
                default:
                    if (VisibleText.IsInvisible(rune))
                    {
                        text.Append(VisibleText.Escape(rune));
                    }
                    else
                    {
                        text.Append(chars[..rune.EncodeToUtf16(chars)]);
                    }

                    break;
            }
        }
    }

    /// <summary>Closes its element when disposed.</summary>
    public readonly struct Scope(HtmlWriter writer, int depth) : IDisposable
    {
        public void Dispose() => writer.Close(depth);
    }
}
