namespace ReproTorch.Randomness;

/// <summary>A distribution with up to three real parameters: how one number is drawn, and what is demanded of each
/// parameter. Draws one, or an array with parameters that broadcast.</summary>
/// <typeparam name="T">What is drawn.</typeparam>
/// <param name="draw">Draws one number; parameters that the distribution lacks are 0.</param>
/// <param name="parameters">Names and constraints, in NumPy's order.</param>
internal sealed class NumpyRandomStateDistribution<T>(
    Func<NumpyRandomState, double, double, double, T> draw,
    params (string Name, NumpyRandomStateConstraint Constraint)[] parameters)
{
    /// <summary>Draws one number.</summary>
    /// <exception cref="ReproTorchException">A parameter does not meet its constraint.</exception>
    public T Draw(NumpyRandomState stream, double a = 0, double b = 0, double c = 0)
    {
        Check(a, b, c);
        return draw(stream, a, b, c);
    }

    /// <summary>Checks the parameters.</summary>
    /// <exception cref="ReproTorchException">One does not meet its constraint.</exception>
    public void Check(double a, double b = 0, double c = 0)
    {
        ReadOnlySpan<double> values = [a, b, c];
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i].Constraint.Check(parameters[i].Name, values[i]);
        }
    }

    /// <summary>Draws an array.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="arguments">A value for each parameter.</param>
    /// <param name="size">The shape, or null for that of the arguments.</param>
    /// <exception cref="ReproTorchException">A parameter does not meet its constraint, the shapes do not fit together,
    /// or the size does not fit them.</exception>
    public NumpyArray<T> Draw(NumpyRandomState stream, NumpyArray<double>[] arguments, long[]? size)
    {
        foreach (NumpyArray<double> argument in arguments)
        {
            ArgumentNullException.ThrowIfNull(argument, nameof(arguments));
        }

        if (arguments.All(a => a.Shape.Length == 0))
        {
            double first = Scalar(arguments, 0);
            double second = Scalar(arguments, 1);
            double third = Scalar(arguments, 2);
            Check(first, second, third);
            NumpyArray<T> numbers = Allocate(size ?? []);
            for (int i = 0; i < numbers.Values.Length; i++)
            {
                numbers.Values[i] = draw(stream, first, second, third);
            }

            return numbers;
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i].Constraint.Check(parameters[i].Name, arguments[i].Values);
        }

        long[] shape = OutputShape(size, [.. arguments.Select(a => a.Shape)]);
        NumpyArray<T> result = Allocate(shape);
        double[][] expanded = [.. arguments.Select(a => NumpyShape.Expand(a, shape))];
        for (int i = 0; i < result.Values.Length; i++)
        {
            result.Values[i] = draw(stream, At(expanded, 0, i), At(expanded, 1, i), At(expanded, 2, i));
        }

        return result;
    }

    /// <summary>The shape of the result: the size if it is given and the arguments broadcast to it, else their
    /// own.</summary>
    /// <exception cref="ReproTorchException">"Output size ... is not compatible with broadcast dimensions of inputs
    /// ..." or "shape mismatch: ...".</exception>
    internal static long[] OutputShape(long[]? size, params long[][] shapes)
    {
        if (size is null)
        {
            return NumpyShape.Broadcast(shapes);
        }

        _ = NumpyShape.Count(size);
        long[] broadcast = NumpyShape.Broadcast([size, .. shapes]);
        return broadcast.AsSpan().SequenceEqual(size)
            ? size
            : throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"Output size {NumpyShape.Text(size)} is not compatible with broadcast dimensions of inputs "
                + $"{NumpyShape.Text(broadcast)}.");
    }

    private static NumpyArray<T> Allocate(long[] shape) => new(new T[NumpyShape.Count(shape)], shape);

    private static double Scalar(NumpyArray<double>[] arguments, int index) =>
        index < arguments.Length ? arguments[index].Values[0] : 0;

    private static double At(double[][] expanded, int argument, int index) =>
        argument < expanded.Length ? expanded[argument][index] : 0;
}
