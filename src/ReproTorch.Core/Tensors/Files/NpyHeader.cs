using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// The header of the .npy format, versions 1 to 3. The dictionary in it is Python source; it is parsed by a grammar of its own,
/// never evaluated. Source: numpy/lib/format.py.
/// </summary>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="IsBigEndian">The elements' bytes are to be swapped.</param>
/// <param name="IsFortranOrder">The first dimension runs fastest.</param>
/// <param name="Length">Bytes of the whole header: where the data begin.</param>
internal sealed record NpyHeader(DType DType, long[] Shape, bool IsBigEndian, bool IsFortranOrder, int Length)
{
    /// <summary>Bytes that tell how long the header is.</summary>
    public const int PrefixLength = 12;

    // numpy refuses longer ones too (max_header_size), as parsing them could be slow.
    private const int MaxHeader = 1 << 16;
    private const int MaxDimensions = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>True when the file begins as .npy files do.</summary>
    public static bool LooksLikeNpy(ReadOnlySpan<byte> head) => head.StartsWith(Magic);

    /// <summary>Reads a header.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="length">Bytes of the file or member.</param>
    /// <param name="read">Gives so many bytes from the start.</param>
    public static NpyHeader Read(string path, long length, Func<int, byte[]> read)
    {
        if (length < PrefixLength)
        {
            throw FileFault.In(path, $"it is no .npy file: it has {length} bytes, and the smallest header has more.");
        }

        byte[] prefix = read(PrefixLength);
        if (!LooksLikeNpy(prefix))
        {
            throw FileFault.In(path, "it is no .npy file: it does not begin with \\x93NUMPY.");
        }

        int version = prefix[6];
        if (version is < 1 or > 3 || prefix[7] != 0)
        {
            throw FileFault.In(path, $"it has the .npy version {version}.{prefix[7]}; 1.0, 2.0 and 3.0 are known.");
        }

        int start = version == 1 ? 10 : 12;
        long headerLength = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(prefix.AsSpan(8)) : BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8));
        if (headerLength > MaxHeader || headerLength > length - start)
        {
            throw FileFault.In(path, $"its header is said to have {headerLength} bytes, which is more than there are or than any has.");
        }

        byte[] bytes = read(start + (int)headerLength);
        string text = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes, start, (int)headerLength);
        return new Parser(path, text).Parse(start + (int)headerLength);
    }

    /// <summary>The header that numpy.save writes for such an array, byte for byte.</summary>
    /// <exception cref="ReproTorchException">NumPy has no such dtype.</exception>
    public static byte[] Write(DType dtype, IReadOnlyList<long> shape)
    {
        string sizes = shape.Count == 1
            ? shape[0].ToString(CultureInfo.InvariantCulture) + ","
            : string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));
        string text = $"{{'descr': '{Descr(dtype)}', 'fortran_order': False, 'shape': ({sizes}), }}";

        // numpy leaves room for the growing axis, so that a header can be rewritten in place: 21 digits less those in use.
        if (shape.Count > 0)
        {
            text += new string(' ', 21 - shape[0].ToString(CultureInfo.InvariantCulture).Length);
        }

        int padding = 64 - ((10 + text.Length + 1) % 64);
        text += new string(' ', padding) + "\n";
        var header = new byte[10 + text.Length];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)text.Length));
        Encoding.Latin1.GetBytes(text, header.AsSpan(10));
        return header;
    }

    private static string Descr(DType dtype) => dtype switch
    {
        DType.@bool => "|b1",
        DType.uint8 => "|u1",
        DType.int8 => "|i1",
        DType.int16 => "<i2",
        DType.int32 => "<i4",
        DType.int64 => "<i8",
        DType.uint16 => "<u2",
        DType.uint32 => "<u4",
        DType.uint64 => "<u8",
        DType.float16 => "<f2",
        DType.float32 => "<f4",
        DType.float64 => "<f8",
        DType.complex64 => "<c8",
        DType.complex128 => "<c16",
        _ => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"NumPy has no dtype for {dtype}. Write a .safetensors file, or convert the tensor first."),
    };

    /// <summary>Reads the one dictionary literal that a header holds: three keys, each once, in any order.</summary>
    private sealed class Parser(string path, string text)
    {
        private int _at;

        public NpyHeader Parse(int length)
        {
            string? descr = null;
            bool? fortran = null;
            long[]? shape = null;
            Expect('{');
            while (!Accept('}'))
            {
                string key = Quoted();
                Expect(':');
                switch (key)
                {
                    case "descr" when descr is null:
                        descr = Description();
                        break;
                    case "fortran_order" when fortran is null:
                        fortran = Boolean();
                        break;
                    case "shape" when shape is null:
                        shape = Tuple();
                        break;
                    default:
                        throw Bad($"the key '{key}' is unknown or there twice");
                }

                if (!Accept(','))
                {
                    Expect('}');
                    break;
                }
            }

            SkipSpace();
            if (_at != text.Length || descr is null || fortran is null || shape is null)
            {
                throw Bad("it does not consist of descr, fortran_order and shape");
            }

            (DType dtype, bool isBig) = Type(descr);
            try
            {
                _ = checked(TensorData.ElementCount(shape) * dtype.ItemSize());
            }
            catch (Exception e) when (e is ArgumentException or OverflowException)
            {
                throw FileFault.In(path, $"its shape ({string.Join(", ", shape)}) cannot be: {e.Message}", e);
            }

            return new NpyHeader(dtype, shape, isBig, fortran.Value, length);
        }

        private (DType DType, bool IsBig) Type(string descr)
        {
            DType? dtype = (descr.Length > 1 ? descr[1..] : string.Empty) switch
            {
                "b1" => DType.@bool,
                "u1" => DType.uint8,
                "i1" => DType.int8,
                "i2" => DType.int16,
                "i4" => DType.int32,
                "i8" => DType.int64,
                "u2" => DType.uint16,
                "u4" => DType.uint32,
                "u8" => DType.uint64,
                "f2" => DType.float16,
                "f4" => DType.float32,
                "f8" => DType.float64,
                "c8" => DType.complex64,
                "c16" => DType.complex128,
                _ => null,
            };
            bool known = descr.Length > 0 && descr[0] is ('<' or '>' or '|' or '=');
            return dtype is { } type && known
                ? (type, descr[0] == '>')
                : throw FileFault.In(path, descr.Contains('O', StringComparison.Ordinal)
                    ? $"it holds Python objects (descr '{descr}'), which only running code could read. Save plain arrays of numbers."
                    : $"its elements are of the type '{descr}', which PyTorch has not. Expected bool, integers, floats or complex numbers.");
        }

        // A string, or for structured dtypes a list, which is refused by name.
        private string Description()
        {
            SkipSpace();
            return _at < text.Length && text[_at] == '['
                ? throw FileFault.In(path, "it is a structured array. Save each field as an array of its own.")
                : Quoted();
        }

        private bool Boolean()
        {
            SkipSpace();
            foreach ((string word, bool value) in (ReadOnlySpan<(string, bool)>)[("True", true), ("False", false)])
            {
                if (string.CompareOrdinal(text, _at, word, 0, word.Length) == 0)
                {
                    _at += word.Length;
                    return value;
                }
            }

            throw Bad("True or False is expected");
        }

        private long[] Tuple()
        {
            var sizes = new List<long>();
            Expect('(');
            while (!Accept(')'))
            {
                SkipSpace();
                int start = _at;
                while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                {
                    _at++;
                }

                if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                    || sizes.Count == MaxDimensions)
                {
                    throw Bad("a size is no whole number, or there are too many");
                }

                // Python 2 wrote 3L.
                Accept('L');
                sizes.Add(size);
                if (!Accept(','))
                {
                    Expect(')');
                    break;
                }
            }

            return [.. sizes];
        }

        private string Quoted()
        {
            SkipSpace();
            if (_at >= text.Length || text[_at] is not ('\'' or '"'))
            {
                throw Bad("a quoted string is expected");
            }

            int end = text.IndexOf(text[_at], _at + 1);
            if (end < 0)
            {
                throw Bad("a string does not end");
            }

            string value = text[(_at + 1)..end];
            _at = end + 1;
            return value;
        }

        private bool Accept(char expected)
        {
            SkipSpace();
            if (_at < text.Length && text[_at] == expected)
            {
                _at++;
                return true;
            }

            return false;
        }

        private void Expect(char expected)
        {
            if (!Accept(expected))
            {
                throw Bad($"'{expected}' is expected");
            }
        }

        private void SkipSpace()
        {
            while (_at < text.Length && text[_at] is (' ' or '\n' or '\t' or '\r'))
            {
                _at++;
            }
        }

        private ReproTorchException Bad(string what) => FileFault.In(path, $"its header is damaged at letter {_at}: {what}.");
    }
}
