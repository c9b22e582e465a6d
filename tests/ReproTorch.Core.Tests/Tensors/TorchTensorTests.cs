using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Tensors;

public sealed class TorchTensorTests
{
    public static TheoryData<DType> Storable => [.. Enum.GetValues<DType>().Where(dtype => dtype <= DType.@bool || dtype == DType.bfloat16)];

    [Theory]
    [MemberData(nameof(Storable))]
    public void BytesGoInAndOutUnchanged(DType dtype)
    {
        var bytes = new byte[6 * dtype.ItemSize()];
        new Random(1).NextBytes(bytes);
        if (dtype == DType.@bool)
        {
            bytes = [0, 1, 1, 0, 0, 1];
        }

        using TorchTensor tensor = TorchTensor.FromData(TensorData.FromArray(dtype, [2, 3], bytes));
        Assert.Equal(dtype, tensor.DType);
        Assert.Equal([2, 3], tensor.Shape);
        Assert.Equal(bytes, tensor.ToData().AllBytes().ToArray());
    }

    [Theory]
    [InlineData(new long[0], 1)]
    [InlineData(new long[] { 0 }, 0)]
    [InlineData(new long[] { 3, 0, 2 }, 0)]
    public void EmptyAndZeroDimensionalTensorsKeepTheirShape(long[] shape, int count)
    {
        using TorchTensor tensor = TorchTensor.FromData(TensorData.FromArray(DType.int16, shape, new byte[count * 2]));
        Assert.Equal(shape, tensor.Shape);
        Assert.Equal(count, tensor.Count);
        Assert.Equal(count * 2, tensor.ToData().ByteLength);
    }

    [Fact]
    public void DataOutlivesTheTensorThatGaveIt()
    {
        TensorData data;
        using (TorchTensor tensor = TorchTensor.FromSpan<float>([1, 2, 3], DType.float32))
        {
            data = tensor.ToData();
        }

        Assert.Equal([1f, 2f, 3f], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.AllBytes()).ToArray());
    }

    [Fact]
    public void ADisposedTensorIsRefusedByName()
    {
        TorchTensor tensor = TorchTensor.FromSpan<float>([1], DType.float32);
        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.ToData());
        Assert.Throws<ObjectDisposedException>(() => TorchTensor.Concatenate([tensor]));
        Assert.Throws<ObjectDisposedException>(() => TorchOperator.Call("aten::exp", tensor));
    }

    [Fact]
    public void RowsShareMemoryAndConcatenateAgain()
    {
        using TorchTensor tensor = TorchTensor.FromSpan<int>([1, 2, 3, 4, 5, 6], DType.int32, 3, 2);
        using TorchTensor first = tensor.Narrow(0, 1);
        using TorchTensor rest = tensor.Narrow(1, 2);
        using TorchTensor whole = TorchTensor.Concatenate([first, rest]);
        Assert.Equal(tensor.ToArray<int>(), whole.ToArray<int>());
        Assert.Equal(tensor.ContentHash(), whole.ContentHash());
        Assert.NotEqual(tensor.ContentHash(), rest.ContentHash());
    }

    [Fact]
    public void HashesTellDTypeAndShapeApart()
    {
        using TorchTensor a = TorchTensor.FromSpan<int>([1, 2], DType.int32);
        using TorchTensor b = TorchTensor.FromSpan<int>([1, 2], DType.int32, 2, 1);
        using TorchTensor c = TorchTensor.FromSpan<float>([BitConverter.Int32BitsToSingle(1), BitConverter.Int32BitsToSingle(2)], DType.float32);
        Assert.Equal(3, new[] { a.ContentHash(), b.ContentHash(), c.ContentHash() }.Distinct().Count());
    }

    [Fact]
    public void OperatorErrorsCarryTheOperatorsOwnMessage()
    {
        using TorchTensor a = TorchTensor.FromSpan<float>([1, 2], DType.float32);
        using TorchTensor b = TorchTensor.FromSpan<float>([1, 2, 3], DType.float32);
        var error = Assert.Throws<ReproTorchException>(() => TorchOperator.Call("aten::add", a, b));
        Assert.Equal(ReproTorchErrorKind.OperatorFailure, error.Kind);
        Assert.Contains("must match the size of tensor b (3)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownOperatorIsNamed()
    {
        var error = Assert.Throws<ReproTorchException>(() => TorchOperator.Call("aten::no_such_thing"));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("aten::no_such_thing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryStaysFlatWhenNothingIsDisposed()
    {
        const long megabyte = 1 << 20;
        for (int i = 0; i < 2000; i++)
        {
            _ = TorchTensor.FromData(TensorData.FromArray(DType.uint8, [megabyte], new byte[megabyte]));
        }

        Assert.InRange(NativeMemory.Live, 0, 512 * megabyte);
    }
}
