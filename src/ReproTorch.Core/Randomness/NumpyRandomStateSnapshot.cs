namespace ReproTorch.Randomness;

/// <summary>
/// What NumPy's <c>RandomState.get_state()</c> returns: the tuple <c>('MT19937', key, pos, has_gauss,
/// cached_gaussian)</c>.
/// </summary>
/// <param name="Key">The 624 words of the Mersenne Twister.</param>
/// <param name="Position">Words of the block that were given out, 0..624; 624 after seeding.</param>
/// <param name="HasGauss">Whether the second number of the last normal pair waits to be given out.</param>
/// <param name="CachedGaussian">That number; 0 when there is none.</param>
public sealed record NumpyRandomStateSnapshot(IReadOnlyList<uint> Key, int Position, bool HasGauss, double CachedGaussian)
{
    /// <summary>The name of the bit generator, which is the first element of NumPy's tuple.</summary>
    public const string BitGenerator = "MT19937";

    /// <summary>What <see cref="NumpyRandomState.DrawCount"/> goes on from when this state is set. NumPy's state has no
    /// such number: 0 for states that come from there.</summary>
    public long DrawCount { get; init; }
}
