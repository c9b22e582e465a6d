using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ReproTorch.Randomness;

// Blocks and bulk draws. Vector256 and Vector512 are written out; where the processor has narrower registers, .NET
// splits them.
public sealed partial class MersenneTwister
{
    private const int ShiftLength = 397;
    private const int MirrorLength = 16;
    private const uint MatrixA = 0x9908b0df;
    private const uint UpperMask = 0x80000000;
    private const uint TemperingMaskB = 0x9d2c5680;
    private const uint TemperingMaskC = 0xefc60000;

    /// <summary>Draws as many words as the span holds. The same words, in the same order, as that many calls of
    /// <see cref="NextUInt32"/>.</summary>
    public void Fill(Span<uint> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> available = Available();
            int count = Math.Min(available.Length, destination.Length);
            available[..count].CopyTo(destination);
            _position += count;
            destination = destination[count..];
        }
    }

    /// <summary>Draws two words for each element and stores multiples of 2^-53 in [0, 1). The same numbers, in the same
    /// order, as that many calls of <see cref="NextDouble"/>.</summary>
    public void Fill(Span<double> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> available = Available();
            int count = Math.Min(available.Length / 2, destination.Length);
            if (count == 0)
            {
                // One word is left in this block, the other half comes from the next.
                destination[0] = NextDouble();
                destination = destination[1..];
                continue;
            }

            ToDoubles(available[..(2 * count)], destination[..count]);
            _position += 2 * count;
            destination = destination[count..];
        }
    }

    /// <summary>Draws words until the upper bits of one, as many as <paramref name="bound"/> has, are below
    /// it.</summary>
    /// <param name="bound">1 or more.</param>
    internal uint NextBelow(uint bound)
    {
        int shift = BitOperations.LeadingZeroCount(bound);
        int position = _position;

        // Whether a word is below the bound is a coin toss that no branch predictor guesses. Eight at once nearly
        // always hold one.
        if (Vector256.IsHardwareAccelerated && position <= StateLength - Vector256<uint>.Count && shift > 0)
        {
            ref uint block = ref MemoryMarshal.GetArrayDataReference(_block);
            Vector256<uint> drawn = Vector256.LoadUnsafe(ref block, (nuint)position) >>> shift;
            Vector256<int> below = Vector256.LessThan(drawn.AsInt32(), Vector256.Create((int)bound));
            uint accepted = below.ExtractMostSignificantBits();
            if (accepted != 0)
            {
                position += BitOperations.TrailingZeroCount(accepted);
                _position = position + 1;
                return Unsafe.Add(ref block, position) >> shift;
            }
        }

        uint word;
        do
        {
            word = NextUInt32() >> shift;
        }
        while (word >= bound);

        return word;
    }

    /// <summary>The words of the current block that were not given out: at least one.</summary>
    private ReadOnlySpan<uint> Available()
    {
        if (_position == StateLength)
        {
            MakeBlock();
        }

        return _block.AsSpan(_position);
    }

    private void MakeBlock()
    {
        if (Vector512.IsHardwareAccelerated)
        {
            MakeBlock512(_state, _block);
        }
        else
        {
            MakeBlock256(_state, _block);
        }

        _position = 0;
        _drawnBeforeBlock += StateLength;
    }

    // The recurrence reads words i, i+1 and i+397 and writes i, where indices from 624 on mean words of the new block.
    // Done in place 16 at a time, word i+397 is found at i-227 once it is past the end, and the step from 224 (which
    // needs words on both sides of the end) and the last step (which needs the new word 0) find theirs in the mirror
    // behind the state.
    internal static void MakeBlock512(uint[] state, uint[] block)
    {
        ref uint words = ref MemoryMarshal.GetArrayDataReference(state);
        ref uint output = ref MemoryMarshal.GetArrayDataReference(block);
        Vector512<uint> upper = Vector512.Create(UpperMask);
        Vector512<uint> matrix = Vector512.Create(MatrixA);
        for (int i = 0; i < StateLength; i += Vector512<uint>.Count)
        {
            Vector512<uint> here = Vector512.LoadUnsafe(ref words, (nuint)i);
            Vector512<uint> next = Vector512.LoadUnsafe(ref words, (nuint)i + 1);
            Vector512<uint> far = Vector512.LoadUnsafe(ref words, (nuint)FarIndex(i));
            Vector512<uint> odd = Vector512<uint>.Zero - (next & Vector512<uint>.One);
            Vector512<uint> mixed = Vector512.ConditionalSelect(upper, here, next) >>> 1;
            Vector512<uint> word = far ^ mixed ^ (odd & matrix);
            word.StoreUnsafe(ref words, (nuint)i);
            if (i < MirrorLength)
            {
                word.StoreUnsafe(ref words, (nuint)(StateLength + i));
            }

            word ^= word >>> 11;
            word ^= (word << 7) & Vector512.Create(TemperingMaskB);
            word ^= (word << 15) & Vector512.Create(TemperingMaskC);
            word ^= word >>> 18;
            word.StoreUnsafe(ref output, (nuint)i);
        }
    }

    internal static void MakeBlock256(uint[] state, uint[] block)
    {
        ref uint words = ref MemoryMarshal.GetArrayDataReference(state);
        ref uint output = ref MemoryMarshal.GetArrayDataReference(block);
        Vector256<uint> upper = Vector256.Create(UpperMask);
        Vector256<uint> matrix = Vector256.Create(MatrixA);
        for (int i = 0; i < StateLength; i += Vector256<uint>.Count)
        {
            Vector256<uint> here = Vector256.LoadUnsafe(ref words, (nuint)i);
            Vector256<uint> next = Vector256.LoadUnsafe(ref words, (nuint)i + 1);
            Vector256<uint> far = Vector256.LoadUnsafe(ref words, (nuint)FarIndex(i));
            Vector256<uint> odd = Vector256<uint>.Zero - (next & Vector256<uint>.One);
            Vector256<uint> mixed = Vector256.ConditionalSelect(upper, here, next) >>> 1;
            Vector256<uint> word = far ^ mixed ^ (odd & matrix);
            word.StoreUnsafe(ref words, (nuint)i);
            if (i < MirrorLength)
            {
                word.StoreUnsafe(ref words, (nuint)(StateLength + i));
            }

            word ^= word >>> 11;
            word ^= (word << 7) & Vector256.Create(TemperingMaskB);
            word ^= (word << 15) & Vector256.Create(TemperingMaskC);
            word ^= word >>> 18;
            word.StoreUnsafe(ref output, (nuint)i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FarIndex(int i) =>
        i < StateLength - ShiftLength ? i + ShiftLength : i + ShiftLength - StateLength;

    private static void Temper(ReadOnlySpan<uint> state, Span<uint> block)
    {
        for (int i = 0; i < state.Length; i++)
        {
            uint word = state[i];
            word ^= word >> 11;
            word ^= (word << 7) & TemperingMaskB;
            word ^= (word << 15) & TemperingMaskC;
            block[i] = word ^ (word >> 18);
        }
    }

    private static void ToDoubles(ReadOnlySpan<uint> words, Span<double> destination)
    {
        int i = 0;
        if (BitConverter.IsLittleEndian)
        {
            // A pair of words read as one number has the first word in its lower half.
            ReadOnlySpan<ulong> pairs = MemoryMarshal.Cast<uint, ulong>(words);
            ref ulong source = ref MemoryMarshal.GetReference(pairs);
            ref double target = ref MemoryMarshal.GetReference(destination);
            if (Vector512.IsHardwareAccelerated)
            {
                for (; i <= destination.Length - Vector512<double>.Count; i += Vector512<double>.Count)
                {
                    Vector512<ulong> pair = Vector512.LoadUnsafe(ref source, (nuint)i);
                    Vector512<ulong> bits = ((pair & Vector512.Create(0xffffffe0UL)) << 21) | (pair >>> 38);
                    (Vector512.ConvertToDouble(bits.AsInt64()) * (1.0 / (1L << 53))).StoreUnsafe(ref target, (nuint)i);
                }
            }
            else
            {
                for (; i <= destination.Length - Vector256<double>.Count; i += Vector256<double>.Count)
                {
                    Vector256<ulong> pair = Vector256.LoadUnsafe(ref source, (nuint)i);
                    Vector256<ulong> bits = ((pair & Vector256.Create(0xffffffe0UL)) << 21) | (pair >>> 38);
                    (Vector256.ConvertToDouble(bits.AsInt64()) * (1.0 / (1L << 53))).StoreUnsafe(ref target, (nuint)i);
                }
            }
        }

        for (; i < destination.Length; i++)
        {
            destination[i] = ToDouble(words[2 * i], words[(2 * i) + 1]);
        }
    }
}
