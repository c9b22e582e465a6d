using System.Collections;
using System.Globalization;
using System.Numerics;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>Arguments of one call by name, bound to the parameters as Python binds them and turned into what a method
/// takes.</summary>
internal sealed class MethodArguments
{
    private readonly string _method;
    private readonly string[] _parameters;
    private readonly Dictionary<string, object?> _values = [];

    private static readonly double s_nan = BitConverter.UInt64BitsToDouble(0x7ff8000000000000);

    // The parameters whose default is None in the originals.
    private static readonly HashSet<string> s_mayBeNone =
        ["size", "high", "stop", "mode", "weights", "cum_weights", "counts", "p", "axis", "dtype", "to"];

    // Lists given for what is a number otherwise, stretched to the shape of the result; and which of their elements
    // counts.
    private readonly Dictionary<string, object?[]> _stretched = [];
    private int _element;

    /// <summary>Binds.</summary>
    /// <param name="method">The method's name, for messages.</param>
    /// <param name="signature">Its parameters.</param>
    /// <param name="positional">Arguments in order.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    public MethodArguments(string method, MethodSignature signature, IReadOnlyList<object?> positional, IDictionary? named)
    {
        _method = method;
        _parameters = signature.Parameters;
        if (signature.TakesSizes)
        {
            // rand(2, 3), and rand((2, 3)) as well.
            if (positional.Count > 0)
            {
                _values[MethodSignature.Size] = positional is [IEnumerable sizes and not string] ? sizes : positional;
            }
        }
        else
        {
            BindPositional(signature, positional);
        }

        foreach (DictionaryEntry entry in named ?? new Dictionary<string, object?>())
        {
            string name = entry.Key as string ?? string.Empty;
            if (!_parameters.Contains(name))
            {
                throw Invalid($"got an unexpected keyword argument '{name}': it takes {string.Join(", ", _parameters)}.");
            }

            if (!_values.TryAdd(name, entry.Value))
            {
                throw Invalid($"got multiple values for keyword argument '{name}'.");
            }
        }

        foreach (string name in _parameters.Take(signature.Required))
        {
            if (!_values.ContainsKey(name))
            {
                throw Invalid($"needs a value for {name}.");
            }
        }

        // A variable that does not exist is null too: it must not pass for a number.
        foreach (string name in _parameters.Where(name => _values.TryGetValue(name, out object? value) && value is null))
        {
            if (!s_mayBeNone.Contains(name) || _parameters.Take(signature.Required).Contains(name))
            {
                throw Invalid($"takes a value for {name}: got None.");
            }
        }
    }

    /// <summary>The shape asked for; null where no size was given, which asks for a single value.</summary>
    /// <exception cref="ReproTorchException">A shape is set where the arguments have one.</exception>
    public long[]? Size
    {
        get => _values.GetValueOrDefault(MethodSignature.Size) switch
        {
            null => null,
            IEnumerable sizes and not string => [.. sizes.Cast<object?>().Select(size => ToInt64(MethodSignature.Size, size))],
            object size => [ToInt64(MethodSignature.Size, size)],
        };
        set => _values[MethodSignature.Size] = Has(MethodSignature.Size)
            ? throw Invalid("was given the shape twice: by size and beside it. Give it once.")
            : value;
    }

    /// <summary>How many values the size asks for: 1 for none.</summary>
    public int SizeCount => NumpyShape.Count(Size ?? []);

    /// <summary>Draws for each element of the parameters that are lists, after all of them were checked; nothing where
    /// none is.</summary>
    /// <param name="fill">Draws with the current element's parameters; an empty span only checks them.</param>
    /// <returns>The values, or null.</returns>
    public NumpyArray<T>? Broadcast<T>(RandomFill<T> fill)
    {
        string[] given = [.. _parameters.Where(name => name is not ("size" or "dtype") && _values.ContainsKey(name))];
        if (!given.Any(HasList))
        {
            return null;
        }

        NumpyArray<object?>[] arrays =
            [.. given.Select(name => HasList(name) ? Array(name) : new NumpyArray<object?>([_values[name]]))];
        long[] shape = NumpyRandomStateDistribution<T>.OutputShape(Size, [.. arrays.Select(array => array.Shape)]);
        for (int i = 0; i < given.Length; i++)
        {
            _stretched[given[i]] = NumpyShape.Expand(arrays[i], shape);
        }

        var values = new T[NumpyShape.Count(shape)];
        for (_element = 0; _element < values.Length; _element++)
        {
            fill([]);
        }

        for (_element = 0; _element < values.Length; _element++)
        {
            fill(values.AsSpan(_element, 1));
        }

        return new NumpyArray<T>(values, shape);
    }

    public bool Has(string name) => _values.GetValueOrDefault(name) is not null;

    /// <summary>Whether it was given, be it as None.</summary>
    public bool IsGiven(string name) => _values.ContainsKey(name);

    /// <summary>An argument as it was given.</summary>
    public object? Value(string name) => _values.GetValueOrDefault(name);

    public bool HasList(string name) => IsList(_values.GetValueOrDefault(name));

    public double Double(string name, double otherwise = 0) =>
        Has(name) ? ToDouble(name, Current(name)) : otherwise;

    public long Int64(string name, long otherwise = 0)
    {
        return Has(name) ? ToInt64(name, Current(name)) : otherwise;
    }

    /// <summary>An integer of any size.</summary>
    public BigInteger Integer(string name, BigInteger otherwise = default) => Has(name) ? ToInteger(name, Current(name)) : otherwise;

    /// <summary>Whether a value is an integer, in form too: 2 is, 2.0 is not.</summary>
    public bool IsInteger(string name) => Current(name) is sbyte or byte or short or ushort or int or uint or long or ulong or BigInteger
        || (Current(name) is string text && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));

    /// <summary>An axis; what no array has stays what no array has.</summary>
    public int Axis => (int)Math.Clamp(Int64("axis"), int.MinValue, int.MaxValue);

    /// <summary>A number of elements, which an array must be able to hold.</summary>
    public int Count(string name)
    {
        long count = Int64(name);
        return count <= System.Array.MaxLength ? (int)Math.Max(count, int.MinValue)
            : throw Invalid($"cannot make {count} elements: at most {System.Array.MaxLength} are possible.");
    }

    public Int128 Int128(string name)
    {
        BigInteger value = ToInteger(name, Current(name));
        return value.GetBitLength() < 127 ? (Int128)value
            : throw Invalid($"cannot take {value} for {name}: no integer type has such values.");
    }

    public bool Boolean(string name, bool otherwise) => _values.GetValueOrDefault(name) switch
    {
        null => otherwise,
        bool value => value,
        object value => ToInteger(name, value) != 0,
    };

    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name) switch
    {
        null => otherwise,
        string value => value,
        object value => throw Invalid($"takes a name for {name}: got {value}."),
    };

    public DType DType(DType otherwise, params ReadOnlySpan<DType> allowed)
    {
        if (!Has("dtype"))
        {
            return otherwise;
        }

        // Python's own types are NumPy's 64-bit ones, other than PyTorch's names for them.
        string name = Text("dtype", string.Empty);
        name = name switch
        {
            "int" or "i8" => "int64",
            "float" or "double" or "f8" => "float64",
            "single" or "f4" => "float32",
            "i1" => "int8",
            "i2" => "int16",
            "i4" => "int32",
            "u1" => "uint8",
            "u2" => "uint16",
            "u4" => "uint32",
            "u8" => "uint64",
            "?" => "bool",
            _ => name,
        };
        return DTypes.TryParse(name, out DType dtype) && allowed.Contains(dtype) ? dtype
            : throw NumpyGeneratorArgument.Invalid($"Unsupported dtype dtype('{name}') for {_method}");
    }

    /// <summary>A list of numbers.</summary>
    public double[] Doubles(string name) => [.. Flat(name).Select(item => ToDouble(name, item))];

    /// <summary>The elements of a matrix, in C order.</summary>
    public double[] Matrix(string name) => [.. Array(name).Values.Select(item => ToDouble(name, item))];

    /// <summary>A list of integers.</summary>
    public long[] Int64s(string name) => [.. Flat(name).Select(item => ToInt64(name, item))];

    /// <summary>A number, or an array of numbers.</summary>
    public NumpyArray<double> DoubleArray(string name, double otherwise = 0) => NumberArray(name, otherwise, ToDouble);

    /// <summary>An integer, or an array of integers.</summary>
    public NumpyArray<long> Int64Array(string name, long otherwise = 0) => NumberArray(name, otherwise, ToInt64);

    /// <summary>The same of any size.</summary>
    public NumpyArray<BigInteger> IntegerArray(string name, BigInteger otherwise = default) => NumberArray(name, otherwise, ToInteger);

    /// <summary>A sequence: its elements may be anything, and a string's are its characters.</summary>
    public object?[] Sequence(string name) => _values.GetValueOrDefault(name) switch
    {
        string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
        IEnumerable items => [.. items.Cast<object?>()],
        object value => throw Invalid($"takes a sequence for {name}: got {Shown(value)}."),
        null => throw Invalid($"takes a sequence for {name}: got nothing."),
    };

    /// <summary>A list, or a list of lists and so on, as an array.</summary>
    public NumpyArray<object?> Array(string name)
    {
        if (!HasList(name))
        {
            throw Invalid($"takes a list for {name}.");
        }

        var values = new List<object?>();
        var shape = new List<long>();
        Collect(_values[name], 0);
        return new NumpyArray<object?>([.. values], [.. shape]);

        void Collect(object? item, int depth)
        {
            object?[]? items = IsList(item) ? [.. ((IEnumerable)item!).Cast<object?>()] : null;
            if (items is not null && depth == shape.Count && values.Count == 0)
            {
                shape.Add(items.Length);
            }

            // Below every element of a level there is as much as below the first.
            if ((items is null) != (depth == shape.Count) || (items is not null && items.Length != shape[depth]))
            {
                throw Invalid($"cannot make an array of the list for {name}: its parts have different lengths.");
            }

            if (items is null)
            {
                values.Add(item);
            }
            else
            {
                foreach (object? part in items)
                {
                    Collect(part, depth + 1);
                }
            }
        }
    }

    /// <summary>An error that names the method.</summary>
    public ReproTorchException Invalid(string text) => NumpyGeneratorArgument.Invalid($"{_method}() {text}");

    // A list of numbers, not of lists.
    private object?[] Flat(string name)
    {
        NumpyArray<object?> array = Array(name);
        return array.Shape.Length == 1 ? array.Values
            : throw NumpyGeneratorArgument.Invalid(name == "p"
                ? $"'p' must be 1-dimensional: its shape is {NumpyShape.Text(array.Shape)}."
                : $"object too deep for desired array: {name} has the shape {NumpyShape.Text(array.Shape)}, and a list of numbers is expected.");
    }

    private static bool IsList(object? value) => value is IEnumerable and not string;

    private void BindPositional(MethodSignature signature, IReadOnlyList<object?> positional)
    {
        string[] places = signature.Parameters[..signature.Positional];
        if (positional.Count > places.Length)
        {
            string hint = places.Length == 1 && positional.Count > 1 ? " A list is one argument: give it as one." : string.Empty;
            throw Invalid($"takes at most {places.Length} arguments ({string.Join(", ", places)}): got {positional.Count}.{hint}");
        }

        for (int i = 0; i < positional.Count; i++)
        {
            _values[places[i]] = positional[i];
        }
    }

    private NumpyArray<T> NumberArray<T>(string name, T otherwise, Func<string, object?, T> convert)
    {
        if (!HasList(name))
        {
            return Has(name) ? convert(name, Current(name)) : otherwise;
        }

        NumpyArray<object?> array = Array(name);
        return new NumpyArray<T>([.. array.Values.Select(item => convert(name, item))], array.Shape);
    }

    private object? Current(string name) =>
        _stretched.TryGetValue(name, out object?[]? elements) ? elements[_element] : _values.GetValueOrDefault(name);

    // A NaN is C's, which the originals have: .NET's has the other sign, and the results would show it.
    private double ToDouble(string name, object? value) => ToNumber(name, value) is var number && double.IsNaN(number) ? s_nan : number;

    private double ToNumber(string name, object? value) => value switch
    {
        double number => number,
        float number => number,
        BigInteger number => (double)number,
        bool flag => flag ? 1 : 0,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
        IConvertible number and not string => number.ToDouble(CultureInfo.InvariantCulture),
        _ => throw Invalid($"takes a number for {name}: got {Shown(value)}."),
    };

    private BigInteger ToInteger(string name, object? value) => value switch
    {
        BigInteger number => number,
        bool flag => flag ? 1 : 0,
        ulong number => number,
        double number when double.IsInteger(number) => new BigInteger(number),
        decimal number when decimal.IsInteger(number) => new BigInteger(number),
        string text when BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger number) => number,
        sbyte or byte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        _ => throw Invalid($"takes an integer for {name}: got {Shown(value)}."),
    };

    private long ToInt64(string name, object? value)
    {
        BigInteger integer = ToInteger(name, value);
        return integer >= long.MinValue && integer <= long.MaxValue ? (long)integer
            : throw Invalid($"cannot take {integer} for {name}: 64 bits are too few for it.");
    }

    private static string Shown(object? value) =>
        value is null ? "nothing" : IsList(value) ? "a list" : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
