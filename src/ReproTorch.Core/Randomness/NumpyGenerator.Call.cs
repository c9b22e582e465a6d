using System.Collections;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <content>Calls by NumPy's own method names, for shells and command lines.</content>
public sealed partial class NumpyGenerator
{
    // Parameters as in numpy/random/_generator.pyx of 1.24; those after the bar have defaults.
    private static readonly Dictionary<string, (string[] Parameters, int Required, Method Method)> s_methods =
        new(StringComparer.Ordinal)
        {
            ["random"] = Entry("| size dtype", CallRandom),
            ["standard_normal"] = Entry("| size dtype", CallStandardNormal),
            ["standard_exponential"] = Entry("| size dtype method", CallStandardExponential),
            ["standard_gamma"] = Entry("shape | size dtype", CallStandardGamma),
            ["integers"] = Entry("low | high size dtype endpoint", CallIntegers),
            ["bytes"] = Entry("length", (g, a) => Result<byte>(g.Bytes(a.Count("length")), DType.uint8)),
            ["choice"] = Entry("a | size replace p axis shuffle", CallChoice),
            ["shuffle"] = Entry("x | axis", CallShuffle),
            ["permutation"] = Entry("x | axis", CallPermutation),
            ["permuted"] = Entry("x | axis", CallPermuted),
            ["uniform"] = Doubles("| low high size", (g, x, a) => g.Uniform(x, a.Double("low"), a.Double("high", 1))),
            ["normal"] = Doubles("| loc scale size", (g, x, a) => g.Normal(x, a.Double("loc"), a.Double("scale", 1))),
            ["lognormal"] = Doubles("| mean sigma size", (g, x, a) => g.Lognormal(x, a.Double("mean"), a.Double("sigma", 1))),
            ["exponential"] = Doubles("| scale size", (g, x, a) => g.Exponential(x, a.Double("scale", 1))),
            ["gamma"] = Doubles("shape | scale size", (g, x, a) => g.Gamma(x, a.Double("shape"), a.Double("scale", 1))),
            ["beta"] = Doubles("a b | size", (g, x, a) => g.Beta(x, a.Double("a"), a.Double("b"))),
            ["chisquare"] = Doubles("df | size", (g, x, a) => g.Chisquare(x, a.Double("df"))),
            ["noncentral_chisquare"] = Doubles("df nonc | size",
                (g, x, a) => g.NoncentralChisquare(x, a.Double("df"), a.Double("nonc"))),
            ["f"] = Doubles("dfnum dfden | size", (g, x, a) => g.F(x, a.Double("dfnum"), a.Double("dfden"))),
            ["noncentral_f"] = Doubles("dfnum dfden nonc | size",
                (g, x, a) => g.NoncentralF(x, a.Double("dfnum"), a.Double("dfden"), a.Double("nonc"))),
            ["standard_t"] = Doubles("df | size", (g, x, a) => g.StandardT(x, a.Double("df"))),
            ["standard_cauchy"] = Doubles("| size", (g, x, _) => g.StandardCauchy(x)),
            ["vonmises"] = Doubles("mu kappa | size", (g, x, a) => g.Vonmises(x, a.Double("mu"), a.Double("kappa"))),
            ["pareto"] = Doubles("a | size", (g, x, a) => g.Pareto(x, a.Double("a"))),
            ["weibull"] = Doubles("a | size", (g, x, a) => g.Weibull(x, a.Double("a"))),
            ["power"] = Doubles("a | size", (g, x, a) => g.Power(x, a.Double("a"))),
            ["laplace"] = Doubles("| loc scale size", (g, x, a) => g.Laplace(x, a.Double("loc"), a.Double("scale", 1))),
            ["gumbel"] = Doubles("| loc scale size", (g, x, a) => g.Gumbel(x, a.Double("loc"), a.Double("scale", 1))),
            ["logistic"] = Doubles("| loc scale size", (g, x, a) => g.Logistic(x, a.Double("loc"), a.Double("scale", 1))),
            ["rayleigh"] = Doubles("| scale size", (g, x, a) => g.Rayleigh(x, a.Double("scale", 1))),
            ["wald"] = Doubles("mean scale | size", (g, x, a) => g.Wald(x, a.Double("mean"), a.Double("scale"))),
            ["triangular"] = Doubles("left mode right | size",
                (g, x, a) => g.Triangular(x, a.Double("left"), a.Double("mode"), a.Double("right"))),
            ["binomial"] = Integers("n p | size", (g, x, a) => g.Binomial(x, a.Int64("n"), a.Double("p"))),
            ["negative_binomial"] = Integers("n p | size", (g, x, a) => g.NegativeBinomial(x, a.Double("n"), a.Double("p"))),
            ["poisson"] = Integers("| lam size", (g, x, a) => g.Poisson(x, a.Double("lam", 1))),
            ["zipf"] = Integers("a | size", (g, x, a) => g.Zipf(x, a.Double("a"))),
            ["geometric"] = Integers("p | size", (g, x, a) => g.Geometric(x, a.Double("p"))),
            ["hypergeometric"] = Integers("ngood nbad nsample | size",
                (g, x, a) => g.Hypergeometric(x, a.Int64("ngood"), a.Int64("nbad"), a.Int64("nsample"))),
            ["logseries"] = Integers("p | size", (g, x, a) => g.Logseries(x, a.Double("p"))),
            ["multinomial"] = Entry("n pvals | size", (g, a) =>
            {
                double[] pvals = a.Doubles("pvals");
                return Rows<long>(a, pvals.Length, DType.int64, x => g.Multinomial(x, a.Int64("n"), pvals));
            }),
            ["multivariate_hypergeometric"] = Entry("colors nsample | size method", (g, a) =>
            {
                long[] colors = a.Int64s("colors");
                string method = a.Text("method", "marginals");
                return Rows<long>(a, colors.Length, DType.int64,
                    x => g.MultivariateHypergeometric(x, colors, a.Int64("nsample"), method));
            }),
            ["dirichlet"] = Entry("alpha | size", (g, a) =>
            {
                double[] alpha = a.Doubles("alpha");
                return Rows<double>(a, alpha.Length, DType.float64, x => g.Dirichlet(x, alpha));
            }),
            ["multivariate_normal"] = Entry("mean cov | size check_valid tol method", CallMultivariateNormal),
        };

    private delegate NumpyGeneratorResult Method(NumpyGenerator generator, NumpyGeneratorArguments arguments);

    private delegate void Filler<T>(NumpyGenerator generator, Span<T> destination, NumpyGeneratorArguments arguments);

    /// <summary>The methods that <see cref="Call"/> knows, by NumPy's names.</summary>
    public static IReadOnlyCollection<string> MethodNames => s_methods.Keys;

    /// <summary>The parameters of a method in NumPy's order (without <c>out</c>); null when there is no such
    /// method.</summary>
    public static IReadOnlyList<string>? ParametersOf(string method) =>
        s_methods.TryGetValue(method, out (string[] Parameters, int Required, Method Method) entry) ? entry.Parameters : null;

    /// <summary>Calls a method by NumPy's name with NumPy's arguments: <c>Call("normal", [0, 1], {size: [2,
    /// 3]})</c>.</summary>
    /// <param name="method">One of <see cref="MethodNames"/>, spelt as in NumPy.</param>
    /// <param name="positional">Arguments in NumPy's order. Numbers of any type; <c>size</c> as a number or a list;
    /// dtypes by name; null for Python's None.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    /// <returns>The values. <c>shuffle</c> gives the elements back in a new order, where NumPy changes the list that it
    /// was given. Where a distribution's parameters are lists, they broadcast as in NumPy.</returns>
    /// <exception cref="ReproTorchException">There is no such method, or an argument is missing, unknown or out of
    /// range.</exception>
    public NumpyGeneratorResult Call(string method, IReadOnlyList<object?> positional, IDictionary? named = null)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(positional);
        if (!s_methods.TryGetValue(method, out (string[] Parameters, int Required, Method Method) entry))
        {
            throw NumpyGeneratorArgument.Invalid(
                $"'Generator' object has no attribute '{method}'. There are: {string.Join(", ", s_methods.Keys)}.");
        }

        return entry.Method(this, new NumpyGeneratorArguments(method, entry.Parameters, entry.Required, positional, named));
    }

    private static (string[] Parameters, int Required, Method Method) Entry(string parameters, Method method)
    {
        string[] names = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int bar = Array.IndexOf(names, "|");
        return bar < 0 ? (names, names.Length, method) : ([.. names[..bar], .. names[(bar + 1)..]], bar, method);
    }

    private static (string[] Parameters, int Required, Method Method) Doubles(string parameters, Filler<double> fill) =>
        Entry(parameters, (g, a) => Filled<double>(a, DType.float64, x => fill(g, x, a)));

    private static (string[] Parameters, int Required, Method Method) Integers(string parameters, Filler<long> fill) =>
        Entry(parameters, (g, a) => Filled<long>(a, DType.int64, x => fill(g, x, a)));

    private static NumpyGeneratorResult Filled<T>(NumpyGeneratorArguments arguments, DType dtype, RandomFill<T> fill) =>
        Result(arguments.Broadcast(fill) ?? Draw(arguments.Size ?? [], fill), dtype);

    private static NumpyGeneratorResult Rows<T>(
        NumpyGeneratorArguments arguments, int rowLength, DType dtype, RandomFill<T> fill) =>
        Result(Draw([.. arguments.Size ?? [], rowLength], fill), dtype);

    private static NumpyGeneratorResult Result<T>(NumpyArray<T> array, DType? dtype) => new(array.Values, dtype, array.Shape);

    private static NumpyGeneratorResult CallRandom(NumpyGenerator g, NumpyGeneratorArguments a) =>
        IsSingle(a) ? Filled<float>(a, DType.float32, g.Random) : Filled<double>(a, DType.float64, g.Random);

    private static NumpyGeneratorResult CallStandardNormal(NumpyGenerator g, NumpyGeneratorArguments a) => IsSingle(a)
        ? Filled<float>(a, DType.float32, g.StandardNormal)
        : Filled<double>(a, DType.float64, g.StandardNormal);

    // As in NumPy, every other name of a method than 'zig' means inversion.
    private static NumpyGeneratorResult CallStandardExponential(NumpyGenerator g, NumpyGeneratorArguments a) =>
        (IsSingle(a), a.Text("method", "zig") == "zig") switch
        {
            (true, true) => Filled<float>(a, DType.float32, g.StandardExponential),
            (true, false) => Filled<float>(a, DType.float32, g.StandardExponentialByInversion),
            (false, true) => Filled<double>(a, DType.float64, g.StandardExponential),
            (false, false) => Filled<double>(a, DType.float64, g.StandardExponentialByInversion),
        };

    private static NumpyGeneratorResult CallStandardGamma(NumpyGenerator g, NumpyGeneratorArguments a) => IsSingle(a)
        ? Filled<float>(a, DType.float32, x => g.StandardGamma(x, (float)a.Double("shape")))
        : Filled<double>(a, DType.float64, x => g.StandardGamma(x, a.Double("shape")));

    private static bool IsSingle(NumpyGeneratorArguments arguments) =>
        arguments.DType(DType.float64, DType.float64, DType.float32) == DType.float32;

    private static NumpyGeneratorResult CallIntegers(NumpyGenerator g, NumpyGeneratorArguments a)
    {
        bool endpoint = a.Boolean("endpoint", false);
        DType dtype = a.DType(
            DType.int64, DType.int8, DType.int16, DType.int32, DType.int64, DType.uint8, DType.uint16, DType.uint32, DType.uint64,
            DType.@bool);
        return dtype switch
        {
            DType.int8 => Of<sbyte>(),
            DType.int16 => Of<short>(),
            DType.int32 => Of<int>(),
            DType.uint8 => Of<byte>(),
            DType.uint16 => Of<ushort>(),
            DType.uint32 => Of<uint>(),
            DType.uint64 => Of<ulong>(),
            DType.@bool => Of<bool>(),
            _ => Of<long>(),
        };

        NumpyGeneratorResult Of<T>()
            where T : unmanaged
        {
            if (!a.HasList("low") && !a.HasList("high"))
            {
                Int128 low = a.Has("high") ? a.Int128("low") : 0;
                Int128 high = a.Int128(a.Has("high") ? "high" : "low");
                return Filled<T>(a, dtype, x => g.Integers(x, low, high, endpoint));
            }

            // Small types share draws between elements, so bounds are collected first and drawn between at once.
            var bounds = new List<(Int128 Low, Int128 High)>();
            NumpyArray<T> values = a.Broadcast<T>(x =>
            {
                if (x.IsEmpty)
                {
                    bounds.Add((a.Has("high") ? a.Int128("low") : 0, a.Int128(a.Has("high") ? "high" : "low")));
                }
            })!;
            g.Integers<T>(values.Values, [.. bounds.Select(x => x.Low)], [.. bounds.Select(x => x.High)], endpoint);
            return Result(values, dtype);
        }
    }

    private static NumpyGeneratorResult CallChoice(NumpyGenerator g, NumpyGeneratorArguments a)
    {
        long[] size = a.Size ?? [];
        bool replace = a.Boolean("replace", true);
        bool shuffle = a.Boolean("shuffle", true);
        double[]? p = a.Has("p") ? a.Doubles("p") : null;
        if (p is { Length: 0 })
        {
            throw NumpyGeneratorArgument.Invalid("a and p must have same size: p is empty.");
        }

        return a.HasList("a")
            ? Result(g.Choice(a.Array("a"), size, replace, p, a.Axis, shuffle), null)
            : new NumpyGeneratorResult(g.Choice(a.Int64("a"), NumpyShape.Count(size), replace, p, shuffle), DType.int64, size);
    }

    private static NumpyGeneratorResult CallShuffle(NumpyGenerator g, NumpyGeneratorArguments a)
    {
        NumpyArray<object?> array = a.Array("x");
        g.Shuffle(array, a.Axis);
        return Result(array, null);
    }

    private static NumpyGeneratorResult CallPermutation(NumpyGenerator g, NumpyGeneratorArguments a) => a.HasList("x")
        ? Result(g.Permutation(a.Array("x"), a.Axis), null)
        : Result<long>(g.Permutation(a.Count("x")), DType.int64);

    private static NumpyGeneratorResult CallPermuted(NumpyGenerator g, NumpyGeneratorArguments a) =>
        Result(g.Permuted(a.Array("x"), a.Has("axis") ? a.Axis : null), null);

    private static NumpyGeneratorResult CallMultivariateNormal(NumpyGenerator g, NumpyGeneratorArguments a)
    {
        double[] mean = a.Doubles("mean");
        double[] cov = a.Doubles("cov");
        long[] shape = a.Array("cov").Shape;
        if (a.Array("mean").Shape.Length != 1)
        {
            throw NumpyGeneratorArgument.Invalid("mean must be 1 dimensional");
        }

        if (shape.Length != 2 || shape[0] != shape[1])
        {
            throw NumpyGeneratorArgument.Invalid($"cov must be 2 dimensional and square: its shape is {NumpyShape.Text(shape)}.");
        }

        string method = a.Text("method", "svd");
        string check = a.Text("check_valid", "warn");
        if (check is not ("warn" or "raise" or "ignore") && method != "cholesky")
        {
            throw NumpyGeneratorArgument.Invalid($"check_valid must equal 'warn', 'raise', or 'ignore': got {check}.");
        }

        bool isValid = true;
        NumpyGeneratorResult result = Rows<double>(
            a, mean.Length, DType.float64, x => isValid = g.MultivariateNormal(x, mean, cov, method, a.Double("tol", 1e-8)));
        return isValid || check != "raise"
            ? result
            : throw NumpyGeneratorArgument.Invalid("covariance is not symmetric positive-semidefinite.");
    }
}
