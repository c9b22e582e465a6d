using System.Runtime.InteropServices;
using ReproTorch.Reporting;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Reporting;

public class DifferenceMapTests
{
    [Theory]
    [InlineData(new long[] { 10 }, 0, 1, 10)]
    [InlineData(new long[] { 5000 }, 0, 1, 64)]
    [InlineData(new long[] { 360, 10 }, 1, 60, 10)]
    [InlineData(new long[] { 1, 1000 }, 1, 1, 63)]
    [InlineData(new long[] { 1, 64, 32, 32 }, 2, 64, 64)]
    [InlineData(new long[] { 8, 16, 28, 28 }, 1, 8, 64)]
    [InlineData(new long[] { 2, 2, 2, 2, 3 }, 3, 8, 6)]
    [InlineData(new long[] { 65, 65 }, 1, 33, 33)]
    public void LaysOutAtMost64By64Cells(long[] shape, int rowDimensions, int rows, int columns)
    {
        TensorData data = TensorData.FromArray(DType.uint8, shape, new byte[TensorData.ElementCount(shape)]);
        DifferenceMap map = DifferenceMap.Of(data, data);
        Assert.Equal((rowDimensions, rows, columns), (map.RowDimensions, map.Rows, map.Columns));
        Assert.True(map.Rows * map.CellHeight >= map.TensorRows && map.Columns * map.CellWidth >= map.TensorColumns);
        Assert.Equal(data.Count, map.TensorRows * map.TensorColumns);
    }

    [Theory]
    [InlineData(new long[] { 7, 3 }, 0.5)]
    [InlineData(new long[] { 1000 }, 0.1)]
    [InlineData(new long[] { 9, 3001 }, 0.01)]
    [InlineData(new long[] { 3001, 9 }, 0.3)]
    [InlineData(new long[] { 20, 30, 40 }, 0.001)]
    [InlineData(new long[] { 4, 70000 }, 1)]
    [InlineData(new long[] { 13, 1, 17, 1 }, 1)]
    public void AgreesWithLookingAtEachElement(long[] shape, double share)
    {
        var random = new Random(7);
        float[] reference = new float[TensorData.ElementCount(shape)];
        float[] difference = new float[reference.Length];
        for (int i = 0; i < reference.Length; i++)
        {
            reference[i] = random.NextSingle();
            difference[i] = random.NextDouble() < share ? random.NextSingle() : reference[i];
        }

        DifferenceMap map = DifferenceMap.Of(Tensor(shape, reference), Tensor(shape, difference));
        long[,] counts = new long[map.Rows, map.Columns];
        double[,] greatest = new double[map.Rows, map.Columns];
        for (int i = 0; i < reference.Length; i++)
        {
            if (reference[i] != difference[i])
            {
                long row = i / map.TensorColumns / map.CellHeight;
                long column = i % map.TensorColumns / map.CellWidth;
                counts[row, column]++;
                greatest[row, column] = Math.Max(greatest[row, column], Math.Abs((double)difference[i] - reference[i]));
            }
        }

        Assert.True(counts.Cast<long>().Sum() > 0);
        for (int row = 0; row < map.Rows; row++)
        {
            for (int column = 0; column < map.Columns; column++)
            {
                Assert.Equal(counts[row, column], map.Count(row, column));
                Assert.Equal(greatest[row, column], map.Greatest(row, column));
            }
        }
    }

    [Theory]
    [InlineData(0f, -0f, 0)]
    [InlineData(1f, 3.5f, 2.5)]
    [InlineData(-3e38f, 3e38f, 6e38)]
    [InlineData(1f, float.NaN, double.PositiveInfinity)]
    [InlineData(float.NaN, 1f, double.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, 1f, double.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, double.PositiveInfinity)]
    public void MeasuresWhatAnElementDiffersBy(float reference, float difference, double expected)
    {
        DifferenceMap map = DifferenceMap.Of(Tensor([2], [5, reference]), Tensor([2], [5, difference]));
        Assert.Equal((0, 1), (map.Count(0, 0), map.Count(0, 1)));
        Assert.Equal(expected, map.Greatest(0, 1), expected / 1e6);
    }

    [Fact]
    public void CountsNaNsWithOtherPayloadsAsDifferingBitsOnly()
    {
        DifferenceMap map = DifferenceMap.Of(
            Tensor([2], [0, BitConverter.Int32BitsToSingle(0x7FC00000)]), Tensor([2], [0, BitConverter.Int32BitsToSingle(0x7FC00001)]));
        Assert.Equal((1, 0d), (map.Count(0, 1), map.Greatest(0, 1)));
    }

    [Theory]
    [InlineData(DType.int64, "00000000000000800000000000000000", "FFFFFFFFFFFFFF7F0000000000000000", 18446744073709551615d)]
    [InlineData(DType.uint64, "FFFFFFFFFFFFFFFF0000000000000000", "00000000000000000000000000000000", 18446744073709551615d)]
    [InlineData(DType.@bool, "0000", "0100", 1)]
    [InlineData(DType.int8, "8000", "7F00", 255)]
    [InlineData(DType.qint8, "8000", "7F00", 255)]
    [InlineData(DType.float16, "003C0000", "00400000", 1)]
    [InlineData(DType.bfloat16, "803F0000", "00400000", 1)]
    [InlineData(DType.float8_e5m2, "3C00", "4000", 1)]
    [InlineData(DType.float8_e4m3fn, "3800", "4000", 1)]
    // 3+4j apart.
    [InlineData(DType.complex32, "0000000000000000", "0042004400000000", 5)]
    [InlineData(DType.complex64, "00000000000000000000000000000000", "00004040000080400000000000000000", 5)]
    public void KnowsEveryKindOfElement(DType dtype, string reference, string difference, double expected)
    {
        DifferenceMap map = DifferenceMap.Of(
            TensorData.FromArray(dtype, [2], Convert.FromHexString(reference)),
            TensorData.FromArray(dtype, [2], Convert.FromHexString(difference)));
        Assert.Equal((1, 0), (map.Count(0, 0), map.Count(0, 1)));
        Assert.Equal(expected, map.Greatest(0, 0));
    }

    [Fact]
    public void RefusesWhatHasNoCommonPlaces()
    {
        TensorData two = Tensor([2], [1, 2]);
        Assert.Throws<ArgumentException>(() => DifferenceMap.Of(two, Tensor([1, 2], [1, 2])));
        Assert.Throws<ArgumentException>(() => DifferenceMap.Of(two, TensorData.FromArray(DType.int32, [2], new byte[8])));
        Assert.Throws<ArgumentException>(() => DifferenceMap.Of(Tensor([], [1]), Tensor([], [2])));
    }

    private static TensorData Tensor(long[] shape, float[] values) =>
        TensorData.FromArray(DType.float32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
