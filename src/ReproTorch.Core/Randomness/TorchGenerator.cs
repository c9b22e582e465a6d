using System.Buffers.Binary;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>A generator of libtorch: a default one, which every operator uses that names none, or one of one's own
/// (torch.Generator). Not to be used by two threads at once.</summary>
public sealed class TorchGenerator : IDisposable
{
    private TorchGenerator(GeneratorHandle handle, TorchDevice device, bool isDefault)
    {
        Handle = handle;
        Device = device;
        IsDefault = isDefault;
    }

    /// <summary>Where its numbers are drawn.</summary>
    public TorchDevice Device { get; }

    /// <summary>True for the generator that operators use when they name none.</summary>
    public bool IsDefault { get; }

    /// <summary>The seed it was last given (torch.initial_seed).</summary>
    public ulong InitialSeed
    {
        get
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_generator_initial_seed(Handle, out ulong seed));
            return seed;
        }
    }

    internal GeneratorHandle Handle { get; }

    /// <summary>The default generator of a device.</summary>
    /// <exception cref="ReproTorchException">There is no such device.</exception>
    public static TorchGenerator Default(TorchDevice device)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_generator_default((int)device.Type, device.Index, out GeneratorHandle handle));
        return new TorchGenerator(handle, device, isDefault: true);
    }

    /// <summary>The default generators of the CPU and of every CUDA device.</summary>
    public static IReadOnlyList<TorchGenerator> AllDefaults()
    {
        var generators = new List<TorchGenerator> { Default(TorchDevice.Cpu) };
        int cudaDevices = NativeMethods.rpt_cuda_device_count();
        for (int i = 0; i < cudaDevices; i++)
        {
            generators.Add(Default(new TorchDevice(TorchDeviceType.Cuda, i)));
        }

        return generators;
    }

    /// <summary>A new generator, seeded.</summary>
    /// <exception cref="ReproTorchException">There is no such device.</exception>
    public static TorchGenerator Create(TorchDevice device, ulong seed)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_generator_create((int)device.Type, device.Index, out GeneratorHandle handle));
        var generator = new TorchGenerator(handle, device, isDefault: false);
        generator.Seed(seed);
        return generator;
    }

    /// <summary>Starts the sequence of that seed. The CPU's engine uses its low 32 bits only.</summary>
    public void Seed(ulong seed) => NativeError.ThrowIfFailed(NativeMethods.rpt_generator_seed(Handle, seed));

    /// <summary>The state, as torch.Generator.get_state() gives it: 5056 bytes on the CPU, 16 on CUDA.</summary>
    public unsafe byte[] GetState()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_generator_get_state(Handle, null, 0, out long size));
        var state = new byte[size];
        fixed (byte* first = state)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_generator_get_state(Handle, first, size, out _));
        }

        return state;
    }

    /// <summary>Puts back a state that <see cref="GetState"/> or torch.Generator.get_state() gave.</summary>
    /// <exception cref="ReproTorchException">The bytes are no state of such a generator; the old state stays.</exception>
    public unsafe void SetState(ReadOnlySpan<byte> state)
    {
        if (Device.Type == TorchDeviceType.Cpu)
        {
            CheckEngine(state);
        }

        fixed (byte* first = state)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_generator_set_state(Handle, first, state.Length));
        }
    }

    // libtorch checks each number by itself; together they can still lead its engine past the end of its words, or, all of them zero,
    // to a sequence that never leaves zero. Layout: CPUGeneratorImpl.cpp and MT19937RNGEngine.h.
    private static void CheckEngine(ReadOnlySpan<byte> state)
    {
        const int LeftOffset = 8;
        const int NextOffset = 16;
        const int WordsOffset = 24;
        const int WordsLength = 8 * MersenneTwister.StateLength;
        if (state.Length < WordsOffset + WordsLength)
        {
            // libtorch says what is wrong with the size.
            return;
        }

        int left = BinaryPrimitives.ReadInt32LittleEndian(state[LeftOffset..]);
        ulong next = BinaryPrimitives.ReadUInt64LittleEndian(state[NextOffset..]);
        bool isFresh = left == 1 && next == 0;
        if (!isFresh && !(left is >= 1 and <= MersenneTwister.StateLength && next == (ulong)(MersenneTwister.StateLength + 1 - left)))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The state of the generator is damaged: {left} words are left in its block and {next} were given, of {MersenneTwister.StateLength}.");
        }

        Span<uint> words = stackalloc uint[MersenneTwister.StateLength];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = (uint)BinaryPrimitives.ReadUInt64LittleEndian(state[(WordsOffset + (8 * i))..]);
        }

        MersenneTwister.RequireSequence(words);
    }

    /// <summary>Lets go of the generator. A default one stays, as it is libtorch's.</summary>
    public void Dispose() => Handle.Dispose();
}
