using System.Collections;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>A stream of a libtorch generator: a default one, or one of one's own (<c>torch.Generator</c>).</summary>
public sealed class TorchStream : RandomStream
{
    private readonly TorchDrawCounter _counter = new();

    private TorchStream(TorchGenerator generator)
        : base(RandomSource.Torch) => Generator = generator;

    /// <summary>The generator, for what takes one.</summary>
    public TorchGenerator Generator { get; }

    /// <summary>Where its numbers are drawn.</summary>
    public TorchDevice Device => Generator.Device;

    /// <inheritdoc/>
    public override string BitGenerator => Device.Type == TorchDeviceType.Cpu ? "MT19937" : "Philox";

    /// <inheritdoc/>
    public override long? DrawCount => CountDraws(CancellationToken.None);

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Methods => TorchMethods.Table.Names;

    /// <summary>A stream of one's own, seeded.</summary>
    /// <param name="device">Where its numbers are drawn.</param>
    /// <param name="seed">-2^63 .. 2^64-1, or null for the seed that <c>torch.Generator()</c> has.</param>
    /// <param name="location">Script and line that ask for it.</param>
    /// <exception cref="ReproTorchException">The seed is out of range, or there is no such device.</exception>
    public static TorchStream Create(TorchDevice device, TorchSeedValue? seed, string? location = null)
    {
        // torch.Generator() starts with this seed (c10::detail, default_rng_seed_val).
        const ulong Unseeded = 67280421310721;
        var stream = new TorchStream(TorchGenerator.Create(device, seed?.Effective ?? Unseeded));
        stream.Seeded(seed?.Given, location);
        return stream;
    }

    /// <summary>The stream of a generator.</summary>
    internal static TorchStream Of(TorchGenerator generator) => new(generator);

    /// <inheritdoc/>
    public override IReadOnlyList<string>? ParametersOf(string method) => TorchMethods.Table.ParametersOf(method);

    /// <inheritdoc/>
    public override RandomValues Draw(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null)
    {
        lock (Gate)
        {
            return TorchMethods.Table.Call(this, method, positional, named, shape);
        }
    }

    /// <inheritdoc/>
    public override object GetState()
    {
        lock (Gate)
        {
            return Generator.GetState();
        }
    }

    /// <inheritdoc/>
    public override void SetState(object state)
    {
        lock (Gate)
        {
            Generator.SetState(state as byte[] ?? throw WrongState(state, "a byte array"));
            Seeded(null, null);
        }
    }

    /// <summary>Numbers drawn since the generator was seeded; null when its state is not one that the seed leads to.</summary>
    internal long? CountDraws(CancellationToken cancellation)
    {
        lock (Gate)
        {
            return _counter.Count(Generator.GetState(), cancellation);
        }
    }
}
