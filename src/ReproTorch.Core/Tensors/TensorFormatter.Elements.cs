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
                DType part = ElementReader.PartOf(_data.DType);
                Real.Add(ElementReader.Float(part, element[..half]));
                Imaginary.Add(ElementReader.Float(part, element[half..]));
            }
            else if (_isFloat)
            {
                Real.Add(ElementReader.Float(_data.DType, element));
            }
            else
            {
                Texts.Add(_data.DType == DType.@bool
                    ? (element[0] != 0 ? "True" : "False")
                    : ElementReader.Integer(_data.DType, element).ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}
