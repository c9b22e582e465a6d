namespace ReproTorch.Randomness;

/// <summary>
/// As much of a NumPy array as random streams need: elements in C order and a shape. What takes one takes a number (a
/// 0-d array) and a plain array (a 1-d array) too.
/// </summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed class NumpyArray<T>
{
    /// <summary>An array over elements that the caller does not change afterwards.</summary>
    /// <param name="values">The elements, in C order.</param>
    /// <param name="shape">Sizes, outermost first; none for a 0-d array, which has one element.</param>
    /// <exception cref="ReproTorchException">"cannot reshape array ...": there are more or fewer elements than the shape
    /// has, or "negative dimensions are not allowed".</exception>
    public NumpyArray(T[] values, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(shape);
        if (NumpyShape.Count(shape) != values.Length)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"cannot reshape array of size {values.Length} into shape {NumpyShape.Text(shape)}");
        }

        Values = values;
        Shape = shape;
    }

    /// <summary>The elements, in C order.</summary>
    public T[] Values { get; }

    /// <summary>Sizes, outermost first; none for a 0-d array.</summary>
    public long[] Shape { get; }

    /// <summary>A 0-d array.</summary>
    public static implicit operator NumpyArray<T>(T value) => new([value]);

    /// <summary>A 1-d array.</summary>
    public static implicit operator NumpyArray<T>(T[] values) => new(values, values?.Length ?? 0);

    /// <summary>The shape and the element type.</summary>
    public override string ToString() => $"{typeof(T).Name} array of shape {NumpyShape.Text(Shape)}";
}
