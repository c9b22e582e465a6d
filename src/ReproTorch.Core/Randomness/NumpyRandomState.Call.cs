using System.Collections;
using System.Numerics;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <content>Calls by NumPy's own method names, for shells and command lines.</content>
public sealed partial class NumpyRandomState
{
    // Parameters as in numpy/random/mtrand.pyx of 1.24; those after the bar have defaults.
    private static readonly MethodTable<NumpyRandomState> s_methods = new MethodTable<NumpyRandomState>("RandomState")
        .Add("rand", "*size", Sized((r, size) => r.Rand(size)))
        .Add("randn", "*size", Sized((r, size) => r.Randn(size)))
        .Add("random_sample", "| size", Sized((r, size) => r.RandomSample(size)))
        .Add("random", "| size", Sized((r, size) => r.Random(size)))
        .Add("ranf", "| size", Sized((r, size) => r.RandomSample(size)))
        .Add("sample", "| size", Sized((r, size) => r.RandomSample(size)))
        .Add("randint", "low | high size dtype", CallRandInt)
        .Add("random_integers", "low | high size", (r, a) =>
            Ints(r.RandomIntegers(a.Int64("low"), a.Has("high") ? a.Int64("high") : null, a.Size ?? [])))
        .Add("tomaxint", "| size", (r, a) => Ints(r.ToMaxInt(a.Size ?? [])))
        .Add("bytes", "length", (r, a) => RandomValues.Of<byte>(r.Bytes(a.Count("length")), DType.uint8))
        .Add("choice", "a | size replace p", CallChoice)
        .Add("shuffle", "x", CallShuffle)
        .Add("permutation", "x", (r, a) => a.HasList("x")
            ? RandomValues.Of(r.Permutation(a.Array("x")), null)
            : Ints(r.Permutation(a.Int64("x"))))
        .Add("uniform", "| low high size", (r, a) => Reals(r.Uniform(a.DoubleArray("low"), a.DoubleArray("high", 1), a.Size)))
        .Add("normal", "| loc scale size", (r, a) => Reals(r.Normal(a.DoubleArray("loc"), a.DoubleArray("scale", 1), a.Size)))
        .Add("standard_normal", "| size", Sized((r, size) => r.StandardNormal(size)))
        .Add("exponential", "| scale size", (r, a) => Reals(r.Exponential(a.DoubleArray("scale", 1), a.Size)))
        .Add("standard_exponential", "| size", Sized((r, size) => r.StandardExponential(size)))
        .Add("gamma", "shape | scale size", (r, a) => Reals(r.Gamma(a.DoubleArray("shape"), a.DoubleArray("scale", 1), a.Size)))
        .Add("standard_gamma", "shape | size", (r, a) => Reals(r.StandardGamma(a.DoubleArray("shape"), a.Size)))
        .Add("beta", "a b | size", (r, a) => Reals(r.Beta(a.DoubleArray("a"), a.DoubleArray("b"), a.Size)))
        .Add("binomial", "n p | size", (r, a) => Ints(r.Binomial(a.Int64Array("n"), a.DoubleArray("p"), a.Size)))
        .Add("poisson", "| lam size", (r, a) => Ints(r.Poisson(a.DoubleArray("lam", 1), a.Size)))
        .Add("geometric", "p | size", (r, a) => Ints(r.Geometric(a.DoubleArray("p"), a.Size)))
        .Add("gumbel", "| loc scale size", (r, a) => Reals(r.Gumbel(a.DoubleArray("loc"), a.DoubleArray("scale", 1), a.Size)))
        .Add("laplace", "| loc scale size", (r, a) => Reals(r.Laplace(a.DoubleArray("loc"), a.DoubleArray("scale", 1), a.Size)))
        .Add("logistic", "| loc scale size", (r, a) => Reals(r.Logistic(a.DoubleArray("loc"), a.DoubleArray("scale", 1), a.Size)))
        .Add("lognormal", "| mean sigma size", (r, a) => Reals(r.Lognormal(a.DoubleArray("mean"), a.DoubleArray("sigma", 1), a.Size)))
        .Add("chisquare", "df | size", (r, a) => Reals(r.Chisquare(a.DoubleArray("df"), a.Size)))
        .Add("noncentral_chisquare", "df nonc | size", (r, a) =>
            Reals(r.NoncentralChisquare(a.DoubleArray("df"), a.DoubleArray("nonc"), a.Size)))
        .Add("f", "dfnum dfden | size", (r, a) => Reals(r.F(a.DoubleArray("dfnum"), a.DoubleArray("dfden"), a.Size)))
        .Add("noncentral_f", "dfnum dfden nonc | size", (r, a) =>
            Reals(r.NoncentralF(a.DoubleArray("dfnum"), a.DoubleArray("dfden"), a.DoubleArray("nonc"), a.Size)))
        .Add("standard_t", "df | size", (r, a) => Reals(r.StandardT(a.DoubleArray("df"), a.Size)))
        .Add("standard_cauchy", "| size", Sized((r, size) => r.StandardCauchy(size)))
        .Add("vonmises", "mu kappa | size", (r, a) => Reals(r.Vonmises(a.DoubleArray("mu"), a.DoubleArray("kappa"), a.Size)))
        .Add("pareto", "a | size", (r, a) => Reals(r.Pareto(a.DoubleArray("a"), a.Size)))
        .Add("weibull", "a | size", (r, a) => Reals(r.Weibull(a.DoubleArray("a"), a.Size)))
        .Add("power", "a | size", (r, a) => Reals(r.Power(a.DoubleArray("a"), a.Size)))
        .Add("rayleigh", "| scale size", (r, a) => Reals(r.Rayleigh(a.DoubleArray("scale", 1), a.Size)))
        .Add("wald", "mean scale | size", (r, a) => Reals(r.Wald(a.DoubleArray("mean"), a.DoubleArray("scale"), a.Size)))
        .Add("triangular", "left mode right | size", (r, a) =>
            Reals(r.Triangular(a.DoubleArray("left"), a.DoubleArray("mode"), a.DoubleArray("right"), a.Size)))
        .Add("zipf", "a | size", (r, a) => Ints(r.Zipf(a.DoubleArray("a"), a.Size)))
        .Add("logseries", "p | size", (r, a) => Ints(r.Logseries(a.DoubleArray("p"), a.Size)))
        .Add("negative_binomial", "n p | size", (r, a) => Ints(r.NegativeBinomial(a.DoubleArray("n"), a.DoubleArray("p"), a.Size)))
        .Add("hypergeometric", "ngood nbad nsample | size", (r, a) =>
            Ints(r.Hypergeometric(a.Int64Array("ngood"), a.Int64Array("nbad"), a.Int64Array("nsample"), a.Size)))
        .Add("multinomial", "n pvals | size", (r, a) => Ints(r.Multinomial(a.Int64("n"), a.Doubles("pvals"), a.Size)))
        .Add("dirichlet", "alpha | size", (r, a) => Reals(r.Dirichlet(a.Doubles("alpha"), a.Size)))
        .Add("multivariate_normal", "mean cov | size check_valid tol", CallMultivariateNormal);

    /// <summary>The methods that <see cref="Call"/> knows, by NumPy's names; those that only the module has (<c>ranf</c>,
    /// <c>sample</c>) too.</summary>
    public static IReadOnlyCollection<string> MethodNames => s_methods.Names;

    /// <summary>The parameters of a method in NumPy's order; null when there is no such method.</summary>
    public static IReadOnlyList<string>? ParametersOf(string method) => s_methods.ParametersOf(method);

    /// <summary>Calls a method by NumPy's name with NumPy's arguments: <c>Call("randint", [0, 10], {size: 3})</c>.</summary>
    /// <param name="method">One of <see cref="MethodNames"/>.</param>
    /// <param name="positional">Arguments in NumPy's order. Numbers of any type, or lists of them, which broadcast; <c>size</c> as a number
    /// or a list; dtypes by name; null for None.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    /// <param name="shape">The shape wanted, in place of <c>size</c>; a method without one is called as often as the shape has
    /// elements.</param>
    /// <returns>The values. <c>shuffle</c> gives the elements back in a new order, where NumPy changes the list that it was
    /// given.</returns>
    /// <exception cref="ReproTorchException">There is no such method, or an argument is missing, unknown or out of range.</exception>
    public RandomValues Call(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null) =>
        s_methods.Call(this, method, positional, named, shape);

    private static RandomValues Reals(NumpyArray<double> values) => RandomValues.Of(values, DType.float64);

    private static RandomValues Ints(NumpyArray<long> values) => RandomValues.Of(values, DType.int64);

    private static MethodTable<NumpyRandomState>.Method Sized(Func<NumpyRandomState, long[], NumpyArray<double>> draw) =>
        (r, a) => Reals(draw(r, a.Size ?? []));

    private static RandomValues CallRandInt(NumpyRandomState r, MethodArguments a)
    {
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
                return RandomValues.Of(r.RandInt<T>(a.Integer("low"), a.Has("high") ? a.Integer("high") : null, a.Size), dtype);
            }

            NumpyArray<BigInteger> bound = a.IntegerArray("low");
            NumpyArray<T> values = a.Has("high")
                ? r.RandInt<T>(bound, a.IntegerArray("high"), a.Size)
                : r.RandInt<T>(BigInteger.Zero, bound, a.Size);
            return RandomValues.Of(values, dtype);
        }
    }

    private static RandomValues CallChoice(NumpyRandomState r, MethodArguments a)
    {
        bool replace = a.Boolean("replace", true);
        double[]? p = a.Has("p") ? a.Doubles("p") : null;
        if (!a.HasList("a"))
        {
            return Ints(r.Choice(a.Int64("a"), a.Size, replace, p));
        }

        NumpyArray<object?> items = a.Array("a");
        return items.Shape.Length == 1
            ? RandomValues.Of(r.Choice(items.Values, a.Size, replace, p), null)
            : throw Invalid($"a must be 1-dimensional or an integer: its shape is {NumpyShape.Text(items.Shape)}.");
    }

    private static RandomValues CallShuffle(NumpyRandomState r, MethodArguments a)
    {
        NumpyArray<object?> items = a.Array("x");
        r.Shuffle(items);
        return RandomValues.Of(items, null);
    }

    private static RandomValues CallMultivariateNormal(NumpyRandomState r, MethodArguments a)
    {
        string check = a.Text("check_valid", "warn");
        NumpyRandomStateCheck checkValid = check switch
        {
            "warn" => NumpyRandomStateCheck.Warn,
            "raise" => NumpyRandomStateCheck.Raise,
            "ignore" => NumpyRandomStateCheck.Ignore,
            _ => throw Invalid($"check_valid must equal 'warn', 'raise', or 'ignore': got {check}."),
        };
        return Reals(r.MultivariateNormal(
            a.DoubleArray("mean"), a.DoubleArray("cov"), a.Size, checkValid, a.Double("tol", 1e-8)));
    }
}
