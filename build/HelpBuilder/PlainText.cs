using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace ReproTorch.Build.HelpBuilder;

/// <summary>A paragraph or list item as plain text on one line, or code as its lines. Lead stands before the first line (a list's
/// mark); the lines after it are indented as far.</summary>
internal sealed record Passage(string Text, bool IsCode = false, string Lead = "");

/// <summary>Markdown as the plain text that a console shows.</summary>
internal static class PlainText
{
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().UsePipeTables().Build();

    public static MarkdownDocument Parse(string markdown) => Markdown.Parse(markdown, s_pipeline);

    public static IEnumerable<Passage> Of(IEnumerable<Block> blocks) => blocks.SelectMany(block => Of(block));

    /// <summary>Code as its own words, a link as its text; a line break in the source is a space.</summary>
    public static string Of(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (Inline inline in inlines ?? Enumerable.Empty<Inline>())
        {
            _ = inline switch
            {
                LiteralInline literal => text.Append(literal.Content),
                CodeInline code => text.Append(code.Content),
                LineBreakInline => text.Append(' '),
                HtmlEntityInline entity => text.Append(entity.Transcoded),
                AutolinkInline link => text.Append(link.Url),
                ContainerInline container => text.Append(Of(container)),
                _ => throw new PageException(inline.Line, $"This kind of Markdown ({inline.GetType().Name}) has no form in plain text."),
            };
        }
        return text.ToString();
    }

    private static IEnumerable<Passage> Of(Block block) => block switch
    {
        ParagraphBlock paragraph => [new Passage(Of(paragraph.Inline))],
        CodeBlock code => [new Passage(code.Lines.ToString().TrimEnd(), IsCode: true)],
        ListBlock list => list.Cast<ListItemBlock>().SelectMany((item, i) => Of(item, list.IsOrdered ? $"{i + 1}. " : "- ")),
        Table table => [new Passage(Of(table), IsCode: true)],
        QuoteBlock quote => Of(quote.AsEnumerable()),
        HtmlBlock { Type: HtmlBlockType.Comment } => [],
        _ => throw new PageException(block.Line, $"This kind of Markdown ({block.GetType().Name}) has no form in plain text."),
    };

    private static IEnumerable<Passage> Of(ListItemBlock item, string mark) =>
        Of(item.AsEnumerable()).Select((passage, i) => passage with { Lead = (i == 0 ? mark : new string(' ', mark.Length)) + passage.Lead });

    // Columns as wide as their widest cell, two spaces apart, the head underlined.
    private static string Of(Table table)
    {
        string[][] rows = [.. table.Cast<TableRow>().Select(row => row.Cast<TableCell>()
            .Select(cell => string.Join(' ', Of(cell.AsEnumerable()).Select(passage => passage.Text))).ToArray())];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        string Line(IEnumerable<string> cells) => string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();
        return string.Join('\n', [Line(rows[0]), Line(widths.Select(width => new string('-', width))), .. rows[1..].Select(Line)]);
    }
}
