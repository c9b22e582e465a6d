using System.Diagnostics;
using ReproTorch.Observation;
using ReproTorch.Provenance;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>Runs a model and records the run.</summary>
public static class ModelRunner
{
    /// <summary>Runs a model on one input.</summary>
    /// <exception cref="ReproTorchException">The input does not fit the method, an operator failed or has no deterministic form, or
    /// the outputs of batches cannot be put together.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between batches.</exception>
    public static RunOutput Run(TorchModel model, ModelInput input, RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        ModelMethod method = model.Method(options.Method);
        if (options.Device is { } device)
        {
            model.MoveTo(device);
            input = input.Map(tensor => tensor.To(device: device));
        }

        TorchEnvironment environment = TorchEnvironmentProbe.Capture();

        // A model may write to its input.
        (List<RunValue> values, List<RunArgument> arguments) = InputRecorder.Record(options.IncludeInput ? input.Map(tensor => tensor.Clone()) : input, method);
        RunInputInfo[] inputs = [.. values.Select(Describe)];
        string? modelHash = options.IncludeInput ? model.ContentHash : null;
        if (options.Seed is { } seed)
        {
            RandomStreams.Seed(seed.Given, [RandomSource.Torch], options.SeedLocation);
        }

        RngState? streams = options.IncludeInput ? RandomStreams.Capture(RandomStreams.SeededByDefault) : null;
        if (options is { TraceOperators: true, Traced: true })
        {
            MakeTraces(model, input, options);
        }

        DateTimeOffset time = DateTimeOffset.UtcNow;
        long start = Stopwatch.GetTimestamp();
        OperatorTrace? trace = null;
        object? output = options.TraceOperators
            ? OperatorObserver.Record(() => RunAll(model, input, options), new ObserverOptions { Hash = true, HashDispatched = true }, out trace)
            : RunAll(model, input, options);
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        return new RunOutput
        {
            Name = input.Name ?? string.Empty,
            Outputs = OutputFlattener.Flatten(output, "output"),
            Seed = options.Seed?.ToString(),
            Model = model.Name,
            ModelSha256 = model.Sha256,
            Method = options.Method,
            Traced = options.Traced,
            BatchSize = options.BatchSize,
            Device = model.Device.ToString(),
            Inputs = inputs,
            Environment = environment,
            Time = time,
            Duration = duration,
            OperatorTrace = trace,
            ModelContentHash = modelHash,
            InputValues = options.IncludeInput ? values : null,
            Arguments = options.IncludeInput ? arguments : null,
            RandomState = streams,
        };
    }

    private static object? RunAll(TorchModel model, ModelInput input, RunOptions options) => options.BatchSize is { } batchSize
        ? RunBatches(model, input, batchSize, options)
        : RunOnce(model, input, options);

    private static object? RunOnce(TorchModel model, ModelInput input, RunOptions options)
    {
        if (!options.Traced)
        {
            return model.Invoke(options.Method, input);
        }

        return TraceOf(model, input, options).Model.Invoke(options.Method, input);
    }

    private static TraceResult TraceOf(TorchModel model, ModelInput input, RunOptions options)
    {
        TraceResult trace = TraceCache.Get(model, options.Method, input, out bool made);
        if (made)
        {
            options.OnTraced?.Invoke(trace);
        }

        return trace;
    }

    // The operators that run as a trace is made are not the run's.
    private static void MakeTraces(TorchModel model, ModelInput input, RunOptions options)
    {
        foreach (ModelInput piece in options.BatchSize is { } batchSize ? Batches(input, batchSize) : [input])
        {
            TraceOf(model, piece, options);
        }
    }

    private static IEnumerable<ModelInput> Batches(ModelInput input, long batchSize)
    {
        long rows = BatchRows(input, batchSize);
        for (long row = 0; row < rows || row == 0; row += batchSize)
        {
            long start = row;
            long length = Math.Min(batchSize, rows - row);
            yield return input.Map(tensor => tensor.Narrow(start, length));
        }
    }

    private static object? RunBatches(TorchModel model, ModelInput input, long batchSize, RunOptions options)
    {
        var outputs = new List<object?>();
        foreach (ModelInput batch in Batches(input, batchSize))
        {
            options.Cancellation.ThrowIfCancellationRequested();
            outputs.Add(RunOnce(model, batch, options));
        }

        return outputs.Count == 1 ? outputs[0] : BatchOutputs.Concatenate(outputs, "output");
    }

    private static long BatchRows(ModelInput input, long batchSize)
    {
        if (batchSize < 1)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"The batch size was {batchSize}. Expected 1 or more.");
        }

        long rows = -1;
        input.Map(tensor =>
        {
            if (tensor.Shape.Length == 0 || (rows >= 0 && tensor.Shape[0] != rows))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"A batch size needs inputs whose first dimension is the batch; one has the shape ({string.Join(", ", tensor.Shape)})"
                    + (rows >= 0 ? $" beside one of {rows} rows." : ".") + " Leave the batch size out to run the input whole.");
            }

            rows = tensor.Shape[0];
            return tensor;
        });
        return rows >= 0
            ? rows
            : throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "A batch size needs a tensor among the inputs; there is none.");
    }

    internal static RunInputInfo Describe(RunValue value) => new()
    {
        Name = value.Name,
        Kind = value.Kind,
        DType = value.Data?.DType.ToString(),
        Shape = value.Data?.Shape,
        Hash = ContentHash.Of(value),
    };
}
