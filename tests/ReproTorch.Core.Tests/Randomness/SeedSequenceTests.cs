using System.Numerics;
using System.Text.Json;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

public sealed class SeedSequenceTests
{
    // The vectors of numpy/random/tests/test_seed_sequence.py, which come from M. E. O'Neill's own program.
    [Theory]
    [InlineData(
        new uint[] { 3735928559, 195939070, 229505742, 305419896 },
        new uint[] { 3914649087, 576849849, 3593928901, 2229911004 },
        new ulong[] { 2477551240072187391, 9577394838764454085 })]
    [InlineData(
        new uint[] { 3668361503, 4165561550, 1661411377, 3634257570 },
        new uint[] { 2240804226, 3691353228, 1365957195, 2654016646 },
        new ulong[] { 15854241394484835714, 11398914698975566411 })]
    [InlineData(
        new uint[] { 164546577, 4166754639, 1765190214, 1303880213 },
        new uint[] { 3562296087, 3191708229, 1147942216, 3726991905 },
        new ulong[] { 13708282465491374871, 16007308345579681096 })]
    [InlineData(
        new uint[] { 446610472, 3941463886, 522937693, 1882353782 },
        new uint[] { 1403443605, 3591372999, 1291086759, 441919183 },
        new ulong[] { 15424829579845884309, 1898028439751125927 })]
    [InlineData(
        new uint[] { 1864922766, 1719732118, 3882010307, 1776744564 },
        new uint[] { 1086200464, 2191331643, 560336446, 3658716651 },
        new ulong[] { 9411697742461147792, 15714068361935982142 })]
    [InlineData(
        new uint[] { 4141682960, 3310988675, 553637289, 902896340 },
        new uint[] { 3249937430, 2346751812, 847844327, 2996632307 },
        new ulong[] { 10079222287618677782, 12870437757549876199 })]
    [InlineData(
        new uint[] { 1134851934, 2352871630, 3699409824, 2648159817 },
        new uint[] { 2584285912, 4034195531, 3523502488, 169742686 },
        new ulong[] { 17326737873898640088, 729039288628699544 })]
    [InlineData(
        new uint[] { 1240956131, 3107113773, 1283198141, 1924506131 },
        new uint[] { 959045797, 3875435559, 1886309314, 359682705 },
        new ulong[] { 16644868984619524261, 1544825456798124994 })]
    [InlineData(
        new uint[] { 2669565031, 579818610, 3042504477, 2774880435 },
        new uint[] { 3978441347, 432478529, 3223635119, 138903045 },
        new ulong[] { 1857481142255628931, 596584038813451439 })]
    [InlineData(
        new uint[] { 2766103236, 2883057919, 4029656435, 862374500 },
        new uint[] { 296367413, 4262059219, 13109864, 3283683422 },
        new ulong[] { 18305404959516669237, 14103312907920476776 })]
    public void WordsAreThoseOfTheReferenceProgram(uint[] entropy, uint[] words, ulong[] words64)
    {
        var sequence = new SeedSequence(entropy.Select(x => (BigInteger)x), []);
        Assert.Equal(words, sequence.GenerateState(words.Length));
        Assert.Equal(words64, sequence.GenerateState64(words64.Length));
    }

    [Fact]
    public void ZeroGivesTheKnownWords() =>
        Assert.Equal([2968811710, 3677149159, 745650761, 2884920346], new SeedSequence(BigInteger.Zero).GenerateState(4));

    [Fact]
    public void EntropyKeysPoolsAndChildrenEqualNumPys()
    {
        foreach (JsonElement one in NumpyGeneratorCases.Read("seed_sequences"))
        {
            var sequence = new SeedSequence(
                NumpyGeneratorCases.Integers(one.GetProperty("entropy")),
                NumpyGeneratorCases.Integers(one.GetProperty("key")),
                one.GetProperty("size").GetInt32());
            AssertWords(one.GetProperty("pool"), sequence.Pool.ToArray());
            AssertWords(one.GetProperty("words32"), sequence.GenerateState(one.GetProperty("words32").GetArrayLength()));
            AssertWords(one.GetProperty("words64"), sequence.GenerateState64(one.GetProperty("words64").GetArrayLength()));
            SeedSequence[] children = [.. sequence.Spawn(2), .. sequence.Spawn(1)[0].Spawn(1)];
            foreach ((JsonElement expected, SeedSequence child) in one.GetProperty("children").EnumerateArray().Zip(children))
            {
                Assert.Equal(NumpyGeneratorCases.Integers(expected.GetProperty("key")), child.SpawnKey);
                AssertWords(expected.GetProperty("words32"), child.GenerateState(3));
            }

            Assert.Equal(one.GetProperty("spawned").GetUInt32(), sequence.ChildrenSpawned);
            if (one.GetProperty("repr").GetString() is { } text)
            {
                Assert.Equal(text, sequence.ToString());
            }
        }
    }

    [Fact]
    public void FreshEntropyDiffersAndCanBeGivenAgain()
    {
        var first = new SeedSequence();
        Assert.NotEqual(first.Entropy, new SeedSequence().Entropy);
        Assert.Equal(first.GenerateState(5), new SeedSequence(first.Entropy[0]).GenerateState(5));
        Assert.NotEqual(
            new SeedSequence(null, [], poolSize: 8).Entropy[0], new SeedSequence(null, [], poolSize: 8).Entropy[0]);
    }

    [Fact]
    public void RestoredSequenceGoesOnSpawningWhereItWas()
    {
        var sequence = new SeedSequence(7);
        sequence.Spawn(3);
        var restored = new SeedSequence([7], [], childrenSpawned: 3);
        Assert.Equal(sequence.Spawn(1)[0].GenerateState(4), restored.Spawn(1)[0].GenerateState(4));
        Assert.Empty(restored.Spawn(0));
    }

    [Fact]
    public void MistakesAreNamed()
    {
        AssertInvalid("expected non-negative integer: got -5.", () => new SeedSequence(-5));
        AssertInvalid("expected non-negative integer: got -1.", () => new SeedSequence([1, -1], []));
        AssertInvalid("The size of the entropy pool should be at least 4: got 3.", () => new SeedSequence([1], [], poolSize: 3));
        AssertInvalid("negative dimensions are not allowed: got -1.", () => new SeedSequence(1).GenerateState(-1));
        AssertInvalid("negative dimensions are not allowed: got -2.", () => new SeedSequence(1).GenerateState64(-2));
    }

    private static void AssertInvalid(string message, Func<object> action)
    {
        ReproTorchException error = Assert.Throws<ReproTorchException>(action);
        Assert.Equal(message, error.Message);
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
    }

    private static void AssertWords<T>(JsonElement expected, T[] actual) =>
        Assert.Equal(NumpyGeneratorCases.Encoded(expected), actual.Select(x => $"{x}"));
}
