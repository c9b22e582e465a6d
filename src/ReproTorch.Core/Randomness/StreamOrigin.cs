namespace ReproTorch.Randomness;

/// <summary>Where a stream's state comes from.</summary>
/// <param name="Seed">What it was seeded with; null for the operating system's seed, and for a state from elsewhere.</param>
/// <param name="SeededAt">Script and line.</param>
/// <param name="IsCounted">Whether the state's draw count holds.</param>
internal sealed record StreamOrigin(object? Seed, string? SeededAt, bool IsCounted);
