namespace ReproTorch.Observation;

/// <summary>What is recorded of each operator.</summary>
public sealed record ObserverOptions
{
    /// <summary>Hash the bytes of the outputs of outermost operators: what they call gives the same bytes.</summary>
    public bool Hash { get; init; }

    /// <summary>With <see cref="Hash"/>: hash those of dispatched operators too (<see cref="OperatorRecord.Dispatched"/>), by which a
    /// trace that was recorded in Python is compared.</summary>
    public bool HashDispatched { get; init; }

    /// <summary>Record only operators that drew random numbers, without their inputs.</summary>
    public bool RandomOnly { get; init; }

    /// <summary>With <see cref="Hash"/>: the size of the batch, to hash each row of what has it as first dimension; 0 for none.</summary>
    public long Rows { get; init; }
}
