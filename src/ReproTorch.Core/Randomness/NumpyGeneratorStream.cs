using System.Collections;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>A stream of NumPy's <c>np.random.Generator</c>.</summary>
public sealed class NumpyGeneratorStream : RandomStream
{
    private readonly NumpyGenerator _generator;
    private bool _isCounted = true;

    private NumpyGeneratorStream(NumpyGenerator generator, object? seed, string? location)
        : base(RandomSource.NumPyGenerator)
    {
        _generator = generator;
        Seeded(seed, location);
    }

    /// <summary>The bit generators' names, as NumPy has them.</summary>
    public static IReadOnlyList<string> BitGenerators { get; } = ["PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"];

    /// <inheritdoc/>
    public override string BitGenerator => _generator.BitGenerator.Name;

    /// <inheritdoc/>
    public override long? DrawCount
    {
        get
        {
            lock (Gate)
            {
                return _isCounted ? _generator.BitGenerator.DrawCount : null;
            }
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Methods => NumpyGenerator.MethodNames;

    /// <summary>A new stream, as <c>Generator(PCG64(SeedSequence(seed, spawn_key=..)))</c>.</summary>
    /// <param name="bitGenerator">One of <see cref="BitGenerators"/>.</param>
    /// <param name="seed">0 or more, of any size; a list of such; or null for the operating system's entropy.</param>
    /// <param name="spawnKey">Which child of the seed's sequence, as <c>SeedSequence.spawn</c> numbers them; empty for itself.</param>
    /// <param name="location">Script and line that ask for it.</param>
    /// <exception cref="ReproTorchException">There is no such bit generator, or a number is negative.</exception>
    public static NumpyGeneratorStream Create(
        string bitGenerator, object? seed, IReadOnlyList<BigInteger>? spawnKey = null, string? location = null)
    {
        BigInteger[]? list = RandomSeed.Integers(seed, RandomSource.NumPyGenerator);
        BigInteger[]? entropy = seed is null ? null : list ?? [RandomSeed.Integer(seed, RandomSource.NumPyGenerator)];
        var sequence = new SeedSequence(entropy, spawnKey ?? []);
        return new NumpyGeneratorStream(new NumpyGenerator(Make(bitGenerator, sequence)), seed, location);
    }

    /// <summary>Streams of their own that are independent of this one and of each other, as <c>Generator.spawn(count)</c> of NumPy 1.25
    /// makes them. Nothing is drawn from this one; the next call gives the children that follow.</summary>
    /// <exception cref="ReproTorchException">The stream has no seed sequence: a state was put into it.</exception>
    public NumpyGeneratorStream[] Spawn(int count)
    {
        lock (Gate)
        {
            SeedSequence sequence = _generator.BitGenerator.SeedSequence ?? throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "The stream was not made from a seed, so that it has no children.");
            return [.. sequence.Spawn(count).Select(child =>
                new NumpyGeneratorStream(new NumpyGenerator(Make(BitGenerator, child)), Seed, SeededAt))];
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string>? ParametersOf(string method) => NumpyGenerator.ParametersOf(method);

    /// <inheritdoc/>
    public override RandomValues Draw(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null)
    {
        lock (Gate)
        {
            return _generator.Call(method, positional, named, shape);
        }
    }

    /// <inheritdoc/>
    public override object GetState()
    {
        lock (Gate)
        {
            return _generator.BitGenerator.GetState();
        }
    }

    /// <inheritdoc/>
    public override void SetState(object state)
    {
        lock (Gate)
        {
            _generator.BitGenerator.SetState(state as IDictionary ?? throw WrongState(state, "a dictionary"));
            _isCounted = false;
            Seeded(null, null);
        }
    }

    private static BitGenerator Make(string name, SeedSequence sequence) => name?.ToUpperInvariant() switch
    {
        "PCG64" => new Pcg64(sequence),
        "PCG64DXSM" => new Pcg64Dxsm(sequence),
        "PHILOX" => new Philox(sequence),
        "SFC64" => new Sfc64(sequence),
        "MT19937" => new NumpyMT19937(sequence),
        _ => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"There is no bit generator '{name}'. Expected one of: {string.Join(", ", BitGenerators)}."),
    };
}
