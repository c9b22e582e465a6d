using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

/// <summary>Values of CPython's own: what tests/python/generate_python_random_cases.py recorded, and what CPython's
/// Lib/test/test_random.py guarantees.</summary>
public sealed class PythonRandomTests
{
    private static readonly RandomCases s_cases = RandomCases.Python;

    private static readonly Dictionary<string, Func<PythonRandom, JsonElement[], object>> s_methods = new()
    {
        ["random"] = (s, _) => s.Random(),
        ["getrandbits"] = (s, a) => s.GetRandBits(Int(a[0])),
        ["randbytes"] = (s, a) => s.RandBytes(Int(a[0])),
        ["randrange"] = (s, a) => a.Length switch
        {
            1 => s.RandRange(RandomCases.Long(a[0])),
            2 => s.RandRange(RandomCases.Long(a[0]), RandomCases.Long(a[1])),
            _ => s.RandRange(RandomCases.Long(a[0]), RandomCases.Long(a[1]), RandomCases.Long(a[2])),
        },
        ["randrange_big"] = (s, a) => a.Length switch
        {
            1 => s.RandRange(RandomCases.Integer(a[0])),
            2 => s.RandRange(RandomCases.Integer(a[0]), RandomCases.Integer(a[1])),
            _ => s.RandRange(RandomCases.Integer(a[0]), RandomCases.Integer(a[1]), RandomCases.Integer(a[2])),
        },
        ["randint"] = (s, a) => s.RandInt(RandomCases.Long(a[0]), RandomCases.Long(a[1])),
        ["randint_big"] = (s, a) => s.RandInt(RandomCases.Integer(a[0]), RandomCases.Integer(a[1])),
        ["choice"] = (s, a) => s.Choice(Range(Int(a[0]))),
        ["choices"] = (s, a) => s.Choices(Range(Int(a[0])), Int(a[1])),
        ["choices_weights"] = (s, a) => s.Choices(Range(a[0].GetArrayLength()), RandomCases.Floats(a[0]), k: Int(a[1])),
        ["choices_cum_weights"] = (s, a) => s.Choices(Range(a[0].GetArrayLength()), null, RandomCases.Floats(a[0]), Int(a[1])),
        ["shuffle"] = (s, a) => Shuffled(s, Int(a[0])),
        ["sample"] = (s, a) => s.Sample(RandomCases.Long(a[0]), Int(a[1])),
        ["sample_counts"] = (s, a) => s.Sample(Range(a[0].GetArrayLength()), Int(a[1]), RandomCases.Longs(a[0])),
        ["uniform"] = (s, a) => s.Uniform(F(a, 0), F(a, 1)),
        ["triangular"] = (s, a) => s.Triangular(F(a, 0, 0.0), F(a, 1, 1.0), a.Length > 2 ? F(a, 2) : null),
        ["normalvariate"] = (s, a) => s.NormalVariate(F(a, 0, 0.0), F(a, 1, 1.0)),
        ["gauss"] = (s, a) => s.Gauss(F(a, 0, 0.0), F(a, 1, 1.0)),
        ["lognormvariate"] = (s, a) => s.LogNormVariate(F(a, 0), F(a, 1)),
        ["expovariate"] = (s, a) => s.ExpoVariate(F(a, 0)),
        ["vonmisesvariate"] = (s, a) => s.VonMisesVariate(F(a, 0), F(a, 1)),
        ["gammavariate"] = (s, a) => s.GammaVariate(F(a, 0), F(a, 1)),
        ["betavariate"] = (s, a) => s.BetaVariate(F(a, 0), F(a, 1)),
        ["paretovariate"] = (s, a) => s.ParetoVariate(F(a, 0)),
        ["weibullvariate"] = (s, a) => s.WeibullVariate(F(a, 0), F(a, 1)),
    };

    public static TheoryData<string> Methods => [.. s_methods.Keys];

    [Fact]
    public void EveryRecordedMethodIsReplayed() => Assert.Equal(
        s_methods.Keys.Concat(["source", "libm", "seed", "state", "errors"]).Order(), s_cases.Methods.Order());

    [Theory]
    [MemberData(nameof(Methods))]
    public void MethodGivesCPythonsValuesAndDrawsAsManyWords(string method)
    {
        Func<PythonRandom, JsonElement[], object> call = s_methods[method];
        int seeds = 0;
        foreach (JsonElement line in s_cases[method])
        {
            JsonElement[] arguments = [.. line.GetProperty("a").EnumerateArray()];
            long[] range = RandomCases.Longs(line.GetProperty("s"));
            int repeat = line.GetProperty("r").GetInt32();
            for (int i = 0; i < range[2]; i++, seeds++)
            {
                long seed = range[0] + (i * range[1]);
                string where = $"{method}{line.GetProperty("a")} with seed {seed}";
                PythonRandom stream = new(seed);
                object[] results = [.. Enumerable.Range(0, repeat).Select(_ => call(stream, arguments))];
                s_cases.AssertEqual(line.GetProperty("o")[i], results, where);
                Assert.True(line.GetProperty("d")[i].GetInt64() == stream.DrawCount, $"{where}: {stream.DrawCount} words drawn");
            }
        }

        Assert.True(seeds >= 200, $"{method} was replayed with {seeds} seeds only.");
    }

    [Fact]
    public void EveryKindOfSeedGivesCPythonsSequence()
    {
        foreach (JsonElement line in s_cases["seed"])
        {
            string text = line.GetProperty("seed").GetString()!;
            string kind = line.GetProperty("kind").GetString()!;
            int version = line.GetProperty("version").GetInt32();
            PythonRandom stream = new();
            switch (kind)
            {
                case "int":
                    stream.Seed(RandomCases.Integer(line.GetProperty("seed")));
                    break;
                case "str":
                    stream.Seed(text, version);
                    break;
                case "bytes":
                    stream.Seed(Convert.FromHexString(text), version);
                    break;
                default:
                    stream.Seed(RandomCases.Float(line.GetProperty("seed")));
                    break;
            }

            object[] drawn = [stream.Random(), stream.Random(), stream.Random()];
            s_cases.AssertEqual(line.GetProperty("o"), drawn, $"{kind} seed {text} of version {version}");
        }
    }

    [Fact]
    public void StateIsCPythonsAndContinuesInAnotherInstance()
    {
        PythonRandom other = new();
        foreach (JsonElement line in s_cases["state"])
        {
            int seed = line.GetProperty("s").GetInt32();
            PythonRandom stream = new(seed);
            for (int i = 0; i < seed * 13; i++)
            {
                stream.GetRandBits64(32);
            }

            if (seed % 3 != 0)
            {
                stream.Gauss();
            }

            PythonRandomState state = stream.GetState();
            byte[] bytes = [.. state.Internal.SelectMany(BitConverter.GetBytes)];
            Assert.Equal(3, state.Version);
            Assert.Equal(line.GetProperty("digest").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
            Assert.Equal(line.GetProperty("position").GetInt64(), state.Internal[624]);
            Assert.Equal(line.GetProperty("gauss_next").ValueKind == JsonValueKind.Null, state.GaussNext is null);
            if (state.GaussNext is { } kept)
            {
                s_cases.AssertEqual(line.GetProperty("gauss_next"), kept, $"gauss_next of seed {seed}");
            }

            other.SetState(state);
            object[] drawn = [other.Gauss(), other.Gauss(), other.Gauss()];
            s_cases.AssertEqual(line.GetProperty("next"), drawn, $"state of seed {seed}");
            Assert.Equal(drawn, new object[] { stream.Gauss(), stream.Gauss(), stream.Gauss() });
            Assert.Equal(stream.DrawCount, other.DrawCount);
        }
    }

    [Fact]
    public void WhatCPythonRefusesIsRefusedWithItsTextAndDrawsAsMuch()
    {
        foreach (JsonElement line in s_cases["errors"])
        {
            string method = line.GetProperty("call").GetString()!;
            JsonElement[] a = [.. line.GetProperty("a").EnumerateArray()];
            PythonRandom stream = new(line.GetProperty("s").GetInt32());
            Action call = method switch
            {
                "choice" => () => stream.Choice<int>([]),
                "sample" => () => stream.Sample(Range(a[0].GetArrayLength()), Int(a[1])),
                "sample_counts" => () => stream.Sample(Range(a[0].GetArrayLength()), Int(a[1]), RandomCases.Longs(a[2])),
                "choices" => () => stream.Choices(Range(a[0].GetArrayLength()), Int(a[1])),
                "choices_weights" => () => stream.Choices(Range(a[0].GetArrayLength()), Weights(a[1]), Weights(a[2]), Int(a[3])),
                "randrange" when a.Any(x => x.ValueKind == JsonValueKind.String) => () => s_methods["randrange_big"](stream, a),
                _ => () => s_methods[method](stream, a),
            };
            string where = $"{method}{line.GetProperty("a")}";
            if (line.GetProperty("text").GetString() is { } text)
            {
                ReproTorchException error = Assert.Throws<ReproTorchException>(call);
                Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
                Assert.StartsWith(text, error.Message, StringComparison.Ordinal);
            }
            else
            {
                call();
            }

            Assert.True(
                line.GetProperty("next").GetInt64() == (long)stream.GetRandBits64(32), $"{where}: another place in the stream");
        }
    }

    [Fact]
    public void SeedZeroGivesTheKnownDice()
    {
        PythonRandom stream = new(0);
        Assert.Equal(new long[] { 6, 6, 0, 4, 8, 7, 6, 4, 7, 5 }, Enumerable.Range(0, 10).Select(_ => stream.RandInt(0, 9)));
    }

    // Lib/test/test_random.py: test_guaranteed_stable, test_bug_27706, test_bug_31482.
    [Theory]
    [InlineData("the quick brown fox", 2, new[] { 0x3fc1239ddfb11b7cul, 0x3fbb3cbb5c51b120ul, 0x3fe8c4f55116b60ful, 0x3fe63eb525174a27ul })]
    [InlineData("nofar", 1, new[] { 0x3fe8645314505ad7ul, 0x3faafb1f82e40a40ul, 0x3fe2a59d2285e971ul, 0x3f956977142a7880ul })]
    [InlineData("rachel", 1, new[] { 0x3fe0b294cc856fcdul, 0x3fc2ad22d79e77b8ul, 0x3fd3052b9c072678ul, 0x3fc578f332106574ul })]
    [InlineData("", 1, new[] { 0x3feb0580f98a7dbeul, 0x3fe84129978f9c1aul, 0x3fdaeaa51052e978ul, 0x3fd092178fb945a6ul })]
    public void GuaranteedSequencesOfTexts(string seed, int version, ulong[] expected)
    {
        PythonRandom stream = new();
        stream.Seed(seed, version);
        Assert.Equal(expected, FourBits(stream));
        stream.Seed(System.Text.Encoding.UTF8.GetBytes(seed), version);
        Assert.Equal(expected, FourBits(stream));
    }

    [Fact]
    public void GuaranteedSequenceOfAnInteger() => Assert.Equal(
        new[] { 0x3feac362300d90d2ul, 0x3fe9d16f74365005ul, 0x3fe1ebb4352e4c4dul, 0x3fe1a7422abf9c11ul },
        FourBits(new PythonRandom(3456147)));

    // test_strong_reference_implementation: the last ten of 2000, as 53-bit integers.
    [Fact]
    public void GuaranteedSequenceOfTheReferenceImplementation()
    {
        BigInteger seed = 61731 + ((BigInteger)24903 << 32) + ((BigInteger)614 << 64) + ((BigInteger)42143 << 96);
        PythonRandom stream = new(seed);
        double[] drawn = new double[2000];
        stream.Random(drawn);
        Assert.Equal(
            new long[]
            {
                0x0eab3258d2231f, 0x1b89db315277a5, 0x1db622a5518016, 0x0b7f9af0d575bf, 0x029e4c4db82240,
                0x04961892f5d673, 0x02b291598e4589, 0x11388382c15694, 0x02dad977c9e1fe, 0x191d96d4d334c6,
            },
            drawn[^10..].Select(x => (long)(x * (1L << 53))));
    }

    // test_getrandbits, test_randrange_uses_getrandbits, test_randbytes.
    [Fact]
    public void GuaranteedBitsAndBytes()
    {
        Assert.Equal(BigInteger.Parse("97904845777343510404718956115", null), new PythonRandom(1234567).GetRandBits(100));
        Assert.Equal(
            BigInteger.Parse("97904845777343510404718956115", null), new PythonRandom(1234567).RandRange(BigInteger.One << 99));
        Assert.Equal("33a8f966f4a4d036198f9f82026f65f0", Convert.ToHexStringLower(new PythonRandom(8675309).RandBytes(16)));
    }

    [Fact]
    public void BulkFormsGiveTheSameAsSingleCalls()
    {
        (long, long)[] bounds = [(0, 9), (-3, -3), (0, uint.MaxValue - 1), (0, uint.MaxValue), (-5, long.MaxValue)];
        foreach ((long a, long b) in bounds)
        {
            PythonRandom single = new(7);
            PythonRandom bulk = new(7);
            long[] drawn = new long[3000];
            bulk.RandInt(drawn, a, b);
            Assert.Equal(Enumerable.Range(0, drawn.Length).Select(_ => single.RandInt(a, b)), drawn);
            Assert.Equal(single.DrawCount, bulk.DrawCount);
        }
    }

    [Fact]
    public void SequencesOfObjectsAreShuffledAndChosenFromAsSequencesOfNumbers()
    {
        string[] names = ["a", "b", "c", "d", "e", "f", "g"];
        List<string> list = [.. names];
        string[] array = [.. names];
        new PythonRandom(3).Shuffle((IList<string>)list);
        new PythonRandom(3).Shuffle(array.AsSpan());
        Assert.Equal(Shuffled(new PythonRandom(3), 7).Select(i => names[i]), list);
        Assert.Equal(list, array);
        Assert.Equal(new PythonRandom(3).Sample(7, 4).Select(i => names[i]), new PythonRandom(3).Sample(names, 4));
    }

    [Fact]
    public void SeedingForgetsTheKeptNumberAndCountsFromZero()
    {
        PythonRandom stream = new(1);
        stream.Gauss();
        stream.Seed(1);
        Assert.Equal(0, stream.DrawCount);
        Assert.Null(stream.GetState().GaussNext);
        Assert.Equal(new PythonRandom(1).Gauss(), stream.Gauss());
    }

    [Fact]
    public void StreamsWithoutASeedDiffer() =>
        Assert.NotEqual(new PythonRandom().GetRandBits(128), new PythonRandom().GetRandBits(128));

    [Fact]
    public void StateOfVersion2MayHaveNegativeWords()
    {
        PythonRandom stream = new(5);
        PythonRandomState state = stream.GetState();
        long[] signed = [.. state.Internal.Select(x => (long)(int)(uint)x)];
        PythonRandom other = new();
        other.SetState(new PythonRandomState(2, signed, null));
        Assert.Equal(stream.GetRandBits(640), other.GetRandBits(640));
    }

    public static TheoryData<int, long[], string> BadStates => new()
    {
        { 1, new long[625], "state with version 1 passed to Random.setstate() of version 3" },
        { 3, new long[3], "state vector is the wrong size" },
        { 2, [.. Enumerable.Repeat(1L, 624), 625], "invalid state" },
        { 3, [.. Enumerable.Repeat(1L, 624), -1], "invalid state" },
        { 3, [.. Enumerable.Repeat(1L, 623), -1, 0], "invalid state" },
        { 3, [.. Enumerable.Repeat(1L, 623), 1L << 32, 0], "invalid state" },
    };

    [Theory]
    [MemberData(nameof(BadStates))]
    public void StateThatIsRefusedChangesNothing(int version, long[] numbers, string text)
    {
        PythonRandom stream = new(9);
        ReproTorchException error = Assert.Throws<ReproTorchException>(
            () => stream.SetState(new PythonRandomState(version, numbers, null)));
        Assert.StartsWith(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(new PythonRandom(9).GetRandBits(100), stream.GetRandBits(100));
    }

    [Fact]
    public void SeedsWithoutASequenceAreRefused()
    {
        PythonRandom stream = new(9);
        Assert.Throws<ReproTorchException>(() => stream.Seed(double.NaN));
        Assert.Throws<ReproTorchException>(() => stream.Seed("text", version: 3));
        Assert.Throws<ReproTorchException>(() => stream.Seed("half \ud800 of a pair"));
        Assert.Equal(new PythonRandom(9).GetRandBits(100), stream.GetRandBits(100));
    }

    // With these the original's loops have no end.
    [Theory]
    [InlineData("gammavariate", double.NaN, 1.0)]
    [InlineData("gammavariate", double.PositiveInfinity, 1.0)]
    [InlineData("gammavariate", double.MaxValue, 1.0)]
    [InlineData("vonmisesvariate", 0.0, double.NaN)]
    public void ArgumentsThatNeverEndAreRefused(string method, double a, double b)
    {
        PythonRandom stream = new(9);
        Assert.Throws<ReproTorchException>(
            () => method == "gammavariate" ? stream.GammaVariate(a, b) : stream.VonMisesVariate(a, b));
    }

    private static ulong[] FourBits(PythonRandom stream) =>
        [.. Enumerable.Range(0, 4).Select(_ => BitConverter.DoubleToUInt64Bits(stream.Random()))];

    private static int[] Range(int n) => [.. Enumerable.Range(0, n)];

    private static int[] Shuffled(PythonRandom stream, int n)
    {
        int[] items = Range(n);
        stream.Shuffle(items.AsSpan());
        return items;
    }

    private static double[]? Weights(JsonElement element) =>
        element.ValueKind == JsonValueKind.Null ? null : RandomCases.Floats(element);

    private static int Int(JsonElement element) => element.GetInt32();

    private static double F(JsonElement[] arguments, int index, double? absent = null) =>
        index < arguments.Length ? RandomCases.Float(arguments[index]) : absent!.Value;
}
