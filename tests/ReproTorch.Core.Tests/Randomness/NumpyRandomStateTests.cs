using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

/// <summary>Values of NumPy 1.24's own RandomState, recorded by
/// tests/python/generate_numpy_randomstate_cases.py.</summary>
public sealed class NumpyRandomStateTests
{
    private static readonly RandomCases s_cases = RandomCases.NumpyRandomState;

    // Each gives the elements of the result. Numbers without a size go to the form that draws one number.
    private static readonly Dictionary<string, Func<NumpyRandomState, Arguments, object>> s_methods = new()
    {
        ["random_sample"] = (s, a) => a.Size is null ? s.RandomSample() : s.RandomSample(a.Size).Values,
        ["random"] = (s, a) => a.Size is null ? s.Random() : s.Random(a.Size).Values,
        ["rand"] = (s, a) => a.Count == 0 ? s.Rand() : s.Rand(a.Longs()).Values,
        ["randn"] = (s, a) => a.Count == 0 ? s.Randn() : s.Randn(a.Longs()).Values,
        ["standard_normal"] = (s, a) => a.Size is null ? s.StandardNormal() : s.StandardNormal(a.Size).Values,
        ["standard_exponential"] = (s, a) => a.Size is null ? s.StandardExponential() : s.StandardExponential(a.Size).Values,
        ["standard_cauchy"] = (s, a) => a.Size is null ? s.StandardCauchy() : s.StandardCauchy(a.Size).Values,
        ["tomaxint"] = (s, a) => a.Size is null ? s.ToMaxInt() : s.ToMaxInt(a.Size).Values,
        ["bytes"] = (s, a) => s.Bytes((int)a.Long(0)),
        ["uniform"] = Two((s, x, y) => s.Uniform(x, y), (s, x, y, n) => s.Uniform(x, y, n)),
        ["normal"] = Two((s, x, y) => s.Normal(x, y), (s, x, y, n) => s.Normal(x, y, n)),
        ["beta"] = Two((s, x, y) => s.Beta(x, y), (s, x, y, n) => s.Beta(x, y, n)),
        ["exponential"] = One((s, x) => s.Exponential(x), (s, x, n) => s.Exponential(x, n)),
        ["gamma"] = Two((s, x, y) => s.Gamma(x, y), (s, x, y, n) => s.Gamma(x, y, n)),
        ["standard_gamma"] = One((s, x) => s.StandardGamma(x), (s, x, n) => s.StandardGamma(x, n)),
        ["chisquare"] = One((s, x) => s.Chisquare(x), (s, x, n) => s.Chisquare(x, n)),
        ["noncentral_chisquare"] = Two((s, x, y) => s.NoncentralChisquare(x, y), (s, x, y, n) => s.NoncentralChisquare(x, y, n)),
        ["f"] = Two((s, x, y) => s.F(x, y), (s, x, y, n) => s.F(x, y, n)),
        ["noncentral_f"] = Three((s, x, y, z) => s.NoncentralF(x, y, z), (s, x, y, z, n) => s.NoncentralF(x, y, z, n)),
        ["standard_t"] = One((s, x) => s.StandardT(x), (s, x, n) => s.StandardT(x, n)),
        ["vonmises"] = Two((s, x, y) => s.Vonmises(x, y), (s, x, y, n) => s.Vonmises(x, y, n)),
        ["pareto"] = One((s, x) => s.Pareto(x), (s, x, n) => s.Pareto(x, n)),
        ["weibull"] = One((s, x) => s.Weibull(x), (s, x, n) => s.Weibull(x, n)),
        ["power"] = One((s, x) => s.Power(x), (s, x, n) => s.Power(x, n)),
        ["laplace"] = Two((s, x, y) => s.Laplace(x, y), (s, x, y, n) => s.Laplace(x, y, n)),
        ["gumbel"] = Two((s, x, y) => s.Gumbel(x, y), (s, x, y, n) => s.Gumbel(x, y, n)),
        ["logistic"] = Two((s, x, y) => s.Logistic(x, y), (s, x, y, n) => s.Logistic(x, y, n)),
        ["lognormal"] = Two((s, x, y) => s.Lognormal(x, y), (s, x, y, n) => s.Lognormal(x, y, n)),
        ["rayleigh"] = One((s, x) => s.Rayleigh(x), (s, x, n) => s.Rayleigh(x, n)),
        ["wald"] = Two((s, x, y) => s.Wald(x, y), (s, x, y, n) => s.Wald(x, y, n)),
        ["triangular"] = Three((s, x, y, z) => s.Triangular(x, y, z), (s, x, y, z, n) => s.Triangular(x, y, z, n)),
        ["binomial"] = (s, a) => a.IsOneNumber
            ? s.Binomial(a.Long(0), a.Float(1))
            : s.Binomial(a.Integers(0), a.Floats(1), a.Size).Values,
        ["negative_binomial"] = Two((s, x, y) => s.NegativeBinomial(x, y), (s, x, y, n) => s.NegativeBinomial(x, y, n)),
        ["poisson"] = One((s, x) => s.Poisson(x), (s, x, n) => s.Poisson(x, n)),
        ["zipf"] = One((s, x) => s.Zipf(x), (s, x, n) => s.Zipf(x, n)),
        ["geometric"] = One((s, x) => s.Geometric(x), (s, x, n) => s.Geometric(x, n)),
        ["hypergeometric"] = (s, a) => a.IsOneNumber
            ? s.Hypergeometric(a.Long(0), a.Long(1), a.Long(2))
            : s.Hypergeometric(a.Integers(0), a.Integers(1), a.Integers(2), a.Size).Values,
        ["logseries"] = One((s, x) => s.Logseries(x), (s, x, n) => s.Logseries(x, n)),
        ["multinomial"] = (s, a) => s.Multinomial(a.Long(0), a.List(1), a.Size).Values,
        ["dirichlet"] = (s, a) => s.Dirichlet(a.List(0), a.Size).Values,
        ["permutation"] = (s, a) => s.Permutation(a.Long(0)),
        ["permutation_array"] = (s, a) => s.Permutation(Counting(a)).Values,
        ["shuffle"] = (s, a) => Shuffled(s, a),
        ["shuffle_list"] = (s, a) => ShuffledList(s, a),
        ["random_integers"] = (s, a) => a.Size is null
            ? s.RandomIntegers(a.Long(0), a.Count > 1 ? a.Long(1) : null)
            : s.RandomIntegers(a.Long(0), a.Count > 1 ? a.Long(1) : null, a.Size).Values,
        ["choice"] = (s, a) => a.Size is null && a.Replace
            ? s.Choice(a.Long(0), a.Probabilities)
            : s.Choice(a.Long(0), a.Size, a.Replace, a.Probabilities).Values,
    };

    private static readonly string[] s_otherKinds =
        ["source", "libm", "seed", "state", "long", "mvn", "randint", "randint_array", "errors", "randint_errors"];

    public static TheoryData<string> Methods => [.. s_methods.Keys];

    public static TheoryData<string> IntegerTypes =>
        ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"];

    [Fact]
    public void EveryRecordedMethodIsReplayed() =>
        Assert.Equal(s_methods.Keys.Concat(s_otherKinds).Order(), s_cases.Methods.Order());

    [Theory]
    [MemberData(nameof(Methods))]
    public void MethodGivesNumpysValuesAndDrawsAsManyWords(string method)
    {
        int seeds = 0;
        foreach (JsonElement line in s_cases[method])
        {
            Arguments arguments = new(line);
            seeds += Replay(line, $"{method}{line.GetProperty("a")}{line.GetProperty("k")}", s => s_methods[method](s, arguments));
        }

        Assert.True(seeds >= 200, $"{method} was replayed with {seeds} seeds only.");
    }

    [Theory]
    [MemberData(nameof(IntegerTypes))]
    public void RandIntGivesNumpysValuesInEveryWidth(string dtype)
    {
        int seeds = 0;
        foreach (JsonElement line in s_cases["randint"].Where(l => l.GetProperty("dtype").GetString() == dtype))
        {
            BigInteger low = RandomCases.Integer(line.GetProperty("low"));
            JsonElement bound = line.GetProperty("high");
            BigInteger? high = bound.ValueKind == JsonValueKind.Null ? null : RandomCases.Integer(bound);
            long[]? size = Arguments.SizeOf(line.GetProperty("size"));
            string where = $"randint({low}, {high}, dtype={dtype})";
            seeds += Replay(line, where, s => RandInt(s, dtype, low, high, size));
            if (dtype == "int64")
            {
                // The forms for plain integers and for spans.
                int count = size is null ? 1 : (int)size.Aggregate(1L, (x, y) => x * y);
                if (count > 0 && low <= long.MaxValue && (high is null || high <= long.MaxValue))
                {
                    long first = (long)low;
                    long? last = (long?)high;
                    Replay(line, where, s => Filled<long>(count, d => s.RandInt(d, first, last)));
                    Replay(line, where, s => Enumerable.Range(0, count).Select(_ => s.RandInt(first, last)).ToArray());
                }
            }
        }

        foreach (JsonElement line in s_cases["randint_array"].Where(l => l.GetProperty("dtype").GetString() == dtype))
        {
            NumpyArray<BigInteger> low = Bounds(line, "low");
            NumpyArray<BigInteger> high = Bounds(line, "high");
            long[]? size = Arguments.SizeOf(line.GetProperty("size"));
            string where = $"randint({line.GetProperty("low")}, {line.GetProperty("high")}, dtype={dtype})";
            seeds += Replay(line, where, s => RandInt(s, dtype, low, high, size));
        }

        Assert.True(seeds >= 60, $"{dtype} was replayed with {seeds} seeds only.");
    }

    [Fact]
    public void SeedsGiveNumpysSequences()
    {
        foreach (JsonElement line in s_cases["seed"])
        {
            JsonElement seed = line.GetProperty("seed");
            NumpyRandomState stream = seed.ValueKind == JsonValueKind.Number
                ? new NumpyRandomState(seed.GetInt64())
                : new NumpyRandomState(RandomCases.Longs(seed));
            object[] drawn = [stream.RandomSample(), stream.RandomSample(), stream.RandomSample()];
            s_cases.AssertEqual(line.GetProperty("o"), drawn, $"seed {seed}");
        }
    }

    [Fact]
    public void StateIsNumpysAndContinuesInAnotherInstance()
    {
        NumpyRandomState other = new();
        foreach (JsonElement line in s_cases["state"])
        {
            int seed = line.GetProperty("s").GetInt32();
            NumpyRandomState stream = new(seed);
            stream.RandomSample(new double[seed * 5]);
            if (seed % 3 != 0)
            {
                stream.StandardNormal();
            }

            if (seed % 2 != 0)
            {
                stream.RandInt<int>(0, 9);
            }

            NumpyRandomStateSnapshot state = stream.GetState();
            byte[] bytes = [.. state.Key.SelectMany(BitConverter.GetBytes)];
            Assert.Equal(line.GetProperty("digest").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
            Assert.Equal(line.GetProperty("position").GetInt32(), state.Position);
            Assert.Equal(line.GetProperty("has_gauss").GetBoolean(), state.HasGauss);
            s_cases.AssertEqual(line.GetProperty("gauss"), state.CachedGaussian, $"cached number of seed {seed}");
            other.SetState(state);
            object[] drawn = [other.StandardNormal(), other.StandardNormal(), other.StandardNormal()];
            s_cases.AssertEqual(line.GetProperty("next"), drawn, $"state of seed {seed}");
            Assert.Equal(drawn, new object[] { stream.StandardNormal(), stream.StandardNormal(), stream.StandardNormal() });
            Assert.Equal(stream.DrawCount, other.DrawCount);
        }
    }

    [Fact]
    public void LongDrawsInBulkAreNumpysToTheLastBit()
    {
        foreach (JsonElement line in s_cases["long"])
        {
            int seed = line.GetProperty("s").GetInt32();
            int n = line.GetProperty("n").GetInt32();
            NumpyRandomState stream = new(seed);
            if (seed % 2 != 0)
            {
                stream.RandInt<int>(0, 9);
            }

            if (seed % 3 == 0)
            {
                stream.StandardNormal();
            }

            double[][] parts =
            [
                stream.Rand(n).Values,
                stream.Randn(n).Values,
                stream.StandardExponential([(long)n]).Values,
                stream.Uniform(-2.0, 3.5, [n]).Values,
                Filled<double>(n, d => stream.Normal(d, 1.5, 0.25)),
                stream.Randn(n + 1).Values,
            ];
            for (int i = 0; i < parts.Length; i++)
            {
                s_cases.AssertEqual(line.GetProperty("last")[i], parts[i][^1], $"part {i} of seed {seed}");
                if (s_cases.HasReferenceLibrary)
                {
                    string digest = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(parts[i].AsSpan())));
                    Assert.True(line.GetProperty("digest")[i].GetString() == digest, $"part {i} of seed {seed}");
                }
            }
        }
    }

    // The bits of this one depend on the LAPACK under NumPy; the draws do not.
    [Fact]
    public void MultivariateNormalIsNumpysWithinTheAccuracyOfTheDecomposition()
    {
        foreach (JsonElement line in s_cases["mvn"])
        {
            int seed = line.GetProperty("s").GetInt32();
            double[] mean = RandomCases.Floats(line.GetProperty("mean"));
            double[] cov = RandomCases.Floats(line.GetProperty("cov"));
            double[] expected = RandomCases.Floats(line.GetProperty("o"));
            NumpyRandomState stream = new(seed);
            NumpyArray<double> drawn = stream.MultivariateNormal(
                mean, new NumpyArray<double>(cov, mean.Length, mean.Length), [3], NumpyRandomStateCheck.Raise);
            Assert.Equal(new long[] { 3, mean.Length }, drawn.Shape);
            double deviation = Math.Sqrt(cov.Max());
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(
                    Math.Abs(expected[i] - drawn.Values[i]) <= 1e-9 * deviation,
                    $"multivariate_normal with seed {seed}, n {mean.Length}: expected {expected[i]}, got {drawn.Values[i]}");
            }

            Assert.Equal(line.GetProperty("d").GetInt64(), stream.DrawCount);
        }
    }

    [Fact]
    public void WhatNumpyRefusesIsRefusedWithItsTextAndDrawsNothing()
    {
        foreach (JsonElement line in s_cases["errors"])
        {
            string method = line.GetProperty("call").GetString()!;
            NumpyRandomState stream = new(3);
            AssertRefused(line, stream, () => s_methods[method](stream, new Arguments(line)), $"{method}{line.GetProperty("a")}");
        }

        foreach (JsonElement line in s_cases["randint_errors"])
        {
            NumpyRandomState stream = new(3);
            BigInteger[] low = [.. line.GetProperty("low").EnumerateArray().Select(RandomCases.Integer)];
            BigInteger[] high = [.. line.GetProperty("high").EnumerateArray().Select(RandomCases.Integer)];
            string dtype = line.GetProperty("dtype").GetString()!;
            bool array = line.GetProperty("array").GetBoolean();
            AssertRefused(
                line,
                stream,
                () => _ = array ? RandInt(stream, dtype, low, high, null) : RandInt(stream, dtype, low[0], high[0], null),
                $"randint({low[0]}, {high[0]}, dtype={dtype})");
        }
    }

    [Fact]
    public void SeedZeroGivesTheKnownNumber() =>
        Assert.Equal(0x3fe18fe1565f12a8, BitConverter.DoubleToInt64Bits(new NumpyRandomState(0).Rand()));

    [Fact]
    public void ChoiceOfAListGivesTheElementsAtTheChosenPlaces()
    {
        string[] names = ["a", "b", "c", "d", "e"];
        double[] p = [0.1, 0.2, 0.3, 0.2, 0.2];
        long[] size = [2, 2];
        Assert.Equal(names[new NumpyRandomState(5).Choice(5)], new NumpyRandomState(5).Choice(names));
        Assert.Equal(
            new NumpyRandomState(5).Choice(5, size, replace: false, p).Values.Select(i => names[i]),
            new NumpyRandomState(5).Choice(names, size, replace: false, p).Values);
        Assert.StartsWith(
            "'a' cannot be empty unless no samples are taken",
            Assert.Throws<ReproTorchException>(() => new NumpyRandomState(5).Choice<string>([])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ListsOfAnyKindAreShuffledAlike()
    {
        List<string> list = ["a", "b", "c", "d", "e"];
        string[] array = [.. list];
        string[] copy = new NumpyRandomState(5).Permutation((IReadOnlyList<string>)array);
        new NumpyRandomState(5).Shuffle((IList<string>)list);
        new NumpyRandomState(5).Shuffle(array.AsSpan());
        Assert.Equal(copy, array);
        Assert.Equal(copy, list);
        Assert.NotEqual(["a", "b", "c", "d", "e"], copy);
    }

    [Fact]
    public void SeedingForgetsTheKeptNumberAndCountsFromZero()
    {
        NumpyRandomState stream = new(1);
        stream.StandardNormal();
        stream.Seed(1);
        Assert.Equal(0, stream.DrawCount);
        Assert.False(stream.GetState().HasGauss);
        Assert.Equal(new NumpyRandomState(1).StandardNormal(), stream.StandardNormal());
    }

    [Fact]
    public void StreamsWithoutASeedDiffer() =>
        Assert.NotEqual(new NumpyRandomState().ToMaxInt(), new NumpyRandomState().ToMaxInt());

    [Fact]
    public void SeedThatIsRefusedLeavesTheStream()
    {
        NumpyRandomState stream = new(9);
        foreach (Action seed in new Action[]
        {
            () => stream.Seed(-1), () => stream.Seed(1L << 32), () => stream.Seed([1L, -1L]), () => stream.Seed([1L << 32]),
        })
        {
            Assert.StartsWith(
                "Seed must be between 0 and 2**32 - 1", Assert.Throws<ReproTorchException>(seed).Message, StringComparison.Ordinal);
        }

        Assert.StartsWith(
            "Seed must be non-empty", Assert.Throws<ReproTorchException>(() => stream.Seed([])).Message, StringComparison.Ordinal);
        Assert.Equal(new NumpyRandomState(9).ToMaxInt(), stream.ToMaxInt());
    }

    [Fact]
    public void StateThatIsRefusedLeavesTheStream()
    {
        NumpyRandomState stream = new(9);
        NumpyRandomStateSnapshot state = stream.GetState();
        Assert.Throws<ReproTorchException>(() => stream.SetState(state with { Key = new uint[623] }));
        Assert.Throws<ReproTorchException>(() => stream.SetState(state with { Position = 625 }));
        Assert.Throws<ReproTorchException>(() => stream.SetState(state with { Position = -1 }));
        Assert.Throws<ReproTorchException>(() => stream.SetState(state with { DrawCount = -1 }));
        Assert.Equal(new NumpyRandomState(9).ToMaxInt(), stream.ToMaxInt());
    }

    // With these NumPy's own loops have no end, or take about as long as the rest of the universe.
    public static TheoryData<string, double[]> EndlessArguments => new()
    {
        { "vonmises", [0.0, double.PositiveInfinity] },
        { "vonmises", [0.0, 1e17] },
        { "zipf", [2000.0] },
        { "zipf", [double.PositiveInfinity] },
    };

    [Theory]
    [MemberData(nameof(EndlessArguments))]
    public void ArgumentsThatNeverEndAreRefused(string method, double[] arguments)
    {
        NumpyRandomState stream = new(9);
        Assert.Throws<ReproTorchException>(() => s_methods[method](stream, new Arguments(arguments)));
    }

    [Fact]
    public void CovarianceThatIsNotPositiveIsToldOrRefused()
    {
        NumpyArray<double> cov = new([1.0, 2.0, 2.0, 1.0], 2, 2);
        double[] mean = [0.0, 0.0];
        List<string> warnings = [];
        new NumpyRandomState(1).MultivariateNormal(mean, cov, warn: warnings.Add);
        new NumpyRandomState(1).MultivariateNormal(mean, cov, checkValid: NumpyRandomStateCheck.Ignore, warn: warnings.Add);
        Assert.Equal(["covariance is not symmetric positive-semidefinite."], warnings);
        Assert.Throws<ReproTorchException>(
            () => new NumpyRandomState(1).MultivariateNormal(mean, cov, checkValid: NumpyRandomStateCheck.Raise));
        Assert.Throws<ReproTorchException>(
            () => new NumpyRandomState(1).MultivariateNormal(mean, new NumpyArray<double>([double.NaN, 0, 0, 1], 2, 2)));
        Assert.StartsWith(
            "cov must be 2 dimensional and square",
            Assert.Throws<ReproTorchException>(() => new NumpyRandomState(1).MultivariateNormal(mean, mean)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "mean and cov must have same length",
            Assert.Throws<ReproTorchException>(() => new NumpyRandomState(1).MultivariateNormal(new double[3], cov)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "mean must be 1 dimensional",
            Assert.Throws<ReproTorchException>(() => new NumpyRandomState(1).MultivariateNormal(cov, cov)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void OtherArgumentsThatCannotBeAreRefused()
    {
        NumpyRandomState stream = new(9);
        Assert.Throws<ReproTorchException>(() => stream.RandInt<float>(3));
        Assert.Throws<ReproTorchException>(() => stream.Bytes(-1));
        Assert.Throws<ReproTorchException>(() => stream.Rand(1L << 40, 1L << 40));
        Assert.Throws<ReproTorchException>(() => stream.Permutation(1L << 40));
        Assert.Throws<ReproTorchException>(() => stream.Permutation(new NumpyArray<int>([1])));
        Assert.Throws<ReproTorchException>(() => stream.Shuffle(new NumpyArray<int>([1])));
        Assert.Throws<ReproTorchException>(() => new NumpyArray<int>([1, 2], 3));
        Assert.Throws<ReproTorchException>(() => stream.RandInt<long>(new NumpyArray<BigInteger>([0, 1], 2), (BigInteger)9, [1]));
        Assert.Equal(0, stream.DrawCount);
    }

    private static int Replay(JsonElement line, string call, Func<NumpyRandomState, object> draw)
    {
        long[] range = RandomCases.Longs(line.GetProperty("s"));
        for (int i = 0; i < range[2]; i++)
        {
            long seed = range[0] + (i * range[1]);
            string where = $"{call} with seed {seed}";
            NumpyRandomState stream = new(seed);
            JsonElement expected = line.GetProperty("o")[i];
            foreach (JsonElement element in expected.EnumerateArray())
            {
                object drawn = draw(stream);
                s_cases.AssertEqual(element, drawn is Array ? drawn : new[] { drawn }, where);
            }

            Assert.True(line.GetProperty("d")[i].GetInt64() == stream.DrawCount, $"{where}: {stream.DrawCount} words drawn");
        }

        return (int)range[2];
    }

    private static void AssertRefused(JsonElement line, NumpyRandomState stream, Action call, string where)
    {
        ReproTorchException error = Assert.Throws<ReproTorchException>(call);
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        string text = line.GetProperty("text").GetString()!;
        Assert.True(
            error.Message.StartsWith(text, StringComparison.Ordinal), $"{where}: expected '{text}', got '{error.Message}'");
        s_cases.AssertEqual(line.GetProperty("next"), stream.RandomSample(), where);
    }

    private static object RandInt(NumpyRandomState stream, string dtype, BigInteger low, BigInteger? high, long[]? size) => dtype switch
    {
        "bool" => stream.RandInt<bool>(low, high, size).Values,
        "int8" => stream.RandInt<sbyte>(low, high, size).Values,
        "uint8" => Array.ConvertAll(stream.RandInt<byte>(low, high, size).Values, x => (int)x),
        "int16" => stream.RandInt<short>(low, high, size).Values,
        "uint16" => stream.RandInt<ushort>(low, high, size).Values,
        "int32" => stream.RandInt<int>(low, high, size).Values,
        "uint32" => stream.RandInt<uint>(low, high, size).Values,
        "int64" => stream.RandInt<long>(low, high, size).Values,
        _ => Array.ConvertAll(stream.RandInt<ulong>(low, high, size).Values, x => (BigInteger)x),
    };

    private static object RandInt(
        NumpyRandomState stream, string dtype, NumpyArray<BigInteger> low, NumpyArray<BigInteger> high, long[]? size) => dtype switch
        {
            "bool" => stream.RandInt<bool>(low, high, size).Values,
            "int8" => stream.RandInt<sbyte>(low, high, size).Values,
            "uint8" => Array.ConvertAll(stream.RandInt<byte>(low, high, size).Values, x => (int)x),
            "int16" => stream.RandInt<short>(low, high, size).Values,
            "uint16" => stream.RandInt<ushort>(low, high, size).Values,
            "int32" => stream.RandInt<int>(low, high, size).Values,
            "uint32" => stream.RandInt<uint>(low, high, size).Values,
            "int64" => stream.RandInt<long>(low, high, size).Values,
            _ => Array.ConvertAll(stream.RandInt<ulong>(low, high, size).Values, x => (BigInteger)x),
        };

    private static NumpyArray<BigInteger> Bounds(JsonElement line, string name) => new(
        [.. line.GetProperty(name).EnumerateArray().Select(RandomCases.Integer)],
        RandomCases.Longs(line.GetProperty(name + "_shape")));

    private delegate void Fill<T>(Span<T> destination);

    private static T[] Filled<T>(int count, Fill<T> fill)
    {
        T[] values = new T[count];
        fill(values);
        return values;
    }

    private static NumpyArray<long> Counting(Arguments arguments)
    {
        long[] shape = [.. arguments.List(0).Select(x => (long)x)];
        int count = (int)shape.Aggregate(1L, (x, y) => x * y);
        return new NumpyArray<long>([.. Enumerable.Range(0, count).Select(i => (long)i)], shape);
    }

    private static long[] Shuffled(NumpyRandomState stream, Arguments arguments)
    {
        NumpyArray<long> array = Counting(arguments);
        stream.Shuffle(array);
        return array.Values;
    }

    private static long[] ShuffledList(NumpyRandomState stream, Arguments arguments)
    {
        long[] items = Counting(arguments).Values;
        stream.Shuffle(items.AsSpan());
        return items;
    }

    private static Func<NumpyRandomState, Arguments, object> One<T>(
        Func<NumpyRandomState, double, T> number, Func<NumpyRandomState, NumpyArray<double>, long[]?, NumpyArray<T>> array) =>
        (s, a) => a.IsOneNumber ? number(s, a.Float(0))! : array(s, a.Floats(0), a.Size).Values;

    private static Func<NumpyRandomState, Arguments, object> Two<T>(
        Func<NumpyRandomState, double, double, T> number,
        Func<NumpyRandomState, NumpyArray<double>, NumpyArray<double>, long[]?, NumpyArray<T>> array) =>
        (s, a) => a.IsOneNumber ? number(s, a.Float(0), a.Float(1))! : array(s, a.Floats(0), a.Floats(1), a.Size).Values;

    private static Func<NumpyRandomState, Arguments, object> Three<T>(
        Func<NumpyRandomState, double, double, double, T> number,
        Func<NumpyRandomState, NumpyArray<double>, NumpyArray<double>, NumpyArray<double>, long[]?, NumpyArray<T>> array) =>
        (s, a) => a.IsOneNumber
            ? number(s, a.Float(0), a.Float(1), a.Float(2))!
            : array(s, a.Floats(0), a.Floats(1), a.Floats(2), a.Size).Values;

    /// <summary>The arguments of a recorded call.</summary>
    private sealed class Arguments
    {
        private readonly JsonElement[] _positional;

        public Arguments(JsonElement line)
        {
            _positional = [.. line.GetProperty("a").EnumerateArray()];
            JsonElement named = line.GetProperty("k");
            Size = named.TryGetProperty("size", out JsonElement size) ? SizeOf(size) : null;
            Replace = !named.TryGetProperty("replace", out JsonElement replace) || replace.GetBoolean();
            Probabilities = named.TryGetProperty("p", out JsonElement p) ? RandomCases.Floats(p) : null;
        }

        public Arguments(double[] numbers) => _positional =
            [.. numbers.Select(x => JsonSerializer.SerializeToElement(BitConverter.DoubleToUInt64Bits(x).ToString("x16", null)))];

        public long[]? Size { get; }

        public bool Replace { get; } = true;

        public double[]? Probabilities { get; }

        public int Count => _positional.Length;

        public bool IsOneNumber => Size is null && !Array.Exists(_positional, x => x.ValueKind == JsonValueKind.Object);

        public static long[]? SizeOf(JsonElement element) =>
            element.ValueKind == JsonValueKind.Null ? null : RandomCases.Longs(element);

        public double Float(int index) => RandomCases.Float(_positional[index]);

        public long Long(int index) => RandomCases.Long(_positional[index]);

        public long[] Longs() => [.. _positional.Select(RandomCases.Long)];

        // Lists of floats are written as bits, shapes as integers.
        public double[] List(int index) => [.. _positional[index].EnumerateArray()
            .Select(x => x.ValueKind == JsonValueKind.String ? RandomCases.Float(x) : x.GetInt64())];

        public NumpyArray<double> Floats(int index) => _positional[index].ValueKind == JsonValueKind.Object
            ? new NumpyArray<double>(RandomCases.Floats(_positional[index].GetProperty("values")), Shape(index))
            : Float(index);

        public NumpyArray<long> Integers(int index) => _positional[index].ValueKind == JsonValueKind.Object
            ? new NumpyArray<long>(RandomCases.Longs(_positional[index].GetProperty("values")), Shape(index))
            : Long(index);

        private long[] Shape(int index) => RandomCases.Longs(_positional[index].GetProperty("shape"));
    }
}
