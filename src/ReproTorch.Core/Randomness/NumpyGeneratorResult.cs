using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>What a call by name gives: an array, or a single value where NumPy gives one.</summary>
/// <param name="Values">The elements in C order: <c>double[]</c>, <c>float[]</c>, <c>long[]</c> or another integer
/// type,
/// <c>bool[]</c>, <c>byte[]</c> of <c>bytes</c>, or <c>object[]</c> where elements of a given list come back.</param>
/// <param name="DType">The elements' type; null for <c>object[]</c>.</param>
/// <param name="Shape">Sizes, outermost first; empty for a single value.</param>
public sealed record NumpyGeneratorResult(Array Values, DType? DType, IReadOnlyList<long> Shape)
{
    /// <summary>The single value, where <see cref="Shape"/> is empty; else null.</summary>
    public object? Scalar => Shape.Count == 0 ? Values.GetValue(0) : null;
}
