using ReproTorch.Observation;

namespace ReproTorch.Sweeps;

/// <summary>Finds the first operator whose result has other bits.</summary>
internal static class FirstOperator
{
    /// <summary>In two traces with hashes.</summary>
    public static SweepDifference? Of(OperatorTrace reference, OperatorTrace difference)
    {
        SweepDifference? structural = null;
        Dictionary<long, int> places = Places(reference);
        int last = -1;
        foreach ((OperatorRecord? one, OperatorRecord? other) in OperatorAligner.Align(reference.Operators, difference.Operators))
        {
            if (one is not null)
            {
                last = places[one.Index];
            }

            if (one is null || other is null)
            {
                structural ??= new SweepDifference((one ?? other!).Name, Math.Max(last, 0));
            }
            else if (!one.Hashes.SequenceEqual(other.Hashes))
            {
                return new SweepDifference(one.Name, places[one.Index]);
            }
        }

        // The same bits wherever both sides have an operator: what only one side runs is what differs.
        return structural;
    }

    /// <summary>In one row of a batch: the row's place in either run.</summary>
    public static SweepDifference? OfRow(OperatorTrace reference, long row, OperatorTrace difference, long otherRow)
    {
        Dictionary<long, int> places = Places(reference);
        foreach ((OperatorRecord? one, OperatorRecord? other) in OperatorAligner.Align(reference.Operators, difference.Operators))
        {
            if (one is not null && other is not null && Differs(one, row, other, otherRow))
            {
                return new SweepDifference(one.Name, places[one.Index]);
            }
        }

        return null;
    }

    private static bool Differs(OperatorRecord one, long row, OperatorRecord other, long otherRow)
    {
        for (int i = 0; i < Math.Min(one.RowHashes.Count, other.RowHashes.Count); i++)
        {
            if (row < one.RowHashes[i].Count && otherRow < other.RowHashes[i].Count
                && one.RowHashes[i][(int)row] != other.RowHashes[i][(int)otherRow])
            {
                return true;
            }
        }

        return false;
    }

    private static Dictionary<long, int> Places(OperatorTrace trace) => trace.Operators
        .Select((record, place) => (record.Index, place))
        .ToDictionary(pair => pair.Index, pair => pair.place);
}
