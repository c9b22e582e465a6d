using System.Collections;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>A stream of NumPy's <c>np.random.RandomState</c>.</summary>
public sealed class NumpyStream : RandomStream
{
    private readonly NumpyRandomState _random = new();
    private bool _isCounted = true;

    /// <summary>A stream that the operating system seeds.</summary>
    public NumpyStream()
        : base(RandomSource.NumPy)
    {
    }

    /// <inheritdoc/>
    public override string BitGenerator => "MT19937";

    /// <inheritdoc/>
    public override long? DrawCount
    {
        get
        {
            lock (Gate)
            {
                return _isCounted ? _random.DrawCount : null;
            }
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Methods => NumpyRandomState.MethodNames;

    /// <inheritdoc/>
    public override IReadOnlyList<string>? ParametersOf(string method) => NumpyRandomState.ParametersOf(method);

    /// <summary>Starts the sequence of a seed, as <c>np.random.seed(seed)</c>.</summary>
    /// <param name="seed">An integer of 0..2^32-1, or a list of them.</param>
    /// <param name="location">Script and line that ask for it.</param>
    /// <exception cref="ReproTorchException">"Seed must be between 0 and 2**32 - 1", "Seed must be non-empty". The stream is left as
    /// it was.</exception>
    public void Reseed(object seed, string? location = null)
    {
        lock (Gate)
        {
            if (RandomSeed.Integers(seed, Source) is { } list)
            {
                _random.Seed(Array.ConvertAll(list, Narrow));
            }
            else
            {
                _random.Seed(Narrow(RandomSeed.Integer(seed, Source)));
            }

            _isCounted = true;
            Seeded(seed, location);
        }

        // What is out of range of 64 bits is out of range of 32 too, and the message shows the number itself.
        static long Narrow(BigInteger value) => value >= 0 && value <= uint.MaxValue ? (long)value
            : throw NumpyGeneratorArgument.Invalid("Seed must be between 0 and 2**32 - 1", value);
    }

    /// <inheritdoc/>
    public override RandomValues Draw(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null)
    {
        lock (Gate)
        {
            return _random.Call(method, positional, named, shape);
        }
    }

    /// <inheritdoc/>
    public override object GetState()
    {
        lock (Gate)
        {
            return _random.GetState();
        }
    }

    /// <inheritdoc/>
    public override void SetState(object state) => Restore(
        state as NumpyRandomStateSnapshot ?? throw WrongState(state, nameof(NumpyRandomStateSnapshot)),
        new StreamOrigin(null, null, IsCounted: false));

    /// <summary>The state with what is known of its seed.</summary>
    internal (NumpyRandomStateSnapshot State, StreamOrigin Origin) Capture()
    {
        lock (Gate)
        {
            return (_random.GetState(), new StreamOrigin(Seed, SeededAt, _isCounted));
        }
    }

    /// <summary>Puts a state back.</summary>
    internal void Restore(NumpyRandomStateSnapshot state, StreamOrigin origin)
    {
        lock (Gate)
        {
            _random.SetState(state);
            _isCounted = origin.IsCounted;
            Seeded(origin.Seed, origin.SeededAt);
        }
    }
}
