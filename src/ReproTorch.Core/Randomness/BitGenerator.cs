using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Randomness;

/// <summary>
/// A source of random bits as NumPy's <c>BitGenerator</c>: <see cref="Pcg64"/>, <see cref="Pcg64Dxsm"/>,
/// <see cref="Philox"/>, <see cref="Sfc64"/> or <see cref="NumpyMT19937"/>. Its outputs, in order, are those of NumPy
/// for the same seed or state.
/// </summary>
/// <remarks>
/// <para>Outputs are generated a block ahead, which lets them be computed in vectors. The state that
/// <see cref="GetState"/> gives and the count in <see cref="DrawCount"/> are those of what was handed out, never of
/// what lies ready.</para>
/// <para>An object belongs to one thread at a time, unlike NumPy's, which carry a lock.</para>
/// </remarks>
public abstract class BitGenerator
{
    // 256 outputs are 2 KiB: they stay in the first-level cache, and dropping them costs about 0.1 us.
    private protected const int BlockLength = 256;

    private readonly ulong[] _block;
    private int _next;
    private int _end;
    private long _drawsBeforeBlock;

    private protected BitGenerator(SeedSequence? seedSequence, bool hasBlock = true)
    {
        SeedSequence = seedSequence;
        _block = hasBlock ? new ulong[BlockLength] : [];
    }

    /// <summary>The class's name in NumPy, which is also the <c>bit_generator</c> of its state: <c>PCG64</c>,
    /// <c>PCG64DXSM</c>, <c>Philox</c>, <c>SFC64</c>, <c>MT19937</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What the object was seeded with; null when a key was given or a state set before anything
    /// else.</summary>
    public SeedSequence? SeedSequence { get; }

    /// <summary>Bits in one raw output: 64, but 32 for <see cref="NumpyMT19937"/>.</summary>
    public virtual int OutputBits => 64;

    /// <summary>Raw outputs taken since seeding, or since the state was last set. An output is 64 bits wide (32 for
    /// <see cref="NumpyMT19937"/>); one whose first half served as a 32-bit number counts once, when it is first
    /// touched.
    /// <c>Advance</c> and <c>Jumped</c> skip outputs and do not count them.</summary>
    public virtual long DrawCount => _drawsBeforeBlock + _next;

    /// <summary>Whether the upper half of an output waits for the next 32-bit draw; NumPy's
    /// <c>has_uint32</c>.</summary>
    private protected bool HasUInt32 { get; set; }

    /// <summary>The half that waits, or the last that did; NumPy's <c>uinteger</c>.</summary>
    private protected uint UInteger { get; set; }

    /// <summary>The next raw output, as <c>random_raw()</c> gives it: 64 bits, or 32 for
    /// <see cref="NumpyMT19937"/>.</summary>
    public virtual ulong NextRaw() => NextUInt64();

    /// <summary>64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong NextUInt64()
    {
        int next = _next;
        if ((uint)next >= (uint)_end)
        {
            return NextUInt64Slow();
        }

        _next = next + 1;
        return _block[next];
    }

    /// <summary>32 random bits: the lower half of an output, then its upper half. A 64-bit draw in between leaves the
    /// waiting half where it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint NextUInt32()
    {
        if (HasUInt32)
        {
            HasUInt32 = false;
            return UInteger;
        }

        return _block.Length == 0 ? NextWord() : Split(NextUInt64());
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDouble() => _block.Length == 0
        ? NextDoubleSlow()
        : (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number in [0, 1) with 24 random bits, from one 32-bit draw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float NextSingle() => (NextUInt32() >> 8) * (1.0f / (1 << 24));

    /// <summary>Fills with raw outputs, as <c>random_raw(n)</c>.</summary>
    public void FillRaw(Span<ulong> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<ulong> ready = Ready();
            if (ready.IsEmpty)
            {
                destination[0] = NextRaw();
                destination = destination[1..];
                continue;
            }

            int count = Math.Min(ready.Length, destination.Length);
            ready[..count].CopyTo(destination);
            Take(count);
            destination = destination[count..];
        }
    }

    /// <summary>Fills with numbers in [0, 1): the same as <see cref="NextDouble"/> for each.</summary>
    public void FillDoubles(Span<double> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<ulong> ready = Ready();
            if (ready.IsEmpty)
            {
                FillDoublesSlow(destination);
                return;
            }

            int count = Math.Min(ready.Length, destination.Length);
            ToDoubles(ready[..count], destination);
            Take(count);
            destination = destination[count..];
        }
    }

    /// <summary>Fills with numbers in [0, 1): the same as <see cref="NextSingle"/> for each.</summary>
    public void FillSingles(Span<float> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> ready = ReadyHalves();
            if (ready.IsEmpty)
            {
                destination[0] = NextSingle();
                destination = destination[1..];
                continue;
            }

            int count = Math.Min(ready.Length, destination.Length);
            ToSingles(ready[..count], destination);
            TakeHalves(count);
            destination = destination[count..];
        }
    }

    /// <summary>The state as NumPy's <c>state</c> dictionary: the same keys and nesting, big integers as
    /// <see cref="BigInteger"/>, arrays of words as <c>ulong[]</c> or <c>uint[]</c>, the rest as <c>int</c> or
    /// <c>uint</c>.</summary>
    public Dictionary<string, object> GetState()
    {
        Settle();
        return DescribeState();
    }

    /// <summary>Puts a state in place, of this object's own kind; nothing changes when it is not accepted.</summary>
    /// <param name="state">What <see cref="GetState"/> gives. Any dictionary serves, with any integer types and any
    /// sequences for the arrays, so one that came through JSON or from a shell does too.</param>
    /// <param name="drawCount">What <see cref="DrawCount"/> goes on from, for who restores a stream with its
    /// count.</param>
    /// <exception cref="ReproTorchException">The state is another generator's, lacks a part, or a part is out of
    /// range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public void SetState(IDictionary state, long drawCount = 0)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfNegative(drawCount);
        var reader = new BitGeneratorState(state, Name);
        Settle();
        AcceptState(reader, drawCount);
        _drawsBeforeBlock = drawCount;
    }

    /// <summary>Outputs that lie ready, at least one; none at all from a generator of 32-bit outputs.</summary>
    internal ReadOnlySpan<ulong> Ready()
    {
        if (_next == _end)
        {
            Refill();
        }

        return _block.AsSpan(_next, _end - _next);
    }

    /// <summary>Hands out the first <paramref name="count"/> of <see cref="Ready"/>.</summary>
    internal void Take(int count) => _next += count;

    /// <summary>The same as 32-bit numbers in the order of <see cref="NextUInt32"/>; none while a half waits.</summary>
    internal ReadOnlySpan<uint> ReadyHalves()
    {
        if (HasUInt32 || !BitConverter.IsLittleEndian)
        {
            return [];
        }

        return MemoryMarshal.Cast<ulong, uint>(Ready());
    }

    /// <summary>Hands out the first <paramref name="count"/> of <see cref="ReadyHalves"/>.</summary>
    internal void TakeHalves(int count)
    {
        if (count > 0)
        {
            _next += (count + 1) / 2;
            HasUInt32 = (count & 1) != 0;
            UInteger = (uint)(_block[_next - 1] >> 32);
        }
    }

    /// <summary>Generates the outputs that follow the last ones generated and moves the inner state past
    /// them.</summary>
    /// <returns>How many of the block's elements were written: 1 or more.</returns>
    private protected virtual int Generate(Span<ulong> block) => 0;

    /// <summary>Puts the inner state to where it was before the last <see cref="Generate"/>, and then
    /// <paramref name="taken"/> outputs on.</summary>
    private protected virtual void Rewind(ReadOnlySpan<ulong> block, int taken)
    {
    }

    /// <summary>The inner state as a dictionary; called when nothing lies ready.</summary>
    private protected abstract Dictionary<string, object> DescribeState();

    /// <summary>Checks all of the state, then takes it over; called when nothing lies ready.</summary>
    private protected abstract void AcceptState(BitGeneratorState state, long drawCount);

    /// <summary>The next output of a generator of 32-bit outputs.</summary>
    private protected virtual uint NextWord() => throw new InvalidOperationException();

    /// <summary>The next number of a generator of 32-bit outputs.</summary>
    private protected virtual double NextDoubleSlow() => throw new InvalidOperationException();

    /// <summary>The next numbers of a generator of 32-bit outputs.</summary>
    private protected virtual void FillDoublesSlow(Span<double> destination) => throw new InvalidOperationException();

    /// <summary>Gives back what lies ready, so that the inner state is that of what was handed out.</summary>
    private protected void Settle()
    {
        if (_end != 0)
        {
            Rewind(_block.AsSpan(0, _end), _next);
            _drawsBeforeBlock += _next;
            _next = _end = 0;
        }
    }

    /// <summary>The next output when none lies ready.</summary>
    private protected virtual ulong NextUInt64Slow()
    {
        Refill();
        return _block[_next++];
    }

    private void Refill()
    {
        if (_block.Length != 0)
        {
            _drawsBeforeBlock += _next;
            _next = 0;
            _end = Generate(_block);
        }
    }

    private uint Split(ulong output)
    {
        HasUInt32 = true;
        UInteger = (uint)(output >> 32);
        return (uint)output;
    }

    private static void ToDoubles(ReadOnlySpan<ulong> source, Span<double> destination)
    {
        const double Unit = 1.0 / (1UL << 53);
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i <= source.Length - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
            {
                Vector512<long> bits = (Vector512.Create(source[i..]) >>> 11).AsInt64();
                (Vector512.ConvertToDouble(bits) * Unit).CopyTo(destination[i..]);
            }
        }

        for (; i <= source.Length - Vector256<ulong>.Count; i += Vector256<ulong>.Count)
        {
            Vector256<long> bits = (Vector256.Create(source[i..]) >>> 11).AsInt64();
            (Vector256.ConvertToDouble(bits) * Unit).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (source[i] >> 11) * Unit;
        }
    }

    private static void ToSingles(ReadOnlySpan<uint> source, Span<float> destination)
    {
        const float Unit = 1.0f / (1 << 24);
        int i = 0;
        for (; i <= source.Length - Vector256<uint>.Count; i += Vector256<uint>.Count)
        {
            Vector256<int> bits = (Vector256.Create(source[i..]) >>> 8).AsInt32();
            (Vector256.ConvertToSingle(bits) * Unit).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (source[i] >> 8) * Unit;
        }
    }
}
