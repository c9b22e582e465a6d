using System.Text.RegularExpressions;

namespace ReproTorch.Build.HelpBuilder;

/// <summary>Holds the module manifest's list of cmdlets against the assembly.</summary>
internal static partial class Manifest
{
    public static IEnumerable<Problem> Check(string file, IReadOnlyCollection<CmdletInfo> cmdlets)
    {
        string text = File.ReadAllText(file);
        HashSet<string> exported = [.. CmdletName().Matches(CmdletList().Match(text).Groups[1].Value).Select(match => match.Groups[1].Value)];
        HashSet<string> built = [.. cmdlets.Select(cmdlet => cmdlet.Name)];
        foreach (string name in built.Except(exported).Order(StringComparer.Ordinal))
        {
            yield return new Problem(file, 0, $"CmdletsToExport lacks {name}.");
        }
        foreach (string name in exported.Except(built).Order(StringComparer.Ordinal))
        {
            yield return new Problem(file, 0, $"CmdletsToExport names {name}, which the assembly does not have.", IsMissing: true);
        }
    }

    [GeneratedRegex(@"CmdletsToExport\s*=\s*@\(([^)]*)\)")]
    private static partial Regex CmdletList();

    [GeneratedRegex("'([A-Za-z]+-[A-Za-z]+)'")]
    private static partial Regex CmdletName();
}
