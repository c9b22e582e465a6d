namespace ReproTorch.Randomness;

/// <content>Permutations: Fisher and Yates's shuffle, from the last element down.</content>
public sealed partial class NumpyGenerator
{
    /// <summary><c>shuffle(x)</c> of a list or a one-dimensional array, in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)NextInterval((ulong)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary><c>shuffle(x, axis)</c> of an array, in place: slices along the axis change places as a
    /// whole.</summary>
    /// <param name="array">The array, of one dimension or more.</param>
    /// <param name="axis">The axis; negative counts from the last.</param>
    /// <exception cref="ReproTorchException">There is no such axis.</exception>
    public void Shuffle<T>(NumpyArray<T> array, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(array);
        var slices = new AxisSlices(array.Shape, axis);
        if (array.Values.Length == 0)
        {
            return;
        }

        for (int i = slices.Length - 1; i > 0; i--)
        {
            int j = (int)NextInterval((ulong)i);
            for (int block = 0; i != j && block < slices.Outer; block++)
            {
                Span<T> left = slices.Of(array.Values, block, i);
                Span<T> right = slices.Of(array.Values, block, j);
                for (int k = 0; k < left.Length; k++)
                {
                    (left[k], right[k]) = (right[k], left[k]);
                }
            }
        }
    }

    /// <summary><c>permutation(n)</c>: 0 .. n-1 in random order.</summary>
    /// <param name="count">0 or more; a negative number gives an empty array, as <c>np.arange</c> does.</param>
    public long[] Permutation(int count)
    {
        long[] items = Range(Math.Max(count, 0));
        Shuffle<long>(items);
        return items;
    }

    /// <summary><c>permutation(x)</c> of a list: the elements in random order.</summary>
    public T[] Permutation<T>(ReadOnlySpan<T> items)
    {
        T[] copy = items.ToArray();
        Shuffle<T>(copy);
        return copy;
    }

    /// <summary><c>permutation(x, axis)</c> of an array: a copy whose slices along the axis are in random
    /// order.</summary>
    /// <param name="array">The array, of one dimension or more.</param>
    /// <param name="axis">The axis; negative counts from the last.</param>
    /// <exception cref="ReproTorchException">There is no such axis.</exception>
    public NumpyArray<T> Permutation<T>(NumpyArray<T> array, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(array);
        // NumPy shuffles an index and takes by it. The order is that of shuffle, but an array without elements draws
        // too.
        var slices = new AxisSlices(array.Shape, axis);
        return new NumpyArray<T>(slices.Take(array.Values, Permutation(slices.Length)), array.Shape);
    }

    /// <summary><c>permuted(x, axis)</c>: a copy in which each line along the axis is shuffled by itself; without an
    /// axis, all elements are.</summary>
    /// <param name="array">The array.</param>
    /// <param name="axis">The axis, negative counts from the last; null for none.</param>
    /// <exception cref="ReproTorchException">There is no such axis.</exception>
    public NumpyArray<T> Permuted<T>(NumpyArray<T> array, int? axis = null)
    {
        ArgumentNullException.ThrowIfNull(array);
        T[] values = [.. array.Values];
        if (axis is not { } along)
        {
            Shuffle<T>(values);
            return new NumpyArray<T>(values, array.Shape);
        }

        var slices = new AxisSlices(array.Shape, along);
        for (int line = 0; values.Length > 0 && line < slices.Outer * slices.Inner; line++)
        {
            int first = (line / slices.Inner * slices.Length * slices.Inner) + (line % slices.Inner);
            for (int i = slices.Length - 1; i > 0; i--)
            {
                int j = (int)NextInterval((ulong)i);
                ref T left = ref values[first + (i * slices.Inner)];
                ref T right = ref values[first + (j * slices.Inner)];
                (left, right) = (right, left);
            }
        }

        return new NumpyArray<T>(values, array.Shape);
    }

    private static long[] Range(int count)
    {
        var numbers = new long[count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i;
        }

        return numbers;
    }

    /// <summary>How an array in C order falls into slices along an axis: what stands before it, along it and behind
    /// it.</summary>
    private readonly struct AxisSlices
    {
        public AxisSlices(long[] shape, int axis)
        {
            Axis = axis < 0 ? axis + shape.Length : axis;
            if (Axis < 0 || Axis >= shape.Length)
            {
                throw NumpyGeneratorArgument.Invalid($"axis {axis} is out of bounds for array of dimension {shape.Length}");
            }

            Outer = Product(shape.AsSpan(0, Axis));
            Length = (int)Math.Min(shape[Axis], int.MaxValue);
            Inner = Product(shape.AsSpan(Axis + 1));
        }

        public int Axis { get; }

        public int Outer { get; }

        public int Length { get; }

        public int Inner { get; }

        public Span<T> Of<T>(T[] values, int block, int index) =>
            values.AsSpan(((block * Length) + index) * Inner, Inner);

        public T[] Take<T>(T[] values, long[] indices)
        {
            var taken = new T[checked(Outer * indices.Length * Inner)];
            for (int i = 0; taken.Length > 0 && i < Outer * indices.Length; i++)
            {
                Of(values, i / indices.Length, (int)indices[i % indices.Length]).CopyTo(taken.AsSpan(i * Inner));
            }

            return taken;
        }

        // Where another size is 0 a product can pass what an int holds; no loop goes that far then.
        private static int Product(ReadOnlySpan<long> sizes)
        {
            long product = 1;
            foreach (long size in sizes)
            {
                product = Math.Min(product * Math.Min(size, int.MaxValue), int.MaxValue);
            }

            return (int)product;
        }
    }
}
