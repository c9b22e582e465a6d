using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace ReproTorch.Randomness;

/// <summary>
/// NumPy's <c>SeedSequence</c>: turns entropy of any size into well mixed words that seed a <see cref="BitGenerator"/>,
/// and spawns children whose streams very probably do not overlap.
/// </summary>
/// <remarks>
/// The same entropy, spawn key and pool size give the same words as NumPy 1.17 and later. The hash is M. E. O'Neill's
/// <c>seed_seq_fe</c> ("Developing a seed_seq Alternative", 2015) as numpy/random/bit_generator.pyx has it. An object
/// is not thread-safe while it spawns.
/// </remarks>
public sealed class SeedSequence
{
    /// <summary>The smallest and the usual pool size, in 32-bit words.</summary>
    public const int DefaultPoolSize = 4;

    private const uint InitA = 0x43b0d7e5;
    private const uint MultA = 0x931e8875;
    private const uint InitB = 0x8b51f9dd;
    private const uint MultB = 0x58f38ded;
    private const uint MixLeft = 0xca01f9dd;
    private const uint MixRight = 0x4973f715;

    private readonly BigInteger[] _entropy;
    private readonly BigInteger[] _spawnKey;
    private readonly uint[] _pool;

    /// <summary>Draws 128 bits of fresh entropy from the operating system, as <c>SeedSequence()</c> does. Keep
    /// <see cref="Entropy"/> to get the same stream again.</summary>
    public SeedSequence()
        : this(Fresh(DefaultPoolSize), [])
    {
    }

    /// <summary>Takes one integer, as <c>SeedSequence(n)</c> and <c>default_rng(n)</c> do.</summary>
    /// <param name="entropy">0 or more, of any size.</param>
    /// <exception cref="ReproTorchException">The number is negative.</exception>
    public SeedSequence(BigInteger entropy)
        : this([entropy], [])
    {
    }

    /// <summary>Takes everything that decides the words.</summary>
    /// <param name="entropy">Integers, each 0 or more and of any size; null draws 32 fresh bits a word of the pool. One
    /// integer is the same as a list of its 32-bit words, lowest first; an empty list is allowed and is not the same as
    /// 0.</param>
    /// <param name="spawnKey">Where this object stands in a tree of spawned ones; each 0 or more; usually
    /// empty.</param>
    /// <param name="poolSize">Words in the pool, 4 or more.</param>
    /// <param name="childrenSpawned">How many children were spawned before; 0 unless an object is restored.</param>
    /// <exception cref="ReproTorchException">A number is negative, or the pool is too small.</exception>
    public SeedSequence(
        IEnumerable<BigInteger>? entropy,
        IEnumerable<BigInteger> spawnKey,
        int poolSize = DefaultPoolSize,
        uint childrenSpawned = 0)
    {
        ArgumentNullException.ThrowIfNull(spawnKey);
        if (poolSize < DefaultPoolSize)
        {
            throw NumpyGeneratorArgument.Invalid(
                $"The size of the entropy pool should be at least {DefaultPoolSize}", poolSize);
        }

        _entropy = [.. entropy ?? Fresh(poolSize)];
        _spawnKey = [.. spawnKey];
        ChildrenSpawned = childrenSpawned;
        _pool = new uint[poolSize];
        MixInto(_pool, AssembledEntropy());
    }

    /// <summary>The integers that were given or drawn; <c>SeedSequence.entropy</c>.</summary>
    public IReadOnlyList<BigInteger> Entropy => _entropy;

    /// <summary>The way from the root to this object, one number a generation; <c>SeedSequence.spawn_key</c>.</summary>
    public IReadOnlyList<BigInteger> SpawnKey => _spawnKey;

    /// <summary>Words in the pool.</summary>
    public int PoolSize => _pool.Length;

    /// <summary>The mixed pool, 32-bit words; <c>SeedSequence.pool</c>.</summary>
    public ReadOnlySpan<uint> Pool => _pool;

    /// <summary>How many children were spawned so far; <c>SeedSequence.n_children_spawned</c>.</summary>
    public uint ChildrenSpawned { get; private set; }

    /// <summary><c>generate_state(n)</c>: the first 32-bit words. Asking twice gives the same words.</summary>
    /// <param name="count">How many words, 0 or more.</param>
    /// <exception cref="ReproTorchException">The count is negative.</exception>
    public uint[] GenerateState(int count)
    {
        if (count < 0)
        {
            throw NumpyGeneratorArgument.NegativeDimension(count);
        }

        var words = new uint[count];
        uint hash = InitB;
        for (int i = 0; i < words.Length; i++)
        {
            uint value = _pool[i % _pool.Length] ^ hash;
            hash *= MultB;
            value *= hash;
            words[i] = value ^ (value >> 16);
        }

        return words;
    }

    /// <summary><c>generate_state(n, np.uint64)</c>: 64-bit words, each made of two 32-bit words, the lower half
    /// first.</summary>
    /// <param name="count">How many words, 0 to 2^30-1.</param>
    /// <exception cref="ReproTorchException">The count is negative.</exception>
    public ulong[] GenerateState64(int count)
    {
        if (count < 0)
        {
            throw NumpyGeneratorArgument.NegativeDimension(count);
        }

        uint[] halves = GenerateState(checked(2 * count));
        var words = new ulong[count];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = halves[2 * i] | ((ulong)halves[(2 * i) + 1] << 32);
        }

        return words;
    }

    /// <summary><c>spawn(n)</c>: new objects with the same entropy and the next spawn keys.</summary>
    /// <param name="count">How many children; 0 or less gives none.</param>
    public SeedSequence[] Spawn(int count)
    {
        var children = new SeedSequence[Math.Max(count, 0)];
        for (int i = 0; i < children.Length; i++)
        {
            children[i] = new SeedSequence(_entropy, [.. _spawnKey, ChildrenSpawned], PoolSize);
            ChildrenSpawned++;
        }

        return children;
    }

    /// <summary>The object as NumPy's <c>repr</c> writes it, for logs.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("SeedSequence(\n    entropy=");
        text.Append(_entropy.Length == 1 ? _entropy[0].ToString() : $"[{string.Join(", ", _entropy)}]").Append(",\n");
        if (_spawnKey.Length > 0)
        {
            text.Append("    spawn_key=(").AppendJoin(", ", _spawnKey).Append(_spawnKey.Length == 1 ? ",),\n" : "),\n");
        }

        if (PoolSize != DefaultPoolSize)
        {
            text.Append("    pool_size=").Append(PoolSize).Append(",\n");
        }

        if (ChildrenSpawned != 0)
        {
            text.Append("    n_children_spawned=").Append(ChildrenSpawned).Append(",\n");
        }

        return text.Append(')').ToString();
    }

    private static BigInteger[] Fresh(int poolSize) =>
        [new BigInteger(RandomNumberGenerator.GetBytes(sizeof(uint) * poolSize), isUnsigned: true)];

    private static uint[] ToWords(IEnumerable<BigInteger> numbers)
    {
        var words = new List<uint>();
        foreach (BigInteger number in numbers)
        {
            if (number.Sign < 0)
            {
                throw NumpyGeneratorArgument.Invalid("expected non-negative integer", number);
            }

            byte[] bytes = number.ToByteArray(isUnsigned: true);
            for (int i = 0; i < bytes.Length; i += sizeof(uint))
            {
                uint word = 0;
                for (int k = 0; k < sizeof(uint) && i + k < bytes.Length; k++)
                {
                    word |= (uint)bytes[i + k] << (8 * k);
                }

                words.Add(word);
            }
        }

        return [.. words];
    }

    private uint[] AssembledEntropy()
    {
        uint[] entropy = ToWords(_entropy);
        uint[] key = ToWords(_spawnKey);
        // With a spawn key, short entropy is filled up with zeros: else [1] with key (2) would be [1, 2] without a key.
        return key.Length > 0 && entropy.Length < PoolSize
            ? [.. entropy, .. new uint[PoolSize - entropy.Length], .. key]
            : [.. entropy, .. key];
    }

    private static void MixInto(uint[] pool, uint[] entropy)
    {
        uint hash = InitA;
        for (int i = 0; i < pool.Length; i++)
        {
            pool[i] = HashMix(i < entropy.Length ? entropy[i] : 0, ref hash);
        }

        for (int source = 0; source < pool.Length; source++)
        {
            for (int target = 0; target < pool.Length; target++)
            {
                if (source != target)
                {
                    pool[target] = Mix(pool[target], HashMix(pool[source], ref hash));
                }
            }
        }

        for (int source = pool.Length; source < entropy.Length; source++)
        {
            for (int target = 0; target < pool.Length; target++)
            {
                pool[target] = Mix(pool[target], HashMix(entropy[source], ref hash));
            }
        }
    }

    private static uint HashMix(uint value, ref uint hash)
    {
        value ^= hash;
        hash *= MultA;
        value *= hash;
        return value ^ (value >> 16);
    }

    private static uint Mix(uint x, uint y)
    {
        uint result = (MixLeft * x) - (MixRight * y);
        return result ^ (result >> 16);
    }
}
