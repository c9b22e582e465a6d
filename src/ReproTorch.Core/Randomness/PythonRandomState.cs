namespace ReproTorch.Randomness;

/// <summary>
/// What CPython's <c>random.getstate()</c> returns: a version, 625 integers (624 words of the Mersenne Twister, then the
/// position in them) and the number that <c>gauss</c> keeps for its next call.
/// </summary>
/// <param name="Version">3. 2 was Python 2.6's and 3.1's and is taken too: there the words could be negative.</param>
/// <param name="Internal">624 words and the position, 0..624.</param>
/// <param name="GaussNext">The second number of the last pair that <c>gauss</c> made, or null.</param>
public sealed record PythonRandomState(int Version, IReadOnlyList<long> Internal, double? GaussNext)
{
    /// <summary>What <see cref="PythonRandom.DrawCount"/> goes on from when this state is set. CPython's state has no
    /// such number: 0 for states that come from there.</summary>
    public long DrawCount { get; init; }
}
