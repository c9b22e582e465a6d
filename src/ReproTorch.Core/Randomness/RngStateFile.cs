using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Randomness;

/// <summary>
/// Stream states as one <c>.npz</c> of plain numbers, without pickles, that Python restores with three lines and writes with one
/// (docs/rng-state-files.md).
/// </summary>
/// <remarks>Members: <c>torch_cpu</c>, <c>torch_cuda_0</c>, .. (uint8, the bytes of <c>get_rng_state</c>); <c>python_state</c> (625
/// numbers) and <c>python_gauss_next</c> (float64, no element for None); <c>numpy_key</c> (624 numbers), <c>numpy_pos</c>,
/// <c>numpy_has_gauss</c>, <c>numpy_cached_gaussian</c>; and, where they are known, <c>python_draw_count</c> and
/// <c>numpy_draw_count</c>.</remarks>
public static class RngStateFile
{
    private const string TorchPrefix = "torch_";
    private const string PythonState = "python_state";
    private const string PythonGauss = "python_gauss_next";
    private const string PythonCount = "python_draw_count";
    private const string NumpyKey = "numpy_key";
    private const string NumpyPosition = "numpy_pos";
    private const string NumpyHasGauss = "numpy_has_gauss";
    private const string NumpyGauss = "numpy_cached_gaussian";
    private const string NumpyCount = "numpy_draw_count";

    /// <summary>Writes a state: to a temporary file that then takes the place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="state">The state.</param>
    /// <param name="force">Whether an existing file is replaced.</param>
    /// <exception cref="IOException">The file exists and must not be replaced, or cannot be written.</exception>
    public static void Write(string path, RngState state, bool force)
    {
        ArgumentNullException.ThrowIfNull(state);
        NpzFile.Write(path, Members(state), force);
    }

    /// <summary>A state as members of a file, which may have others.</summary>
    internal static List<NamedTensorData> Members(RngState state)
    {
        var members = new List<NamedTensorData>();
        foreach ((string device, byte[] bytes) in state.Torch)
        {
            members.Add(new(TorchPrefix + device.Replace(':', '_'), TensorData.FromArray(DType.uint8, [bytes.Length], bytes)));
        }

        if (state.Python is { } python)
        {
            uint[] words = [.. python.Internal.Select(word => (uint)word)];
            members.Add(new(PythonState, TensorData.FromArray(DType.uint32, [words.Length], Bytes(words))));
            members.Add(new(PythonGauss, python.GaussNext is { } gauss ? Scalar(gauss) : TensorData.FromArray(DType.float64, [0], [])));
            AddCount(members, PythonCount, python.DrawCount, state.PythonOrigin);
        }

        if (state.NumPy is { } numpy)
        {
            members.Add(new(NumpyKey, TensorData.FromArray(DType.uint32, [numpy.Key.Count], Bytes([.. numpy.Key]))));
            members.Add(new(NumpyPosition, Scalar(numpy.Position)));
            members.Add(new(NumpyHasGauss, Scalar(numpy.HasGauss ? 1 : 0)));
            members.Add(new(NumpyGauss, Scalar(numpy.CachedGaussian)));
            AddCount(members, NumpyCount, numpy.DrawCount, state.NumpyOrigin);
        }

        return members;
    }

    /// <summary>Reads a state that <see cref="Write"/> or Python wrote. Nothing is restored.</summary>
    /// <exception cref="ReproTorchException">The file is damaged, or holds no states.</exception>
    public static RngState Read(string path) => Read(path, NpzFile.Read(path));

    /// <summary>The state among the members of a file. Nothing is restored.</summary>
    /// <inheritdoc cref="Read(string)"/>
    internal static RngState Read(string path, IReadOnlyList<NamedTensorData> members)
    {
        var state = new RngState
        {
            Torch = members.Where(member => member.Name.StartsWith(TorchPrefix, StringComparison.Ordinal)).ToDictionary(
                member => DeviceOf(path, member.Name[TorchPrefix.Length..]), member => TorchBytes(path, member)),
        };
        if (Find(members, PythonState) is { } words)
        {
            double[] gauss = Doubles(path, Require(path, members, PythonGauss));
            long? count = CountOf(path, members, PythonCount);
            state = state with
            {
                Python = new PythonRandomState(3, Integers(path, words, PythonRandomStateLength), gauss.Length == 0 ? null : gauss[0])
                {
                    DrawCount = count ?? 0,
                },
                PythonOrigin = new StreamOrigin(null, null, IsCounted: count is not null),
            };
        }

        if (Find(members, NumpyKey) is { } key)
        {
            long? count = CountOf(path, members, NumpyCount);
            state = state with
            {
                NumPy = new NumpyRandomStateSnapshot(
                    [.. Integers(path, key, MersenneTwister.StateLength).Select(word => Word(path, key.Name, word))],
                    Position(path, Integers(path, Require(path, members, NumpyPosition), 1)[0]),
                    Integers(path, Require(path, members, NumpyHasGauss), 1)[0] != 0,
                    Doubles(path, Require(path, members, NumpyGauss)) is [double gauss, ..] ? gauss : 0)
                {
                    DrawCount = count ?? 0,
                },
                NumpyOrigin = new StreamOrigin(null, null, IsCounted: count is not null),
            };
        }

        return state.Sources.Count > 0 ? state : throw Damaged(
            path, $"holds no states of random streams. Expected members such as torch_cpu, {PythonState} or {NumpyKey}; "
            + $"it has {string.Join(", ", members.Select(member => member.Name).Take(5))}.");
    }

    // Nobody draws more, and what counts on from here stays in 64 bits.
    private const long MostDraws = 1L << 62;

    private const int PythonRandomStateLength = MersenneTwister.StateLength + 1;

    private static void AddCount(List<NamedTensorData> members, string name, long count, StreamOrigin? origin)
    {
        if (origin is { IsCounted: true })
        {
            members.Add(new(name, Scalar(count)));
        }
    }

    private static TensorData Scalar(double value)
    {
        var bytes = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return TensorData.FromArray(DType.float64, [], bytes);
    }

    private static TensorData Scalar(long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return TensorData.FromArray(DType.int64, [], bytes);
    }

    private static byte[] Bytes(uint[] words) => MemoryMarshal.AsBytes(words.AsSpan()).ToArray();

    private static NamedTensorData? Find(IReadOnlyList<NamedTensorData> members, string name) =>
        members.FirstOrDefault(member => member.Name == name);

    private static NamedTensorData Require(string path, IReadOnlyList<NamedTensorData> members, string name) =>
        Find(members, name) ?? throw Damaged(path, $"has no member '{name}', which belongs to the others.");

    private static long? CountOf(string path, IReadOnlyList<NamedTensorData> members, string name) =>
        Find(members, name) is not { } member ? null
            : Integers(path, member, 1)[0] is >= 0 and <= MostDraws and var count ? count
            : throw Damaged(path, $"{name} is no number of draws: {Integers(path, member, 1)[0]}.");

    private static string DeviceOf(string path, string name) => name == "cpu" ? name
        : name.StartsWith("cuda_", StringComparison.Ordinal) && int.TryParse(name[5..], out int index) && index >= 0 ? $"cuda:{index}"
        : throw Damaged(path, $"has a state for the device '{name}'. Expected cpu or cuda_0, cuda_1, ..");

    private static byte[] TorchBytes(string path, NamedTensorData member) => member.Data is { DType: DType.uint8, Count: <= 1 << 16 }
        ? member.Data.AllBytes().ToArray()
        : throw Damaged(path, $"{member.Name} is {member.Data.DType} of {member.Data.Count} elements. Expected the bytes of get_rng_state().");

    private static long[] Integers(string path, NamedTensorData member, int count)
    {
        TensorData data = member.Data;
        if (data.Count != count || !(data.DType.IsInteger() || data.DType == DType.@bool))
        {
            throw Damaged(path, $"{member.Name} is {data.DType} of {data.Count} elements. Expected {count} integers.");
        }

        ReadOnlySpan<byte> bytes = data.AllBytes();
        var values = new long[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> item = bytes.Slice(i * data.DType.ItemSize(), data.DType.ItemSize());
            values[i] = data.DType switch
            {
                DType.uint8 or DType.@bool => item[0],
                DType.int8 => (sbyte)item[0],
                DType.int16 => BinaryPrimitives.ReadInt16LittleEndian(item),
                DType.uint16 => BinaryPrimitives.ReadUInt16LittleEndian(item),
                DType.int32 => BinaryPrimitives.ReadInt32LittleEndian(item),
                DType.uint32 => BinaryPrimitives.ReadUInt32LittleEndian(item),
                _ => BinaryPrimitives.ReadInt64LittleEndian(item),
            };
        }

        return values;
    }

    private static double[] Doubles(string path, NamedTensorData member) => member.Data is { DType: DType.float64, Count: <= 1 }
        ? MemoryMarshal.Cast<byte, double>(member.Data.AllBytes()).ToArray()
        : throw Damaged(path, $"{member.Name} is {member.Data.DType} of {member.Data.Count} elements. Expected at most one float64.");

    private static int Position(string path, long value) => value is >= 0 and <= MersenneTwister.StateLength
        ? (int)value
        : throw Damaged(path, $"{NumpyPosition} is {value}, which is not in 0..{MersenneTwister.StateLength}.");

    private static uint Word(string path, string name, long value) => value is >= 0 and <= uint.MaxValue
        ? (uint)value
        : throw Damaged(path, $"{name} holds {value}, which is not in 0..4294967295.");

    private static ReproTorchException Damaged(string path, string what) => new(ReproTorchErrorKind.FileFormat, $"{path}: {what}");
}
