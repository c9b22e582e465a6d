namespace ReproTorch.Models.Layers;

/// <summary>A layer's name and parameters, with the names, order and defaults of PyTorch 1.13's constructor
/// (torch/nn/modules).</summary>
internal sealed class LayerSignature
{
    private const string KeywordMark = "*";
    private const string RestMark = "...";

    /// <param name="text">Such as <c>Linear(int in_features, int out_features, bool bias=True)</c>; what follows a <c>*</c> is
    /// taken by keyword only; a type that ends in <c>...</c> takes any number of arguments.</param>
    public LayerSignature(string text)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal);
        Name = open < 0 ? text : text[..open];
        var parameters = new List<LayerParameter>();
        bool keywordOnly = false;
        string[] items = open < 0
            ? []
            : text[(open + 1)..^1].Split(", ", StringSplitOptions.RemoveEmptyEntries);
        foreach (string item in items)
        {
            if (item == KeywordMark)
            {
                keywordOnly = true;
            }
            else if (item.Split(' ') is [var type, var name] && type.EndsWith(RestMark, StringComparison.Ordinal))
            {
                Rest = new LayerParameter(name, type[..^RestMark.Length], IsKeywordOnly: false);
            }
            else
            {
                parameters.Add(Parameter(item, keywordOnly));
            }
        }

        Parameters = parameters;
    }

    /// <summary>The layer's name.</summary>
    public string Name { get; }

    /// <summary>Its parameters in order.</summary>
    public IReadOnlyList<LayerParameter> Parameters { get; }

    /// <summary>What takes all further arguments by position; null where there may be none.</summary>
    public LayerParameter? Rest { get; }

    /// <summary>As PyTorch's documentation writes it.</summary>
    public override string ToString()
    {
        IEnumerable<string> positional = Parameters.Where(parameter => !parameter.IsKeywordOnly).Select(parameter => parameter.ToString());
        IEnumerable<string> rest = Rest is null ? [] : [KeywordMark + Rest.Name];
        string[] keywords = [.. Parameters.Where(parameter => parameter.IsKeywordOnly).Select(parameter => parameter.ToString())];
        IEnumerable<string> mark = keywords.Length > 0 ? [KeywordMark] : [];
        return $"{Name}({string.Join(", ", [.. positional, .. rest, .. mark, .. keywords])})";
    }

    private static LayerParameter Parameter(string item, bool keywordOnly)
    {
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        string[] words = (equals < 0 ? item : item[..equals]).Split(' ');
        var parameter = new LayerParameter(words[1], words[0], keywordOnly);
        if (equals < 0)
        {
            return parameter;
        }

        string text = item[(equals + 1)..];
        return parameter.TryConvert(LayerText.ParseValue(text).Value, out object? value)
            ? parameter with { DefaultText = text, Default = value }
            : throw new ArgumentException($"The default in '{item}' does not have the parameter's type.", nameof(item));
    }
}
