namespace ReproTorch.Comparison.Kernels;

/// <summary>The greatest number so far and the first place that had it. NaN counts as greater than all, as torch.max has it.</summary>
internal struct Extreme(double value, long index)
{
    /// <summary>The number; 0 before anything greater came.</summary>
    public double Value { get; private set; } = value;

    /// <summary>The flat index of the first element that had it.</summary>
    public long Index { get; private set; } = index;

    /// <summary>Takes the value if it is greater, or as great and earlier.</summary>
    public void Consider(double value, long index)
    {
        bool greater = double.IsNaN(value) ? !double.IsNaN(Value) : value > Value;
        if (greater || (index < Index && value.Equals(Value)))
        {
            Value = value;
            Index = index;
        }
    }

    /// <summary>Takes the extreme of the elements that follow.</summary>
    public void Consider(Extreme next) => Consider(next.Value, next.Index);
}
