using ReproTorch.Tensors;

namespace ReproTorch.Reporting;

/// <summary>
/// Where two tensors of one shape and dtype differ: the tensor seen as rows and columns, laid out in at most 64 x 64 cells, each
/// with the count of its differing elements and their greatest difference.
/// </summary>
/// <remarks>
/// Rows are the least number of outer dimensions that give at least eight, columns the rest; so the rows of a batch are its
/// samples. A comparison keeps no positions beyond the first, so this reads the data again; blocks that are the same bytes are
/// passed over at the speed of memory.
/// </remarks>
internal sealed class DifferenceMap
{
    private const int MaxCells = 64;
    private const int EnoughRows = 8;
    private const int BlockElements = 1 << 12;

    private readonly long[] _counts;
    private readonly double[] _greatest;

    private DifferenceMap(long[] shape)
    {
        RowDimensions = shape.Length - 1;
        long rows = 1;
        for (int outer = 1; outer < shape.Length; outer++)
        {
            rows *= shape[outer - 1];
            if (rows >= EnoughRows)
            {
                RowDimensions = outer;
                break;
            }
        }

        TensorRows = TensorData.ElementCount(shape[..RowDimensions]);
        TensorColumns = TensorData.ElementCount(shape[RowDimensions..]);
        CellHeight = DivideUp(TensorRows, MaxCells);
        CellWidth = DivideUp(TensorColumns, MaxCells);
        Rows = (int)DivideUp(TensorRows, CellHeight);
        Columns = (int)DivideUp(TensorColumns, CellWidth);
        _counts = new long[Rows * Columns];
        _greatest = new double[Rows * Columns];
    }

    private delegate double Distance(ReadOnlySpan<byte> reference, ReadOnlySpan<byte> difference);

    /// <summary>How many of the outer dimensions are rows; the others are columns.</summary>
    public int RowDimensions { get; }

    /// <summary>Rows of the tensor.</summary>
    public long TensorRows { get; }

    /// <summary>Columns of the tensor.</summary>
    public long TensorColumns { get; }

    /// <summary>Rows of the tensor in a cell; the last row of cells may have fewer.</summary>
    public long CellHeight { get; }

    /// <summary>Columns of the tensor in a cell; the last column of cells may have fewer.</summary>
    public long CellWidth { get; }

    /// <summary>Rows of cells, 1..64.</summary>
    public int Rows { get; }

    /// <summary>Columns of cells, 1..64.</summary>
    public int Columns { get; }

    /// <summary>Elements of a cell whose bits differ.</summary>
    public long Count(int row, int column) => _counts[(row * Columns) + column];

    /// <summary>The greatest |difference - reference| in a cell: 0 where only bits differ (-0 and 0, two NaNs), infinite where an
    /// infinity or a NaN stands against something else.</summary>
    public double Greatest(int row, int column) => _greatest[(row * Columns) + column];

    /// <summary>The map of two tensors.</summary>
    /// <exception cref="ArgumentException">Their shapes or dtypes differ, or they have fewer than two elements.</exception>
    public static DifferenceMap Of(TensorData reference, TensorData difference, CancellationToken cancellationToken = default)
    {
        if (reference.DType != difference.DType || !reference.Shape.AsSpan().SequenceEqual(difference.Shape) || reference.Count < 2)
        {
            throw new ArgumentException("A map needs two tensors of one shape and dtype with at least two elements.");
        }

        var map = new DifferenceMap(reference.Shape);
        map.Fill(reference, difference, cancellationToken);
        return map;
    }

    private void Fill(TensorData reference, TensorData difference, CancellationToken cancellationToken)
    {
        int size = reference.DType.ItemSize();
        Distance distance = DistanceOf(reference.DType);
        for (long first = 0; first < reference.Count; first += BlockElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(BlockElements, reference.Count - first);
            ReadOnlySpan<byte> r = reference.Bytes(first * size, count * size);
            ReadOnlySpan<byte> d = difference.Bytes(first * size, count * size);
            if (!r.SequenceEqual(d))
            {
                FillBlock(r, d, first, size, distance);
            }
        }

        GC.KeepAlive(reference);
        GC.KeepAlive(difference);
    }

    private void FillBlock(ReadOnlySpan<byte> r, ReadOnlySpan<byte> d, long first, int size, Distance distance)
    {
        (long row, long column) = Math.DivRem(first, TensorColumns);
        for (int offset = 0; offset < r.Length;)
        {
            // As far as the cell reaches in this row.
            long cellColumn = column / CellWidth;
            long end = Math.Min((cellColumn + 1) * CellWidth, TensorColumns);
            int run = (int)Math.Min(end - column, (r.Length - offset) / size);
            int cell = (int)((row / CellHeight * Columns) + cellColumn);
            for (int stop = offset + (run * size); offset < stop; offset += size)
            {
                ReadOnlySpan<byte> a = r.Slice(offset, size);
                ReadOnlySpan<byte> b = d.Slice(offset, size);
                if (!a.SequenceEqual(b))
                {
                    _counts[cell]++;
                    _greatest[cell] = Math.Max(_greatest[cell], distance(a, b));
                }
            }

            column += run;
            if (column == TensorColumns)
            {
                (row, column) = (row + 1, 0);
            }
        }
    }

    private static Distance DistanceOf(DType dtype)
    {
        if (dtype.IsComplex())
        {
            DType part = ElementReader.PartOf(dtype);
            int half = part.ItemSize();
            return (r, d) => double.Hypot(
                Between(ElementReader.Float(part, r[..half]), ElementReader.Float(part, d[..half])),
                Between(ElementReader.Float(part, r[half..]), ElementReader.Float(part, d[half..])));
        }

        return dtype.IsFloatingPoint()
            ? (r, d) => Between(ElementReader.Float(dtype, r), ElementReader.Float(dtype, d))
            : (r, d) => (double)Int128.Abs(ElementReader.Integer(dtype, d) - ElementReader.Integer(dtype, r));
    }

    private static double Between(double reference, double difference)
    {
        if (reference == difference || (double.IsNaN(reference) && double.IsNaN(difference)))
        {
            return 0;
        }

        double apart = Math.Abs(difference - reference);
        return double.IsNaN(apart) ? double.PositiveInfinity : apart;
    }

    private static long DivideUp(long value, long by) => ((value - 1) / by) + 1;
}
