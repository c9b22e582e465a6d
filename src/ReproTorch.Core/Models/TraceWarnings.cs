namespace ReproTorch.Models;

/// <summary>What a person must know of a trace.</summary>
public static class TraceWarnings
{
    /// <summary>One text for each thing that the trace froze; none when it froze nothing.</summary>
    public static IEnumerable<string> Of(TraceResult trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return trace.Frozen.Select(node => node.Kind switch
        {
            "prim::If" => $"The trace froze a branch{At(node)}: it takes the way that the example took, whatever the input is.",
            "prim::Loop" => $"The trace froze a loop{At(node)}: it turns as often as it did for the example, whatever the input is.",
            _ => $"The trace froze a number that was taken from a tensor ({node.Kind}){At(node)}: it stays as it was for the example.",
        });
    }

    private static string At(FrozenNode node) => node.Source.Length == 0 ? string.Empty : $" at {node.Source}";
}
