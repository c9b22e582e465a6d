using System.Collections;

namespace ReproTorch.Randomness;

/// <summary>A stream that knows its count as long as its seed is known: CPython's, and NumPy's legacy one.</summary>
/// <typeparam name="TState">What the original calls its state.</typeparam>
public abstract class CountedStream<TState> : RandomStream
    where TState : class
{
    private bool _isCounted = true;

    private protected CountedStream(RandomSource source)
        : base(source)
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
                return _isCounted ? Drawn : null;
            }
        }
    }

    /// <summary>What the generator below has drawn since it was seeded, or since a state was put in.</summary>
    private protected abstract long Drawn { get; }

    /// <summary>The state now, and the state from now on; called while <see cref="RandomStream.Gate"/> is held.</summary>
    private protected abstract TState State { get; set; }

    /// <inheritdoc/>
    public override RandomValues Draw(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null)
    {
        lock (Gate)
        {
            return Call(method, positional, named, shape);
        }
    }

    /// <inheritdoc/>
    public override object GetState()
    {
        lock (Gate)
        {
            return State;
        }
    }

    /// <inheritdoc/>
    public override void SetState(object state) => Restore(
        state as TState ?? throw WrongState(state, typeof(TState).Name), new StreamOrigin(null, null, IsCounted: false));

    /// <summary>The state with what is known of its seed.</summary>
    internal (TState State, StreamOrigin Origin) Capture()
    {
        lock (Gate)
        {
            return (State, new StreamOrigin(Seed, SeededAt, _isCounted));
        }
    }

    /// <summary>Puts a state back.</summary>
    internal void Restore(TState state, StreamOrigin origin)
    {
        lock (Gate)
        {
            State = state;
            _isCounted = origin.IsCounted;
            Seeded(origin.Seed, origin.SeededAt);
        }
    }

    /// <summary>Draws; called while <see cref="RandomStream.Gate"/> is held.</summary>
    private protected abstract RandomValues Call(
        string method, IReadOnlyList<object?> positional, IDictionary? named, IReadOnlyList<long>? shape);

    /// <summary>Notes a new seed, from which on every draw is counted; called while <see cref="RandomStream.Gate"/> is held.</summary>
    private protected void SeededAnew(object seed, string? location)
    {
        _isCounted = true;
        Seeded(seed, location);
    }
}
