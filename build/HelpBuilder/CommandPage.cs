using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace ReproTorch.Build.HelpBuilder;

/// <summary>One example: a title, code, and what is said about it.</summary>
internal sealed record ExampleHelp(string Title, string Code, IReadOnlyList<Passage> Remarks);

/// <summary>A type that goes in or comes out, and what is said about it.</summary>
internal sealed record TypeHelp(string Type, IReadOnlyList<Passage> Text);

/// <summary>What is said about a parameter. Default: the text of a paragraph that begins with "Default:", where the value
/// cannot be read from the assembly.</summary>
internal sealed record ParameterHelp(string Name, int Line, IReadOnlyList<Passage> Text, string? Default);

/// <summary>A related page: its name and, for one on the web, its address.</summary>
internal sealed record LinkHelp(string Text, string? Address);

/// <summary>A cmdlet's help page, read from Markdown. docs/cmdlets/README.md tells its form.</summary>
internal sealed record CommandPage(
    string File,
    string Name,
    string Synopsis,
    IReadOnlyList<Passage> Description,
    IReadOnlyList<ExampleHelp> Examples,
    IReadOnlyList<ParameterHelp> Parameters,
    IReadOnlyList<TypeHelp> Inputs,
    IReadOnlyList<TypeHelp> Outputs,
    IReadOnlyList<Passage> Notes,
    IReadOnlyList<LinkHelp> Links)
{
    private const string DefaultMark = "Default:";
    private static readonly string[] s_sections = ["Description", "Examples", "Parameters", "Inputs", "Outputs", "Notes", "Links"];

    /// <exception cref="PageException">The page has not the form.</exception>
    public static CommandPage Read(string file)
    {
        Part[] parts = [.. Split(PlainText.Parse(System.IO.File.ReadAllText(file)), level: 1)];
        if (parts is not [{ Heading: not null } page])
        {
            throw new PageException(0, "A page has one heading of the first level: the cmdlet's name.");
        }
        Part[] sections = [.. Split(page.Blocks, level: 2)];
        if (sections.FirstOrDefault(section => section.Title.Length > 0 && !s_sections.Contains(section.Title)) is { } unknown)
        {
            throw new PageException(unknown.Line, $"There is no section '{unknown.Title}'. The sections are {string.Join(", ", s_sections)}.");
        }
        if (sections.GroupBy(section => section.Title).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new PageException(twice.Last().Line, $"The section '{twice.Key}' is there twice.");
        }
        IReadOnlyList<Block> Section(string name) => sections.FirstOrDefault(section => section.Title == name)?.Blocks ?? [];
        if (Section(string.Empty) is not [ParagraphBlock synopsis])
        {
            throw new PageException(page.Line, "One paragraph, the synopsis, stands between the first heading and the first section.");
        }
        return new CommandPage(
            file,
            page.Title,
            PlainText.Of(synopsis.Inline),
            [.. PlainText.Of(Section("Description"))],
            [.. Items(Section("Examples")).Select(ReadExample)],
            [.. Items(Section("Parameters")).Select(ReadParameter)],
            [.. Items(Section("Inputs")).Select(ReadType)],
            [.. Items(Section("Outputs")).Select(ReadType)],
            [.. PlainText.Of(Section("Notes"))],
            [.. ReadLinks(Section("Links"))]);
    }

    /// <summary>What the page lacks or has too much, held against the cmdlet.</summary>
    public IEnumerable<Problem> Check(CmdletInfo cmdlet)
    {
        if (Name != cmdlet.Name)
        {
            yield return new Problem(File, 0, $"The heading is '{Name}', the file is of {cmdlet.Name}.");
        }
        if (Description.Count == 0)
        {
            yield return new Problem(File, 0, "There is no description.");
        }
        if (Examples.Count == 0)
        {
            yield return new Problem(File, 0, "There is no example.");
        }
        if (Outputs.Count == 0)
        {
            yield return new Problem(File, 0, "The section Outputs is missing; for nothing, write '### None'.");
        }
        foreach (ParameterInfo parameter in cmdlet.Parameters)
        {
            if (!Parameters.Any(help => help.Name == parameter.Name))
            {
                yield return new Problem(File, 0, $"-{parameter.Name} has no help.");
            }
        }
        foreach (ParameterHelp help in Parameters)
        {
            if (!cmdlet.Parameters.Any(parameter => parameter.Name == help.Name))
            {
                yield return new Problem(File, help.Line, $"{cmdlet.Name} has no parameter -{help.Name}.");
            }
            else if (help.Text.Count == 0)
            {
                yield return new Problem(File, help.Line, $"Nothing is said about -{help.Name}.");
            }
        }
    }

    private static ExampleHelp ReadExample(Part part)
    {
        if (part.Blocks is not [CodeBlock code, ..])
        {
            throw new PageException(part.Line, $"The example '{part.Title}' must begin with a block of code.");
        }
        return new ExampleHelp(part.Title, code.Lines.ToString().TrimEnd(), [.. PlainText.Of(part.Blocks.Skip(1))]);
    }

    private static ParameterHelp ReadParameter(Part part)
    {
        if (!part.Title.StartsWith('-'))
        {
            throw new PageException(part.Line, $"The heading of a parameter begins with a hyphen: '-{part.Title}'.");
        }
        Passage[] text = [.. PlainText.Of(part.Blocks)];
        Passage? standard = Array.Find(text, passage => passage.Text.StartsWith(DefaultMark, StringComparison.Ordinal));
        return new ParameterHelp(
            part.Title[1..], part.Line, [.. text.Where(passage => passage != standard)],
            standard?.Text[DefaultMark.Length..].Trim().TrimEnd('.'));
    }

    private static TypeHelp ReadType(Part part) => new(part.Title, [.. PlainText.Of(part.Blocks)]);

    private static IEnumerable<LinkHelp> ReadLinks(IReadOnlyList<Block> blocks) =>
        blocks.SelectMany(block => block.Descendants<LinkInline>())
            .Select(link => new LinkHelp(PlainText.Of(link), link.Url is { } url && url.Contains("://", StringComparison.Ordinal) ? url : null));

    private static Part[] Items(IReadOnlyList<Block> blocks)
    {
        Part[] parts = [.. Split(blocks, level: 3)];
        return parts.FirstOrDefault(part => part.Heading is null) is { } stray
            ? throw new PageException(stray.Line, "Text stands before the first heading of the third level.")
            : parts;
    }

    // Cuts at the headings of a level; what stands before the first is a part without a heading.
    private static IEnumerable<Part> Split(IEnumerable<Block> blocks, int level)
    {
        Part? part = null;
        foreach (Block block in blocks)
        {
            if (block is HtmlBlock { Type: HtmlBlockType.Comment })
            {
                continue;
            }
            if (block is HeadingBlock heading && heading.Level == level)
            {
                if (part is not null)
                {
                    yield return part;
                }
                part = new Part(heading, []);
                continue;
            }
            part ??= new Part(null, []);
            part.Blocks.Add(block);
        }
        if (part is not null)
        {
            yield return part;
        }
    }

    private sealed record Part(HeadingBlock? Heading, List<Block> Blocks)
    {
        public string Title { get; } = PlainText.Of(Heading?.Inline).Trim();

        public int Line => Heading?.Line ?? Blocks[0].Line;
    }
}
