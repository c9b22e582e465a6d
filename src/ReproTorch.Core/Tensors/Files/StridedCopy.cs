using System.Runtime.InteropServices;

namespace ReproTorch.Tensors.Files;

/// <summary>Lays out in C order what lies strided in memory: transposed, sliced and expanded tensors, arrays in Fortran order.</summary>
internal static class StridedCopy
{
    // Elements of a tile's side: two tiles of the widest elements are within the smallest first-level cache.
    private const int Tile = 32;

    /// <summary>True when elements with these strides (in elements) lie in C order without holes already.</summary>
    public static bool IsContiguous(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        if (shape.Contains(0))
        {
            return true;
        }

        long expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected)
            {
                return false;
            }

            expected *= shape[i];
        }

        return true;
    }

    /// <summary>The strides, in elements, of an array in C order. Sizes of 0 count as 1, as in PyTorch.</summary>
    public static long[] Strides(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(shape[i], 1);
        }

        return strides;
    }

    /// <summary>The strides, in elements, of an array in Fortran order.</summary>
    public static long[] FortranStrides(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        long stride = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            strides[i] = stride;
            stride *= Math.Max(shape[i], 1);
        }

        return strides;
    }

    /// <summary>The elements of the storage from a view's first to its last.</summary>
    /// <param name="shape">Sizes, 0 or more.</param>
    /// <param name="strides">Distances in elements, 0 or more.</param>
    /// <param name="offset">The first element, 0 or more.</param>
    /// <param name="count">Elements of the storage.</param>
    /// <param name="extent">The elements that it spans; 0 of an empty view.</param>
    /// <returns>False when the view leaves the storage.</returns>
    public static bool TryExtent(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, long offset, long count, out long extent)
    {
        extent = 0;
        if (shape.Contains(0))
        {
            return true;
        }

        // Below 64 times 2^126: no overflow.
        UInt128 last = 0;
        for (int i = 0; i < shape.Length; i++)
        {
            last += (UInt128)(ulong)(shape[i] - 1) * (ulong)strides[i];
        }

        if (last + (ulong)offset >= (ulong)count)
        {
            return false;
        }

        extent = (long)last + 1;
        return true;
    }

    /// <summary>Copies elements. Every access is checked.</summary>
    /// <param name="source">The bytes from the element on whose indices are all 0.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="strides">Distances along each dimension in the source, in elements; 0 or more.</param>
    /// <param name="itemSize">Bytes of an element: 1, 2, 4, 8 or 16.</param>
    public static byte[] ToCOrder(ReadOnlySpan<byte> source, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, int itemSize)
    {
        (long[] sizes, long[] steps) = Merge(shape, strides);
        var target = new byte[checked((int)(TensorData.ElementCount(shape.ToArray()) * itemSize))];
        if (target.Length == 0)
        {
            return target;
        }

        switch (itemSize)
        {
            case 1: Copy<byte>(source, sizes, steps, target); break;
            case 2: Copy<ushort>(source, sizes, steps, target); break;
            case 4: Copy<uint>(source, sizes, steps, target); break;
            case 8: Copy<ulong>(source, sizes, steps, target); break;
            case 16: Copy<UInt128>(source, sizes, steps, target); break;
            default: throw new ArgumentOutOfRangeException(nameof(itemSize), itemSize, "An element has 1, 2, 4, 8 or 16 bytes.");
        }

        return target;
    }

    // Dimensions of size 1 fall away, neighbours that lie like one dimension become one; at least two are left, so that the
    // innermost ones can be walked in tiles.
    private static (long[] Sizes, long[] Steps) Merge(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        var sizes = new List<long>();
        var steps = new List<long>();
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i] == 1)
            {
                continue;
            }

            if (sizes.Count > 0 && steps[^1] == strides[i] * shape[i])
            {
                sizes[^1] *= shape[i];
                steps[^1] = strides[i];
            }
            else
            {
                sizes.Add(shape[i]);
                steps.Add(strides[i]);
            }
        }

        while (sizes.Count < 2)
        {
            sizes.Insert(0, 1);
            steps.Insert(0, 0);
        }

        return ([.. sizes], [.. steps]);
    }

    private static void Copy<T>(ReadOnlySpan<byte> sourceBytes, long[] sizes, long[] steps, Span<byte> targetBytes)
        where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(sourceBytes);
        Span<T> target = MemoryMarshal.Cast<byte, T>(targetBytes);
        int last = sizes.Length - 1;

        // The outer dimensions are counted through; the two that are innermost in source and target are copied in tiles.
        int near = 0;
        for (int i = 1; i < last; i++)
        {
            near = steps[i] < steps[near] ? i : near;
        }

        long[] targetSteps = Strides(sizes);
        var index = new long[sizes.Length];
        int at;
        do
        {
            long from = 0;
            long to = 0;
            for (int i = 0; i < last; i++)
            {
                from += index[i] * steps[i];
                to += index[i] * targetSteps[i];
            }

            CopyPlane(source[(int)from..], (sizes[near], steps[near]), (sizes[last], steps[last]), target[(int)to..], targetSteps[near]);
            at = last - 1;
            while (at >= 0 && (at == near || ++index[at] == sizes[at]))
            {
                index[at--] = 0;
            }
        }
        while (at >= 0);
    }

    private static void CopyPlane<T>(
        ReadOnlySpan<T> source, (long Count, long Step) rows, (long Count, long Step) columns, Span<T> target, long targetStep)
        where T : unmanaged
    {
        if (columns.Step == 1)
        {
            for (long row = 0; row < rows.Count; row++)
            {
                source.Slice((int)(row * rows.Step), (int)columns.Count).CopyTo(target[(int)(row * targetStep)..]);
            }

            return;
        }

        for (long rowStart = 0; rowStart < rows.Count; rowStart += Tile)
        {
            long rowEnd = Math.Min(rowStart + Tile, rows.Count);
            for (long columnStart = 0; columnStart < columns.Count; columnStart += Tile)
            {
                long columnEnd = Math.Min(columnStart + Tile, columns.Count);
                for (long row = rowStart; row < rowEnd; row++)
                {
                    for (long column = columnStart; column < columnEnd; column++)
                    {
                        target[(int)((row * targetStep) + column)] = source[(int)((row * rows.Step) + (column * columns.Step))];
                    }
                }
            }
        }
    }
}
