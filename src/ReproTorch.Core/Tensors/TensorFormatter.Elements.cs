using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace ReproTorch.Tensors;

public static partial class TensorFormatter
{
    /// <summary>The elements that are shown, in order: as numbers where a common format must be found for them, as texts
    /// where each stands for itself.</summary>
    private sealed class ShownElements
    {
        // A long row is read in pieces, so that no span passes 2^31 bytes.
        private const int PieceLength = 1 << 16;

        private readonly TensorData _data;
        private readonly int? _edgeItems;
        private readonly int _itemSize;
        private readonly bool _isComplex;
        private readonly bool _isFloat;

        /// <param name="data">The tensor, not empty.</param>
        /// <param name="edgeItems">Items at each end of a dimension, or null for all.</param>
        public ShownElements(TensorData data, int? edgeItems)
        {
            _data = data;
            _edgeItems = edgeItems;
            _itemSize = data.DType.ItemSize();
            _isComplex = data.DType.IsComplex();
            _isFloat = data.DType.IsFloatingPoint();
            Read(0, 0, data.Count);
        }

        /// <summary>Floats, or the real parts of complex numbers; empty for any other dtype.</summary>
        public List<double> Real { get; } = [];

        /// <summary>The imaginary parts; empty unless the dtype is complex.</summary>
        public List<double> Imaginary { get; } = [];

        /// <summary>Integers and booleans as Python writes them; empty for floats and complex numbers.</summary>
        public List<string> Texts { get; } = [];

        /// <summary>The dtype is complex.</summary>
        public bool IsComplex => _isComplex;

        /// <summary>The dtype is neither an integer nor bool.</summary>
        public bool IsNumeric => _isComplex || _isFloat;

        private void Read(int dimension, long start, long count)
        {
            if (dimension == _data.Shape.Length)
            {
                ReadRun(start, 1);
                return;
            }

            RuntimeHelpers.EnsureSufficientExecutionStack();
            long size = _data.Shape[dimension];
            long inner = count / size;
            bool cut = size > 2L * _edgeItems;
            if (cut || (_edgeItems.HasValue && inner > 1))
            {
                long edge = cut ? _edgeItems!.Value : size;
                ReadItems(0, edge);
                ReadItems(cut ? size - edge : size, size);
            }
            else
            {
                ReadRun(start, count);
            }

            void ReadItems(long from, long to)
            {
                for (long i = from; i < to; i++)
                {
                    Read(dimension + 1, start + (i * inner), inner);
                }
            }
        }

        private void ReadRun(long start, long count)
        {
            for (long done = 0; done < count; done += PieceLength)
            {
                int length = (int)Math.Min(PieceLength, count - done);
                ReadOnlySpan<byte> bytes = _data.Bytes((start + done) * _itemSize, length * _itemSize);
                for (int i = 0; i < length; i++)
                {
                    Add(bytes.Slice(i * _itemSize, _itemSize));
                }

                GC.KeepAlive(_data);
            }
        }

        private void Add(ReadOnlySpan<byte> element)
        {
            if (_isComplex)
            {
                int half = _itemSize / 2;
                DType part = _data.DType switch
                {
                    DType.complex32 => DType.float16,
                    DType.complex64 => DType.float32,
                    _ => DType.float64,
                };
                Real.Add(ReadFloat(part, element[..half]));
                Imaginary.Add(ReadFloat(part, element[half..]));
            }
            else if (_isFloat)
            {
                Real.Add(ReadFloat(_data.DType, element));
            }
            else
            {
                Texts.Add(ReadText(_data.DType, element));
            }
        }

        private static double ReadFloat(DType dtype, ReadOnlySpan<byte> element) => dtype switch
        {
            DType.float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
            DType.bfloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
            DType.float32 => BinaryPrimitives.ReadSingleLittleEndian(element),
            DType.float64 => BinaryPrimitives.ReadDoubleLittleEndian(element),
            // The upper byte of a binary16.
            DType.float8_e5m2 => (double)BitConverter.UInt16BitsToHalf((ushort)(element[0] << 8)),
            DType.float8_e4m3fn => ReadFloat8E4M3(element[0]),
            _ => throw DTypes.Unknown(dtype),
        };

        // Sign, 4 bits of exponent with bias 7, 3 bits of fraction; all ones is NaN and there are no infinities
        // (Micikevicius et al., FP8 Formats for Deep Learning, 2022, table 1).
        private static double ReadFloat8E4M3(byte bits)
        {
            int exponent = (bits >> 3) & 0xF;
            int fraction = bits & 7;
            double magnitude = (bits & 0x7F) == 0x7F ? double.NaN
                : exponent == 0 ? Math.ScaleB(fraction, -9)
                : Math.ScaleB(8 + fraction, exponent - 10);
            return (bits & 0x80) != 0 ? -magnitude : magnitude;
        }

        private static string ReadText(DType dtype, ReadOnlySpan<byte> element) => dtype switch
        {
            DType.@bool => element[0] != 0 ? "True" : "False",
            DType.uint8 or DType.quint8 => Text(element[0]),
            DType.int8 or DType.qint8 => Text((sbyte)element[0]),
            DType.int16 => Text(BinaryPrimitives.ReadInt16LittleEndian(element)),
            DType.uint16 => Text(BinaryPrimitives.ReadUInt16LittleEndian(element)),
            DType.int32 or DType.qint32 => Text(BinaryPrimitives.ReadInt32LittleEndian(element)),
            DType.uint32 => Text(BinaryPrimitives.ReadUInt32LittleEndian(element)),
            DType.int64 => Text(BinaryPrimitives.ReadInt64LittleEndian(element)),
            DType.uint64 => Text(BinaryPrimitives.ReadUInt64LittleEndian(element)),
            _ => throw DTypes.Unknown(dtype),
        };

        private static string Text<T>(T value)
            where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
    }
}
