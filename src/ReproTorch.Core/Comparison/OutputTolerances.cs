using System.IO.Enumeration;

namespace ReproTorch.Comparison;

/// <summary>Tolerances for the outputs whose name fits a pattern.</summary>
/// <param name="Pattern">An output's name; <c>*</c> stands for any text, <c>?</c> for one character. Upper and lower case differ.</param>
/// <param name="Tolerances">What those outputs are held against.</param>
public sealed record OutputTolerances(string Pattern, Tolerances Tolerances)
{
    /// <summary>True when the name fits.</summary>
    public bool Covers(string name) => FileSystemName.MatchesSimpleExpression(Pattern, name, ignoreCase: false);
}
