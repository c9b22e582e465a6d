using System.Collections;
using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>A stream of CPython's <c>random.Random</c>.</summary>
public sealed class PythonStream : RandomStream
{
    private readonly PythonRandom _random = new();
    private bool _isCounted = true;

    /// <summary>A stream that the operating system seeds.</summary>
    public PythonStream()
        : base(RandomSource.Python)
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
    public override IReadOnlyCollection<string> Methods => PythonRandom.MethodNames;

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

            _isCounted = true;
            Seeded(seed, location);
        }
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
        state as PythonRandomState ?? throw WrongState(state, nameof(PythonRandomState)), new StreamOrigin(null, null, IsCounted: false));

    /// <summary>The state with what is known of its seed.</summary>
    internal (PythonRandomState State, StreamOrigin Origin) Capture()
    {
        lock (Gate)
        {
            return (_random.GetState(), new StreamOrigin(Seed, SeededAt, _isCounted));
        }
    }

    /// <summary>Puts a state back.</summary>
    internal void Restore(PythonRandomState state, StreamOrigin origin)
    {
        lock (Gate)
        {
            _random.SetState(state);
            _isCounted = origin.IsCounted;
            Seeded(origin.Seed, origin.SeededAt);
        }
    }
}
