using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Randomness;

public sealed class NumpyGeneratorTests
{
    private static readonly double[] s_fair = [0.25, 0.25, 0.5];

    [Fact]
    public void EveryMethodGivesNumPysValuesOver240Seeds() => NumpyGeneratorCases.ReplayStreams("methods");

    [Fact]
    public void EdgeArgumentsGiveNumPysValuesOrErrors() => NumpyGeneratorCases.ReplayStreams("arguments");

    [Fact]
    public void LongDrawsMeetTheRareBranchesAsNumPyDoes() => NumpyGeneratorCases.ReplayStreams("long");

    [Fact]
    public void ZigguratsOf100001ValuesEqualNumPys() => NumpyGeneratorCases.ReplayStreams("ziggurats");

    [Fact]
    public void ChoicesAndPermutationsEqualNumPys() => NumpyGeneratorCases.ReplayStreams("choices");

    [Fact]
    public void ParametersAndArraysBroadcastAsNumPys() => NumpyGeneratorCases.ReplayStreams("broadcasts");

    [Fact]
    public void MultivariateNormalEqualsNumPyOnReferenceLapack() => NumpyGeneratorCases.ReplayStreams("multivariate_normal");

    [Fact]
    public void CasesCoverEveryMethod()
    {
        string[] called = [.. NumpyGeneratorCases.Read("methods").Concat(NumpyGeneratorCases.Read("multivariate_normal"))
            .SelectMany(x => x.GetProperty("calls").EnumerateArray()).Select(x => x.GetProperty("m").GetString()!).Distinct()];
        Assert.Equal(NumpyGenerator.MethodNames.Order(), called.Order());
    }

    // The values that the documentation of NumPy and the facts of this project give for default_rng(0).
    [Fact]
    public void DefaultGeneratorIsPcg64()
    {
        var generator = new NumpyGenerator(0);
        Assert.IsType<Pcg64>(generator.BitGenerator);
        Assert.Equal(BitConverter.UInt64BitsToDouble(0x3fe461fd79fb3850), generator.Random());
        Assert.Equal(-0.1321048632913019, generator.StandardNormal());
    }

    [Fact]
    public void ArraysOfAxesAndIntegersBetweenBoundsEqualNumPys()
    {
        foreach (JsonElement one in NumpyGeneratorCases.Read("arrays"))
        {
            BitGenerator bits = NumpyGeneratorCases.Create(one.GetProperty("g").GetString()!, one.GetProperty("seed").GetInt32());
            var generator = new NumpyGenerator(bits);
            long[] shape = [.. one.GetProperty("shape").EnumerateArray().Select(x => x.GetInt64())];
            var array = new NumpyArray<long>([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (x, y) => x * y)).Select(x => (long)x)], shape);
            foreach (JsonElement step in one.GetProperty("steps").EnumerateArray())
            {
                int axis = step.GetProperty("axis").GetInt32();
                IEnumerable values;
                switch (step.GetProperty("do").GetString())
                {
                    case "shuffle":
                        generator.Shuffle(array, axis);
                        values = array.Values;
                        break;
                    case "permutation":
                        values = (array = generator.Permutation(array, axis)).Values;
                        break;
                    case "permuted":
                        values = (array = generator.Permuted(array, axis)).Values;
                        break;
                    case "permuted_all":
                        values = (array = generator.Permuted(array)).Values;
                        break;
                    case "choice":
                        values = generator.Choice(array, [5]).Values;
                        break;
                    default:
                        values = Between(generator, step);
                        break;
                }

                Assert.Equal(NumpyGeneratorCases.Encoded(step.GetProperty("r")), values.Cast<object>().Select(x => $"{x}"));
            }

            Assert.Equal(one.GetProperty("end").GetString(), NumpyGeneratorCases.HashState(bits));
        }
    }

    public static TheoryData<string> ContinuousNames => [.. s_continuous.Keys];

    private static readonly Dictionary<string, (Func<NumpyGenerator, double> One, RandomMany Many)> s_continuous = new()
    {
        ["random"] = (g => g.Random(), (g, x) => g.Random(x)),
        ["standard_normal"] = (g => g.StandardNormal(), (g, x) => g.StandardNormal(x)),
        ["standard_exponential"] = (g => g.StandardExponential(), (g, x) => g.StandardExponential(x)),
        ["standard_gamma"] = (g => g.StandardGamma(0.7), (g, x) => g.StandardGamma(x, 0.7)),
        ["uniform"] = (g => g.Uniform(-3, 8), (g, x) => g.Uniform(x, -3, 8)),
        ["normal"] = (g => g.Normal(1, 3), (g, x) => g.Normal(x, 1, 3)),
        ["lognormal"] = (g => g.Lognormal(1, 0.3), (g, x) => g.Lognormal(x, 1, 0.3)),
        ["exponential"] = (g => g.Exponential(3), (g, x) => g.Exponential(x, 3)),
        ["gamma"] = (g => g.Gamma(3, 2), (g, x) => g.Gamma(x, 3, 2)),
        ["beta"] = (g => g.Beta(0.3, 0.4), (g, x) => g.Beta(x, 0.3, 0.4)),
        ["chisquare"] = (g => g.Chisquare(3), (g, x) => g.Chisquare(x, 3)),
        ["noncentral_chisquare"] = (g => g.NoncentralChisquare(0.5, 3), (g, x) => g.NoncentralChisquare(x, 0.5, 3)),
        ["f"] = (g => g.F(3, 4), (g, x) => g.F(x, 3, 4)),
        ["noncentral_f"] = (g => g.NoncentralF(3, 4, 5), (g, x) => g.NoncentralF(x, 3, 4, 5)),
        ["standard_t"] = (g => g.StandardT(3), (g, x) => g.StandardT(x, 3)),
        ["standard_cauchy"] = (g => g.StandardCauchy(), (g, x) => g.StandardCauchy(x)),
        ["vonmises"] = (g => g.Vonmises(1, 2), (g, x) => g.Vonmises(x, 1, 2)),
        ["pareto"] = (g => g.Pareto(3), (g, x) => g.Pareto(x, 3)),
        ["weibull"] = (g => g.Weibull(3), (g, x) => g.Weibull(x, 3)),
        ["weibull of 0"] = (g => g.Weibull(0), (g, x) => g.Weibull(x, 0)),
        ["power"] = (g => g.Power(3), (g, x) => g.Power(x, 3)),
        ["laplace"] = (g => g.Laplace(1, 3), (g, x) => g.Laplace(x, 1, 3)),
        ["gumbel"] = (g => g.Gumbel(1, 3), (g, x) => g.Gumbel(x, 1, 3)),
        ["logistic"] = (g => g.Logistic(1, 3), (g, x) => g.Logistic(x, 1, 3)),
        ["rayleigh"] = (g => g.Rayleigh(3), (g, x) => g.Rayleigh(x, 3)),
        ["wald"] = (g => g.Wald(3, 2), (g, x) => g.Wald(x, 3, 2)),
        ["triangular"] = (g => g.Triangular(1, 3, 4), (g, x) => g.Triangular(x, 1, 3, 4)),
        ["binomial"] = (g => g.Binomial(100, 0.4), (g, x) => Widen(x, y => g.Binomial(y, 100, 0.4))),
        ["negative_binomial"] = (g => g.NegativeBinomial(10, 0.4), (g, x) => Widen(x, y => g.NegativeBinomial(y, 10, 0.4))),
        ["poisson"] = (g => g.Poisson(30), (g, x) => Widen(x, y => g.Poisson(y, 30))),
        ["zipf"] = (g => g.Zipf(2), (g, x) => Widen(x, y => g.Zipf(y, 2))),
        ["geometric"] = (g => g.Geometric(0.2), (g, x) => Widen(x, y => g.Geometric(y, 0.2))),
        ["hypergeometric"] = (g => g.Hypergeometric(50, 60, 30), (g, x) => Widen(x, y => g.Hypergeometric(y, 50, 60, 30))),
        ["logseries"] = (g => g.Logseries(0.8), (g, x) => Widen(x, y => g.Logseries(y, 0.8))),
        ["integers"] = (g => g.Integers(-5, 1000), (g, x) => Widen(x, y => g.Integers(y, -5, 1000))),
        ["integers of 64 bits"] = (g => g.Integers(0, (Int128)1 << 62), (g, x) => Widen(x, y => g.Integers(y, 0, (Int128)1 << 62))),
        ["standard_normal of float32"] = (g => g.StandardNormalSingle(), (g, x) => Singles(x, g.StandardNormal)),
        ["standard_exponential of float32"] = (g => g.StandardExponentialSingle(), (g, x) => Singles(x, g.StandardExponential)),
        ["standard_gamma of float32"] = (g => g.StandardGammaSingle(1.5f), (g, x) => Singles(x, y => g.StandardGamma(y, 1.5f))),
        ["choice"] = (g => g.Choice(10)[0], (g, x) => Widen(x, y => g.Choice(10, y.Length).CopyTo(y))),
    };

    private delegate void RandomMany(NumpyGenerator generator, Span<double> destination);

    [Theory]
    [MemberData(nameof(ContinuousNames))]
    public void FillingDrawsAsManySingleValues(string name)
    {
        (Func<NumpyGenerator, double> one, RandomMany many) = s_continuous[name];
        foreach (string source in new[] { "PCG64", "Philox", "MT19937" })
        {
            var single = new NumpyGenerator(NumpyGeneratorCases.Create(source, 8));
            var bulk = new NumpyGenerator(NumpyGeneratorCases.Create(source, 8));
            foreach (int count in new[] { 0, 1, 2, 5, 600 })
            {
                var values = new double[count];
                many(bulk, values);
                Assert.Equal(values.Select(_ => one(single)), values);
                // A half that waits makes the next draws begin in the middle.
                Assert.Equal(single.BitGenerator.NextUInt32(), bulk.BitGenerator.NextUInt32());
            }

            Assert.Equal(NumpyGeneratorCases.HashState(single.BitGenerator), NumpyGeneratorCases.HashState(bulk.BitGenerator));
            Assert.Equal(single.BitGenerator.DrawCount, bulk.BitGenerator.DrawCount);
        }
    }

    [Fact]
    public void DrawsAreCountedExactly()
    {
        var generator = new NumpyGenerator(3);
        generator.Random(new double[1000]);
        Assert.Equal(1000, generator.BitGenerator.DrawCount);
        generator.Random(new float[7]);
        Assert.Equal(1004, generator.BitGenerator.DrawCount);
        generator.Random(new float[1]);
        Assert.Equal(1004, generator.BitGenerator.DrawCount);
        generator.Uniform();
        generator.Integers(0, 1);
        Assert.Equal(1005, generator.BitGenerator.DrawCount);
        generator.Weibull(0);
        generator.Binomial(0, 0.5);
        Assert.Equal(1005, generator.BitGenerator.DrawCount);
        // Eight booleans are one half of an output.
        generator.Integers<bool>(new bool[8], 0, 2);
        Assert.Equal(1006, generator.BitGenerator.DrawCount);
    }

    [Fact]
    public void GeneratorsOnOneSourceTakeTurns()
    {
        var source = new Pcg64(5);
        (NumpyGenerator left, NumpyGenerator right) = (new NumpyGenerator(source), new NumpyGenerator(source));
        var alone = new NumpyGenerator(5);
        for (int i = 0; i < 600; i++)
        {
            Assert.Equal(alone.StandardNormal(), (i % 2 == 0 ? left : right).StandardNormal());
        }
    }

    [Fact]
    public void SizesMakeShapes()
    {
        var generator = new NumpyGenerator(1);
        NumpyArray<double> array = NumpyGenerator.Draw<double>([2, 3], x => generator.Normal(x, 5, 0));
        Assert.Equal([2, 3], array.Shape);
        Assert.Equal([5, 5, 5, 5, 5, 5], array.Values);
        Assert.Empty(NumpyGenerator.Draw<double>([4, 0], generator.Random).Values);
        Assert.Single(NumpyGenerator.Draw<double>([], generator.Random).Values);
        AssertInvalid("negative dimensions are not allowed", () => NumpyGenerator.Draw<double>([2, -1], generator.Random));
        AssertInvalid("The size (3000000000,) has more elements", () => NumpyGenerator.Draw<double>([3_000_000_000], generator.Random));
    }

    [Fact]
    public void CallsBindAsPythonDoes()
    {
        var expected = new NumpyGenerator(1);
        double[] values = NumpyGenerator.Draw<double>([2], x => expected.Normal(x, 3, 4)).Values;
        Assert.Equal(values, Call("normal", [3, 4, 2]).Values);
        Assert.Equal(values, Call("normal", [3], ("size", 2), ("scale", 4.0f)).Values);
        Assert.Equal(values, Call("normal", [], ("scale", "4"), ("loc", BigInteger.Parse("3", CultureInfo.InvariantCulture)), ("size", new object[] { 2L })).Values);
        Assert.Equal(values[0], Call("normal", [3, 4]).Scalar);
        Assert.Null(Call("normal", [3, 4, 2]).Scalar);
        Assert.Null(Call("normal", [3, 4, null]).Shape.Cast<object>().FirstOrDefault());
        RandomValues flags = Call("integers", [2], ("dtype", "bool"), ("size", new[] { 2, 2 }));
        Assert.Equal(DType.@bool, flags.DType);
        Assert.IsType<bool[]>(flags.Values);
        Assert.Equal([2, 2], flags.Shape);
        Assert.Equal(["loc", "scale", "size"], NumpyGenerator.ParametersOf("normal"));
        Assert.Null(NumpyGenerator.ParametersOf("rand"));

        AssertInvalid("'Generator' object has no attribute 'rand'", () => Call("rand", []));
        AssertInvalid("normal() takes at most 3 arguments (loc, scale, size): got 4.", () => Call("normal", [1, 2, 3, 4]));
        AssertInvalid("normal() got an unexpected keyword argument 'sd'", () => Call("normal", [], ("sd", 1)));
        AssertInvalid("normal() got multiple values for keyword argument 'loc'.", () => Call("normal", [1], ("loc", 1)));
        AssertInvalid("beta() needs a value for b.", () => Call("beta", [1]));
        AssertInvalid("normal() takes a number for loc: got x.", () => Call("normal", ["x"]));
        AssertInvalid("binomial() takes an integer for n: got 1.5.", () => Call("binomial", [1.5, 0.5]));
        AssertInvalid("binomial() cannot take 9223372036854775808 for n", () => Call("binomial", [BigInteger.One << 63, 0.5]));
        AssertInvalid("random() takes an integer for size: got nothing.", () => Call("random", [new object?[] { null }]));
        AssertInvalid("multinomial() takes a list for pvals.", () => Call("multinomial", [5, 0.5]));
        AssertInvalid("permuted() cannot make an array of the list for x", () => Call("permuted", [new object[] { new[] { 1 }, new[] { 1, 2 } }]));
        AssertInvalid("permuted() cannot make an array of the list for x", () => Call("permuted", [new object[] { 1, new[] { 1, 2 } }]));
        AssertInvalid("axis 4000000 is out of bounds", () => Call("permuted", [new[] { 1 }], ("axis", 4_000_000)));

        static RandomValues Call(string method, object?[] positional, params (string Name, object? Value)[] named) =>
            new NumpyGenerator(1).Call(method, positional, named.ToDictionary(x => x.Name, x => x.Value));
    }

    [Fact]
    public void MistakesAreNamedAndDrawNothing()
    {
        var generator = new NumpyGenerator(1);
        AssertInvalid("scale < 0: got -1.", () => generator.Normal(0, -1));
        AssertInvalid("scale < 0: got -0.", () => generator.Normal(new double[3], 0, -0.0));
        AssertInvalid("shape < 0: got -1.", () => generator.StandardGamma(new float[1], -1));
        AssertInvalid("high - low range exceeds valid bounds: got Infinity.", () => generator.Uniform(-1e308, 1e308));
        AssertInvalid("high <= 0: got low 0 and high 0.", () => generator.Integers(0, 0));
        AssertInvalid("low >= high: got low 5 and high 5.", () => generator.Integers(5, 5));
        AssertInvalid("low > high: got low 5 and high 4.", () => generator.Integers(5, 4, endpoint: true));
        AssertInvalid("high is out of bounds for int8: got 129.", () => generator.Integers(new sbyte[1], 0, 129));
        AssertInvalid("low is out of bounds for uint64: got -1.", () => generator.Integers<ulong>(new ulong[2], [-1], [5, 6]));
        AssertInvalid("a must be from 1 + 1e-11 to below 1025", () => generator.Zipf(1025));
        AssertInvalid("a and b are too small", () => generator.Beta(1e-200, 1e-200));
        AssertInvalid("negative dimensions are not allowed: got -1.", () => generator.Bytes(-1));
        AssertInvalid("a cannot be empty unless no samples are taken", () => generator.Choice<int>([], 1));
        AssertInvalid("Cannot take a larger sample than population when replace is False", () => generator.Choice(3, 4, replace: false));
        AssertInvalid("probabilities do not sum to 1: got 1.5.", () => generator.Choice(3, 1, p: [0.5, 0.5, 0.5]));
        AssertInvalid("axis 1 is out of bounds for array of dimension 1", () => generator.Shuffle(new NumpyArray<int>([1, 2], 2), 1));
        Assert.Throws<ArgumentException>(() => generator.Multinomial(new long[4], 5, s_fair));
        Assert.Throws<ArgumentException>(() => generator.Integers<int>(new int[3], [0, 1], [5]));
        Assert.Throws<NotSupportedException>(() => generator.Integers(new char[1], 0, 5));
        Assert.Equal(0, generator.BitGenerator.DrawCount);

    }

    [Fact]
    public void CovariancesOf40VariablesAreReproduced()
    {
        const int N = 40;
        var source = new NumpyGenerator(7);
        double[] half = NumpyGenerator.Draw<double>([N * N], source.StandardNormal).Values;
        var cov = new double[N * N];
        for (int i = 0; i < N; i++)
        {
            for (int j = 0; j < N; j++)
            {
                cov[(i * N) + j] = Enumerable.Range(0, N).Sum(k => half[(i * N) + k] * half[(j * N) + k]);
            }
        }

        foreach (string method in new[] { "svd", "eigh", "cholesky" })
        {
            double[] factor = NumpyGeneratorLinearAlgebra.CovarianceFactor(cov, N, method, 1e-8, out bool isValid);
            Assert.True(isValid);
            for (int i = 0; i < N; i++)
            {
                for (int j = 0; j < N; j++)
                {
                    Assert.Equal(cov[(i * N) + j], Enumerable.Range(0, N).Sum(k => factor[(i * N) + k] * factor[(j * N) + k]), 1e-11);
                }
            }
        }
    }

    private static IEnumerable Between(NumpyGenerator generator, JsonElement step)
    {
        Int128[] low = [.. NumpyGeneratorCases.Integers(step.GetProperty("low")).Select(x => (Int128)x)];
        Int128[] high = [.. NumpyGeneratorCases.Integers(step.GetProperty("high")).Select(x => (Int128)x)];
        return step.GetProperty("dtype").GetString() switch
        {
            "int8" => Draw<sbyte>(),
            "int16" => Draw<short>(),
            "int32" => Draw<int>(),
            "int64" => Draw<long>(),
            "uint8" => Draw<byte>(),
            "uint16" => Draw<ushort>(),
            "uint32" => Draw<uint>(),
            "uint64" => Draw<ulong>(),
            _ => Draw<bool>().Select(x => x ? 1 : 0),
        };

        T[] Draw<T>()
            where T : unmanaged
        {
            var values = new T[low.Length];
            generator.Integers<T>(values, low, high, endpoint: true);
            return values;
        }
    }

    private static void Widen(Span<double> destination, RandomFill<long> fill)
    {
        var values = new long[destination.Length];
        fill(values);
        values.Select(x => (double)x).ToArray().CopyTo(destination);
    }

    private static void Singles(Span<double> destination, RandomFill<float> fill)
    {
        var values = new float[destination.Length];
        fill(values);
        values.Select(x => (double)x).ToArray().CopyTo(destination);
    }

    private static void AssertInvalid(string message, Action action)
    {
        ReproTorchException error = Assert.Throws<ReproTorchException>(action);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
    }
}
