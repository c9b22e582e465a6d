using System.Globalization;
using ReproTorch.Comparison;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

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
/// trace and original are run and their tensor outputs compared as float64 (relative tolerance as asked for, absolute tolerance
/// assert_close's default of the dtypes, NaN equal to NaN), and so are those of the two traces; then the graphs of the two
/// traces are compared, and their constant tensors, as assert_close does. Where outputs differ, the graphs are compared all the
/// same, and the error names the first node that differs. Unlike there, the example is checked beside the check inputs, a difference
/// between outputs is an error and not a warning, and the check disturbs nothing: original and trace run from the very state that the tracing run had, so
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
                new InputCheck(model, trace.Model, method, input, which, options, from).Run();
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

    private static ReproTorchException Failed(string message, Exception? inner = null) =>
        new(ReproTorchErrorKind.OperatorFailure, "The trace failed its check. " + message, inner);

    /// <summary>The check on one input.</summary>
    private sealed class InputCheck(
        TorchModel model, TorchModel trace, string method, ModelInput input, string which, TraceOptions options, StartingPoint from)
    {
        public void Run()
        {
            List<RunValue> expected = RunOr(model, e => $"On {which} the model itself fails: {e.Message}");
            List<RunValue> actual = RunOr(trace, e => $"On {which} the model runs, but the trace fails: {e.Message}{GraphDifference()}");
            if (OutputDifference(actual, expected, "model") is { } difference)
            {
                throw Failed(difference + GraphDifference() + RandomNodes(trace, method));
            }

            using TorchModel again = TraceAgain();
            List<RunValue> repeated = RunOr(again, e => $"Traced again on {which}, the trace fails: {e.Message}");
            if (OutputDifference(actual, repeated, "repeated trace") is { } other)
            {
                throw Failed(other + Difference(again) + RandomNodes(trace, method));
            }

            if (Difference(again) is { Length: > 0 } graphs)
            {
                throw Failed(graphs.TrimStart('\n'));
            }
        }

        private List<RunValue> RunOr(TorchModel which, Func<ReproTorchException, string> message)
        {
            try
            {
                return from.Run(which, method, input);
            }
            catch (ReproTorchException e)
            {
                throw Failed(message(e), e);
            }
        }

        private TorchModel TraceAgain()
        {
            from.Restore();
            return model.Trace(method, input.Map(tensor => tensor.Clone()), options.Strict).Model;
        }

        // What the first difference between the outputs is; null when there is none.
        private string? OutputDifference(List<RunValue> actual, List<RunValue> expected, string other)
        {
            for (int i = 0; i < Math.Max(expected.Count, actual.Count); i++)
            {
                if (i >= expected.Count || i >= actual.Count || expected[i].Name != actual[i].Name || expected[i].Kind != actual[i].Kind)
                {
                    return $"On {which} the {other} gives the outputs {Names(expected)}, but the trace gives {Names(actual)}.";
                }

                if (expected[i].Kind == RunValueKind.Tensor && TensorDifference(expected[i], actual[i]) is { } difference)
                {
                    return $"On {which} the output {expected[i].Name} of the trace is not that of the {other}. {difference}";
                }
            }

            return null;
        }

        // As double (or complex double), whatever they are: tolerances are for values, and a trace is no place for dtypes.
        private string? TensorDifference(RunValue expected, RunValue actual)
        {
            TensorComparison comparison = TensorComparer.Compare(expected.Name, Widen(expected.Data!), Widen(actual.Data!), new ComparisonOptions
            {
                RelativeTolerance = options.Tolerance,
                AbsoluteTolerance = Tolerances.Default(expected.Data!.DType, actual.Data!.DType).Absolute,
                EqualNaN = true,
                CheckDType = false,
            });
            return comparison.Match ? null : comparison.Message ?? comparison.Reason;
        }

        private static TensorData Widen(TensorData data)
        {
            using var tensor = TorchTensor.FromData(data);
            return tensor.To(data.DType.IsComplex() ? DType.complex128 : DType.float64).ToData();
        }

        // The difference between the graphs as a further reason, where the model can be traced again at all.
        private string GraphDifference()
        {
            try
            {
                using TorchModel again = TraceAgain();
                return Difference(again);
            }
            catch (ReproTorchException)
            {
                return string.Empty;
            }
        }

        // What the first difference between the graphs is; empty when there is none.
        private string Difference(TorchModel again)
        {
            IReadOnlyList<GraphNode> first = trace.Nodes(method);
            IReadOnlyList<GraphNode> second = again.Nodes(method);
            for (int i = 0; i < Math.Max(first.Count, second.Count); i++)
            {
                GraphNode? a = i < first.Count ? first[i] : null;
                GraphNode? b = i < second.Count ? second[i] : null;
                if (a?.Text != b?.Text)
                {
                    return $"\nTraced again on {which}, the model gives another graph: it depends on its input. First differing node, number {i}:\n"
                        + $"  first trace:  {Describe(a)}\n  second trace: {Describe(b)}";
                }

                if (a!.Hash != b!.Hash && ConstantDifference(again, first.Take(i).Count(node => node.Hash is not null)) is { } difference)
                {
                    return $"\nTraced again on {which}, the model bakes in another constant tensor: it was computed from the input or drawn at random "
                        + $"while tracing. Node number {i}: {Describe(a)}\n{difference}";
                }
            }

            return string.Empty;
        }

        // As assert_close(equal_nan=True); null when the two are close, though not the same bits.
        private string? ConstantDifference(TorchModel again, int index)
        {
            using TensorData first = trace.Constants(method)[index].ToData();
            using TensorData second = again.Constants(method)[index].ToData();
            TensorComparison comparison = TensorComparer.Compare(
                "constant", first, second, new ComparisonOptions { Close = true, EqualNaN = true });
            return comparison.Match ? null : comparison.Message ?? comparison.Reason;
        }

        private static string Names(List<RunValue> values) => string.Join(", ", values.Select(value => $"{value.Name} ({value.Kind})"));
    }

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
            static TorchTensor Dequantize(TorchTensor tensor) =>
                tensor.DType.IsQuantized() ? (TorchTensor)TorchOperator.Call("aten::dequantize", tensor)! : tensor;

            Restore();

            // A copy: a model may write to its input.
            object? output = model.Invoke(method, input.Map(tensor => tensor.Clone()));
            return OutputFlattener.Flatten(ModelInput.MapValue(output, Dequantize), "output");
        }
    }
}
