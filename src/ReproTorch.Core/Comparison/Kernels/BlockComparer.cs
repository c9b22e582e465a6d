using System.Numerics;
using System.Runtime.InteropServices;
using ReproTorch.Tensors;

namespace ReproTorch.Comparison.Kernels;

/// <summary>Compares tensors of one dtype block by block: screens, and where the sides differ looks at bits and values.</summary>
internal abstract class BlockComparer(Workspace workspace, BitStatistics bits, ValueStatistics values)
{
    /// <summary>Scratch memory.</summary>
    protected Workspace Workspace { get; } = workspace;

    /// <summary>What is known of the bits.</summary>
    protected BitStatistics Bits { get; } = bits;

    /// <summary>What is known of the values.</summary>
    protected ValueStatistics Values { get; } = values;

    /// <summary>Takes a block in.</summary>
    /// <param name="reference">Elements, a multiple of 64.</param>
    /// <param name="difference">As many.</param>
    /// <param name="first">The flat index of the first.</param>
    public abstract void Compare(ReadOnlySpan<byte> reference, ReadOnlySpan<byte> difference, long first);

    /// <summary>The comparer for a dtype.</summary>
    public static BlockComparer For(DType dtype, Workspace w, BitStatistics b, ValueStatistics v) => dtype switch
    {
        DType.float32 => new RealComparer<Float32, int, uint, FloatOrder<int, FloatFormats.Binary32>>(w, b, v),
        DType.float64 => new RealComparer<Float64, long, ulong, FloatOrder<long, FloatFormats.Binary64>>(w, b, v),
        DType.float16 => new RealComparer<Float16, short, ushort, FloatOrder<short, FloatFormats.Binary16>>(w, b, v),
        DType.bfloat16 => new RealComparer<BFloat16, short, ushort, FloatOrder<short, FloatFormats.Brain16>>(w, b, v),
        DType.float8_e5m2 => new RealComparer<Float8E5M2, sbyte, byte, FloatOrder<sbyte, FloatFormats.E5M2>>(w, b, v),
        DType.float8_e4m3fn => new RealComparer<Float8E4M3, sbyte, byte, FloatOrder<sbyte, FloatFormats.E4M3>>(w, b, v),
        DType.complex32 => new ComplexComparer<Float16, short, ushort, FloatOrder<short, FloatFormats.Binary16>>(w, b, v),
        DType.complex64 => new ComplexComparer<Float32, int, uint, FloatOrder<int, FloatFormats.Binary32>>(w, b, v),
        DType.complex128 => new ComplexComparer<Float64, long, ulong, FloatOrder<long, FloatFormats.Binary64>>(w, b, v),
        DType.@bool => new RealComparer<Bool8, sbyte, byte, UnsignedOrder<sbyte>>(w, b, v),
        DType.uint8 => new RealComparer<UInt8, sbyte, byte, UnsignedOrder<sbyte>>(w, b, v),
        DType.int8 => new RealComparer<Int8, sbyte, byte, SignedOrder<sbyte>>(w, b, v),
        DType.uint16 => new RealComparer<UInt16, short, ushort, UnsignedOrder<short>>(w, b, v),
        DType.int16 => new RealComparer<Int16, short, ushort, SignedOrder<short>>(w, b, v),
        DType.uint32 => new RealComparer<UInt32, int, uint, UnsignedOrder<int>>(w, b, v),
        DType.int32 => new RealComparer<Int32, int, uint, SignedOrder<int>>(w, b, v),
        DType.uint64 => new RealComparer<UInt64, long, ulong, UnsignedOrder<long>>(w, b, v),
        DType.int64 => new RealComparer<Int64, long, ulong, SignedOrder<long>>(w, b, v),
        DType.quint8 => new RealComparer<QUInt8, sbyte, byte, UnsignedOrder<sbyte>>(w, b, v),
        DType.qint8 => new RealComparer<QInt8, sbyte, byte, SignedOrder<sbyte>>(w, b, v),
        DType.qint32 => new RealComparer<QInt32, int, uint, SignedOrder<int>>(w, b, v),
        _ => throw DTypes.Unknown(dtype),
    };

    private sealed class RealComparer<T, TSigned, TUnsigned, TOrder>(Workspace workspace, BitStatistics bits, ValueStatistics values)
        : BlockComparer(workspace, bits, values)
        where T : struct, IElement
        where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
        where TOrder : struct, IBitOrder<TSigned>
    {
        public override void Compare(ReadOnlySpan<byte> reference, ReadOnlySpan<byte> difference, long first)
        {
            int count = reference.Length / T.Size;
            if (ScreenPass.Agrees<T>(in Lanes.Start(reference), in Lanes.Start(difference), (nuint)count, out double squares))
            {
                Values.AddIdentical(squares);
                return;
            }

            if (!Bits.Small || !Bits.TryAdd(BitPass.CountSmall<TSigned, TUnsigned, TOrder>(reference, difference, Values.EqualNaN)))
            {
                Span<TUnsigned> distances = Workspace.Distances<TUnsigned>(count);
                Span<TUnsigned> differs = Workspace.Differs<TUnsigned>(count);
                BitPass.Distances<TSigned, TUnsigned, TOrder>(reference, difference, distances, differs, Values.EqualNaN);
                Bits.Add(distances, (ReadOnlySpan<TUnsigned>)differs, first, TOrder.HasNaN);
            }

            BlockPair block = new() { Reference = reference, Difference = difference, Count = count, First = first };
            ValuePass.Add<T, RealValued>(block, Values, Workspace.Magnitudes);
        }
    }

    private sealed class ComplexComparer<T, TSigned, TUnsigned, TOrder>(Workspace workspace, BitStatistics bits, ValueStatistics values)
        : BlockComparer(workspace, bits, values)
        where T : struct, IElement
        where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
        where TOrder : struct, IBitOrder<TSigned>
    {
        public override void Compare(ReadOnlySpan<byte> reference, ReadOnlySpan<byte> difference, long first)
        {
            int parts = reference.Length / T.Size;
            if (ScreenPass.Agrees<T>(in Lanes.Start(reference), in Lanes.Start(difference), (nuint)parts, out double squares))
            {
                Values.AddIdentical(squares);
                return;
            }

            int count = parts / 2;
            int partLength = reference.Length / 2;
            Span<byte> real = Workspace.Part(0, partLength);
            Span<byte> imaginary = Workspace.Part(1, partLength);
            Span<byte> otherReal = Workspace.Part(2, partLength);
            Span<byte> otherImaginary = Workspace.Part(3, partLength);
            ComplexParts.Split(reference, T.Size, real, imaginary);
            ComplexParts.Split(difference, T.Size, otherReal, otherImaginary);
            BlockPair block = new()
            {
                Reference = real,
                ReferenceImaginary = imaginary,
                Difference = otherReal,
                DifferenceImaginary = otherImaginary,
                Count = count,
                First = first,
            };

            Span<TUnsigned> distances = Workspace.Distances<TUnsigned>(parts);
            Span<TUnsigned> differs = Workspace.Differs<TUnsigned>(parts);
            BitPass.Distances<TSigned, TUnsigned, TOrder>(
                block.Reference, block.Difference, distances[..count], differs[..count], Values.EqualNaN);
            BitPass.Distances<TSigned, TUnsigned, TOrder>(
                block.ReferenceImaginary, block.DifferenceImaginary, distances[count..], differs[count..], Values.EqualNaN);
            BitPass.Fold<TUnsigned>(distances[..count], differs[..count], distances[count..], differs[count..]);
            Bits.Add(distances[..count], (ReadOnlySpan<TUnsigned>)differs[..count], first, TOrder.HasNaN);
            ValuePass.Add<T, ComplexValued>(block, Values, Workspace.Magnitudes);
        }
    }
}

/// <summary>The scratch memory of all threads of a comparison.</summary>
/// <param name="threads">How many may work at the same time on what is in memory, 1 or more.</param>
internal sealed class Workspaces(int threads)
{
    private readonly Workspace?[] _all = new Workspace?[2 * threads];

    /// <summary>As many threads as there are processors.</summary>
    public Workspaces()
        : this(System.Environment.ProcessorCount)
    {
    }

    /// <summary>How many may work at the same time on what is in memory.</summary>
    public int Threads => threads;

    /// <summary>How many may work at the same time on what is read from files: while some wait for the disk, others work.</summary>
    public int ReadingThreads => _all.Length;

    /// <summary>A thread's own, made on first use.</summary>
    public Workspace this[int thread] => _all[thread] ??= new Workspace();
}

/// <summary>The scratch memory of one thread of a comparison, in all some hundred KiB whatever the tensors' size.</summary>
internal sealed class Workspace
{
    private const int GreatestPart = 8;

    private readonly byte[] _distances = new byte[2 * GreatestPart * BlockPair.Elements];
    private readonly byte[] _differs = new byte[2 * GreatestPart * BlockPair.Elements];
    private readonly double[] _magnitudes = new double[BlockPair.Elements];
    private readonly byte[]?[] _parts = new byte[4][];
    private readonly byte[]?[] _padded = new byte[4][];

    /// <summary>One number an element.</summary>
    public Span<double> Magnitudes => _magnitudes;

    /// <summary>Room for distances.</summary>
    public Span<T> Distances<T>(int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_distances.AsSpan())[..count];

    /// <summary>Room for masks.</summary>
    public Span<T> Differs<T>(int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_differs.AsSpan())[..count];

    /// <summary>Room for a side's real or imaginary parts.</summary>
    public Span<byte> Part(int which, int length) =>
        (_parts[which] ??= new byte[GreatestPart * BlockPair.Elements]).AsSpan(0, length);

    /// <summary>Room for a block of a side: 0 and 1 for converted blocks, 2 and 3 for the last block, which is filled up with zeros.</summary>
    public Span<byte> Block(int which, int length) =>
        (_padded[which] ??= new byte[2 * GreatestPart * BlockPair.Elements]).AsSpan(0, length);
}
