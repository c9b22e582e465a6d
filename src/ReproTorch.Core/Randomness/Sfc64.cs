using System.Numerics;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's <c>SFC64</c>: C. Doty-Humphrey's Small Fast Chaotic generator (PractRand). Three 64-bit words and a counter;
/// it cannot jump.
/// </summary>
public sealed class Sfc64 : BitGenerator
{
    private (ulong A, ulong B, ulong C, ulong Counter) _state;
    private (ulong A, ulong B, ulong C, ulong Counter) _stateAtBlock;

    /// <summary>Seeds from the operating system.</summary>
    public Sfc64()
        : this(new SeedSequence())
    {
    }

    /// <summary>Seeds as <c>SFC64(seed)</c>.</summary>
    /// <param name="seed">0 or more, of any size.</param>
    /// <exception cref="ReproTorchException">The seed is negative.</exception>
    public Sfc64(BigInteger seed)
        : this(new SeedSequence(seed))
    {
    }

    /// <summary>Seeds as <c>SFC64(SeedSequence)</c>.</summary>
    public Sfc64(SeedSequence seed)
        : base(seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        ulong[] words = seed.GenerateState64(3);
        _state = (words[0], words[1], words[2], 1);
        Span<ulong> discarded = stackalloc ulong[12];
        Step(discarded);
    }

    /// <inheritdoc/>
    public override string Name => "SFC64";

    private protected override int Generate(Span<ulong> block)
    {
        _stateAtBlock = _state;
        Step(block);
        return block.Length;
    }

    private protected override void Rewind(ReadOnlySpan<ulong> block, int taken)
    {
        _state = _stateAtBlock;
        Span<ulong> again = stackalloc ulong[BlockLength];
        Step(again[..taken]);
    }

    private protected override Dictionary<string, object> DescribeState() => new()
    {
        ["bit_generator"] = Name,
        ["state"] = new Dictionary<string, object>
        {
            ["state"] = new[] { _state.A, _state.B, _state.C, _state.Counter },
        },
        ["has_uint32"] = HasUInt32 ? 1 : 0,
        ["uinteger"] = UInteger,
    };

    private protected override void AcceptState(BitGeneratorState state, long drawCount)
    {
        ulong[] words = state.Words64("state", 4);
        (HasUInt32, UInteger) = (state.HasUInt32, state.UInteger);
        _state = (words[0], words[1], words[2], words[3]);
    }

    private void Step(Span<ulong> outputs)
    {
        (ulong a, ulong b, ulong c, ulong counter) = _state;
        foreach (ref ulong output in outputs)
        {
            output = a + b + counter++;
            a = b ^ (b >> 11);
            b = c + (c << 3);
            c = BitOperations.RotateLeft(c, 24) + output;
        }

        _state = (a, b, c, counter);
    }
}
