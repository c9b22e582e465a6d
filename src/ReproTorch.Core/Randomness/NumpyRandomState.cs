using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's <c>np.random.RandomState</c> (and so <c>np.random.seed</c> with the functions of <c>np.random</c>): the same
/// seed gives the same values, bit for bit, from every method. NumPy froze this stream in version 1.16; it is the same
/// in 1.24 and 2.x.
/// </summary>
/// <remarks>
/// <para>The methods carry NumPy's names in .NET's spelling. Each distribution comes in two forms: with plain numbers
/// it gives one number; with <see cref="NumpyArray{T}"/> arguments and a size it gives an array, and arguments
/// broadcast as in NumPy. A size of null means the shape of the arguments. The ones that are drawn most fill spans
/// too.</para>
/// <para>The algorithms and constants are those of NumPy 1.24's numpy/random/mtrand.pyx,
/// src/legacy/legacy-distributions.c and src/distributions/distributions.c. Errors are
/// <see cref="ReproTorchException"/>s of kind <see cref="ReproTorchErrorKind.InvalidArgument"/> whose message begins
/// with NumPy's own text.</para>
/// <para>Uniform numbers, integers, permutations and choices are the same everywhere. What passes through log, exp,
/// pow, cos, acos and log1p takes them from the C library, as NumPy does, and so equals a NumPy on the same machine;
/// another C library (musl, macOS, Windows, another glibc) may round the last bit differently, for both alike. Compared
/// with is NumPy on x86-64: on ARM64 its compiler joins multiplications and additions, so that NumPy there differs from
/// NumPy on x86-64 in last bits. Integers are 64 bits wide, as on Linux and macOS (NumPy 1 on Windows has 32).</para>
/// <para>Instances are not thread-safe; a stream that threads share must be guarded by whoever shares it.</para>
/// </remarks>
public sealed partial class NumpyRandomState
{
    private readonly MersenneTwister _twister = new();
    private bool _hasGauss;
    private double _gauss;

    /// <summary>Creates a stream that is seeded by the operating system, as <c>RandomState()</c>.</summary>
    public NumpyRandomState() => Seed();

    /// <summary>Creates a stream from an integer, as <c>RandomState(seed)</c>.</summary>
    /// <param name="seed">0..2^32-1.</param>
    /// <exception cref="ReproTorchException">"Seed must be between 0 and 2**32 - 1".</exception>
    public NumpyRandomState(long seed) => Seed(seed);

    /// <summary>Creates a stream from integers, as <c>RandomState([..])</c>.</summary>
    /// <param name="seed">One or more integers, each 0..2^32-1.</param>
    /// <exception cref="ReproTorchException">"Seed must be between 0 and 2**32 - 1", "Seed must be
    /// non-empty".</exception>
    public NumpyRandomState(IReadOnlyList<long> seed) => Seed(seed);

    /// <summary>32-bit words drawn from the generator since it was seeded, or since a state was set.</summary>
    public long DrawCount => _twister.DrawCount;

    /// <summary>Seeds from the operating system's entropy, as <c>seed()</c>.</summary>
    public void Seed()
    {
        Span<uint> key = stackalloc uint[MersenneTwister.StateLength];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(key));

        // Of the first word only the upper bit counts. Set, it keeps the state from being all zeros.
        key[0] = 0x80000000;
        _twister.SetState(key, MersenneTwister.StateLength);
        ForgetGauss();
    }

    /// <summary>Seeds from an integer, as <c>seed(n)</c>.</summary>
    /// <param name="seed">0..2^32-1.</param>
    /// <exception cref="ReproTorchException">"Seed must be between 0 and 2**32 - 1". The stream is left as it
    /// was.</exception>
    public void Seed(long seed)
    {
        _twister.InitGenrand(CheckSeed(seed));
        ForgetGauss();
    }

    /// <summary>Seeds from integers, as <c>seed([..])</c>; an array of one integer gives another sequence than the
    /// integer.</summary>
    /// <param name="seed">One or more integers, each 0..2^32-1.</param>
    /// <exception cref="ReproTorchException">"Seed must be between 0 and 2**32 - 1", "Seed must be non-empty". The
    /// stream is left as it was.</exception>
    public void Seed(IReadOnlyList<long> seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        if (seed.Count == 0)
        {
            throw Invalid("Seed must be non-empty");
        }

        uint[] key = new uint[seed.Count];
        for (int i = 0; i < key.Length; i++)
        {
            key[i] = CheckSeed(seed[i]);
        }

        _twister.InitByArray(key);
        ForgetGauss();
    }

    /// <summary>The state, as NumPy's <c>get_state()</c> gives it.</summary>
    public NumpyRandomStateSnapshot GetState()
    {
        uint[] key = new uint[MersenneTwister.StateLength];
        _twister.GetState(key);
        return new NumpyRandomStateSnapshot(key, _twister.Position, _hasGauss, _gauss) { DrawCount = DrawCount };
    }

    /// <summary>Continues from a state of NumPy's <c>get_state()</c> or of <see cref="GetState"/>. A state that is
    /// refused changes nothing.</summary>
    /// <exception cref="ReproTorchException">There are not 624 words, or the position is not in 0..624 (NumPy does not
    /// look at the position, and reads outside its state with such a one).</exception>
    public void SetState(NumpyRandomStateSnapshot state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Key is null || state.Key.Count != MersenneTwister.StateLength)
        {
            throw Invalid($"The state's key has {state.Key?.Count ?? 0} words; MT19937 has 624.");
        }

        if (state.Position is < 0 or > MersenneTwister.StateLength)
        {
            throw Invalid($"The state's position is {state.Position}, which is not in 0..624.");
        }

        if (state.DrawCount < 0)
        {
            throw Invalid($"The state's draw count is negative: {state.DrawCount}.");
        }

        MersenneTwister.RequireSequence([.. state.Key]);
        _twister.SetState([.. state.Key], state.Position, state.DrawCount);
        _hasGauss = state.HasGauss;
        _gauss = state.CachedGaussian;
    }

    private void ForgetGauss()
    {
        _hasGauss = false;
        _gauss = 0.0;
    }

    private static uint CheckSeed(long seed) => seed is >= 0 and <= uint.MaxValue
        ? (uint)seed
        : throw Invalid($"Seed must be between 0 and 2**32 - 1: got {seed}.");

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
