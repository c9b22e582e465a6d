using System.Collections;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>A stream of NumPy's <c>np.random.RandomState</c>.</summary>
public sealed class NumpyStream : CountedStream<NumpyRandomStateSnapshot>
{
    private readonly NumpyRandomState _random = new();

    /// <summary>A stream that the operating system seeds.</summary>
    public NumpyStream()
        : base(RandomSource.NumPy)
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Methods => NumpyRandomState.MethodNames;

    private protected override long Drawn => _random.DrawCount;

    private protected override NumpyRandomStateSnapshot State
    {
        get => _random.GetState();
        set => _random.SetState(value);
    }

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

            SeededAnew(seed, location);
        }

        // What is out of range of 64 bits is out of range of 32 too, and the message shows the number itself.
        static long Narrow(BigInteger value) => value >= 0 && value <= uint.MaxValue ? (long)value
            : throw NumpyGeneratorArgument.Invalid("Seed must be between 0 and 2**32 - 1", value);
    }

    private protected override RandomValues Call(
        string method, IReadOnlyList<object?> positional, IDictionary? named, IReadOnlyList<long>? shape) =>
        _random.Call(method, positional, named, shape);
}
