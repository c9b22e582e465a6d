using ReproTorch.Comparison;
using ReproTorch.Observation;

namespace ReproTorch.Sweeps;

/// <summary>Finds the first operator whose result a trial changes, by running it and the plain run once more, observed.</summary>
internal sealed class SweepLocator(SweepSubject subject, string folder)
{
    // TorchScript's executor rewrites a method after its first two runs; what both sides are compared by is what runs from then on.
    private const int Settled = 3;

    private OperatorTrace? _plain;
    private OperatorTrace? _plainRows;

    public SweepDifference? Locate(SweepTrial trial, RunComparison comparison)
    {
        if (!trial.HasSameOperators)
        {
            return null;
        }

        string file = Path.Combine(folder, "trial.jsonl");
        if (trial.RunPiece is { } runPiece)
        {
            if (comparison.FirstDifference?.Index is not [long row, ..])
            {
                return null;
            }

            (_, long otherRow) = runPiece(row, file);
            return FirstOperator.OfRow(PlainRows(), row, OperatorTraceFile.Read(file), otherRow);
        }

        trial.Run(file);
        return FirstOperator.Of(Plain(), OperatorTraceFile.Read(file));
    }

    private OperatorTrace Plain() => _plain ??= Trace(rows: 0);

    private OperatorTrace PlainRows() => _plainRows ??= Trace(subject.Rows);

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
