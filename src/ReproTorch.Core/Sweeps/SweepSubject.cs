using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Runs;

namespace ReproTorch.Sweeps;

/// <summary>The model, the input and the seed of a sweep. Every run finds the same buffers, streams and switches.</summary>
internal sealed class SweepSubject : IDisposable
{
    private readonly RandomScope _before = new();
    private readonly BufferSnapshot _buffers;
    private readonly DeterminismSettings _switches = DeterminismPolicy.Get();

    public SweepSubject(TorchModel model, ModelInput input, SweepOptions options)
    {
        Model = model;
        Input = input;
        Options = options;
        _buffers = BufferSnapshot.Take(model);
        Rows = RowsOf(input);
    }

    public TorchModel Model { get; }

    public ModelInput Input { get; }

    public SweepOptions Options { get; }

    public DeterminismSettings Switches => _switches;

    /// <summary>The size of the batch: the first dimension of every tensor of the input; -1 where they have none in common.</summary>
    public long Rows { get; }

    /// <summary>How the model is run where nothing else is said.</summary>
    public RunOptions RunOptions => new() { Method = Options.Method, Seed = Options.Seed, Cancellation = Options.Cancellation };

    /// <summary>Puts the buffers back, as each run does by itself: what is made from the model beforehand takes them as they stand.</summary>
    public void Restore() => _buffers.Restore();

    /// <summary>Runs something with the switches changed, from the same buffers, and records the operators where a file is given.</summary>
    public RunOutput Run(Func<RunOutput> run, DeterminismSettings? changes = null, string? trace = null, long rows = 0)
    {
        Options.Cancellation.ThrowIfCancellationRequested();
        _buffers.Restore();
        try
        {
            if (changes is not null)
            {
                DeterminismPolicy.Set(changes);
            }

            if (trace is null)
            {
                return run();
            }

            using OperatorObserver observer = OperatorObserver.Start(trace, new ObserverOptions { Hash = true, Rows = rows });
            RunOutput output = run();
            observer.Stop();
            return output;
        }
        finally
        {
            if (changes is not null)
            {
                DeterminismPolicy.Restore(_switches);
            }
        }
    }

    /// <summary>The plain run.</summary>
    public RunOutput RunPlain(string? trace = null, long rows = 0) =>
        Run(() => ModelRunner.Run(Model, Input, RunOptions), trace: trace, rows: rows);

    /// <summary>Puts everything back.</summary>
    public void Dispose()
    {
        _buffers.Restore();
        _buffers.Dispose();
        _before.Dispose();
    }

    private static long RowsOf(ModelInput input)
    {
        var rows = new HashSet<long>();
        input.Map(tensor =>
        {
            rows.Add(tensor.Shape.Length == 0 ? -1 : tensor.Shape[0]);
            return tensor;
        });
        return rows.Count == 1 ? rows.Single() : -1;
    }
}
