namespace ReproTorch.Comparison.Kernels;

/// <summary>A stretch of both tensors that lies in the cache.</summary>
internal readonly ref struct BlockPair
{
    /// <summary>Elements of a full block. A multiple of 64, so that every vector loop comes out even.</summary>
    public const int Elements = 2048;

    /// <summary>The reference's elements, or their real parts.</summary>
    public required ReadOnlySpan<byte> Reference { get; init; }

    /// <summary>The difference's elements, or their real parts.</summary>
    public required ReadOnlySpan<byte> Difference { get; init; }

    /// <summary>The imaginary parts of a complex type.</summary>
    public ReadOnlySpan<byte> ReferenceImaginary { get; init; }

    /// <summary>The imaginary parts of a complex type.</summary>
    public ReadOnlySpan<byte> DifferenceImaginary { get; init; }

    /// <summary>Elements in the block, rounded up to a multiple of 64; those past the tensor's end are 0 on both sides.</summary>
    public required int Count { get; init; }

    /// <summary>The flat index of the first.</summary>
    public required long First { get; init; }
}
