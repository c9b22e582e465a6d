namespace ReproTorch.Comparison;

/// <summary>In which arithmetic closeness is decided. The two differ only at the very border of a tolerance.</summary>
public enum ClosenessArithmetic
{
    /// <summary>As PyTorch 1.13: values are brought to float64, complex128 or int64 first.</summary>
    Upcast,

    /// <summary>As newer PyTorch: <c>torch.isclose</c> in the tensors' own (or promoted) dtype, each step rounded to it and the
    /// tolerances too. It decides the verdict and the counts; differences are still told in float64.</summary>
    OwnDType,
}
