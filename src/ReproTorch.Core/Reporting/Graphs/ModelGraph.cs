using System.Globalization;
using System.Text;
using ReproTorch.Models;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Reporting.Graphs;

/// <summary>How often an operator stands in a graph.</summary>
/// <param name="Name">Such as <c>aten::conv2d</c>.</param>
/// <param name="Count">How often; in a loop once, however often it turns.</param>
/// <param name="Random">How many of them draw random numbers.</param>
public sealed record OperatorCount(string Name, int Count, int Random);

/// <summary>A method of a model: its code, its graph, its operators, and a picture of it.</summary>
public sealed class ModelGraph
{
    private readonly GraphBlock _block;
    private readonly ModelDescription _description;
    private readonly Lazy<DrawnGraph> _drawn;

    private ModelGraph(TorchModel model, ModelMethod method, bool inlined)
    {
        Model = model.Name;
        Method = method.Name;
        Inlined = inlined;
        Inputs = method.Arguments;
        Returns = method.Returns;
        Code = model.Code(method.Name);
        Graph = model.Graph(method.Name, inlined);
        _block = model.Structure(method.Name, inlined);
        _description = model.Describe();
        Nodes = All(_block).ToArray();
        Operators = All(inlined ? _block : model.Structure(method.Name, inlined: true))
            .Where(node => node.Kind is not ("prim::Constant" or "prim::GetAttr"))
            .GroupBy(node => node.Kind, StringComparer.Ordinal)
            .Select(group => new OperatorCount(group.Key, group.Count(), group.Count(node => node.Random)))
            .OrderByDescending(entry => entry.Count).ThenBy(entry => entry.Name, StringComparer.Ordinal).ToArray();
        _drawn = new Lazy<DrawnGraph>(() => GraphReduction.Reduce(_block, _description));
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>The method.</summary>
    public string Method { get; }

    /// <summary>True when calls are replaced by what they call.</summary>
    public bool Inlined { get; }

    /// <summary>The method's arguments.</summary>
    public IReadOnlyList<ModelArgument> Inputs { get; }

    /// <summary>The types that it returns.</summary>
    public IReadOnlyList<string> Returns { get; }

    /// <summary>TorchScript code.</summary>
    public string Code { get; }

    /// <summary>The graph as TorchScript prints it.</summary>
    public string Graph { get; }

    /// <summary>The nodes of the graph, those of branches and loops right after them.</summary>
    public IReadOnlyList<GraphOperation> Nodes { get; }

    /// <summary>The operators of the method and all that it calls, most frequent first; constants and look-ups of attributes are left
    /// out, and so are branches that the model as it is now never takes.</summary>
    public IReadOnlyList<OperatorCount> Operators { get; }

    /// <summary>The picture in DOT, for Graphviz.</summary>
    public string Dot => GraphDot.Write(_drawn.Value, Title);

    /// <summary>The picture as one SVG file, light and dark.</summary>
    public string Svg => GraphSvg.Draw(_drawn.Value, Title, Subtitle);

    private string Title => $"{Model}.{Method}";

    private string Subtitle
    {
        get
        {
            long parameters = _description.Parameters.Sum(parameter => TensorData.ElementCount(parameter.Shape));
            int operators = Operators.Where(entry => entry.Name.StartsWith("aten::", StringComparison.Ordinal)).Sum(entry => entry.Count);
            int random = Operators.Sum(entry => entry.Random);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{parameters:N0} parameters, {operators} operators{(random == 0 ? string.Empty : $", {random} of them random")}");
        }
    }

    /// <summary>Reads a method's graph.</summary>
    /// <param name="model">The model.</param>
    /// <param name="method">The method.</param>
    /// <param name="inlined">With what it calls in place of the calls; otherwise submodules are single nodes.</param>
    /// <exception cref="ReproTorchException">There is no such method.</exception>
    public static ModelGraph Of(TorchModel model, string method, bool inlined)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelGraph(model, model.Method(method), inlined);
    }

    /// <summary>Writes the picture to a file: <c>.svg</c>, or <c>.dot</c> or <c>.gv</c>.</summary>
    /// <exception cref="ReproTorchException">Another extension.</exception>
    /// <exception cref="IOException">There is a file already and <paramref name="force"/> is false, or it could not be written.</exception>
    public void Save(string path, bool force)
    {
        string text = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".svg" => Svg,
            ".dot" or ".gv" => Dot,
            var other => throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"'{path}' has the extension '{other}', which tells no format of a picture. Expected .svg, .dot or .gv."),
        };
        AtomicFile.Write(path, force, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Model and method.</summary>
    public override string ToString() => Title;

    private static IEnumerable<GraphOperation> All(GraphBlock block)
    {
        foreach (GraphOperation node in block.Nodes)
        {
            if (node.Taken is null)
            {
                yield return node;
            }

            foreach (GraphOperation inner in node.Blocks.Where((_, branch) => node.Taken is null || branch == node.Taken).SelectMany(All))
            {
                yield return inner;
            }
        }
    }
}
