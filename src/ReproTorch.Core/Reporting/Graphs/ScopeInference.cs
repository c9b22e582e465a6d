namespace ReproTorch.Reporting.Graphs;

/// <summary>
/// Finds the submodule of operators that do not know theirs. A trace keeps the parameters' names but forgets whose method an operator
/// without parameters came from; it belongs to what the operators around it have in common.
/// </summary>
internal static class ScopeInference
{
    public static void Fill(DrawnGraph graph)
    {
        string?[] above = Spread(graph, forward: true);
        string?[] below = Spread(graph, forward: false);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            DrawnNode node = graph.Nodes[i];
            if (node.Scope.Length == 0 && node.Family is not (OperatorFamily.Input or OperatorFamily.Module) && above[i] is { } a && below[i] is { } b)
            {
                node.Scope = Common(a, b);
            }
        }
    }

    /// <summary>What all the nearest scopes before (or after) each node have in common; null where there are none.</summary>
    private static string?[] Spread(DrawnGraph graph, bool forward)
    {
        var found = new string?[graph.Nodes.Count];
        ILookup<int, int> neighbours = forward
            ? graph.Edges.ToLookup(edge => edge.To, edge => edge.From)
            : graph.Edges.ToLookup(edge => edge.From, edge => edge.To);
        for (int step = 0; step < graph.Nodes.Count; step++)
        {
            int i = forward ? step : graph.Nodes.Count - 1 - step;
            foreach (int neighbour in neighbours[i])
            {
                DrawnNode other = graph.Nodes[neighbour];
                string? scope = other.Scope.Length > 0 ? other.Scope
                    : other.Family == OperatorFamily.Input ? string.Empty
                    : found[neighbour];
                found[i] = scope is null ? found[i] : found[i] is { } known ? Common(known, scope) : scope;
            }
        }

        return found;
    }

    private static string Common(string left, string right)
    {
        string[] a = left.Split('.');
        string[] b = right.Split('.');
        int count = 0;
        while (count < a.Length && count < b.Length && a[count] == b[count])
        {
            count++;
        }

        return string.Join('.', a.Take(count));
    }
}
