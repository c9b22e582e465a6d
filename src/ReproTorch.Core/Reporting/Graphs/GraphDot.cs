using System.Globalization;
using System.Text;

namespace ReproTorch.Reporting.Graphs;

/// <summary>Writes a graph in DOT, the language of Graphviz, submodules as clusters.</summary>
internal static class GraphDot
{
    public static string Write(DrawnGraph graph, string title)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"digraph {Quote(title)} {{\n");
        text.Append(CultureInfo.InvariantCulture, $"  label={Quote(title)}; labelloc=t; rankdir=TB; fontname=\"sans-serif\";\n");
        text.Append("  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11, color=\"#8b929b\"];\n");
        text.Append("  edge [color=\"#8b929b\", arrowsize=0.7];\n");
        WriteLevel(text, graph, [.. ScopeGroups.Of(graph)], parent: null, indent: "  ");
        foreach (DrawnEdge edge in graph.Edges)
        {
            text.Append(CultureInfo.InvariantCulture, $"  n{edge.From} -> n{edge.To}{(edge.IsNumber ? " [style=dashed]" : string.Empty)};\n");
        }

        return text.Append("}\n").ToString();
    }

    private static void WriteLevel(StringBuilder text, DrawnGraph graph, List<ScopeGroup> groups, ScopeGroup? parent, string indent)
    {
        int depth = parent is null ? 0 : parent.Depth + 1;
        List<ScopeGroup> children = [.. groups.Where(group => group.Depth == depth
            && (parent is null || group.Scope.StartsWith(parent.Scope + ".", StringComparison.Ordinal)))];
        foreach (ScopeGroup child in children)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}subgraph {Quote("cluster_" + child.Scope)} {{\n");
            text.Append(CultureInfo.InvariantCulture, $"{indent}  label={Quote(child.Scope)}; labeljust=l; style=rounded; color=\"#8b929b\";\n");
            WriteLevel(text, graph, groups, child, indent + "  ");
            text.Append(CultureInfo.InvariantCulture, $"{indent}}}\n");
        }

        HashSet<int> deeper = [.. children.SelectMany(child => child.Nodes)];
        foreach (int i in (parent?.Nodes ?? [.. Enumerable.Range(0, graph.Nodes.Count)]).Where(node => !deeper.Contains(node)))
        {
            DrawnNode node = graph.Nodes[i];
            string label = string.Join('\n', [node.Title, .. node.Details]);
            text.Append(CultureInfo.InvariantCulture,
                $"{indent}n{i} [label={Quote(label)}, tooltip={Quote(node.Tooltip)}, fillcolor=\"{Fill(node.Family)}\"{(node.Random ? ", color=\"#ab362d\", penwidth=1.6" : string.Empty)}];\n");
        }
    }

    private static string Fill(OperatorFamily family) => family switch
    {
        OperatorFamily.Input => "#e9eae6",
        OperatorFamily.Module => "#dce7f3",
        OperatorFamily.Convolution => "#d5e4f4",
        OperatorFamily.Linear => "#dcdff6",
        OperatorFamily.Recurrent => "#e6dcf4",
        OperatorFamily.Normalization => "#e2ecd9",
        OperatorFamily.Activation => "#f6e6cf",
        OperatorFamily.Pooling => "#d5ece7",
        OperatorFamily.Arithmetic => "#f3e9d2",
        OperatorFamily.Shape => "#ececec",
        OperatorFamily.Random => "#f8dbd7",
        OperatorFamily.Control => "#f4ddeb",
        _ => "#f4f4f1",
    };

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
