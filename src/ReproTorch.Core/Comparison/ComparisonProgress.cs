namespace ReproTorch.Comparison;

/// <summary>How far a comparison has come.</summary>
/// <param name="Output">The output that is being compared.</param>
/// <param name="BytesDone">Bytes of the reference seen so far, over all outputs.</param>
/// <param name="BytesTotal">Bytes of the reference in all outputs.</param>
public readonly record struct ComparisonProgress(string Output, long BytesDone, long BytesTotal);
