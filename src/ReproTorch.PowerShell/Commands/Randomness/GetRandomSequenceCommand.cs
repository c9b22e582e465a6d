using System.Collections;
using System.Management.Automation;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Hosting;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Commands.Randomness;

/// <summary>Draws random numbers with the methods of Python, NumPy and PyTorch, bit for bit.</summary>
[Cmdlet(VerbsCommon.Get, "RandomSequence", DefaultParameterSetName = SourceSet)]
[OutputType(typeof(object), typeof(TorchTensor))]
public sealed class GetRandomSequenceCommand : ReproTorchCmdlet
{
    private const string SourceSet = "Source";
    private const string StreamSet = "Stream";

    private readonly List<object?> _items = [];

    /// <summary>Whose numbers: from the stream that the process shares, or with -Seed from a new one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [ValidateSet(nameof(RandomSource.Python), nameof(RandomSource.NumPy), nameof(RandomSource.NumPyGenerator), nameof(RandomSource.Torch))]
    public RandomSource Source { get; set; }

    /// <summary>A stream that New-RandomStream made.</summary>
    [Parameter(Mandatory = true, ParameterSetName = StreamSet)]
    public RandomStream? Stream { get; set; }

    /// <summary>The method, by its name in the original library.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(RandomMethodCompleter))]
    public string Method { get; set; } = string.Empty;

    /// <summary>The method's arguments in the original's order.</summary>
    [Parameter(Position = 1)]
    [AllowEmptyCollection]
    [AllowNull]
    public object?[]? ArgumentList { get; set; } = [];

    /// <summary>The method's arguments by name.</summary>
    [Parameter]
    public IDictionary? KeywordArgument { get; set; }

    /// <summary>The elements of the sequence that is the method's first argument.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <summary>How many to draw.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public long? Count { get; set; }

    /// <summary>The shape to draw.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public long[]? Shape { get; set; }

    /// <summary>Draws from a new stream with this seed, not from the shared one.</summary>
    [Parameter(ParameterSetName = SourceSet)]
    public object? Seed { get; set; }

    /// <summary>Writes one tensor in place of numbers.</summary>
    [Parameter]
    public SwitchParameter AsTensor { get; set; }

    /// <inheritdoc/>
    protected override void Begin()
    {
        if (Count is not null && Shape is not null)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "Both -Count and -Shape were given. Give one: -Count n is -Shape n.");
        }
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (MyInvocation.ExpectingInput)
        {
            _items.Add(Unwrap.Value(InputObject));
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        List<object?> arguments = [.. (ArgumentList ?? [null]).Select(Unwrap.Deep)];
        if (MyInvocation.ExpectingInput)
        {
            arguments.Insert(0, _items.ToArray());
        }
        else if (InputObject is not null)
        {
            arguments.Insert(0, Unwrap.Deep(InputObject));
        }

        RandomStream stream = Stream
            ?? (Seed is null ? RandomStreams.Shared(Source) : StreamFactory.Create(Source, Unwrap.Deep(Seed), location: ScriptLocation));
        long[]? shape = Count is { } count ? [count] : Shape;
        RandomValues values = stream.Draw(Method, arguments, (IDictionary?)Unwrap.Deep(KeywordArgument), shape);
        if (AsTensor)
        {
            WriteObject(TorchTensor.FromData(values.ToTensorData()));
        }
        else
        {
            foreach (object? row in values.Rows())
            {
                WriteObject(row, enumerateCollection: false);
            }
        }
    }
}

/// <summary>Completes the methods of the source or stream that is already given.</summary>
public sealed class RandomMethodCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) => Unwrap.Value(bound["Stream"]) is RandomStream stream
        ? stream.Methods
        : Enum.TryParse(Unwrap.Value(bound["Source"])?.ToString(), ignoreCase: true, out RandomSource source)
            ? StreamFactory.MethodsOf(source)
            : new[] { RandomSource.Python, RandomSource.NumPy, RandomSource.NumPyGenerator, RandomSource.Torch }
                .SelectMany(StreamFactory.MethodsOf).Distinct();
}
