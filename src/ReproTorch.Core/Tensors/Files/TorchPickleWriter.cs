using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ReproTorch.Tensors.Files;

/// <summary>Writes the pickle of a tensor, or of a dict of tensors, that torch.load reads; protocol 2, as torch.save's default.</summary>
internal sealed class TorchPickleWriter
{
    private readonly MemoryStream _stream;

    private TorchPickleWriter(MemoryStream stream) => _stream = stream;

    /// <summary>The pickle; tensor number i has the storage of the key i.</summary>
    /// <param name="tensors">One without a name is written alone; else a dict by names.</param>
    /// <exception cref="ReproTorchException">A tensor is quantized.</exception>
    public static byte[] Write(IReadOnlyList<NamedTensorData> tensors)
    {
        using var stream = new MemoryStream();
        var pickle = new TorchPickleWriter(stream);
        stream.Write([0x80, 2]);
        if (tensors is [{ Name: "" }])
        {
            pickle.Tensor(tensors[0], 0);
        }
        else
        {
            pickle.Opcode('}');
            pickle.Opcode('(');
            for (int i = 0; i < tensors.Count; i++)
            {
                pickle.Text(tensors[i].Name);
                pickle.Tensor(tensors[i], i);
            }

            pickle.Opcode('u');
        }

        pickle.Opcode('.');
        return stream.ToArray();
    }

    // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks), or v3 with the dtype behind.
    private void Tensor(NamedTensorData tensor, int number)
    {
        TensorData data = tensor.Data;
        string? storage = TorchNames.StorageOf(data.DType);
        if (data.DType.IsQuantized())
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The tensor '{tensor.Name}' is {data.DType}, whose scale is not at hand. Dequantize it, or write its integers (int_repr).");
        }

        Global("torch._utils", storage is null ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
        Opcode('(');
        Opcode('(');
        Text("storage");
        Global(storage is null ? "torch.storage" : "torch", storage ?? "UntypedStorage");
        Text(number.ToString(CultureInfo.InvariantCulture));
        Text("cpu");
        Integer(storage is null ? data.ByteLength : data.Count);
        Opcode('t');
        Opcode('Q');
        Integer(0);
        Tuple(data.Shape);
        Tuple(StridedCopy.Strides(data.Shape));
        _stream.WriteByte(0x89);
        Global("collections", "OrderedDict");
        Opcode(')');
        Opcode('R');
        if (storage is null)
        {
            Global("torch", data.DType.ToString());
        }

        Opcode('t');
        Opcode('R');
    }

    private void Opcode(char opcode) => _stream.WriteByte((byte)opcode);

    private void Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Opcode('X');
        _stream.Write(length);
        _stream.Write(bytes);
    }

    private void Tuple(long[] values)
    {
        Opcode('(');
        Array.ForEach(values, Integer);
        Opcode('t');
    }

    private void Integer(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Opcode('J');
            _stream.Write(bytes[..4]);
        }
        else
        {
            _stream.Write([0x8a, 8]);
            _stream.Write(bytes);
        }
    }

    private void Global(string module, string name) => _stream.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));
}
