using System.Globalization;
using ReproTorch.Comparison;
using ReproTorch.Randomness;
using ReproTorch.Runs;

namespace ReproTorch.Models;

/// <summary>How <see cref="TraceCheck"/> traces.</summary>
public sealed record TraceOptions
{
    /// <summary>Runs trace and original and compares them.</summary>
    public bool Check { get; init; } = true;

    /// <summary>Inputs to check with, beside the example.</summary>
    public IReadOnlyList<ModelInput> CheckInputs { get; init; } = [];

    /// <summary>The relative tolerance of the check.</summary>
    public double Tolerance { get; init; } = TraceCheck.DefaultTolerance;

    /// <summary>Refuses lists and dictionaries as outputs.</summary>
    public bool Strict { get; init; }
}

/// <summary>
/// Traces a model and checks the trace as torch.jit.trace(check_trace=True) does: for each check input the model is traced again,
/// trace and original are run and their tensor outputs compared (relative tolerance as asked for, absolute tolerance
/// assert_close's default of the dtypes, NaN equal to NaN); then the graphs of the two traces are compared, and their constant
/// tensors. Unlike there, the check disturbs nothing: original and trace run from the very state that the tracing run had, so
/// that dropout can be checked too, and afterwards streams and buffers are as the tracing alone left them.
/// </summary>
/// <remarks>Semantics: torch/jit/_trace.py, PyTorch 1.13.1.</remarks>
public static class TraceCheck
{
    /// <summary>check_tolerance of torch.jit.trace.</summary>
    public const double DefaultTolerance = 1e-5;

    private const int MaxNodesNamed = 20;

    /// <summary>Traces a method and checks the trace.</summary>
    /// <exception cref="ReproTorchException">The model cannot be traced, or the trace is not what the model is; the message names
    /// the first output, or the first node of the graph, that differs.</exception>
    public static TraceResult Trace(TorchModel model, string method, ModelInput example, TraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(example);
        ArgumentNullException.ThrowIfNull(options);
        TorchRngSnapshot streamsBefore = TorchRngSnapshot.Take();
        using var buffersBefore = BufferSnapshot.Take(model);
        TraceResult trace = model.Trace(method, example, options.Strict);
        if (!options.Check)
        {
            return trace;
        }

        TorchRngSnapshot streamsAfter = TorchRngSnapshot.Take();
        using var buffersAfter = BufferSnapshot.Take(model);
        var from = new StartingPoint(streamsBefore, buffersBefore);
        try
        {
            int number = 0;
            foreach (ModelInput input in (ModelInput[])[example, .. options.CheckInputs])
            {
                string which = number == 0 ? "the example" : string.Create(CultureInfo.InvariantCulture, $"check input {number}");
                CheckOutputs(model, trace.Model, method, input, which, options.Tolerance, from);
                CheckGraphs(model, trace.Model, method, input, which, options.Strict, from);
                number++;
            }

            return trace;
        }
        catch
        {
            trace.Model.Dispose();
            throw;
        }
        finally
        {
            buffersAfter.Restore();
            streamsAfter.Restore();
        }
    }

    private static void CheckOutputs(
        TorchModel model, TorchModel trace, string method, ModelInput input, string which, double tolerance, StartingPoint from)
    {
        List<RunValue> expected = from.Run(model, method, input);
        List<RunValue> actual;
        try
        {
            actual = from.Run(trace, method, input);
        }
        catch (ReproTorchException e)
        {
            throw Failed($"On {which} the model runs, but the trace fails: {e.Message}", e);
        }

        for (int i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            if (i >= expected.Count || i >= actual.Count || expected[i].Name != actual[i].Name || expected[i].Kind != actual[i].Kind)
            {
                throw Failed(
                    $"On {which} the model gives the outputs {Names(expected)}, but the trace gives {Names(actual)}.{RandomNodes(trace, method)}");
            }

            if (expected[i].Kind == RunValueKind.Tensor)
            {
                CheckOutput(expected[i], actual[i], which, tolerance, () => RandomNodes(trace, method));
            }
        }
    }

    private static void CheckOutput(RunValue expected, RunValue actual, string which, double tolerance, Func<string> hint)
    {
        TensorComparison comparison = TensorComparer.Compare(expected.Name, expected.Data!, actual.Data!, new ComparisonOptions
        {
            RelativeTolerance = tolerance,
            AbsoluteTolerance = Tolerances.Default(expected.Data!.DType, actual.Data!.DType).Absolute,
            EqualNaN = true,
            CheckDType = false,
        });
        if (!comparison.Match)
        {
            throw Failed(
                $"On {which} the output {expected.Name} of the trace is not that of the model. {comparison.Message ?? comparison.Reason}{hint()}");
        }
    }

    private static void CheckGraphs(
        TorchModel model, TorchModel trace, string method, ModelInput input, string which, bool strict, StartingPoint from)
    {
        from.Restore();
        using TorchModel again = model.Trace(method, input, strict).Model;
        IReadOnlyList<GraphNode> first = trace.Nodes(method);
        IReadOnlyList<GraphNode> second = again.Nodes(method);
        for (int i = 0; i < Math.Max(first.Count, second.Count); i++)
        {
            GraphNode? a = i < first.Count ? first[i] : null;
            GraphNode? b = i < second.Count ? second[i] : null;
            if (a?.Text != b?.Text)
            {
                throw Failed(
                    $"Traced again on {which}, the model gives another graph: it depends on its input. First differing node, number {i}:\n"
                    + $"  first trace:  {Describe(a)}\n  second trace: {Describe(b)}");
            }

            if (a!.Hash != b!.Hash)
            {
                throw Failed(
                    $"Traced again on {which}, the model bakes in another constant tensor: it was computed from the input or drawn at random "
                    + $"while tracing. Node number {i}: {Describe(a)}");
            }
        }
    }

    private static string RandomNodes(TorchModel trace, string method)
    {
        string[] nodes = [.. trace.Nodes(method).Where(node => node.Nondeterministic).Select(Describe)];
        return nodes.Length == 0
            ? string.Empty
            : $"\nThe trace draws random numbers; was the model meant to be in evaluation mode? In: {string.Join("; ", nodes.Take(MaxNodesNamed))}"
                + (nodes.Length > MaxNodesNamed ? $"; and {nodes.Length - MaxNodesNamed} more" : string.Empty);
    }

    private static string Describe(GraphNode? node) => node is null
        ? "none: this graph has ended"
        : node.Text.Trim() + (node.Source.Length > 0 ? $"  # {node.Source}" : string.Empty);

    private static string Names(List<RunValue> values) => string.Join(", ", values.Select(value => $"{value.Name} ({value.Kind})"));

    private static ReproTorchException Failed(string message, Exception? inner = null) =>
        new(ReproTorchErrorKind.OperatorFailure, "The trace failed its check. " + message, inner);

    /// <summary>Streams and buffers as they were before the tracing run: every run of the check starts here.</summary>
    private sealed class StartingPoint(TorchRngSnapshot streams, BufferSnapshot buffers)
    {
        public void Restore()
        {
            buffers.Restore();
            streams.Restore();
        }

        public List<RunValue> Run(TorchModel model, string method, ModelInput input)
        {
            Restore();

            // A copy: a model may write to its input.
            return OutputFlattener.Flatten(model.Invoke(method, input.Map(tensor => tensor.Clone())), "output");
        }
    }
}
