namespace ReproTorch.Models.Layers;

/// <summary>The TorchScript source of a layer's forward method.</summary>
internal static class ForwardSource
{
    /// <summary>What most layers take.</summary>
    public const string OneTensor = "input: Tensor";

    private const string Begin = "def forward(self, ";

    /// <summary>A forward method.</summary>
    /// <param name="body">Its lines.</param>
    /// <param name="inputs">Its parameters.</param>
    /// <param name="returns">What it returns; empty to let the compiler infer it.</param>
    public static string Of(string body, string inputs = OneTensor, string returns = "")
    {
        string arrow = returns.Length == 0 ? string.Empty : " -> " + returns;
        return $"{Begin}{inputs}){arrow}:\n    {body.ReplaceLineEndings("\n    ")}\n";
    }

    /// <summary>The parameters of such a method.</summary>
    public static string InputsOf(string source) => source[Begin.Length..source.IndexOf(')', StringComparison.Ordinal)];
}
