using System.Management.Automation;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Tensors;

/// <summary>Makes a tensor from values or with one of PyTorch's factory functions.</summary>
[Cmdlet(VerbsCommon.New, "TorchTensor", DefaultParameterSetName = ValueSet)]
[OutputType(typeof(TorchTensor))]
public sealed class NewTorchTensorCommand : ReproTorchCmdlet
{
    private const string ValueSet = "Value";
    private const string FactorySet = "Factory";

    /// <summary>A number or bool, or lists of them, nested.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ValueSet)]
    [AllowEmptyCollection]
    public object? Value { get; set; }

    /// <summary>PyTorch's factory function: zeros, ones, empty, full, eye, arange, linspace, rand, randn, randint, ...</summary>
    [Parameter(Mandatory = true, ParameterSetName = FactorySet)]
    [ArgumentCompleter(typeof(FactoryCompleter))]
    public string Factory { get; set; } = string.Empty;

    /// <summary>The factory's own arguments, such as low and high for randint.</summary>
    [Parameter(ParameterSetName = FactorySet)]
    public object[] ArgumentList { get; set; } = [];

    /// <summary>The sizes of the tensor. With -Value: of the values, read in C order.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(0, long.MaxValue)]
    public long[]? Shape { get; set; }

    /// <summary>The element type.</summary>
    [Parameter]
    [DTypeTransformation]
    [ArgumentCompleter(typeof(DTypeCompleter))]
    public DType? DType { get; set; }

    /// <summary>Where the tensor is made.</summary>
    [Parameter]
    [DeviceTransformation]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public TorchDevice? Device { get; set; }

    /// <summary>The stream to draw from: one of Torch that New-RandomStream made.</summary>
    [Parameter(ParameterSetName = FactorySet)]
    public RandomStream? Generator { get; set; }

    /// <summary>A name that the tensor carries along, used for its runs and as a file's member name.</summary>
    [Parameter]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (Factory.Length > 0)
        {
            object?[] arguments = Array.ConvertAll(ArgumentList, Unwrap.Deep);
            TorchGenerator? generator = GeneratorOf(Generator);
            WriteObject(TensorFactory.Create(Factory, Shape ?? [], arguments, DType, Device ?? generator?.Device, generator).WithName(Name));
            return;
        }

        TensorData data = NestedValues.Read(Unwrap.Deep(Value), DType);
        if (Shape is { } shape)
        {
            data = Reshape(data, shape);
        }

        WriteObject(TorchTensor.FromData(data, Device, Name));
    }

    private static TorchGenerator? GeneratorOf(RandomStream? stream) => stream switch
    {
        null => null,
        TorchStream torch => torch.Generator,
        _ => throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"-Generator was given a stream of {stream.Source}; PyTorch's factories draw from Torch's. Draw with Get-RandomSequence -AsTensor."),
    };

    private static TensorData Reshape(TensorData data, long[] shape) => TensorData.ElementCount(shape) == data.Count
        ? TensorData.FromArray(data.DType, shape, data.AllBytes().ToArray())
        : throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"The shape ({string.Join(", ", shape)}) takes {TensorData.ElementCount(shape)} values, but {data.Count} were given.");
}

/// <summary>Completes factory functions.</summary>
public sealed class FactoryCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(System.Collections.IDictionary bound) => TensorFactory.Factories.Keys;
}
