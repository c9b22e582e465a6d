using System.Numerics;
using ReproTorch.Tensors;

namespace ReproTorch.Randomness;

/// <summary>Makes streams of one's own.</summary>
public static class StreamFactory
{
    /// <summary>NumPy's <c>default_rng</c> draws from it.</summary>
    public const string DefaultBitGenerator = "PCG64";

    /// <summary>A new stream.</summary>
    /// <param name="source">Whose numbers; PowerShell has none of its own.</param>
    /// <param name="seed">As the source takes it: an integer; for Python also text, bytes and a float; for NumPy and NumPyGenerator also a
    /// list of integers. Null for the operating system's entropy, or for the seed that <c>torch.Generator()</c> has.</param>
    /// <param name="bitGenerator">NumPyGenerator: one of <see cref="NumpyGeneratorStream.BitGenerators"/>; null for PCG64.</param>
    /// <param name="spawnKey">NumPyGenerator: which child of the seed's sequence; null for itself.</param>
    /// <param name="device">Torch: where the numbers are drawn; null for the CPU.</param>
    /// <param name="location">Script and line of the command that asks for it; null at a prompt.</param>
    /// <exception cref="ReproTorchException">The source does not take the seed; it is named.</exception>
    public static RandomStream Create(
        RandomSource source,
        object? seed,
        string? bitGenerator = null,
        IReadOnlyList<BigInteger>? spawnKey = null,
        TorchDevice? device = null,
        string? location = null)
    {
        switch (source)
        {
            case RandomSource.Torch:
                TorchSeedValue? value = seed is null ? null : TorchSeedValue.From(RandomSeed.Integer(seed, source));
                return TorchStream.Create(device ?? TorchDevice.Cpu, value, location);
            case RandomSource.NumPyGenerator:
                return NumpyGeneratorStream.Create(bitGenerator ?? DefaultBitGenerator, seed, spawnKey, location);
            case RandomSource.NumPy:
                var numpy = new NumpyStream();
                if (seed is not null)
                {
                    numpy.Reseed(seed, location);
                }

                return numpy;
            case RandomSource.Python:
                var python = new PythonStream();
                if (seed is not null)
                {
                    python.Reseed(seed, location);
                }

                return python;
            default:
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"There is no stream of one's own for {source}. Expected Python, NumPy, NumPyGenerator or Torch.");
        }
    }

    /// <summary>The methods that a source's streams have.</summary>
    public static IReadOnlyCollection<string> MethodsOf(RandomSource source) => source switch
    {
        RandomSource.Torch => TorchMethods.Table.Names,
        RandomSource.Python => PythonRandom.MethodNames,
        RandomSource.NumPy => NumpyRandomState.MethodNames,
        RandomSource.NumPyGenerator => NumpyGenerator.MethodNames,
        _ => [],
    };

    /// <summary>The parameters of a method, in the original's order; null when there is no such method.</summary>
    public static IReadOnlyList<string>? ParametersOf(RandomSource source, string method) => source switch
    {
        RandomSource.Torch => TorchMethods.Table.ParametersOf(method),
        RandomSource.Python => PythonRandom.ParametersOf(method),
        RandomSource.NumPy => NumpyRandomState.ParametersOf(method),
        RandomSource.NumPyGenerator => NumpyGenerator.ParametersOf(method),
        _ => null,
    };
}
