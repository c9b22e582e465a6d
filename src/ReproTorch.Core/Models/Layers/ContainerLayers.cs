namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/container.py, Sequential.</summary>
internal static class ContainerLayers
{
    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Of(
            "Sequential(Layer... args)",
            arguments => Sequence([.. arguments.Layers.Select((layer, i) => KeyValuePair.Create($"{i}", layer))])),
    ];

    /// <summary>Layers one after the other. They are built, and so draw, in order.</summary>
    /// <exception cref="ReproTorchException">A layer takes another number or another kind of inputs than it is given.</exception>
    public static ModelSource Sequence(IReadOnlyList<KeyValuePair<string, BoundLayer>> layers)
    {
        var submodules = new List<KeyValuePair<string, ScriptModel>>();
        try
        {
            string inputs = ForwardSource.OneTensor;
            string body = string.Empty;
            string previous = string.Empty;
            ModelMethod? before = null;
            for (int i = 0; i < layers.Count; i++)
            {
                (string name, BoundLayer layer) = layers[i];
                ScriptModel module = layer.Build(out string layerInputs);
                submodules.Add(new(name, module));
                ModelMethod forward = module.Method("forward");
                if (layers.Count == 1)
                {
                    // A layer alone takes all that it takes in Python, such as hidden states and masks.
                    inputs = layerInputs;
                    previous = string.Join(", ", forward.Arguments.Select(argument => argument.Name));
                }
                else
                {
                    Check(layers, i, before, forward);
                    previous = i == 0 ? forward.Arguments[0].Name : previous;
                    inputs = i == 0 ? layerInputs.Split(',')[0] : inputs;
                }

                body += $"output_{i} = getattr(self, \"{name}\")({previous})\n";
                previous = $"output_{i}";
                before = forward;
            }

            return new ModelSource
            {
                Name = "Sequential",
                Source = ForwardSource.Of(body + $"return {(layers.Count == 0 ? "input" : previous)}", inputs),
                Submodules = submodules,
            };
        }
        catch
        {
            submodules.ForEach(submodule => submodule.Value.Dispose());
            throw;
        }
    }

    // What would fail at the first run, as it does in Python, is told now.
    private static void Check(IReadOnlyList<KeyValuePair<string, BoundLayer>> layers, int i, ModelMethod? before, ModelMethod forward)
    {
        (string name, BoundLayer layer) = layers[i];
        string[] needed = [.. forward.Arguments.Where(argument => !argument.Optional).Select(argument => argument.Name)];
        if (needed.Length != 1)
        {
            throw layer.Arguments.Fault(
                $"In a sequence each layer takes one input, but {layer.Name} ('{name}') takes {string.Join(", ", needed)}. "
                + "It can be a model of its own, or a submodule of one written with -Definition.");
        }

        string given = before is null ? forward.Arguments[0].Type : string.Join(", ", before.Returns);
        if (given != forward.Arguments[0].Type)
        {
            throw layer.Arguments.Fault(
                $"{layer.Name} ('{name}') takes a {forward.Arguments[0].Type}, but {layers[i - 1].Value.Name} ('{layers[i - 1].Key}'), which stands "
                + $"before it, gives a {given}. Write what joins them with -Definition, and give both as its submodules.");
        }
    }
}
