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

    // Some 10^10 words: seconds of walking. Whoever draws more is told that the count is not known.
    private const long MaxBlocks = 16_000_000;

    // Blocks that one walker goes before the other's turn.
    private const int Stride = 1024;

    // Where the last count ended, so that the next one walks on from there.
    private Walker? _last;

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

    // A state is nearly always ahead of the last count, but an older one may have been put back: two walkers take turns, one from
    // the last count and one from the seed, so that neither case costs more than twice its way.
    private long? FindBlock(ReadOnlySpan<uint> words, uint seed, CancellationToken cancellation)
    {
        Walker? ahead = _last?.Seed == seed ? _last : null;
        long known = ahead?.Blocks ?? MaxBlocks;
        var fromSeed = new Walker(seed);
        while (fromSeed.Blocks <= MaxBlocks)
        {
            cancellation.ThrowIfCancellationRequested();
            if (ahead is not null && ahead.Meets(words, Stride))
            {
                _last = ahead;
                return ahead.Blocks;
            }

            if (fromSeed.Blocks <= known && fromSeed.Meets(words, Stride))
            {
                _last = fromSeed;
                return fromSeed.Blocks;
            }

            if (fromSeed.Blocks > known && (ahead is null || ahead.Blocks > MaxBlocks))
            {
                break;
            }
        }

        _last = null;
        return null;
    }

    /// <summary>Walks the sequence of a seed, block by block.</summary>
    private sealed class Walker(uint seed)
    {
        private readonly MersenneTwister _engine = new(seed);

        public uint Seed { get; } = seed;

        public long Blocks { get; private set; }

        /// <summary>Walks at most so many blocks, and stops on the one that is looked for.</summary>
        public bool Meets(ReadOnlySpan<uint> words, int blocks)
        {
            Span<uint> current = stackalloc uint[MersenneTwister.StateLength];
            Span<uint> drawn = stackalloc uint[MersenneTwister.StateLength];
            for (int i = 0; i < blocks; i++)
            {
                _engine.GetState(current);
                if (words.SequenceEqual(current))
                {
                    return true;
                }

                _engine.Fill(drawn);
                Blocks++;
            }

            return false;
        }
    }
}
