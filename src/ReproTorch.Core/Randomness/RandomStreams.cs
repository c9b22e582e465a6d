using System.Numerics;
using ReproTorch.Interop;

namespace ReproTorch.Randomness;

/// <summary>Whose random numbers.</summary>
public enum RandomSource
{
    /// <summary>libtorch's default generators (torch.manual_seed).</summary>
    Torch,
}

/// <summary>How one stream stands.</summary>
public sealed record StreamReport
{
    /// <summary>Whose stream.</summary>
    public RandomSource Source { get; init; }

    /// <summary>The device whose generator it is: cpu, cuda:0, ..</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The seed as it was given; what the generator says where it was not seeded here.</summary>
    public BigInteger Seed { get; init; }

    /// <summary>32-bit words drawn since it was seeded, exactly; null when its state is not one that the seed leads to (a state was
    /// put back from elsewhere) or the walk would take minutes.</summary>
    public long? DrawCount { get; init; }

    /// <summary>Script and line of the command that seeded it; null when it was seeded at a prompt or not here.</summary>
    public string? SeededAt { get; init; }

    /// <summary>True when ReproTorch seeded it and nothing else has since.</summary>
    public bool SeededHere { get; init; }
}

/// <summary>
/// The random streams that all runspaces and threads of this process share. Seeding and reading them is safe from any thread;
/// which thread's operator draws which number is not decided by a seed.
/// </summary>
public static class RandomStreams
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, TorchDrawCounter> s_counters = [];
    private static TorchSeedValue? s_torchSeed;
    private static string? s_torchLocation;

    /// <summary>The sources that Set-TorchSeed seeds when none is named.</summary>
    public static RandomSource[] SeededByDefault => [RandomSource.Torch];

    /// <summary>Checks that every source takes the seed.</summary>
    /// <exception cref="ReproTorchException">One does not; it is named.</exception>
    public static void Check(BigInteger seed, IReadOnlyList<RandomSource> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (sources.Contains(RandomSource.Torch))
        {
            _ = TorchSeedValue.From(seed);
        }
    }

    /// <summary>Seeds the streams, or none of them when one does not take the seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="sources">Which streams.</param>
    /// <param name="location">Script and line of the command that asks for it; null at a prompt.</param>
    public static void Seed(BigInteger seed, IReadOnlyList<RandomSource> sources, string? location)
    {
        Check(seed, sources);
        lock (s_lock)
        {
            if (sources.Contains(RandomSource.Torch))
            {
                TorchSeedValue value = TorchSeedValue.From(seed);
                NativeError.ThrowIfFailed(NativeMethods.rpt_seed_all(value.Effective));
                s_torchSeed = value;
                s_torchLocation = location;
            }
        }
    }

    /// <summary>How the streams stand now.</summary>
    public static IReadOnlyList<StreamReport> Report(IReadOnlyList<RandomSource> sources, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sources);
        lock (s_lock)
        {
            return sources.Contains(RandomSource.Torch)
                ? [.. TorchGenerator.AllDefaults().Select(generator => ReportTorch(generator, cancellation))]
                : [];
        }
    }

    private static StreamReport ReportTorch(TorchGenerator generator, CancellationToken cancellation)
    {
        string device = generator.Device.ToString();
        if (!s_counters.TryGetValue(device, out TorchDrawCounter? counter))
        {
            s_counters[device] = counter = new TorchDrawCounter();
        }

        ulong seed = generator.InitialSeed;
        bool here = s_torchSeed is { } given && given.Effective == seed;
        return new StreamReport
        {
            Source = RandomSource.Torch,
            Device = device,
            Seed = here ? s_torchSeed!.Value.Given : seed,
            DrawCount = counter.Count(generator.GetState(), cancellation),
            SeededAt = here ? s_torchLocation : null,
            SeededHere = here,
        };
    }
}
