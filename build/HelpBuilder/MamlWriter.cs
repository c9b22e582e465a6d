using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace ReproTorch.Build.HelpBuilder;

/// <summary>Writes help pages in MAML, the form that Get-Help reads.</summary>
internal static class MamlWriter
{
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private static readonly XNamespace s_help = "http://msh";

    // What SupportsShouldProcess adds to a cmdlet.
    private static readonly (ParameterInfo Info, string Text)[] s_shouldProcess =
    [
        (Common("Confirm", "cf"), "Asks before the command changes anything."),
        (Common("WhatIf", "wi"), "Tells what the command would change, and changes nothing."),
    ];

    public static void Write(string file, IReadOnlyCollection<(CmdletInfo Cmdlet, CommandPage Page)> pages)
    {
        var document = new XDocument(new XElement(
            s_help + "helpItems", new XAttribute("schema", "maml"), pages.Select(page => Command(page.Cmdlet, page.Page))));
        using var writer = XmlWriter.Create(file, new XmlWriterSettings { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding() });
        document.Save(writer);
    }

    private static XElement Command(CmdletInfo cmdlet, CommandPage page)
    {
        (ParameterInfo Info, IReadOnlyList<Passage> Text, string? Default)[] parameters =
        [
            .. cmdlet.Parameters.Select(info => (info, Help: page.Parameters.First(help => help.Name == info.Name)))
                .Select(pair => (pair.info, pair.Help.Text, pair.Help.Default ?? pair.info.Default)),
            .. cmdlet.SupportsShouldProcess
                ? s_shouldProcess.Select(common => (common.Info, (IReadOnlyList<Passage>)[new Passage(common.Text)], common.Info.Default))
                : [],
        ];
        return new XElement(
            s_command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", s_maml),
            new XAttribute(XNamespace.Xmlns + "command", s_command),
            new XAttribute(XNamespace.Xmlns + "dev", s_dev),
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", cmdlet.Name),
                new XElement(s_command + "verb", cmdlet.Verb),
                new XElement(s_command + "noun", cmdlet.Noun),
                new XElement(s_maml + "description", Para(page.Synopsis))),
            new XElement(s_maml + "description", Paras(page.Description)),
            new XElement(
                s_command + "syntax",
                cmdlet.Sets.Select(set => new XElement(
                    s_command + "syntaxItem",
                    new XElement(s_maml + "name", cmdlet.Name),
                    parameters.Where(parameter => parameter.Info.In(set) is not null)
                        .OrderBy(parameter => parameter.Info.In(set)!.Position ?? int.MaxValue)
                        .Select(parameter => Parameter(parameter.Info, parameter.Info.In(set)!, parameter.Text, parameter.Default, inSyntax: true))))),
            new XElement(
                s_command + "parameters",
                parameters.OrderBy(parameter => parameter.Info.Name, StringComparer.Ordinal)
                    .Select(parameter => Parameter(parameter.Info, Whole(parameter.Info), parameter.Text, parameter.Default, inSyntax: false))),
            new XElement(s_command + "inputTypes", page.Inputs.Select(type => TypeElement("inputType", type))),
            new XElement(s_command + "returnValues", page.Outputs.Select(type => TypeElement("returnValue", type))),
            new XElement(s_maml + "alertSet", page.Notes.Count == 0 ? null : new XElement(s_maml + "alert", Paras(page.Notes))),
            new XElement(
                s_command + "examples",
                page.Examples.Select((example, i) => new XElement(
                    s_command + "example",
                    new XElement(s_maml + "title", $"---------- Example {i + 1}: {example.Title} ----------"),
                    new XElement(s_dev + "code", example.Code),
                    // The empty paragraph keeps the next example's title apart.
                    new XElement(s_dev + "remarks", Paras(example.Remarks), Para(string.Empty))))),
            new XElement(
                s_command + "relatedLinks",
                page.Links.Select(link => new XElement(
                    s_maml + "navigationLink",
                    new XElement(s_maml + "linkText", link.Text),
                    new XElement(s_maml + "uri", link.Address)))));
    }

    private static XElement Parameter(
        ParameterInfo info, ParameterUse use, IReadOnlyList<Passage> text, string? standard, bool inSyntax)
    {
        string pipeline = (use.FromPipeline, use.FromPipelineByPropertyName) switch
        {
            (true, true) => "True (ByPropertyName, ByValue)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };
        var element = new XElement(
            s_command + "parameter",
            new XAttribute("required", Word(use.Mandatory)),
            new XAttribute("variableLength", "true"),
            new XAttribute("globbing", Word(info.SupportsWildcards)),
            new XAttribute("pipelineInput", pipeline),
            new XAttribute("position", use.Position?.ToString(CultureInfo.InvariantCulture) ?? "named"),
            new XAttribute("aliases", info.Aliases.Count == 0 ? "none" : string.Join(", ", info.Aliases)),
            new XElement(s_maml + "name", info.Name),
            new XElement(s_maml + "description", Paras(text)));
        if (inSyntax && info.AllowedValues.Count > 0)
        {
            element.Add(new XElement(
                s_command + "parameterValueGroup",
                info.AllowedValues.Select(value => new XElement(
                    s_command + "parameterValue", new XAttribute("required", "false"), new XAttribute("variableLength", "false"), value))));
        }
        // A switch takes no value in the syntax; its type is told all the same.
        if (!(inSyntax && info.IsSwitch))
        {
            element.Add(new XElement(
                s_command + "parameterValue",
                new XAttribute("required", Word(!info.IsSwitch)), new XAttribute("variableLength", "false"), TypeName(info.Type)));
        }
        element.Add(
            new XElement(s_dev + "type", new XElement(s_maml + "name", TypeName(info.Type)), new XElement(s_maml + "uri")),
            new XElement(s_dev + "defaultValue", standard ?? "None"));
        return element;
    }

    // The parameter as a whole: mandatory only when it is so in every set that it belongs to.
    private static ParameterUse Whole(ParameterInfo info) => new(
        ParameterInfo.AllSets,
        info.Uses.All(use => use.Mandatory),
        info.Uses[0].Position,
        info.Uses.Any(use => use.FromPipeline),
        info.Uses.Any(use => use.FromPipelineByPropertyName));

    private static XElement TypeElement(string name, TypeHelp type) => new(
        s_command + name,
        new XElement(s_dev + "type", new XElement(s_maml + "name", type.Type)),
        new XElement(s_maml + "description", Paras(type.Text)));

    // Get-Help trims a paragraph, fills it to the console's width and puts an empty line behind it, but keeps the lines and the
    // spaces within: so a block of code is one paragraph, and so is a list.
    private static IEnumerable<XElement> Paras(IEnumerable<Passage> passages)
    {
        var list = new List<string>();
        foreach (Passage passage in passages)
        {
            if (passage.Lead.Length > 0)
            {
                list.Add(passage.Lead + passage.Text);
                continue;
            }
            if (list.Count > 0)
            {
                yield return Para(string.Join('\n', list));
                list.Clear();
            }
            yield return Para(passage.Text);
        }
        if (list.Count > 0)
        {
            yield return Para(string.Join('\n', list));
        }
    }

    private static XElement Para(string text) => new(s_maml + "para", text);

    private static string Word(bool value) => value ? "true" : "false";

    private static string TypeName(Type type)
    {
        if (type.IsArray)
        {
            return TypeName(type.GetElementType()!) + "[]";
        }
        if (type.IsGenericType)
        {
            return $"{type.Name[..type.Name.IndexOf('`')]}[{string.Join(", ", type.GetGenericArguments().Select(TypeName))}]";
        }
        return type.Name;
    }

    private static ParameterInfo Common(string name, string alias) => new(
        name, typeof(System.Management.Automation.SwitchParameter),
        [new ParameterUse(ParameterInfo.AllSets, Mandatory: false, Position: null, FromPipeline: false, FromPipelineByPropertyName: false)],
        [alias], [], SupportsWildcards: false, Default: "False");
}
