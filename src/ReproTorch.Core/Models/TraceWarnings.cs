namespace ReproTorch.Models;

/// <summary>What a person must know of a trace.</summary>
public static class TraceWarnings
{
    private const int MaxNodesNamed = 20;

    /// <summary>One text for each thing that the trace froze; none when it froze nothing.</summary>
    public static IEnumerable<string> Of(TraceResult trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return trace.Frozen.Select(node => node.Kind switch
        {
            "prim::If" => $"The trace froze a branch{At(node)}: it takes the way that the example took, whatever the input is.",
            "prim::Loop" => $"The trace froze a loop{At(node)}: it turns as often as it did for the example, whatever the input is.",
            "prim::SetAttr" => $"The trace does not assign the attribute that the model assigns{At(node)}: it keeps what it was for the example.",
            "aten::size" or "aten::len" or "aten::numel" =>
                $"The trace froze a size ({node.Kind}){At(node)}: it is good for inputs of that size alone.",
            _ => $"The trace froze a number that was taken from a tensor ({node.Kind}){At(node)}: it stays as it was for the example.",
        });
    }

    /// <summary>One text for what the trace keeps in training mode for ever (dropout, batch norm, ..), and one for other operators
    /// that draw random numbers; none when there is neither.</summary>
    public static IEnumerable<string> OfMode(TraceResult trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        List<GraphOperation> training = [];
        List<GraphOperation> random = [];
        foreach (ModelMethod method in trace.Model.Methods)
        {
            GraphBlock graph = trace.Model.Structure(method.Name, inlined: true);
            var constants = graph.Nodes.Where(node => node.Value is not null).ToDictionary(node => node.Outputs[0].Id, node => node.Value);
            foreach (GraphOperation node in graph.Nodes)
            {
                if (TakesTraining(node, constants))
                {
                    training.Add(node);
                }
                else if (node.Random)
                {
                    random.Add(node);
                }
            }
        }

        if (training.Count > 0)
        {
            yield return "The trace stays in training mode for ever, whatever mode the model is set to later. Was the model meant to be in "
                + $"evaluation mode? In: {Names(training)}";
        }

        if (random.Count > 0)
        {
            yield return $"The trace draws random numbers, so that its outputs depend on the seed. In: {Names(random)}";
        }
    }

    // By the operators' schemas: batch_norm(input, weight, bias, running_mean, running_var, training, ..) is no leftover where
    // there are no running statistics; dropout(input, p, train) and lstm(.., dropout, train, ..) draw only when training.
    private static bool TakesTraining(GraphOperation node, Dictionary<int, string?> constants)
    {
        string name = node.Kind[(node.Kind.LastIndexOf(':') + 1)..].TrimEnd('_');
        return name is "batch_norm" or "native_batch_norm" or "cudnn_batch_norm"
            ? node.Inputs.Count > 5 && constants.GetValueOrDefault(node.Inputs[5]) == "True" && constants.GetValueOrDefault(node.Inputs[3]) != "None"
            : node.Random && (name.EndsWith("dropout", StringComparison.Ordinal) || name is "lstm" or "gru" or "rnn_tanh" or "rnn_relu" or "rrelu");
    }

    private static string Names(List<GraphOperation> nodes)
    {
        string[] names = [.. nodes.Select(node => node.Source.Length == 0 ? node.Kind : $"{node.Kind} at {node.Source}").Distinct()];
        return string.Join("; ", names.Take(MaxNodesNamed)) + (names.Length > MaxNodesNamed ? $"; and {names.Length - MaxNodesNamed} more" : string.Empty);
    }

    private static string At(FrozenNode node) => node.Source.Length == 0 ? string.Empty : $" at {node.Source}";
}
