using System.Collections;

namespace ReproTorch.Randomness;

/// <summary>The methods of a stream that can be called by their names in the original library.</summary>
/// <typeparam name="T">The stream.</typeparam>
/// <param name="owner">What Python calls the stream's class, for messages.</param>
/// <param name="drawsSize">Whether every method heeds <see cref="MethodArguments.Size"/>, though the original has no such
/// parameter.</param>
internal sealed class MethodTable<T>(string owner, bool drawsSize = false)
{
    private readonly Dictionary<string, (MethodSignature Signature, Method Body)> _methods = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Draws.</summary>
    public delegate RandomValues Method(T stream, MethodArguments arguments);

    /// <summary>The methods' names.</summary>
    public IReadOnlyCollection<string> Names => _methods.Keys;

    /// <summary>Adds a method; the form of a collection initializer.</summary>
    /// <param name="name">Its name in the original library.</param>
    /// <param name="parameters">As <see cref="MethodSignature.Parse"/> reads them.</param>
    /// <param name="body">What it does.</param>
    public MethodTable<T> Add(string name, string parameters, Method body)
    {
        _methods.Add(name, (MethodSignature.Parse(parameters), body));
        return this;
    }

    /// <summary>The parameters of a method in their order; null when there is no such method.</summary>
    public IReadOnlyList<string>? ParametersOf(string name) =>
        _methods.TryGetValue(name, out (MethodSignature Signature, Method Body) method) ? method.Signature.Parameters : null;

    /// <summary>Calls a method.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="name">The method's name.</param>
    /// <param name="positional">Arguments by position.</param>
    /// <param name="named">Arguments by name; null for none.</param>
    /// <param name="shape">The shape of what is wanted; null for what the arguments say. Where the method knows no sizes it is called
    /// as often as the shape has elements, and what it gives fills the dimensions after those of the shape.</param>
    /// <exception cref="ReproTorchException">There is no such method, or its arguments do not fit.</exception>
    public RandomValues Call(T stream, string name, IReadOnlyList<object?> positional, IDictionary? named, IReadOnlyList<long>? shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(positional);
        if (!_methods.TryGetValue(name, out (MethodSignature Signature, Method Body) method))
        {
            throw NumpyGeneratorArgument.Invalid($"'{owner}' object has no attribute '{name}'. There are: {string.Join(", ", Names)}.");
        }

        var arguments = new MethodArguments(name, method.Signature, positional, named);
        if (shape is null)
        {
            return method.Body(stream, arguments);
        }

        if (method.Signature.HasSize || drawsSize)
        {
            arguments.Size = [.. shape];
            return method.Body(stream, arguments);
        }

        var draws = new RandomValues[NumpyShape.Count([.. shape])];
        for (int i = 0; i < draws.Length; i++)
        {
            draws[i] = method.Body(stream, arguments);
        }

        return RandomValues.Stack(shape, draws);
    }
}
