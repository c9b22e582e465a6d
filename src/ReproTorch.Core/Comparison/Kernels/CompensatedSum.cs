namespace ReproTorch.Comparison.Kernels;

/// <summary>A sum that keeps what rounding drops (A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
/// Summen", ZAMM 54, 1974), so that the sums of a million blocks lose nothing that matters.</summary>
internal struct CompensatedSum
{
    private double _sum;
    private double _lost;

    /// <summary>The sum; infinite or NaN where a term or the sum was.</summary>
    public readonly double Value => double.IsFinite(_sum) ? _sum + _lost : _sum;

    /// <summary>Adds a term.</summary>
    public void Add(double term)
    {
        double sum = _sum + term;
        _lost += Math.Abs(_sum) >= Math.Abs(term) ? (_sum - sum) + term : (term - sum) + _sum;
        _sum = sum;
    }

    /// <summary>Adds another sum with what it dropped.</summary>
    public void Add(CompensatedSum other)
    {
        Add(other._sum);
        _lost += other._lost;
    }
}
