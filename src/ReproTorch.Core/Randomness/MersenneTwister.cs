namespace ReproTorch.Randomness;

/// <summary>
/// The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed
/// uniform pseudo-random number generator", ACM TOMACS 8(1), 1998; seeding of 2002/1/26): the engine under CPython's
/// <c>random.Random</c> and NumPy's <c>RandomState</c>. It gives 32-bit words and counts them.
/// </summary>
/// <remarks>
/// Words are made in blocks of 624, several at a time in vector registers; the sequence is that of the scalar
/// definition on every processor. As in the originals a block is made when its first word is asked for, so that
/// <see cref="Position"/> and <see cref="GetState"/> agree with theirs at any point. Instances are not thread-safe: two
/// threads that draw from one at once break it. Streams that are shared must be guarded by whoever shares them.
/// </remarks>
public sealed partial class MersenneTwister
{
    /// <summary>The number of 32-bit words in the state, and in a block.</summary>
    public const int StateLength = 624;

    // 624 words of state, then a copy of the first 16 of them: see MakeBlock512.
    private readonly uint[] _state = new uint[StateLength + MirrorLength];

    // The current block's words as they are given out.
    private readonly uint[] _block = new uint[StateLength];
    private int _position;
    private long _drawnBeforeBlock;

    /// <summary>Creates a generator as <c>init_genrand(seed)</c> leaves it.</summary>
    /// <param name="seed">The seed; 5489 is what the reference implementation takes when nothing is said.</param>
    public MersenneTwister(uint seed = 5489) => InitGenrand(seed);

    /// <summary>How many words of the current block were given out, 0..624. After seeding 624: the next draw makes a
    /// block. It is <c>pos</c> in NumPy's state and the last of the 625 numbers in CPython's.</summary>
    public int Position => _position;

    /// <summary>32-bit words drawn since the generator was seeded, or since a state was set, then counted from the
    /// number that was given with that state.</summary>
    public long DrawCount => _drawnBeforeBlock + _position;

    /// <summary>Seeds from one word, as <c>init_genrand</c> of the reference implementation and as NumPy's
    /// <c>RandomState(seed)</c> do.</summary>
    public void InitGenrand(uint seed)
    {
        Span<uint> state = _state.AsSpan(0, StateLength);
        state[0] = seed;
        for (int i = 1; i < state.Length; i++)
        {
            seed = (1812433253u * (seed ^ (seed >> 30))) + (uint)i;
            state[i] = seed;
        }

        BeginAt(StateLength, drawCount: 0);
    }

    /// <summary>Seeds from one or more words, as <c>init_by_array</c> of the reference implementation does. CPython
    /// seeds integers so (least significant word first), NumPy arrays.</summary>
    /// <param name="key">The words. At least one.</param>
    /// <exception cref="ArgumentException">There is no word.</exception>
    public void InitByArray(ReadOnlySpan<uint> key)
    {
        if (key.IsEmpty)
        {
            throw new ArgumentException("The key has no word; at least one is needed.", nameof(key));
        }

        InitGenrand(19650218);
        Span<uint> state = _state.AsSpan(0, StateLength);
        int i = 1;
        int j = 0;
        for (int k = Math.Max(StateLength, key.Length); k > 0; k--)
        {
            uint previous = state[i - 1];
            state[i] = (state[i] ^ ((previous ^ (previous >> 30)) * 1664525u)) + key[j] + (uint)j;
            Advance(state, ref i);
            j = j + 1 == key.Length ? 0 : j + 1;
        }

        for (int k = StateLength - 1; k > 0; k--)
        {
            uint previous = state[i - 1];
            state[i] = (state[i] ^ ((previous ^ (previous >> 30)) * 1566083941u)) - (uint)i;
            Advance(state, ref i);
        }

        state[0] = 0x80000000;
        BeginAt(StateLength, drawCount: 0);

        static void Advance(Span<uint> state, ref int i)
        {
            if (++i == StateLength)
            {
                state[0] = state[StateLength - 1];
                i = 1;
            }
        }
    }

    /// <summary>Copies the 624 words of state, as NumPy's and CPython's states hold them (before tempering).</summary>
    /// <param name="key">Takes the words. At least 624 long.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is too short.</exception>
    public void GetState(Span<uint> key) => _state.AsSpan(0, StateLength).CopyTo(key);

    /// <summary>Refuses words from which only zeros follow: the rejection loops of distributions would never end on them. Of the first
    /// word only the upper bit belongs to the state.</summary>
    /// <exception cref="ReproTorchException">They are so.</exception>
    public static void RequireSequence(ReadOnlySpan<uint> words)
    {
        if ((words[0] & 0x80000000) == 0 && !words[1..].ContainsAnyExcept(0u))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "The state is damaged: all of its words are 0, and no sequence comes from them.");
        }
    }

    /// <summary>Continues from a state.</summary>
    /// <param name="key">The 624 words of state.</param>
    /// <param name="position">Words of the block that were given out already, 0..624.</param>
    /// <param name="drawCount">What <see cref="DrawCount"/> counts on from.</param>
    /// <exception cref="ArgumentException">There are not 624 words.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The position is not in 0..624, or the count is
    /// negative.</exception>
    public void SetState(ReadOnlySpan<uint> key, int position, long drawCount = 0)
    {
        if (key.Length != StateLength)
        {
            throw new ArgumentException($"The state has {key.Length} words; it must have {StateLength}.", nameof(key));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, StateLength);
        ArgumentOutOfRangeException.ThrowIfNegative(drawCount);
        key.CopyTo(_state);
        Temper(_state.AsSpan(0, StateLength), _block);
        BeginAt(position, drawCount);
    }

    /// <summary>Draws one word.</summary>
    public uint NextUInt32()
    {
        uint[] block = _block;
        int position = _position;
        if ((uint)position >= (uint)block.Length)
        {
            MakeBlock();
            position = 0;
        }

        _position = position + 1;
        return block[position];
    }

    /// <summary>Draws two words; the first is the upper half, as in NumPy and libtorch.</summary>
    public ulong NextUInt64()
    {
        ulong upper = NextUInt32();
        return (upper << 32) | NextUInt32();
    }

    /// <summary>Draws two words and gives a multiple of 2^-53 in [0, 1): <c>genrand_res53</c> of the reference
    /// implementation, <c>random()</c> of CPython, <c>random_sample()</c> of NumPy.</summary>
    public double NextDouble()
    {
        uint[] block = _block;
        int position = _position;
        if ((uint)position < (uint)(block.Length - 1))
        {
            _position = position + 2;
            return ToDouble(block[position], block[position + 1]);
        }

        uint first = NextUInt32();
        return ToDouble(first, NextUInt32());
    }

    // The upper 27 bits of the first word and the upper 26 of the second are one 53-bit integer: exact.
    internal static double ToDouble(uint first, uint second) =>
        (((ulong)(first >> 5) << 26) | (second >> 6)) * (1.0 / (1L << 53));

    private void BeginAt(int position, long drawCount)
    {
        _position = position;
        _drawnBeforeBlock = drawCount - position;
    }
}
