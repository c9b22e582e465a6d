using System.Numerics;
using ReproTorch.Interop;

namespace ReproTorch.Randomness;

/// <summary>
/// The random streams that all runspaces and threads of this process share: libtorch's default generators, one stream of
/// CPython's <c>random</c> and one of NumPy's <c>np.random</c>.
/// </summary>
/// <remarks>Safe from any thread. Seeding and restoring several streams is one step to whoever else seeds, restores or asks; a
/// thread that draws meanwhile draws before or after it from each stream. Which thread draws which number is not decided by a seed.</remarks>
public static class RandomStreams
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, TorchStream> s_torch = [];
    private static TorchOrigin? s_torchOrigin;

    /// <summary>The sources that Set-TorchSeed seeds when none is named.</summary>
    public static RandomSource[] SeededByDefault => [RandomSource.Torch, RandomSource.Python, RandomSource.NumPy];

    /// <summary>The stream of <c>random.random()</c> and its like.</summary>
    public static PythonStream Python { get; } = new();

    /// <summary>The stream of <c>np.random.rand()</c> and its like.</summary>
    public static NumpyStream NumPy { get; } = new();

    /// <summary>The shared stream of a source; Torch's is that of the CPU.</summary>
    /// <exception cref="ReproTorchException">The source has none.</exception>
    public static RandomStream Shared(RandomSource source) => source switch
    {
        RandomSource.Torch => Torch(TorchGenerator.Default(Tensors.TorchDevice.Cpu)),
        RandomSource.Python => Python,
        RandomSource.NumPy => NumPy,
        _ => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"{source} has no stream that a process shares. Make one with New-RandomStream, or give a seed."),
    };

    /// <summary>Checks that every source takes the seed.</summary>
    /// <exception cref="ReproTorchException">One does not; it is named.</exception>
    public static void Check(BigInteger seed, IReadOnlyList<RandomSource> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        foreach (RandomSource source in sources)
        {
            switch (source)
            {
                case RandomSource.Torch:
                    _ = TorchSeedValue.From(seed);
                    break;
                case RandomSource.NumPy when seed < 0 || seed > uint.MaxValue:
                    throw OutOfRange(seed, source, "0 .. 4294967295");
                case RandomSource.PowerShell when seed < int.MinValue || seed > int.MaxValue:
                    throw OutOfRange(seed, source, "-2147483648 .. 2147483647");
                case RandomSource.NumPyGenerator:
                    throw new ReproTorchException(
                        ReproTorchErrorKind.InvalidArgument,
                        "NumPyGenerator has no stream that a process shares, so nothing was seeded. Make one with New-RandomStream.");
            }
        }
    }

    /// <summary>Seeds the streams, or none of them when one does not take the seed. PowerShell's is not here: whoever knows the
    /// session seeds it.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="sources">Which streams.</param>
    /// <param name="location">Script and line of the command that asks for it; null at a prompt.</param>
    /// <exception cref="ReproTorchException">One does not take the seed.</exception>
    public static void Seed(BigInteger seed, IReadOnlyList<RandomSource> sources, string? location)
    {
        Check(seed, sources);
        lock (s_lock)
        {
            // First what can fail.
            if (sources.Contains(RandomSource.Torch))
            {
                TorchSeedValue value = TorchSeedValue.From(seed);
                NativeError.ThrowIfFailed(NativeMethods.rpt_seed_all(value.Effective));
                s_torchOrigin = new TorchOrigin(value, location);
            }

            if (sources.Contains(RandomSource.Python))
            {
                Python.Reseed(seed, location);
            }

            if (sources.Contains(RandomSource.NumPy))
            {
                NumPy.Reseed(seed, location);
            }
        }
    }

    /// <summary>How the streams stand now.</summary>
    public static IReadOnlyList<StreamReport> Report(IReadOnlyList<RandomSource> sources, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var reports = new List<StreamReport>();
        lock (s_lock)
        {
            if (sources.Contains(RandomSource.Torch))
            {
                reports.AddRange(TorchGenerator.AllDefaults().Select(generator => ReportTorch(Torch(generator), cancellation)));
            }

            reports.AddRange(new RandomStream[] { Python, NumPy }.Where(stream => sources.Contains(stream.Source)).Select(stream =>
                new StreamReport
                {
                    Source = stream.Source,
                    Seed = stream.Seed as BigInteger?,
                    DrawCount = stream.DrawCount,
                    SeededAt = stream.SeededAt,
                    SeededHere = stream.Seed is not null,
                }));
        }

        return reports;
    }

    /// <summary>Takes the states of streams.</summary>
    /// <param name="sources">Whose; those without a shared stream here are passed over.</param>
    public static RngState Capture(IReadOnlyList<RandomSource> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        lock (s_lock)
        {
            var state = new RngState();
            if (sources.Contains(RandomSource.Torch))
            {
                state = state with
                {
                    Torch = TorchGenerator.AllDefaults().ToDictionary(
                        generator => generator.Device.ToString(), generator => generator.GetState()),
                    TorchOrigin = s_torchOrigin,
                };
            }

            if (sources.Contains(RandomSource.Python))
            {
                (PythonRandomState python, StreamOrigin origin) = Python.Capture();
                state = state with { Python = python, PythonOrigin = origin };
            }

            if (sources.Contains(RandomSource.NumPy))
            {
                (NumpyRandomStateSnapshot numpy, StreamOrigin origin) = NumPy.Capture();
                state = state with { NumPy = numpy, NumpyOrigin = origin };
            }

            return state;
        }
    }

    /// <summary>Puts states back: all that the object holds, or nothing when one of them is refused.</summary>
    /// <exception cref="ReproTorchException">A state is damaged, or of a device that this machine does not have.</exception>
    public static void Restore(RngState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        lock (s_lock)
        {
            RngState before = Capture(state.Sources);
            try
            {
                Put(state);
            }
            catch
            {
                Put(before);
                throw;
            }
        }
    }

    private static void Put(RngState state)
    {
        foreach ((string device, byte[] bytes) in state.Torch)
        {
            TorchGenerator.Default(Tensors.TorchDevice.Parse(device)).SetState(bytes);
        }

        if (state.Python is { } python)
        {
            Python.Restore(python, state.PythonOrigin ?? new StreamOrigin(null, null, IsCounted: false));
        }

        if (state.NumPy is { } numpy)
        {
            NumPy.Restore(numpy, state.NumpyOrigin ?? new StreamOrigin(null, null, IsCounted: false));
        }

        if (state.Torch.Count > 0)
        {
            s_torchOrigin = state.TorchOrigin;
        }
    }

    private static TorchStream Torch(TorchGenerator generator)
    {
        lock (s_lock)
        {
            string device = generator.Device.ToString();
            if (!s_torch.TryGetValue(device, out TorchStream? stream))
            {
                s_torch[device] = stream = TorchStream.Of(generator);
            }

            return stream;
        }
    }

    // libtorch can be seeded by others: what the generator says of its seed counts.
    private static StreamReport ReportTorch(TorchStream stream, CancellationToken cancellation)
    {
        ulong seed = stream.Generator.InitialSeed;
        bool here = s_torchOrigin is { } origin && origin.Seed.Effective == seed;
        return new StreamReport
        {
            Source = RandomSource.Torch,
            Device = stream.Device.ToString(),
            Seed = here ? s_torchOrigin!.Seed.Given : seed,
            DrawCount = stream.CountDraws(cancellation),
            SeededAt = here ? s_torchOrigin!.SeededAt : null,
            SeededHere = here,
        };
    }

    private static ReproTorchException OutOfRange(BigInteger seed, RandomSource source, string range) => new(
        ReproTorchErrorKind.InvalidArgument,
        $"The seed {seed} is out of range for {source}. Expected {range}. Nothing was seeded; -Source names the streams that should be.");
}
