using System.Globalization;
using ReproTorch.Models;

namespace ReproTorch.Reporting.Graphs;

/// <summary>
/// Reduces a TorchScript graph to what a person wants to see: constants, attribute look-ups, lists, tuples and arithmetic on sizes go,
/// branches that the model never takes go, and what remains is joined directly.
/// </summary>
internal sealed class GraphReduction
{
    private static readonly HashSet<string> s_views =
    [
        "aten::slice", "aten::select", "aten::view", "aten::narrow", "aten::transpose", "aten::permute", "aten::t", "aten::unsqueeze",
        "aten::squeeze", "aten::expand", "aten::diagonal", "aten::unfold", "aten::alias", "aten::detach", "aten::view_as",
    ];

    private readonly DrawnGraph _graph = new();
    private readonly Dictionary<int, HashSet<int>> _sources = [];
    private readonly Dictionary<int, int> _viewed = [];
    private readonly Dictionary<int, string> _paths = [];
    private readonly Dictionary<int, GraphValue> _values = [];
    private readonly Dictionary<int, string> _constants = [];
    private readonly Dictionary<string, ModelTensor> _parameters;

    private GraphReduction(ModelDescription description) => _parameters = description.Parameters.Concat(description.Buffers)
        .GroupBy(tensor => tensor.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    public static DrawnGraph Reduce(GraphBlock block, ModelDescription description)
    {
        var reduction = new GraphReduction(description);
        reduction.Draw(block);
        return reduction._graph;
    }

    private void Draw(GraphBlock block)
    {
        _paths[block.Inputs[0].Id] = string.Empty;
        foreach (GraphValue input in block.Inputs.Skip(1))
        {
            _values[input.Id] = input;
            _sources[input.Id] = [Add(new DrawnNode(input.Name, [input.Type], OperatorFamily.Input, $"argument {input.Name} : {input.Type}"), [])];
        }

        DrawNodes(block);
        foreach (int output in block.Outputs)
        {
            string type = TypeOf(output);
            Add(new DrawnNode("output", [ShortType(type)], OperatorFamily.Input, $"returns {type}"), [output]);
        }

        if (_graph.Nodes.All(node => node.Scope.Length == 0 || node.Family == OperatorFamily.Input))
        {
            return;
        }

        ScopeInference.Fill(_graph);
    }

    private void DrawNodes(GraphBlock block)
    {
        foreach (GraphOperation node in block.Nodes)
        {
            foreach (GraphValue output in node.Outputs)
            {
                _values[output.Id] = output;
            }

            switch (node.Kind)
            {
                case "prim::GetAttr" when _paths.TryGetValue(node.Inputs[0], out string? path):
                    _paths[node.Outputs[0].Id] = path.Length == 0 ? node.Name! : $"{path}.{node.Name}";
                    break;
                case "prim::Constant":
                    _constants[node.Outputs[0].Id] = node.Value ?? string.Empty;
                    break;
                case "prim::If":
                    DrawIf(node);
                    break;
                case "prim::Loop":
                    DrawLoop(node);
                    break;
                default:
                    DrawOperator(node);
                    break;
            }
        }
    }

    private void DrawIf(GraphOperation node)
    {
        if (node.Taken is { } taken)
        {
            DrawNodes(node.Blocks[taken]);
            for (int i = 0; i < node.Outputs.Count; i++)
            {
                PassOn(node.Blocks[taken].Outputs[i], node.Outputs[i].Id);
            }

            return;
        }

        int before = _graph.Nodes.Count;
        foreach (GraphBlock branch in node.Blocks)
        {
            DrawNodes(branch);
        }

        // A guard that only raises, or a choice between numbers, is no way of a tensor.
        if (before == _graph.Nodes.Count && !node.Outputs.Any(IsTensor))
        {
            Join(node, [.. node.Inputs, .. node.Blocks.SelectMany(branch => branch.Outputs)]);
            return;
        }

        Give(node, Add(
            Box(node, "if", [.. Ends(node)]),
            [.. node.Blocks.SelectMany(branch => branch.Outputs), node.Inputs[0]]));
    }

    private void DrawLoop(GraphOperation node)
    {
        GraphBlock body = node.Blocks[0];
        for (int i = 1; i < body.Inputs.Count; i++)
        {
            _values[body.Inputs[i].Id] = body.Inputs[i];
            PassOn(node.Inputs[i + 1], body.Inputs[i].Id);
        }

        int before = _graph.Nodes.Count;
        DrawNodes(body);
        if (before == _graph.Nodes.Count)
        {
            Join(node, [.. node.Inputs, .. body.Outputs]);
            return;
        }

        Give(node, Add(Box(node, "loop", ["repeats what leads here"]), [.. body.Outputs.Skip(1), .. node.Inputs.Take(2), body.Outputs[0]]));
    }

    private void DrawOperator(GraphOperation node)
    {
        if (IsPlumbing(node))
        {
            Join(node, node.Inputs);
            return;
        }

        bool isCall = node.Kind is "prim::CallMethod";
        string called = isCall && _paths.TryGetValue(node.Inputs[0], out string? path) ? path : string.Empty;
        string title = node.Kind switch
        {
            "prim::CallMethod" when node.Name == "forward" && called.Length > 0 => called,
            "prim::CallMethod" => called.Length > 0 ? $"{called}.{node.Name}" : node.Name!,
            "prim::CallFunction" => _constants.GetValueOrDefault(node.Inputs[0], "function"),
            _ => node.Kind[(node.Kind.LastIndexOf(':') + 1)..],
        };
        string[] details = isCall ? [ShortType(TypeOf(node.Inputs[0]))] : Parameters(node);
        DrawnNode box = Box(node, title, details);
        if (box.Scope.Length == 0 && !isCall)
        {
            box.Scope = Owner(node);
        }

        Give(node, Add(box, isCall || node.Kind == "prim::CallFunction" ? [.. node.Inputs.Skip(1)] : node.Inputs));
    }

    private static DrawnNode Box(GraphOperation node, string title, string[] details)
    {
        string tooltip = string.Join('\n', new[] { node.Kind, node.Scope, node.Source }.Where(text => text.Length > 0));
        return new DrawnNode(title, details, node.Random ? OperatorFamily.Random : OperatorFamilies.Of(node.Kind), tooltip)
        {
            Scope = node.Scope,
            Random = node.Random,
        };
    }

    private static IEnumerable<string> Ends(GraphOperation node) =>
        node.Blocks.All(branch => branch.Nodes.Count > 0) ? ["one of two ways"] : ["this way or past it"];

    // Takes no tensors and gives none, or only puts them together and takes them apart.
    private static bool IsPlumbing(GraphOperation node) =>
        node.Kind is "prim::ListConstruct" or "prim::TupleConstruct" or "prim::DictConstruct" or "prim::ListUnpack" or "prim::TupleUnpack"
            or "prim::TupleIndex" or "prim::NumToTensor" or "aten::ScalarImplicit" or "prim::unchecked_cast" or "prim::Uninitialized"
            or "aten::__getitem__" or "aten::append" or "prim::GetAttr" or "prim::RaiseException"
        || !(node.Outputs.Any(IsTensor) || (node.Outputs.Count == 0 && node.Kind.EndsWith('_')) || node.Kind == "prim::CallMethod");

    private string[] Parameters(GraphOperation node)
    {
        List<string> paths = [.. node.Inputs.Where(_paths.ContainsKey).Select(input => _paths[input])];
        if (paths.Count == 0)
        {
            return [];
        }

        string owner = Owner(node);
        ModelTensor? largest = paths.Select(path => _parameters.GetValueOrDefault(path)).OfType<ModelTensor>()
            .MaxBy(tensor => tensor.Shape.Aggregate(1.0, (product, size) => product * size));
        string name = owner.Length > 0 ? owner : paths[0];
        return largest is null ? [name] : [name, Shape(largest)];
    }

    private string Owner(GraphOperation node)
    {
        string? path = node.Inputs.Where(_paths.ContainsKey).Select(input => _paths[input]).FirstOrDefault();
        int dot = path?.LastIndexOf('.') ?? -1;
        return dot < 0 ? string.Empty : path![..dot];
    }

    private static string Shape(ModelTensor tensor) => tensor.Shape.Count == 0
        ? tensor.DType
        : string.Join(" × ", tensor.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));

    private int Add(DrawnNode node, IReadOnlyList<int> inputs)
    {
        int number = _graph.Nodes.Count;
        _graph.Nodes.Add(node);
        var tensors = new HashSet<int>();
        var numbers = new HashSet<int>();
        foreach (int input in inputs)
        {
            (_values.TryGetValue(input, out GraphValue? value) && IsTensor(value) ? tensors : numbers).UnionWith(SourcesOf(input));
        }

        // A size beside the tensor itself says nothing new.
        numbers.ExceptWith(tensors);
        if (tensors.Count > 0 && node.Family != OperatorFamily.Control)
        {
            numbers.Clear();
        }

        _graph.Edges.AddRange(tensors.Order().Select(from => new DrawnEdge(from, number, IsNumber: false)));
        _graph.Edges.AddRange(numbers.Order().Select(from => new DrawnEdge(from, number, IsNumber: true)));
        return number;
    }

    private void Give(GraphOperation node, int number)
    {
        foreach (GraphValue output in node.Outputs)
        {
            _sources[output.Id] = [number];
        }

        if (node.Inputs.Count == 0 || !_sources.ContainsKey(node.Inputs[0]))
        {
            return;
        }

        if (s_views.Contains(node.Kind))
        {
            _viewed[node.Outputs[0].Id] = node.Inputs[0];
        }

        // What is written to in place, be it through a view, is from then on what was written.
        if (node.Kind.EndsWith('_'))
        {
            int written = node.Inputs[0];
            _sources[written] = [number];
            while (_viewed.TryGetValue(written, out written))
            {
                _sources[written] = [number];
            }
        }
    }

    private void Join(GraphOperation node, IReadOnlyList<int> inputs)
    {
        HashSet<int> all = [.. inputs.SelectMany(SourcesOf)];
        foreach (GraphValue output in node.Outputs)
        {
            _sources[output.Id] = all;
            PassPath(inputs, output.Id);
        }

        if (node.Kind == "aten::append")
        {
            _sources[node.Inputs[0]] = all;
        }
    }

    // A parameter that went through a list or a cast is still that parameter.
    private void PassPath(IReadOnlyList<int> inputs, int output)
    {
        if (inputs.Where(_paths.ContainsKey).Select(input => _paths[input]).FirstOrDefault(path => path.Length > 0) is { } path)
        {
            _paths[output] = path;
        }
    }

    private void PassOn(int from, int to)
    {
        _sources[to] = SourcesOf(from);
        if (_paths.TryGetValue(from, out string? path))
        {
            _paths[to] = path;
        }
    }

    private HashSet<int> SourcesOf(int value) => _sources.GetValueOrDefault(value) ?? [];

    private string TypeOf(int value) => _values.TryGetValue(value, out GraphValue? known) ? known.Type : string.Empty;

    private static bool IsTensor(GraphValue value) =>
        value.Type.Contains("Tensor", StringComparison.Ordinal) || value.Type.StartsWith("__torch__", StringComparison.Ordinal);

    // Names of classes without the modules that they stand in.
    private static string ShortType(string type) => System.Text.RegularExpressions.Regex.Replace(type, @"__torch__\.(?:\w+\.)*", string.Empty);
}
