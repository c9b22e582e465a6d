using System.Collections;

namespace ReproTorch.Randomness;

/// <summary>
/// A random stream that can be drawn from by the method names of the library that it comes from: one of those that the process
/// shares, or one of one's own (New-RandomStream).
/// </summary>
/// <remarks>Safe to use from any thread: one call draws all of its numbers before the next call draws any. Which of two threads comes
/// first is not decided by a seed, so who needs repeatable numbers gives each thread a stream of its own.</remarks>
public abstract class RandomStream
{
    private protected RandomStream(RandomSource source) => Source = source;

    /// <summary>Whose numbers.</summary>
    public RandomSource Source { get; }

    /// <summary>The generator below, by NumPy's names: MT19937, PCG64, PCG64DXSM, Philox, SFC64.</summary>
    public abstract string BitGenerator { get; }

    /// <summary>What it was seeded with: an integer, text, bytes, a list. Null when the operating system seeded it, or a state from
    /// elsewhere was put into it.</summary>
    public object? Seed { get; private set; }

    /// <summary>Script and line of the command that seeded it; null when it was seeded at a prompt.</summary>
    public string? SeededAt { get; private set; }

    /// <summary>Numbers drawn since it was seeded, exactly, in outputs of its bit generator: words of 32 bits for MT19937, of 64 bits for
    /// the others of NumPy. Null when a state from elsewhere was put into it.</summary>
    public abstract long? DrawCount { get; }

    /// <summary>The methods that can be called, by their names in the original library.</summary>
    public abstract IReadOnlyCollection<string> Methods { get; }

    /// <summary>Held while numbers are drawn and states are read or written.</summary>
    private protected Lock Gate { get; } = new();

    /// <summary>The parameters of a method, in the original's order; null when there is no such method.</summary>
    public abstract IReadOnlyList<string>? ParametersOf(string method);

    /// <summary>Draws with a method of the original library.</summary>
    /// <param name="method">One of <see cref="Methods"/>.</param>
    /// <param name="positional">Arguments in the original's order: numbers, text, lists, null for None.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    /// <param name="shape">The shape wanted: the method's <c>size</c>, or how often one without a size is called; null for what the
    /// arguments say.</param>
    /// <exception cref="ReproTorchException">There is no such method, or an argument is missing, unknown or out of range: in the
    /// original's words. Arguments are checked before anything is drawn; what only the drawn number makes wrong (an overflow) has
    /// been drawn, as in the original.</exception>
    public abstract RandomValues Draw(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null);

    /// <summary>The state: <see cref="PythonRandomState"/>, <see cref="NumpyRandomStateSnapshot"/>, a dictionary as of NumPy's bit
    /// generators, or bytes as of <c>torch.Generator.get_state()</c>.</summary>
    public abstract object GetState();

    /// <summary>Puts back a state of the same kind, which the original library may have written.</summary>
    /// <exception cref="ReproTorchException">The state is another kind's, or damaged; the old one stays.</exception>
    public abstract void SetState(object state);

    /// <summary>Source, bit generator, seed.</summary>
    public override string ToString() => $"{Source} {BitGenerator}, {(Seed is null ? "not seeded here" : $"seed {RandomSeed.Text(Seed)}")}";

    /// <summary>Notes with what the stream was seeded.</summary>
    private protected void Seeded(object? seed, string? location)
    {
        Seed = seed;
        SeededAt = location;
    }

    private protected static ReproTorchException WrongState(object? state, string expected) => new(
        ReproTorchErrorKind.InvalidArgument,
        $"A {state?.GetType().Name ?? "null"} is no state of this stream. Expected {expected}, as GetState() gives it.");
}
