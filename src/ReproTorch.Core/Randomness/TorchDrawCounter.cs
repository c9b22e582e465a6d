using System.Buffers.Binary;

namespace ReproTorch.Randomness;

/// <summary>
/// Counts the 32-bit words that a libtorch generator has drawn since it was seeded, from nothing but its state. The CPU's engine
/// is MT19937, which does not count: the sequence is walked again from the seed, a block of 624 words at a time, until the
/// state is met. CUDA's is Philox, whose offset is the count.
/// </summary>
/// <remarks>State layout: CPUGeneratorImpl.cpp and MT19937RNGEngine.h, CUDAGeneratorImpl.cpp of PyTorch.</remarks>
internal sealed class TorchDrawCounter
{
    private const int CpuStateLength = 5056;
    private const int LeftOffset = 8;
    private const int NextOffset = 16;
    private const int WordsOffset = 24;

    // Some 10^11 words: a minute of walking. Whoever draws more is told that the count is not known.
    private const long MaxBlocks = 160_000_000;

    // Where the last count ended, so that the next one walks on from there.
    private MersenneTwister? _walker;
    private uint _walkerSeed;
    private long _walkerBlocks;

    /// <summary>The number of words drawn, or null when the state is not one that the seed leads to.</summary>
    public long? Count(ReadOnlySpan<byte> state, CancellationToken cancellation = default)
    {
        if (state.Length != CpuStateLength)
        {
            // Philox: 8 bytes of seed, 8 of offset.
            return state.Length == 16 ? BinaryPrimitives.ReadInt64LittleEndian(state[8..]) : null;
        }

        uint seed = (uint)BinaryPrimitives.ReadUInt64LittleEndian(state);
        int left = BinaryPrimitives.ReadInt32LittleEndian(state[LeftOffset..]);
        long next = BinaryPrimitives.ReadInt64LittleEndian(state[NextOffset..]);
        Span<uint> words = stackalloc uint[MersenneTwister.StateLength];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = (uint)BinaryPrimitives.ReadUInt64LittleEndian(state[(WordsOffset + (8 * i))..]);
        }

        // A fresh engine has one word "left" and none drawn: the first draw makes the first block.
        bool fresh = left == 1 && next == 0;
        return FindBlock(words, seed, cancellation) is not { } blocks ? null
            : blocks == 0 ? (fresh ? 0 : null)
            : ((blocks - 1) * MersenneTwister.StateLength) + next;
    }

    private long? FindBlock(ReadOnlySpan<uint> words, uint seed, CancellationToken cancellation)
    {
        // Twice: on from where the last count ended, and if that is already past the state, from the seed.
        bool fromSeed = _walker is null || _walkerSeed != seed;
        while (true)
        {
            if (fromSeed)
            {
                _walker = new MersenneTwister(seed);
                _walkerSeed = seed;
                _walkerBlocks = 0;
            }

            long limit = fromSeed ? MaxBlocks : _walkerBlocks + (MaxBlocks / 16);
            if (Walk(words, limit, cancellation))
            {
                return _walkerBlocks;
            }

            if (fromSeed)
            {
                _walker = null;
                return null;
            }

            fromSeed = true;
        }
    }

    private bool Walk(ReadOnlySpan<uint> words, long limit, CancellationToken cancellation)
    {
        Span<uint> current = stackalloc uint[MersenneTwister.StateLength];
        Span<uint> block = stackalloc uint[MersenneTwister.StateLength];
        while (true)
        {
            _walker!.GetState(current);
            if (words.SequenceEqual(current))
            {
                return true;
            }

            if (_walkerBlocks >= limit)
            {
                return false;
            }

            if (_walkerBlocks % 4096 == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            _walker.Fill(block);
            _walkerBlocks++;
        }
    }
}
