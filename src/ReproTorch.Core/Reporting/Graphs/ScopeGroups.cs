namespace ReproTorch.Reporting.Graphs;

/// <summary>Boxes that belong to one submodule.</summary>
/// <param name="Scope">The submodule's dotted name.</param>
/// <param name="Nodes">Indices of the boxes.</param>
/// <param name="Depth">How many groups are around it.</param>
/// <param name="Height">How many groups are nested in it, at the deepest place.</param>
internal sealed record ScopeGroup(string Scope, IReadOnlyList<int> Nodes, int Depth, int Height);

/// <summary>The submodules that a graph's boxes come from, outermost first; those of a single box are left out.</summary>
internal static class ScopeGroups
{
    public static IReadOnlyList<ScopeGroup> Of(DrawnGraph graph)
    {
        var members = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (string prefix in Prefixes(graph.Nodes[i].Scope))
            {
                if (!members.TryGetValue(prefix, out List<int>? list))
                {
                    members[prefix] = list = [];
                }

                list.Add(i);
            }
        }

        // Of several names for the same boxes the innermost says most.
        List<KeyValuePair<string, List<int>>> groups = [.. members.Where(group => group.Value.Count > 1
            && !members.Any(other => IsInside(other.Key, group.Key) && other.Value.Count == group.Value.Count))];
        return [.. groups.Select(group => new ScopeGroup(
                group.Key,
                group.Value,
                groups.Count(other => IsInside(group.Key, other.Key)),
                NestedHeight(group.Key, groups)))
            .OrderBy(group => group.Depth)];
    }

    private static int NestedHeight(string scope, List<KeyValuePair<string, List<int>>> groups) => groups
        .Where(other => IsInside(other.Key, scope))
        .Select(other => groups.Count(between => IsInside(between.Key, scope) && (between.Key == other.Key || IsInside(other.Key, between.Key))))
        .DefaultIfEmpty(0).Max();

    private static IEnumerable<string> Prefixes(string scope)
    {
        if (scope.Length == 0)
        {
            yield break;
        }

        for (int dot = scope.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = scope.IndexOf('.', dot + 1))
        {
            yield return scope[..dot];
        }

        yield return scope;
    }

    private static bool IsInside(string inner, string outer) => inner.Length > outer.Length && inner.StartsWith(outer + ".", StringComparison.Ordinal);
}
