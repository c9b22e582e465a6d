using System.Collections;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>A stream of CPython's <c>random.Random</c>.</summary>
public sealed class PythonStream : CountedStream<PythonRandomState>
{
    private readonly PythonRandom _random = new();

    /// <summary>A stream that the operating system seeds.</summary>
    public PythonStream()
        : base(RandomSource.Python)
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Methods => PythonRandom.MethodNames;

    private protected override long Drawn => _random.DrawCount;

    private protected override PythonRandomState State
    {
        get => _random.GetState();
        set => _random.SetState(value);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string>? ParametersOf(string method) => PythonRandom.ParametersOf(method);

    /// <summary>Starts the sequence of a seed, as <c>random.seed(seed)</c>.</summary>
    /// <param name="seed">An integer of any size and sign, a string, bytes or a float.</param>
    /// <param name="location">Script and line that ask for it.</param>
    /// <exception cref="ReproTorchException">It is none of these.</exception>
    public void Reseed(object seed, string? location = null)
    {
        lock (Gate)
        {
            switch (seed)
            {
                case string text:
                    _random.Seed(text);
                    break;
                case byte[] bytes:
                    _random.Seed(bytes.AsSpan());
                    break;
                case double number:
                    _random.Seed(number);
                    break;
                case float number:
                    _random.Seed((double)number);
                    break;
                default:
                    _random.Seed(RandomSeed.TryInteger(seed, out BigInteger integer)
                        ? integer
                        : throw new ReproTorchException(
                            ReproTorchErrorKind.InvalidArgument,
                            "The only supported seed types are: None, int, float, str, bytes, and bytearray: "
                            + $"got {RandomSeed.Text(seed)}."));
                    break;
            }

            SeededAnew(seed, location);
        }
    }

    private protected override RandomValues Call(
        string method, IReadOnlyList<object?> positional, IDictionary? named, IReadOnlyList<long>? shape) =>
        _random.Call(method, positional, named, shape);
}
