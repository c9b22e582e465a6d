namespace ReproTorch.Comparison;

/// <summary>What <see cref="TensorComparison.Match"/> asks for.</summary>
public enum MatchCriterion
{
    /// <summary>The same bits, dtype and shape.</summary>
    Identical,

    /// <summary>Close within tolerances, by the rules of <c>torch.testing.assert_close</c>.</summary>
    Close,

    /// <summary>No element further off than a number of units in the last place.</summary>
    Ulp,
}
