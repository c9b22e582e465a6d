namespace ReproTorch.Models.Layers;

/// <summary>A value in a layer's text: a long, double, bool, string, null, <see cref="SyntaxTuple"/>, <see cref="SyntaxName"/> or
/// <see cref="LayerCall"/>.</summary>
/// <param name="Value">The value.</param>
/// <param name="Column">Where it begins, from 0.</param>
internal readonly record struct SyntaxValue(object? Value, int Column);

/// <summary>A tuple or list.</summary>
internal sealed record SyntaxTuple(IReadOnlyList<SyntaxValue> Items);

/// <summary>A name without a call, such as <c>torch.float64</c> or <c>ReLU</c>.</summary>
internal sealed record SyntaxName(string Text);

/// <summary>One argument of a call; by position where it has no keyword.</summary>
internal sealed record SyntaxArgument(string? Keyword, SyntaxValue Value, int Column);

/// <summary>A name with its arguments, such as <c>Linear(64, 10, bias=False)</c>.</summary>
internal sealed record LayerCall(string Name, IReadOnlyList<SyntaxArgument> Arguments, int Column);
