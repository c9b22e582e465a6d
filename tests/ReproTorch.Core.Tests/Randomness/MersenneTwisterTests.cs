using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

public sealed class MersenneTwisterTests
{
    // The first five and the last of the 1000 numbers in mt19937ar.out, the output that Matsumoto and Nishimura publish
    // with their program (init_by_array of 0x123, 0x234, 0x345, 0x456).
    [Fact]
    public void KeyOfTheReferenceProgramGivesItsOutput()
    {
        MersenneTwister twister = new();
        twister.InitByArray([0x123, 0x234, 0x345, 0x456]);
        uint[] words = new uint[1000];
        twister.Fill(words);
        Assert.Equal(new uint[] { 1067595299, 955945823, 477289528, 4107218783, 4228976476 }, words[..5]);
        Assert.Equal(3460025646, words[^1]);
    }

    // ISO/IEC 14882, [rand.predef]: the 10000th number of a default-constructed mt19937.
    [Fact]
    public void TenThousandthNumberIsTheStandards()
    {
        MersenneTwister twister = new();
        uint word = 0;
        for (int i = 0; i < 10000; i++)
        {
            word = twister.NextUInt32();
        }

        Assert.Equal(4123659995, word);
        Assert.Equal(10000, twister.DrawCount);
    }

    // Whatever the processor has, both widths and the definition, one word at a time, must make the same blocks.
    [Fact]
    public void BlocksOfEveryVectorWidthAreTheDefinitions()
    {
        uint[] narrow = NewState(4357);
        uint[] wide = [.. narrow];
        uint[] definition = narrow[..624];
        uint[] narrowBlock = new uint[624];
        uint[] wideBlock = new uint[624];
        for (int block = 0; block < 50; block++)
        {
            MersenneTwister.MakeBlock256(narrow, narrowBlock);
            MersenneTwister.MakeBlock512(wide, wideBlock);
            Regenerate(definition);
            Assert.Equal(definition, narrow[..624]);
            Assert.Equal(definition, wide[..624]);
            Assert.Equal(narrowBlock, wideBlock);
            Assert.Equal(definition.Select(Temper), narrowBlock);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(622)]
    [InlineData(623)]
    [InlineData(624)]
    [InlineData(625)]
    public void BulkDrawsAreSingleDrawsFromAnyPosition(int before)
    {
        foreach (int count in new[] { 0, 1, 2, 7, 15, 16, 17, 311, 312, 313, 623, 624, 625, 2000 })
        {
            MersenneTwister single = After(before);
            MersenneTwister bulk = After(before);
            uint[] words = new uint[count];
            double[] doubles = new double[count];
            bulk.Fill(words);
            Assert.Equal(words.Select(_ => single.NextUInt32()), words);
            AssertSamePlace(single, bulk);
            bulk.Fill(doubles);
            Assert.Equal(doubles.Select(_ => single.NextDouble()), doubles);
            AssertSamePlace(single, bulk);
            Assert.Equal(before + (3 * count), bulk.DrawCount);
        }
    }

    [Fact]
    public void DoubleIsThe53UpperBitsOfTwoWords()
    {
        Assert.Equal(0.0, MersenneTwister.ToDouble(31, 63));
        Assert.Equal(Math.BitDecrement(1.0), MersenneTwister.ToDouble(uint.MaxValue, uint.MaxValue));
        Assert.Equal(1.0 / (1L << 53), MersenneTwister.ToDouble(0, 64));
        Assert.Equal(0.5, MersenneTwister.ToDouble(1u << 31, 0));
    }

    [Fact]
    public void LongDrawsHaveTheFirstWordAbove()
    {
        MersenneTwister words = new(1);
        ulong expected = ((ulong)words.NextUInt32() << 32) | words.NextUInt32();
        Assert.Equal(expected, new MersenneTwister(1).NextUInt64());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(624)]
    [InlineData(1300)]
    public void StateContinuesTheSequence(int before)
    {
        MersenneTwister original = After(before);
        uint[] state = new uint[MersenneTwister.StateLength];
        original.GetState(state);
        MersenneTwister copy = new(99);
        copy.SetState(state, original.Position, drawCount: 7);
        Assert.Equal(7, copy.DrawCount);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(original.NextUInt32(), copy.NextUInt32());
        }

        Assert.Equal(1007, copy.DrawCount);
    }

    [Fact]
    public void BlockIsMadeWhenItsFirstWordIsAskedFor()
    {
        MersenneTwister twister = new(3);
        Assert.Equal(624, twister.Position);
        uint[] words = new uint[624];
        twister.Fill(words);
        Assert.Equal(624, twister.Position);
        double[] doubles = new double[312];
        twister.Fill(doubles);
        Assert.Equal(624, twister.Position);
        twister.NextUInt32();
        Assert.Equal(1, twister.Position);
    }

    [Fact]
    public void BadArgumentsAreRefused()
    {
        MersenneTwister twister = new(3);
        Assert.Throws<ArgumentException>(() => twister.InitByArray([]));
        Assert.Throws<ArgumentException>(() => twister.SetState(new uint[623], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => twister.SetState(new uint[624], 625));
        Assert.Throws<ArgumentOutOfRangeException>(() => twister.SetState(new uint[624], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => twister.SetState(new uint[624], 0, -1));
        Assert.Throws<ArgumentException>(() => twister.GetState(new uint[623]));
        Assert.Equal(new MersenneTwister(3).NextUInt32(), twister.NextUInt32());
    }

    private static MersenneTwister After(int words)
    {
        MersenneTwister twister = new(12345);
        for (int i = 0; i < words; i++)
        {
            twister.NextUInt32();
        }

        return twister;
    }

    private static void AssertSamePlace(MersenneTwister expected, MersenneTwister actual)
    {
        Assert.Equal(expected.Position, actual.Position);
        Assert.Equal(expected.DrawCount, actual.DrawCount);
    }

    private static uint[] NewState(uint seed)
    {
        uint[] state = new uint[MersenneTwister.StateLength + 16];
        new MersenneTwister(seed).GetState(state);
        return state;
    }

    // The recurrence of the paper, section 2.1: x[k+n] = x[k+m] ^ (upper bit of x[k] | lower bits of x[k+1]) A.
    private static void Regenerate(uint[] x)
    {
        for (int k = 0; k < 624; k++)
        {
            uint y = (x[k] & 0x80000000) | (x[(k + 1) % 624] & 0x7fffffff);
            x[k] = x[(k + 397) % 624] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }
    }

    private static uint Temper(uint y)
    {
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }
}
