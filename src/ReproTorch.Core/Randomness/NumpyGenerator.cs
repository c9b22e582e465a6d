using System.Numerics;
using System.Runtime.CompilerServices;

namespace ReproTorch.Randomness;

/// <summary>Fills memory with random values; what <see cref="NumpyGenerator.Draw{T}(long[], RandomFill{T})"/>
/// takes.</summary>
public delegate void RandomFill<T>(Span<T> destination);

/// <summary>
/// NumPy's <c>Generator</c>, the values bit for bit those of NumPy 1.24 for the same bit generator and the same calls.
/// </summary>
/// <remarks>
/// <para>Each distribution has two forms: one that returns a value, and one that fills a span with as many values as
/// NumPy's <c>size</c> asks for, in C order. Calling the first n times gives the same values as the second on n
/// elements. (But integers of 8 and 16 bits and bool share a 32-bit draw between elements.)
/// <see cref="Draw{T}(long[], RandomFill{T})"/> makes arrays of a shape.</para>
/// <para>The methods were written after numpy/random/src/distributions/*.c and numpy/random/_generator.pyx of 1.24.2.
/// Logarithms, exponentials, powers and cosines are the C library's, as NumPy's are, so a result that depends on one
/// can differ in its last bits from one that another C library, or the same in another version, gave; the raw stream,
/// uniforms, integers, permutations and choices cannot. NumPy itself was seen on x86-64 only, where its compiler joins
/// no products and sums; on ARM64 it may.</para>
/// <para>Invalid arguments give a <see cref="ReproTorchException"/> of the kind InvalidArgument whose message begins
/// with NumPy's own text. Nothing is drawn then. An object belongs to one thread at a time.</para>
/// </remarks>
public sealed partial class NumpyGenerator
{
    // C's NAN; .NET's has the other sign.
    private static readonly double s_nan = BitConverter.UInt64BitsToDouble(0x7ff8000000000000);

    private readonly BitGenerator _bits;

    /// <summary>Draws from a bit generator, as <c>Generator(bit_generator)</c>; several objects may share
    /// one.</summary>
    public NumpyGenerator(BitGenerator bitGenerator)
    {
        ArgumentNullException.ThrowIfNull(bitGenerator);
        _bits = bitGenerator;
    }

    /// <summary><c>default_rng(seed)</c>: draws from a new <see cref="Pcg64"/>.</summary>
    /// <param name="seed">0 or more, of any size.</param>
    /// <exception cref="ReproTorchException">The seed is negative.</exception>
    public NumpyGenerator(BigInteger seed)
        : this(new Pcg64(seed))
    {
    }

    /// <summary><c>default_rng(SeedSequence)</c>: draws from a new <see cref="Pcg64"/>.</summary>
    public NumpyGenerator(SeedSequence seed)
        : this(new Pcg64(seed))
    {
    }

    /// <summary><c>default_rng()</c>: draws from a new <see cref="Pcg64"/> that the operating system seeds.</summary>
    public NumpyGenerator()
        : this(new Pcg64())
    {
    }

    /// <summary>Where the bits come from; it holds the state and the count of draws.</summary>
    public BitGenerator BitGenerator => _bits;

    /// <summary>An array of a shape: <c>Draw([2, 3], x =&gt; generator.Normal(x, 0, 1))</c> is
    /// <c>generator.normal(0, 1, (2, 3))</c>.</summary>
    /// <param name="size">Sizes, outermost first, each 0 or more; empty for one value.</param>
    /// <param name="fill">One of this class's filling methods.</param>
    /// <exception cref="ReproTorchException">A size is negative, or there are more elements than an array
    /// holds.</exception>
    public static NumpyArray<T> Draw<T>(long[] size, RandomFill<T> fill)
    {
        ArgumentNullException.ThrowIfNull(size);
        ArgumentNullException.ThrowIfNull(fill);
        var values = new T[NumpyShape.Count(size)];
        fill(values);
        return new NumpyArray<T>(values, size);
    }

    /// <summary><c>random()</c>: uniform in [0, 1), 53 bits.</summary>
    public double Random() => _bits.NextDouble();

    /// <summary><c>random(size)</c>.</summary>
    public void Random(Span<double> destination) => _bits.FillDoubles(destination);

    /// <summary><c>random(size, dtype=np.float32)</c>: uniform in [0, 1), 24 bits, two values an output.</summary>
    public void Random(Span<float> destination) => _bits.FillSingles(destination);

    /// <summary><c>bytes(length)</c>.</summary>
    /// <param name="length">0 or more. As in NumPy, one 32-bit number is drawn for length 0 too.</param>
    /// <exception cref="ReproTorchException">The length is negative (NumPy 1.24 gives a few bytes then).</exception>
    public byte[] Bytes(int length)
    {
        if (length < 0)
        {
            throw NumpyGeneratorArgument.NegativeDimension(length);
        }

        var bytes = new byte[length];
        int i = 0;
        do
        {
            uint word = _bits.NextUInt32();
            for (int k = 0; k < sizeof(uint) && i < length; k++, i++)
            {
                bytes[i] = (byte)(word >> (8 * k));
            }
        }
        while (i < length);
        return bytes;
    }

    // C's conversion, which the original relies on where values pass the range: .NET's own cast would saturate.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ToInt64(double value) => double.ConvertToIntegerNative<long>(value);
}
