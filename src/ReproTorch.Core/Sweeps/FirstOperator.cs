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

    /// <summary>The place of each operator among those of a trace, by its index.</summary>
    public static Dictionary<long, int> Places(OperatorTrace trace) => trace.Operators
        .Select((record, place) => (record.Index, place))
        .ToDictionary(pair => pair.Index, pair => pair.place);
}
