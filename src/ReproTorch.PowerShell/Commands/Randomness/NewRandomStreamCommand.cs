using System.Management.Automation;
using System.Numerics;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Makes a random stream of one's own.</summary>
[Cmdlet(VerbsCommon.New, "RandomStream")]
[OutputType(typeof(PythonStream), typeof(NumpyStream), typeof(NumpyGeneratorStream), typeof(TorchStream))]
public sealed class NewRandomStreamCommand : ReproTorchCmdlet
{
    /// <summary>Whose numbers.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateSet(nameof(RandomSource.Python), nameof(RandomSource.NumPy), nameof(RandomSource.NumPyGenerator), nameof(RandomSource.Torch))]
    public RandomSource Source { get; set; }

    /// <summary>The seed, as the source takes it.</summary>
    [Parameter(Position = 1)]
    public object? Seed { get; set; }

    /// <summary>NumPyGenerator: the bit generator.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(BitGeneratorCompleter))]
    public string? BitGenerator { get; set; }

    /// <summary>NumPyGenerator: which child of the seed's sequence.</summary>
    [Parameter]
    public BigInteger[]? SpawnKey { get; set; }

    /// <summary>Torch: where the numbers are drawn.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        Refuse(BitGenerator is not null && Source != RandomSource.NumPyGenerator, nameof(BitGenerator), RandomSource.NumPyGenerator);
        Refuse(SpawnKey is not null && Source != RandomSource.NumPyGenerator, nameof(SpawnKey), RandomSource.NumPyGenerator);
        Refuse(Device is not null && Source != RandomSource.Torch, nameof(Device), RandomSource.Torch);
        object? seed = Unwrap.Deep(Seed);
        WriteObject(StreamFactory.Create(Source, seed, BitGenerator, SpawnKey, Device, ScriptLocation));
    }

    private void Refuse(bool isWrong, string parameter, RandomSource source)
    {
        if (isWrong)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"-{parameter} is for the source {source}; a stream of {Source} has none.");
        }
    }
}

/// <summary>Completes NumPy's bit generators.</summary>
public sealed class BitGeneratorCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(System.Collections.IDictionary bound) => NumpyGeneratorStream.BitGenerators;
}
