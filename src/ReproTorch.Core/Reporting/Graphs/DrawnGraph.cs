namespace ReproTorch.Reporting.Graphs;

/// <summary>A box in the picture.</summary>
/// <param name="Title">The operator's or submodule's name.</param>
/// <param name="Details">Lines below the title: whose parameters it uses, their shape.</param>
/// <param name="Family">Its colour.</param>
/// <param name="Tooltip">What there is more to say.</param>
internal sealed record DrawnNode(string Title, IReadOnlyList<string> Details, OperatorFamily Family, string Tooltip)
{
    /// <summary>The dotted name of the submodule that it belongs to; empty for none.</summary>
    public string Scope { get; set; } = string.Empty;

    /// <summary>True when it draws random numbers.</summary>
    public bool Random { get; init; }
}

/// <summary>An arrow between two boxes, by their positions in the list.</summary>
/// <param name="From">The box that it comes from.</param>
/// <param name="To">The box that it goes to; later in the list.</param>
/// <param name="IsNumber">True when only a number, such as a size, goes that way.</param>
internal readonly record struct DrawnEdge(int From, int To, bool IsNumber);

/// <summary>What of a method's graph is worth drawing: operators on tensors and the ways of tensors between them.</summary>
internal sealed class DrawnGraph
{
    public List<DrawnNode> Nodes { get; } = [];

    public List<DrawnEdge> Edges { get; } = [];
}
