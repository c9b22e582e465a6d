namespace ReproTorch.Tensors;

/// <summary>
/// How <see cref="TensorFormatter"/> writes a tensor: what <c>torch.set_printoptions</c> sets, and what a tensor in plain
/// memory does not know of itself.
/// </summary>
public sealed record TensorFormatterOptions
{
    private readonly int _precision = 4;
    private readonly int _edgeItems = 3;

    /// <summary><c>torch.set_printoptions(profile="default")</c>.</summary>
    public static TensorFormatterOptions Default { get; } = new();

    /// <summary><c>torch.set_printoptions(profile="short")</c>: two digits, two edge items.</summary>
    public static TensorFormatterOptions Short { get; } = new() { Precision = 2, EdgeItems = 2 };

    /// <summary><c>torch.set_printoptions(profile="full")</c>: every element.</summary>
    public static TensorFormatterOptions Full { get; } = new() { Threshold = long.MaxValue };

    /// <summary>Digits after the point, 0..1000; 4 in PyTorch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside 0..1000.</exception>
    public int Precision
    {
        get => _precision;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1000);
            _precision = value;
        }
    }

    /// <summary>A tensor with more elements than this is summarised; 1000 in PyTorch.</summary>
    public long Threshold { get; init; } = 1000;

    /// <summary>Items that a summary shows at each end of a dimension, 1..1000000; 3 in PyTorch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside 1..1000000. (PyTorch accepts 0, and then fails on
    /// a matrix and shows all of a vector.)</exception>
    public int EdgeItems
    {
        get => _edgeItems;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1_000_000);
            _edgeItems = value;
        }
    }

    /// <summary>Characters of a line before it is broken; 80 in PyTorch.</summary>
    public int LineWidth { get; init; } = 80;

    /// <summary>Scientific notation always (true) or never (false); null, as in PyTorch, lets the values decide.</summary>
    public bool? SciMode { get; init; }

    /// <summary>The tensor's device, such as <c>cuda:0</c>; null and <c>cpu</c> are not written.</summary>
    public string? Device { get; init; }

    /// <summary>Writes <c>requires_grad=True</c>.</summary>
    public bool RequiresGrad { get; init; }
}
