using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ReproTorch.Randomness;

/// <summary>
/// What <see cref="Pcg64"/> and <see cref="Pcg64Dxsm"/> share: a 128-bit linear congruential generator,
/// state = state * multiplier + increment.
/// </summary>
/// <remarks>
/// One step waits for the last, which bounds a plain loop by the latency of a 128-bit product. But n steps are one step
/// with another multiplier and increment, so n lanes that stand one output apart can each step n outputs at once. (F.
/// Brown, "Random Number Generation with Arbitrary Strides", 1994.)
/// </remarks>
public abstract class Pcg64Base : BitGenerator
{
    private const int Lanes = 8;

    private protected static readonly UInt128 DefaultMultiplier = new(2549297995355413924, 4865540595714422341);

    private static readonly UInt128 s_jump = new(0x9e3779b97f4a7c15, 0xf39cc0605cedc835);

    // One state a lane: those of the next eight outputs.
    private readonly ulong[] _highs = new ulong[Lanes];
    private readonly ulong[] _lows = new ulong[Lanes];
    private bool _lanesAreSpread;
    private UInt128 _laneMultiplier;
    private UInt128 _laneIncrement;

    // NumPy's state, as long as nothing lies ready; and the state of the first output that lies ready.
    private UInt128 _state;
    private UInt128 _increment;
    private UInt128 _first;

    private protected Pcg64Base(SeedSequence seed)
        : base(seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        ulong[] words = seed.GenerateState64(4);
        _increment = (new UInt128(words[2], words[3]) << 1) | 1;
        // Seeding always steps with the default multiplier, also where the generator itself has the cheap one: NumPy
        // seeds both with the same function.
        _state = ((_increment + new UInt128(words[0], words[1])) * DefaultMultiplier) + _increment;
    }

    /// <summary>How a state becomes an output.</summary>
    private protected interface IOutput
    {
        static abstract ulong Output(ulong high, ulong low);

        static abstract Vector256<ulong> Output(Vector256<ulong> high, Vector256<ulong> low);

        static abstract Vector512<ulong> Output(Vector512<ulong> high, Vector512<ulong> low);
    }

    /// <summary>How wide vectors may be; less than the processor has only where a test asks for it.</summary>
    internal int VectorBits { get; init; } = Avx512DQ.IsSupported ? 512 : Avx2.IsSupported ? 256 : 64;

    private protected abstract UInt128 Multiplier { get; }

    /// <summary>True when the state steps first and is put out then; false for the other way round.</summary>
    private protected abstract bool StepsFirst { get; }

    private protected void AdvanceBy(BigInteger delta)
    {
        Settle();
        _state = Advanced(_state, Low128(delta));
        HasUInt32 = false;
        UInteger = 0;
    }

    private protected T JumpInto<T>(T target, BigInteger jumps)
        where T : Pcg64Base
    {
        target.SetState(GetState());
        target.AdvanceBy(jumps * s_jump);
        return target;
    }

    private protected override void Rewind(ReadOnlySpan<ulong> block, int taken)
    {
        // Modulo 2^128, so that -1 is one step back.
        _state = Advanced(_first, StepsFirst ? (UInt128)(uint)taken - 1 : (uint)taken);
        _lanesAreSpread = false;
    }

    private protected override Dictionary<string, object> DescribeState() => new()
    {
        ["bit_generator"] = Name,
        ["state"] = new Dictionary<string, object> { ["state"] = (BigInteger)_state, ["inc"] = (BigInteger)_increment },
        ["has_uint32"] = HasUInt32 ? 1 : 0,
        ["uinteger"] = UInteger,
    };

    private protected override void AcceptState(BitGeneratorState state, long drawCount)
    {
        (UInt128 value, UInt128 increment) = (state.UInt128("state"), state.UInt128("inc"));
        (HasUInt32, UInteger) = (state.HasUInt32, state.UInteger);
        (_state, _increment) = (value, increment);
    }

    private protected void Fill<TOutput>(Span<ulong> block)
        where TOutput : struct, IOutput
    {
        if (!_lanesAreSpread)
        {
            SpreadLanes();
        }

        _first = new UInt128(_highs[0], _lows[0]);
        if (VectorBits >= 512)
        {
            Fill512<TOutput>(block);
        }
        else if (VectorBits >= 256)
        {
            Fill256<TOutput>(block);
        }
        else
        {
            FillSerially<TOutput>(block);
        }
    }

    private void FillSerially<TOutput>(Span<ulong> block)
        where TOutput : struct, IOutput
    {
        (ulong high, ulong low) = (_highs[0], _lows[0]);
        (ulong multiplierHigh, ulong multiplierLow) = ((ulong)(Multiplier >> 64), (ulong)Multiplier);
        (ulong incrementHigh, ulong incrementLow) = ((ulong)(_increment >> 64), (ulong)_increment);
        foreach (ref ulong output in block)
        {
            output = TOutput.Output(high, low);
            ulong top = Math.BigMul(low, multiplierLow, out ulong sum);
            sum += incrementLow;
            high = top + (low * multiplierHigh) + (high * multiplierLow) + incrementHigh + (sum < incrementLow ? 1UL : 0);
            low = sum;
        }

        (_highs[0], _lows[0]) = (high, low);
    }

    private void Fill512<TOutput>(Span<ulong> block)
        where TOutput : struct, IOutput
    {
        Vector512<ulong> high = Vector512.Create(_highs);
        Vector512<ulong> low = Vector512.Create(_lows);
        Vector512<ulong> multiplierHigh = Vector512.Create((ulong)(_laneMultiplier >> 64));
        Vector512<ulong> multiplierLow = Vector512.Create((ulong)_laneMultiplier);
        Vector512<ulong> multiplierLowTop = multiplierLow >>> 32;
        Vector512<ulong> incrementHigh = Vector512.Create((ulong)(_laneIncrement >> 64));
        Vector512<ulong> incrementLow = Vector512.Create((ulong)_laneIncrement);
        for (int i = 0; i < block.Length; i += Lanes)
        {
            TOutput.Output(high, low).CopyTo(block[i..]);

            // The upper half of low * multiplierLow out of four 32-bit products; the lower half comes straight.
            Vector512<ulong> lowTop = low >>> 32;
            Vector512<ulong> middle = Product(lowTop, multiplierLow) + (Product(low, multiplierLow) >>> 32);
            Vector512<ulong> cross = Product(low, multiplierLowTop) + (middle & Vector512.Create<ulong>(uint.MaxValue));
            Vector512<ulong> top = Product(lowTop, multiplierLowTop) + (middle >>> 32) + (cross >>> 32);
            Vector512<ulong> sum = (low * multiplierLow) + incrementLow;
            top += (low * multiplierHigh) + (high * multiplierLow) + incrementHigh;
            // Where the sum passed 2^64 the comparison gives -1, and taking that away carries the 1.
            high = top - Vector512.LessThan(sum, incrementLow);
            low = sum;
        }

        high.CopyTo(_highs);
        low.CopyTo(_lows);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<ulong> Product(Vector512<ulong> left, Vector512<ulong> right) =>
            Avx512F.Multiply(left.AsUInt32(), right.AsUInt32());
    }

    // Two vectors of four lanes, so that one multiplies while the other waits.
    private void Fill256<TOutput>(Span<ulong> block)
        where TOutput : struct, IOutput
    {
        Vector256<ulong> high0 = Vector256.Create(_highs);
        Vector256<ulong> low0 = Vector256.Create(_lows);
        Vector256<ulong> high1 = Vector256.Create(_highs, 4);
        Vector256<ulong> low1 = Vector256.Create(_lows, 4);
        Vector256<ulong> multiplierHigh = Vector256.Create((ulong)(_laneMultiplier >> 64));
        Vector256<ulong> multiplierLow = Vector256.Create((ulong)_laneMultiplier);
        Vector256<ulong> incrementHigh = Vector256.Create((ulong)(_laneIncrement >> 64));
        Vector256<ulong> incrementLow = Vector256.Create((ulong)_laneIncrement);
        for (int i = 0; i < block.Length; i += Lanes)
        {
            TOutput.Output(high0, low0).CopyTo(block[i..]);
            TOutput.Output(high1, low1).CopyTo(block[(i + 4)..]);
            Step(ref high0, ref low0, multiplierHigh, multiplierLow, incrementHigh, incrementLow);
            Step(ref high1, ref low1, multiplierHigh, multiplierLow, incrementHigh, incrementLow);
        }

        high0.CopyTo(_highs);
        low0.CopyTo(_lows);
        high1.CopyTo(_highs, 4);
        low1.CopyTo(_lows, 4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Step(
            ref Vector256<ulong> high,
            ref Vector256<ulong> low,
            Vector256<ulong> multiplierHigh,
            Vector256<ulong> multiplierLow,
            Vector256<ulong> incrementHigh,
            Vector256<ulong> incrementLow)
        {
            Vector256<ulong> mask = Vector256.Create<ulong>(uint.MaxValue);
            Vector256<ulong> lowTop = low >>> 32;
            Vector256<ulong> multiplierLowTop = multiplierLow >>> 32;
            Vector256<ulong> bottom = Product(low, multiplierLow);
            Vector256<ulong> middle = Product(lowTop, multiplierLow) + (bottom >>> 32);
            Vector256<ulong> cross = Product(low, multiplierLowTop) + (middle & mask);
            Vector256<ulong> top = Product(lowTop, multiplierLowTop) + (middle >>> 32) + (cross >>> 32);
            Vector256<ulong> sum = ((cross << 32) | (bottom & mask)) + incrementLow;
            // AVX2 has no 64-bit product: the parts that matter for the upper half, modulo 2^64.
            Vector256<ulong> outer = Product(low, multiplierHigh) + Product(high, multiplierLow);
            Vector256<ulong> inner = Product(lowTop, multiplierHigh) + Product(low, multiplierHigh >>> 32)
                + Product(high >>> 32, multiplierLow) + Product(high, multiplierLowTop);
            top += outer + (inner << 32) + incrementHigh;
            high = top - Vector256.LessThan(sum, incrementLow);
            low = sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<ulong> Product(Vector256<ulong> left, Vector256<ulong> right) =>
            Avx2.Multiply(left.AsUInt32(), right.AsUInt32());
    }

    private void SpreadLanes()
    {
        UInt128 state = StepsFirst ? (_state * Multiplier) + _increment : _state;
        _laneMultiplier = 1;
        _laneIncrement = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            (_highs[lane], _lows[lane]) = ((ulong)(state >> 64), (ulong)state);
            state = (state * Multiplier) + _increment;
            _laneMultiplier *= Multiplier;
            _laneIncrement = (_laneIncrement * Multiplier) + _increment;
        }

        _lanesAreSpread = true;
    }

    // Square and multiply on the affine map x -> x * multiplier + increment.
    private UInt128 Advanced(UInt128 state, UInt128 steps)
    {
        UInt128 multiplier = Multiplier;
        UInt128 increment = _increment;
        UInt128 productMultiplier = 1;
        UInt128 productIncrement = 0;
        for (; steps != 0; steps >>= 1)
        {
            if ((steps & 1) != 0)
            {
                productMultiplier *= multiplier;
                productIncrement = (productIncrement * multiplier) + increment;
            }

            increment *= multiplier + 1;
            multiplier *= multiplier;
        }

        return (state * productMultiplier) + productIncrement;
    }

    private static UInt128 Low128(BigInteger value) => (UInt128)(value & System.UInt128.MaxValue);
}
