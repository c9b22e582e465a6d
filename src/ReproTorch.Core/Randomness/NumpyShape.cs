namespace ReproTorch.Randomness;

/// <summary>Shapes as NumPy reckons with them.</summary>
internal static class NumpyShape
{
    /// <summary>As Python prints a tuple: <c>()</c>, <c>(3,)</c>, <c>(2, 3)</c>.</summary>
    public static string Text(ReadOnlySpan<long> shape) =>
        shape.Length == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape.ToArray())})";

    /// <summary>The number of elements.</summary>
    /// <exception cref="ReproTorchException">A size is negative, or there are more elements than one array can
    /// have.</exception>
    public static int Count(ReadOnlySpan<long> shape)
    {
        Int128 count = 1;
        foreach (long size in shape)
        {
            if (size < 0)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument, $"negative dimensions are not allowed: the size is {Text(shape)}.");
            }

            count = size == 0 ? 0 : count > Array.MaxLength ? count : count * size;
        }

        return shape.Contains(0) ? 0
            : count <= Array.MaxLength ? (int)count
            : throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The size {Text(shape)} has more elements than one array holds ({Array.MaxLength}). Draw it in parts.");
    }

    /// <summary>The shape that shapes broadcast to: aligned at their last sizes, where 1 stretches to any
    /// size.</summary>
    /// <exception cref="ReproTorchException">"shape mismatch: ...".</exception>
    public static long[] Broadcast(params ReadOnlySpan<long[]> shapes)
    {
        int dimensions = 0;
        foreach (long[] shape in shapes)
        {
            dimensions = Math.Max(dimensions, shape.Length);
        }

        long[] result = new long[dimensions];
        Array.Fill(result, 1);
        int[] decidedBy = new int[dimensions];
        for (int s = 0; s < shapes.Length; s++)
        {
            int skipped = dimensions - shapes[s].Length;
            for (int d = skipped; d < dimensions; d++)
            {
                long size = shapes[s][d - skipped];
                if (size == 1)
                {
                    continue;
                }

                if (result[d] == 1)
                {
                    result[d] = size;
                    decidedBy[d] = s;
                }
                else if (result[d] != size)
                {
                    throw new ReproTorchException(
                        ReproTorchErrorKind.InvalidArgument,
                        "shape mismatch: objects cannot be broadcast to a single shape.  Mismatch is between arg "
                        + $"{decidedBy[d]} with shape {Text(shapes[decidedBy[d]])} and arg {s} with shape {Text(shapes[s])}.");
                }
            }
        }

        return result;
    }

    /// <summary>An array's elements, stretched to a shape that it broadcasts to.</summary>
    public static T[] Expand<T>(NumpyArray<T> array, long[] shape)
    {
        if (array.Shape.AsSpan().SequenceEqual(shape))
        {
            return array.Values;
        }

        T[] result = new T[Count(shape)];
        if (array.Values.Length == 1)
        {
            Array.Fill(result, array.Values[0]);
            return result;
        }

        // Sizes that are stretched have stride 0.
        long[] strides = new long[shape.Length];
        long stride = 1;
        int skipped = shape.Length - array.Shape.Length;
        for (int d = shape.Length - 1; d >= skipped; d--)
        {
            long size = array.Shape[d - skipped];
            strides[d] = size == 1 ? 0 : stride;
            stride *= size;
        }

        long[] index = new long[shape.Length];
        long source = 0;
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = array.Values[source];
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                source += strides[d];
                if (++index[d] < shape[d])
                {
                    break;
                }

                source -= strides[d] * shape[d];
                index[d] = 0;
            }
        }

        return result;
    }
}
