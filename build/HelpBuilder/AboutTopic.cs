using System.Text;
using Markdig.Syntax;

namespace ReproTorch.Build.HelpBuilder;

/// <summary>An about page as the plain text that Get-Help shows: headings of the second level in capitals, the text below them
/// indented and filled to 79 columns.</summary>
internal static class AboutTopic
{
    private const int Width = 79;
    private const int Indent = 4;

    public static string Render(string markdown)
    {
        var text = new StringBuilder();
        bool followsItem = false;
        foreach (Block block in PlainText.Parse(markdown))
        {
            if (block is HeadingBlock heading)
            {
                string title = PlainText.Of(heading.Inline);
                text.Append(text.Length == 0 ? string.Empty : "\n");
                text.Append(heading.Level switch
                {
                    1 => "TOPIC\n" + new string(' ', Indent) + title,
                    2 => title.ToUpperInvariant(),
                    _ => new string(' ', Indent / 2) + title,
                }).Append('\n');
                followsItem = false;
                continue;
            }
            foreach (Passage passage in PlainText.Of([block]))
            {
                // Items of a list stand close together, everything else apart.
                bool isItem = passage.Lead.Length > 0;
                text.Append(followsItem && isItem || EndsWithHeading(text) ? string.Empty : "\n");
                followsItem = isItem;
                foreach (string line in passage.IsCode ? passage.Text.Split('\n').Select(line => "    " + line) : Fill(passage))
                {
                    text.Append((new string(' ', Indent) + line).TrimEnd()).Append('\n');
                }
            }
        }
        return text.ToString();
    }

    private static bool EndsWithHeading(StringBuilder text)
    {
        string last = text.ToString().TrimEnd('\n').Split('\n')[^1];
        return !last.StartsWith(new string(' ', Indent), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Fill(Passage passage)
    {
        string line = passage.Lead;
        bool hasWord = false;
        foreach (string word in passage.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (hasWord && line.Length + 1 + word.Length > Width - Indent)
            {
                yield return line;
                line = new string(' ', passage.Lead.Length);
                hasWord = false;
            }
            line += (hasWord ? " " : string.Empty) + word;
            hasWord = true;
        }
        yield return line;
    }
}
