using System.Collections;
using System.Numerics;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <content>Calls by CPython's own method names, for shells and command lines.</content>
public sealed partial class PythonRandom
{
    // Parameters as in Lib/random.py of CPython 3.11: those after the bar have defaults, those after the star are named.
    private static readonly MethodTable<PythonRandom> s_methods = new MethodTable<PythonRandom>("Random", drawsSize: true)
        .Add("random", string.Empty, (r, a) =>
        {
            var values = new double[a.SizeCount];
            r.Random(values);
            return new RandomValues(values, DType.float64, a.Size ?? []);
        })
        .Add("getrandbits", "k", Integers(a => (Count32(a, "k"), 0, 0), (r, p) => r.GetRandBits((int)p.First)))
        .Add("randbytes", "n", Lists<byte>((r, a) => r.RandBytes(Count32(a, "n")), DType.uint8))
        .Add("randrange", "start | stop step", CallRandRange)
        .Add("randint", "a b", CallRandInt)
        .Add("choice", "seq", CallChoice)
        .Add("choices", "population | weights * cum_weights k", Lists<object?>(
            (r, a) => r.Choices(
                a.Sequence("population"),
                a.Has("weights") ? a.Doubles("weights") : null,
                a.Has("cum_weights") ? a.Doubles("cum_weights") : null,
                a.Has("k") ? Count32(a, "k") : 1),
            dtype: null))
        .Add("shuffle", "x", Lists<object?>(
            (r, a) =>
            {
                object?[] items = a.Sequence("x");
                r.Shuffle(items.AsSpan());
                return items;
            },
            dtype: null))
        .Add("sample", "population k * | counts", Lists<object?>(
            (r, a) => a.Has("counts")
                ? r.Sample(a.Sequence("population"), Count32(a, "k"), a.Int64s("counts"))
                : r.Sample(a.Sequence("population"), Count32(a, "k")),
            dtype: null))
        .Add("uniform", "a b", CallUniform)
        .Add("triangular", "| low high mode", Doubles(
            a => (a.Double("low"), a.Double("high", 1), a.Has("mode") ? a.Double("mode") : null),
            (PythonRandom r, (double Low, double High, double? Mode) p) => r.Triangular(p.Low, p.High, p.Mode)))
        .Add("betavariate", "alpha beta", Doubles(a => (a.Double("alpha"), a.Double("beta")), (r, p) => r.BetaVariate(p.Item1, p.Item2)))
        .Add("expovariate", "lambd", Doubles(a => a.Double("lambd"), (r, lambd) => r.ExpoVariate(lambd)))
        .Add("gammavariate", "alpha beta", Doubles(a => (a.Double("alpha"), a.Double("beta")), (r, p) => r.GammaVariate(p.Item1, p.Item2)))
        .Add("gauss", "| mu sigma", Doubles(a => (a.Double("mu"), a.Double("sigma", 1)), (r, p) => r.Gauss(p.Item1, p.Item2)))
        .Add("lognormvariate", "mu sigma", Doubles(a => (a.Double("mu"), a.Double("sigma")), (r, p) => r.LogNormVariate(p.Item1, p.Item2)))
        .Add("normalvariate", "| mu sigma", Doubles(a => (a.Double("mu"), a.Double("sigma", 1)), (r, p) => r.NormalVariate(p.Item1, p.Item2)))
        .Add("vonmisesvariate", "mu kappa", Doubles(a => (a.Double("mu"), a.Double("kappa")), (r, p) => r.VonMisesVariate(p.Item1, p.Item2)))
        .Add("paretovariate", "alpha", Doubles(a => a.Double("alpha"), (r, alpha) => r.ParetoVariate(alpha)))
        .Add("weibullvariate", "alpha beta", Doubles(a => (a.Double("alpha"), a.Double("beta")), (r, p) => r.WeibullVariate(p.Item1, p.Item2)));

    /// <summary>The methods that <see cref="Call"/> knows, by CPython's names.</summary>
    public static IReadOnlyCollection<string> MethodNames => s_methods.Names;

    /// <summary>The parameters of a method in CPython's order; null when there is no such method.</summary>
    public static IReadOnlyList<string>? ParametersOf(string method) => s_methods.ParametersOf(method);

    /// <summary>Calls a method by CPython's name with CPython's arguments: <c>Call("randint", [0, 9])</c>.</summary>
    /// <param name="method">One of <see cref="MethodNames"/>.</param>
    /// <param name="positional">Arguments in CPython's order. Numbers of any type; sequences as anything enumerable; null for None.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    /// <param name="shape">Calls the method as often as this shape has elements; null calls it once. What a call gives as a list fills the
    /// dimensions after these.</param>
    /// <returns>The values. <c>shuffle</c> gives the elements back in a new order, where CPython changes the list that it was
    /// given.</returns>
    /// <exception cref="ReproTorchException">There is no such method, or an argument is missing, unknown or out of range.</exception>
    public RandomValues Call(
        string method, IReadOnlyList<object?> positional, IDictionary? named = null, IReadOnlyList<long>? shape = null) =>
        s_methods.Call(this, method, positional, named, shape);

    private static MethodTable<PythonRandom>.Method Doubles<TParameters>(
        Func<MethodArguments, TParameters> read, Func<PythonRandom, TParameters, double> draw) => (r, a) =>
    {
        TParameters parameters = read(a);
        var values = new double[a.SizeCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = draw(r, parameters);
        }

        return new RandomValues(values, DType.float64, a.Size ?? []);
    };

    private static MethodTable<PythonRandom>.Method Integers(
        Func<MethodArguments, (BigInteger First, BigInteger Second, BigInteger Third)> read,
        Func<PythonRandom, (BigInteger First, BigInteger Second, BigInteger Third), BigInteger> draw) => (r, a) =>
    {
        (BigInteger, BigInteger, BigInteger) parameters = read(a);
        var values = new BigInteger[a.SizeCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = draw(r, parameters);
        }

        return Array.TrueForAll(values, value => value >= long.MinValue && value <= long.MaxValue)
            ? new RandomValues(Array.ConvertAll(values, value => (long)value), DType.int64, a.Size ?? [])
            : new RandomValues(values, null, a.Size ?? []);
    };

    private static MethodTable<PythonRandom>.Method Lists<T>(Func<PythonRandom, MethodArguments, T[]> draw, DType? dtype) => (r, a) =>
    {
        if (a.Size is not { } shape)
        {
            T[] once = draw(r, a);
            return new RandomValues(once, dtype, [once.Length]);
        }

        var draws = new RandomValues[NumpyShape.Count(shape)];
        for (int i = 0; i < draws.Length; i++)
        {
            T[] items = draw(r, a);
            draws[i] = new RandomValues(items, dtype, [items.Length]);
        }

        return RandomValues.Stack(shape, draws);
    };

    private static RandomValues CallChoice(PythonRandom r, MethodArguments a)
    {
        object?[] sequence = a.Sequence("seq");
        var values = new object?[a.SizeCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = r.Choice(sequence);
        }

        return new RandomValues(values, null, a.Size ?? []);
    }

    private static RandomValues CallRandInt(PythonRandom r, MethodArguments a)
    {
        BigInteger low = a.Integer("a");
        BigInteger high = a.Integer("b");
        if (low < long.MinValue || low > long.MaxValue || high < long.MinValue || high > long.MaxValue)
        {
            return Integers(_ => (low, high, 0), (stream, p) => stream.RandInt(p.First, p.Second))(r, a);
        }

        var values = new long[a.SizeCount];
        r.RandInt(values, (long)low, (long)high);
        return new RandomValues(values, DType.int64, a.Size ?? []);
    }

    private static RandomValues CallRandRange(PythonRandom r, MethodArguments a)
    {
        if (!a.Has("stop") && a.Has("step") && !a.Integer("step").IsOne)
        {
            throw Invalid("Missing a non-None stop argument");
        }

        return a.Has("stop")
            ? Integers(_ => (a.Integer("start"), a.Integer("stop"), a.Integer("step", 1)),
                (stream, p) => stream.RandRange(p.First, p.Second, p.Third))(r, a)
            : Integers(_ => (a.Integer("start"), 0, 0), (stream, p) => stream.RandRange(p.First))(r, a);
    }

    // Of two integers Python takes the difference before it rounds, which counts beyond 2^53.
    private static RandomValues CallUniform(PythonRandom r, MethodArguments a)
    {
        double low = a.Double("a");
        double width = a.IsInteger("a") && a.IsInteger("b") ? (double)(a.Integer("b") - a.Integer("a")) : a.Double("b") - low;
        return Doubles(_ => (low, width), (stream, p) => p.low + (p.width * stream.Random()))(r, a);
    }

    private static int Count32(MethodArguments a, string name)
    {
        BigInteger value = a.Integer(name);
        return value >= int.MinValue && value <= Array.MaxLength
            ? (int)value
            : throw a.Invalid($"cannot take {value} for {name}: at most {Array.MaxLength} are possible.");
    }
}
