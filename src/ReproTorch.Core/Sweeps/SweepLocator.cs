using ReproTorch.Comparison;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Tensors;

namespace ReproTorch.Sweeps;

/// <summary>Finds the first operator whose result a trial changes, by running it and the plain run once more, observed.</summary>
internal sealed class SweepLocator(SweepSubject subject, string folder)
{
    // TorchScript's executor rewrites a method after its first two runs; what both sides are compared by is what runs from then on.
    private const int Settled = 3;

    private OperatorTrace? _plain;
    private OperatorTrace? _plainRows;
    private OperatorTrace? _larger;

    /// <param name="trial">What differs.</param>
    /// <param name="comparison">From the plain run, how.</param>
    /// <param name="reason">Why the operator cannot be told; null where it is.</param>
    public SweepDifference? Locate(SweepTrial trial, RunComparison comparison, out string? reason)
    {
        reason = trial.OtherOperators;
        if (reason is not null)
        {
            return null;
        }

        string file = Path.Combine(folder, "trial.jsonl");
        if (trial.RunPiece is { } runPiece)
        {
            return LocateRow(runPiece, comparison, file, out reason);
        }

        trial.Run(file);
        SweepDifference? found = FirstOperator.Of(Plain(), OperatorTraceFile.Read(file));
        reason = found is null ? "run once more and observed, every operator gave the same bits." : null;
        return found;
    }

    private SweepDifference? LocateRow(
        Func<long, string, (long Rows, int Row)> runPiece, RunComparison comparison, string file, out string? reason)
    {
        if (comparison.FirstDifference?.Index is not [long row, ..])
        {
            reason = "the outputs cannot be compared sample by sample.";
            return null;
        }

        (long rows, int place) = runPiece(row, file);
        var piece = new RowTrace(OperatorTraceFile.Read(file), rows, place);
        var plain = new RowTrace(_plainRows ??= Trace(subject.Rows), subject.Rows, (int)row);
        try
        {
            return new FirstOperatorOfRow(plain, piece, rows == subject.Rows ? new RowTrace(Larger(), subject.Rows + 1) : piece).Find(out reason);
        }
        catch (ReproTorchException e)
        {
            reason = $"where the batch is within the model shows only on one of another size, and on that it cannot be run: {LastLine(e)}.";
            return null;
        }
    }

    /// <summary>What went wrong, without a full stop: TorchScript tells its own lines first, and that last.</summary>
    public static string LastLine(ReproTorchException error) => error.Message.TrimEnd().Split('\n')[^1].TrimEnd('.');

    private OperatorTrace Plain() => _plain ??= Trace(rows: 0);

    // The batch with its first sample once more.
    private OperatorTrace Larger()
    {
        if (_larger is null)
        {
            string file = Path.Combine(folder, "larger.jsonl");
            ModelInput input = subject.Input.Map(tensor =>
            {
                using TorchTensor first = tensor.Narrow(0, 1);
                return TorchTensor.Concatenate([tensor, first]);
            });
            subject.Run(() => ModelRunner.Run(subject.Model, input, subject.RunOptions), trace: file, rows: subject.Rows + 1);
            _larger = OperatorTraceFile.Read(file);
        }

        return _larger;
    }

    private OperatorTrace Trace(long rows)
    {
        for (int run = 1; run < Settled; run++)
        {
            subject.RunPlain();
        }

        string file = Path.Combine(folder, "plain.jsonl");
        subject.RunPlain(file, rows);
        return OperatorTraceFile.Read(file);
    }
}
