// Makes the module's help from Markdown and the built assembly:
//     docs/cmdlets/<Cmdlet>.md      ->  ReproTorch.PowerShell.dll-Help.xml (MAML, what Get-Help reads)
//     docs/about_<Topic>.md         ->  about_<Topic>.help.txt
// and fails when a cmdlet or parameter has no help, when help describes what does not exist, or when the manifest exports
// another set of cmdlets than the assembly holds. docs/cmdlets/README.md tells how a page is written.
using ReproTorch.Build.HelpBuilder;
using ReproTorch.PowerShell.Hosting;

if (args is not [string root, string output, .. string[] options])
{
    Console.Error.WriteLine("Usage: HelpBuilder ROOT OUTPUT_FOLDER [--allow-missing]");
    return 2;
}
bool allowMissing = options.Contains("--allow-missing");
string pageFolder = Path.Combine(root, "docs", "cmdlets");

CmdletInfo[] cmdlets = CmdletInfo.ReadAll(typeof(ReproTorchCmdlet).Assembly);
var problems = new List<Problem>();
problems.AddRange(Manifest.Check(Path.Combine(root, "ReproTorch.psd1"), cmdlets));

var documented = new List<(CmdletInfo Cmdlet, CommandPage Page)>();
foreach (CmdletInfo cmdlet in cmdlets)
{
    string file = Path.Combine(pageFolder, cmdlet.Name + ".md");
    if (!File.Exists(file))
    {
        problems.Add(new Problem(file, 0, $"{cmdlet.Name} has no help page.", IsMissing: true));
        continue;
    }
    try
    {
        CommandPage page = CommandPage.Read(file);
        problems.AddRange(page.Check(cmdlet));
        documented.Add((cmdlet, page));
    }
    catch (PageException e)
    {
        problems.Add(new Problem(file, e.Line, e.Message));
    }
}
foreach (string file in Directory.Exists(pageFolder) ? Directory.GetFiles(pageFolder, "*-*.md") : [])
{
    if (!cmdlets.Any(cmdlet => cmdlet.Name == Path.GetFileNameWithoutExtension(file)))
    {
        problems.Add(new Problem(file, 0, $"There is no cmdlet {Path.GetFileNameWithoutExtension(file)}."));
    }
}

foreach (Problem problem in problems)
{
    // The form that MSBuild reads as an error or a warning of the file.
    string level = problem.IsMissing && allowMissing ? "warning" : "error";
    Console.Error.WriteLine($"{problem.File}({problem.Line + 1}): {level} HELP001: {problem.Text}");
}
if (problems.Any(problem => !(problem.IsMissing && allowMissing)))
{
    return 1;
}

Directory.CreateDirectory(output);
foreach (string file in Directory.GetFiles(Path.Combine(root, "docs"), "about_*.md"))
{
    string target = Path.Combine(output, Path.GetFileNameWithoutExtension(file) + ".help.txt");
    File.WriteAllText(target, AboutTopic.Render(File.ReadAllText(file)));
}
// Last: its time tells the build that the help is complete.
MamlWriter.Write(Path.Combine(output, "ReproTorch.PowerShell.dll-Help.xml"), documented);
return 0;
