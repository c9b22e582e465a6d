using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ReproTorch.Models.Layers;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Completes layers: their names, and behind the parenthesis the names of their parameters. The tip shows the signature.</summary>
public sealed class LayerCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? string.Empty).Trim('\'', '"');
        int open = word.IndexOf('(', StringComparison.Ordinal);
        return open < 0 ? Names(word) : Parameters(word, word[..open]);
    }

    // A parenthesis needs the quotes: outside of them PowerShell takes it for its own.
    private static IEnumerable<CompletionResult> Names(string word) => LayerModel.Layers
        .Where(layer => layer.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
        .Select(layer => Result(layer.Required.Count == 0 ? layer.Name : $"'{layer.Name}(", layer.Name, layer));

    private static IEnumerable<CompletionResult> Parameters(string word, string name)
    {
        int start = word.LastIndexOfAny(['(', ',']) + 1;
        while (start < word.Length && word[start] == ' ')
        {
            start++;
        }

        LayerInfo? layer = LayerModel.Layers.FirstOrDefault(layer => layer.Name == name);
        return layer is null ? [] : layer.Parameters
            .Where(parameter => parameter.StartsWith(word[start..], StringComparison.OrdinalIgnoreCase))
            .Where(parameter => !word.Contains(parameter + "=", StringComparison.Ordinal))
            .Select(parameter => Result($"'{word[..start]}{parameter}=", parameter, layer));
    }

    private static CompletionResult Result(string text, string shown, LayerInfo layer) =>
        new(text, shown, CompletionResultType.ParameterValue, layer.Signature);
}
