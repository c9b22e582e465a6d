using System.Collections;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <content>Calls by NumPy's own method names, for shells and command lines.</content>
public sealed partial class NumpyGenerator
{
    // Parameters as in numpy/random/_generator.pyx of 1.24; those after the bar have defaults.
    private static readonly MethodTable<NumpyGenerator> s_methods = new MethodTable<NumpyGenerator>("Generator")
        .Add("random", "| size dtype", CallRandom)
        .Add("standard_normal", "| size dtype", CallStandardNormal)
        .Add("standard_exponential", "| size dtype method", CallStandardExponential)
        .Add("standard_gamma", "shape | size dtype", CallStandardGamma)
        .Add("integers", "low | high size dtype endpoint", CallIntegers)
        .Add("bytes", "length", (g, a) => Result<byte>(g.Bytes(a.Count("length")), DType.uint8))
        .Add("choice", "a | size replace p axis shuffle", CallChoice)
        .Add("shuffle", "x | axis", CallShuffle)
        .Add("permutation", "x | axis", CallPermutation)
        .Add("permuted", "x | axis", CallPermuted)
        .Add("uniform", "| low high size", Doubles((g, x, a) => g.Uniform(x, a.Double("low"), a.Double("high", 1))))
        .Add("normal", "| loc scale size", Doubles((g, x, a) => g.Normal(x, a.Double("loc"), a.Double("scale", 1))))
        .Add("lognormal", "| mean sigma size", Doubles((g, x, a) => g.Lognormal(x, a.Double("mean"), a.Double("sigma", 1))))
        .Add("exponential", "| scale size", Doubles((g, x, a) => g.Exponential(x, a.Double("scale", 1))))
        .Add("gamma", "shape | scale size", Doubles((g, x, a) => g.Gamma(x, a.Double("shape"), a.Double("scale", 1))))
        .Add("beta", "a b | size", Doubles((g, x, a) => g.Beta(x, a.Double("a"), a.Double("b"))))
        .Add("chisquare", "df | size", Doubles((g, x, a) => g.Chisquare(x, a.Double("df"))))
        .Add("noncentral_chisquare", "df nonc | size",
            Doubles((g, x, a) => g.NoncentralChisquare(x, a.Double("df"), a.Double("nonc"))))
        .Add("f", "dfnum dfden | size", Doubles((g, x, a) => g.F(x, a.Double("dfnum"), a.Double("dfden"))))
        .Add("noncentral_f", "dfnum dfden nonc | size",
            Doubles((g, x, a) => g.NoncentralF(x, a.Double("dfnum"), a.Double("dfden"), a.Double("nonc"))))
        .Add("standard_t", "df | size", Doubles((g, x, a) => g.StandardT(x, a.Double("df"))))
        .Add("standard_cauchy", "| size", Doubles((g, x, _) => g.StandardCauchy(x)))
        .Add("vonmises", "mu kappa | size", Doubles((g, x, a) => g.Vonmises(x, a.Double("mu"), a.Double("kappa"))))
        .Add("pareto", "a | size", Doubles((g, x, a) => g.Pareto(x, a.Double("a"))))
        .Add("weibull", "a | size", Doubles((g, x, a) => g.Weibull(x, a.Double("a"))))
        .Add("power", "a | size", Doubles((g, x, a) => g.Power(x, a.Double("a"))))
        .Add("laplace", "| loc scale size", Doubles((g, x, a) => g.Laplace(x, a.Double("loc"), a.Double("scale", 1))))
        .Add("gumbel", "| loc scale size", Doubles((g, x, a) => g.Gumbel(x, a.Double("loc"), a.Double("scale", 1))))
        .Add("logistic", "| loc scale size", Doubles((g, x, a) => g.Logistic(x, a.Double("loc"), a.Double("scale", 1))))
        .Add("rayleigh", "| scale size", Doubles((g, x, a) => g.Rayleigh(x, a.Double("scale", 1))))
        .Add("wald", "mean scale | size", Doubles((g, x, a) => g.Wald(x, a.Double("mean"), a.Double("scale"))))
        .Add("triangular", "left mode right | size",
            Doubles((g, x, a) => g.Triangular(x, a.Double("left"), a.Double("mode"), a.Double("right"))))
        .Add("binomial", "n p | size", Integers((g, x, a) => g.Binomial(x, a.Int64("n"), a.Double("p"))))
        .Add("negative_binomial", "n p | size", Integers((g, x, a) => g.NegativeBinomial(x, a.Double("n"), a.Double("p"))))
        .Add("poisson", "| lam size", Integers((g, x, a) => g.Poisson(x, a.Double("lam", 1))))
        .Add("zipf", "a | size", Integers((g, x, a) => g.Zipf(x, a.Double("a"))))
        .Add("geometric", "p | size", Integers((g, x, a) => g.Geometric(x, a.Double("p"))))
        .Add("hypergeometric", "ngood nbad nsample | size",
            Integers((g, x, a) => g.Hypergeometric(x, a.Int64("ngood"), a.Int64("nbad"), a.Int64("nsample"))))
        .Add("logseries", "p | size", Integers((g, x, a) => g.Logseries(x, a.Double("p"))))
        .Add("multinomial", "n pvals | size", (g, a) =>
        {
            double[] pvals = a.Doubles("pvals");
            return Rows<long>(a, pvals.Length, DType.int64, x => g.Multinomial(x, a.Int64("n"), pvals));
        })
        .Add("multivariate_hypergeometric", "colors nsample | size method", (g, a) =>
        {
            long[] colors = a.Int64s("colors");
            string method = a.Text("method", "marginals");
            return Rows<long>(a, colors.Length, DType.int64, x => g.MultivariateHypergeometric(x, colors, a.Int64("nsample"), method));
        })
        .Add("dirichlet", "alpha | size", (g, a) =>
        {
            double[] alpha = a.Doubles("alpha");
            return Rows<double>(a, alpha.Length, DType.float64, x => g.Dirichlet(x, alpha));
        })
        .Add("multivariate_normal", "mean cov | size check_valid tol method", CallMultivariateNormal);

    private delegate void Filler<T>(NumpyGenerator generator, Span<T> destination, MethodArguments arguments);

    /// <summary>The methods that <see cref="Call"/> knows, by NumPy's names.</summary>
    public static IReadOnlyCollection<string> MethodNames => s_methods.Names;

    /// <summary>The parameters of a method in NumPy's order (without <c>out</c>); null when there is no such
    /// method.</summary>
    public static IReadOnlyList<string>? ParametersOf(string method) => s_methods.ParametersOf(method);

    /// <summary>Calls a method by NumPy's name with NumPy's arguments: <c>Call("normal", [0, 1], {size: [2,
    /// 3]})</c>.</summary>
    /// <param name="method">One of <see cref="MethodNames"/>, spelt as in NumPy.</param>
    /// <param name="positional">Arguments in NumPy's order. Numbers of any type; <c>size</c> as a number or a list;
    /// dtypes by name; null for Python's None.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    /// <param name="shape">The shape wanted, in place of <c>size</c>; a method without one is called as often as the shape has
    /// elements.</param>
    /// <returns>The values. <c>shuffle</c> gives the elements back in a new order, where NumPy changes the list that it
    /// was given. Where a distribution's parameters are lists, they broadcast as in NumPy.</returns>
    /// <exception cref="ReproTorchException">There is no such method, or an argument is missing, unknown or out of
    /// range.</exception>
    public RandomValues Call(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null) =>
        s_methods.Call(this, method, positional, named, shape);

    private static MethodTable<NumpyGenerator>.Method Doubles(Filler<double> fill) =>
        (g, a) => Filled<double>(a, DType.float64, x => fill(g, x, a));

    private static MethodTable<NumpyGenerator>.Method Integers(Filler<long> fill) =>
        (g, a) => Filled<long>(a, DType.int64, x => fill(g, x, a));

    private static RandomValues Filled<T>(MethodArguments arguments, DType dtype, RandomFill<T> fill) =>
        Result(arguments.Broadcast(fill) ?? Draw(arguments.Size ?? [], fill), dtype);

    private static RandomValues Rows<T>(
        MethodArguments arguments, int rowLength, DType dtype, RandomFill<T> fill) =>
        Result(Draw([.. arguments.Size ?? [], rowLength], fill), dtype);

    private static RandomValues Result<T>(NumpyArray<T> array, DType? dtype) => new(array.Values, dtype, array.Shape);

    private static RandomValues CallRandom(NumpyGenerator g, MethodArguments a) =>
        IsSingle(a) ? Filled<float>(a, DType.float32, g.Random) : Filled<double>(a, DType.float64, g.Random);

    private static RandomValues CallStandardNormal(NumpyGenerator g, MethodArguments a) => IsSingle(a)
        ? Filled<float>(a, DType.float32, g.StandardNormal)
        : Filled<double>(a, DType.float64, g.StandardNormal);

    // As in NumPy, every other name of a method than 'zig' means inversion.
    private static RandomValues CallStandardExponential(NumpyGenerator g, MethodArguments a) =>
        (IsSingle(a), a.Text("method", "zig") == "zig") switch
        {
            (true, true) => Filled<float>(a, DType.float32, g.StandardExponential),
            (true, false) => Filled<float>(a, DType.float32, g.StandardExponentialByInversion),
            (false, true) => Filled<double>(a, DType.float64, g.StandardExponential),
            (false, false) => Filled<double>(a, DType.float64, g.StandardExponentialByInversion),
        };

    private static RandomValues CallStandardGamma(NumpyGenerator g, MethodArguments a) => IsSingle(a)
        ? Filled<float>(a, DType.float32, x => g.StandardGamma(x, (float)a.Double("shape")))
        : Filled<double>(a, DType.float64, x => g.StandardGamma(x, a.Double("shape")));

    private static bool IsSingle(MethodArguments arguments) =>
        arguments.DType(DType.float64, DType.float64, DType.float32) == DType.float32;

    private static RandomValues CallIntegers(NumpyGenerator g, MethodArguments a)
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

        RandomValues Of<T>()
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

    private static RandomValues CallChoice(NumpyGenerator g, MethodArguments a)
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
            : new RandomValues(g.Choice(a.Int64("a"), NumpyShape.Count(size), replace, p, shuffle), DType.int64, size);
    }

    private static RandomValues CallShuffle(NumpyGenerator g, MethodArguments a)
    {
        NumpyArray<object?> array = a.Array("x");
        g.Shuffle(array, a.Axis);
        return Result(array, null);
    }

    private static RandomValues CallPermutation(NumpyGenerator g, MethodArguments a) => a.HasList("x")
        ? Result(g.Permutation(a.Array("x"), a.Axis), null)
        : Result<long>(g.Permutation(a.Count("x")), DType.int64);

    private static RandomValues CallPermuted(NumpyGenerator g, MethodArguments a) =>
        Result(g.Permuted(a.Array("x"), a.Has("axis") ? a.Axis : null), null);

    private static RandomValues CallMultivariateNormal(NumpyGenerator g, MethodArguments a)
    {
        double[] mean = a.Doubles("mean");
        double[] cov = a.Matrix("cov");
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
        RandomValues result = Rows<double>(
            a, mean.Length, DType.float64, x => isValid = g.MultivariateNormal(x, mean, cov, method, a.Double("tol", 1e-8)));
        return isValid || check != "raise"
            ? result
            : throw NumpyGeneratorArgument.Invalid("covariance is not symmetric positive-semidefinite.");
    }
}
