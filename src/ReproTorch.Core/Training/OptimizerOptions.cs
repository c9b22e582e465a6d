using ReproTorch.Comparison;
using ReproTorch.Interop;
using ReproTorch.Models.Layers;

namespace ReproTorch.Training;

/// <summary>Which optimizer. The numbers are those of rpt_optimizer_kind in reprotorch.h.</summary>
public enum OptimizerKind
{
    /// <summary>torch.optim.SGD.</summary>
    SGD = 0,

    /// <summary>torch.optim.Adam.</summary>
    Adam = 1,

    /// <summary>torch.optim.AdamW.</summary>
    AdamW = 2,

    /// <summary>torch.optim.RMSprop.</summary>
    RMSprop = 3,

    /// <summary>torch.optim.Adagrad.</summary>
    Adagrad = 4,
}

/// <summary>An optimizer and its numbers, with the names, defaults and checks of torch.optim in PyTorch 1.13.</summary>
public sealed record OptimizerOptions
{
    private const string Common = "float weight_decay=0";

    private static readonly PartCatalogue<OptimizerOptions> s_catalogue = new(
        "optimizer",
        string.Empty,
        ($"SGD(float? lr=None, float momentum=0, float dampening=0, {Common}, bool nesterov=False, *, bool maximize=False)", ReadSgd),
        ($"Adam(float? lr=None, float[2] betas=(0.9,0.999), float eps=1e-08, {Common}, bool amsgrad=False, *, bool maximize=False)", ReadAdam),
        ("AdamW(float? lr=None, float[2] betas=(0.9,0.999), float eps=1e-08, float weight_decay=0.01, bool amsgrad=False, *, bool maximize=False)",
            ReadAdamW),
        ($"RMSprop(float? lr=None, float alpha=0.99, float eps=1e-08, {Common}, float momentum=0, bool centered=False, *, bool maximize=False)",
            ReadRmsprop),
        ($"Adagrad(float? lr=None, float lr_decay=0, {Common}, float initial_accumulator_value=0, float eps=1e-10, *, bool maximize=False)",
            ReadAdagrad));

    private OptimizerOptions(OptimizerKind kind, LayerArguments arguments)
    {
        Kind = kind;
        LearningRate = arguments.IsNone("lr") ? double.NaN
            : NotNegative(arguments, "lr") is var rate && double.IsFinite(rate) ? rate
            : throw arguments.Fault("lr", "lr has to be finite.");
        WeightDecay = NotNegative(arguments, "weight_decay");
        Maximize = arguments.Bool("maximize");
    }

    /// <summary>The names of the optimizers.</summary>
    public static IReadOnlyList<string> Names => s_catalogue.Names;

    /// <summary>The optimizers with their arguments and defaults, as Python writes them; a default <c>lr</c> of None is PyTorch's (0.001;
    /// 0.01 for RMSprop and Adagrad; SGD has none).</summary>
    public static IReadOnlyList<string> Signatures => s_catalogue.Signatures;

    /// <summary>Which one.</summary>
    public OptimizerKind Kind { get; }

    /// <summary><c>lr</c>: 0 or more.</summary>
    public double LearningRate { get; init; }

    /// <summary><c>weight_decay</c>: 0 or more.</summary>
    public double WeightDecay { get; }

    /// <summary><c>maximize</c>: goes up instead of down.</summary>
    public bool Maximize { get; }

    /// <summary><c>momentum</c> of SGD and RMSprop.</summary>
    public double Momentum { get; private init; }

    /// <summary><c>dampening</c> of SGD.</summary>
    public double Dampening { get; private init; }

    /// <summary><c>nesterov</c> of SGD.</summary>
    public bool Nesterov { get; private init; }

    /// <summary><c>betas</c> of Adam and AdamW.</summary>
    public (double First, double Second) Betas { get; private init; }

    /// <summary><c>eps</c> of all but SGD.</summary>
    public double Eps { get; private init; }

    /// <summary><c>amsgrad</c> of Adam and AdamW.</summary>
    public bool Amsgrad { get; private init; }

    /// <summary><c>alpha</c> of RMSprop.</summary>
    public double Alpha { get; private init; }

    /// <summary><c>centered</c> of RMSprop.</summary>
    public bool Centered { get; private init; }

    /// <summary><c>lr_decay</c> of Adagrad.</summary>
    public double LearningRateDecay { get; private init; }

    /// <summary><c>initial_accumulator_value</c> of Adagrad.</summary>
    public double InitialAccumulatorValue { get; private init; }

    /// <summary>Whether OneCycleLR can cycle a momentum: Adam's first beta, or the momentum of SGD and RMSprop.</summary>
    internal bool HasMomentum => Kind is not OptimizerKind.Adagrad;

    /// <summary>Reads an optimizer as Python writes it: <c>SGD(momentum=0.9)</c>, or a name alone.</summary>
    /// <param name="text">The optimizer.</param>
    /// <param name="learningRate">The learning rate; null where the text gives it, or to take PyTorch's default.</param>
    /// <exception cref="ReproTorchException">There is no such optimizer, an argument does not fit or is out of range, or the learning rate
    /// is given twice or not at all.</exception>
    public static OptimizerOptions Parse(string text, double? learningRate = null)
    {
        OptimizerOptions options = s_catalogue.Parse(text);
        if (learningRate is { } rate)
        {
            return !double.IsNaN(options.LearningRate)
                ? throw Invalid($"The learning rate is given twice: {ExactText.Of(rate)}, and in '{text}'. Give it once.")
                : rate >= 0 && double.IsFinite(rate)
                ? options with { LearningRate = rate }
                : throw Invalid($"The learning rate was {ExactText.Of(rate)}. Expected 0 or more.");
        }

        return !double.IsNaN(options.LearningRate) ? options : options with { LearningRate = DefaultRate(options.Kind) };
    }

    /// <summary>Reads the optimizer of a group of parameters. What its text leaves out is as in the main optimizer, as the param_groups of
    /// torch.optim take the constructor's defaults.</summary>
    /// <param name="text">The group's optimizer, such as <c>AdamW(weight_decay=0)</c>.</param>
    /// <param name="main">The optimizer of the parameters that are in no group.</param>
    /// <param name="learningRate">The learning rate of a group of another kind whose text gives none; null for PyTorch's default.</param>
    /// <exception cref="ReproTorchException">There is no such optimizer, or an argument does not fit or is out of range.</exception>
    public static OptimizerOptions ParseGroup(string text, OptimizerOptions main, double? learningRate = null)
    {
        ArgumentNullException.ThrowIfNull(main);
        OptimizerOptions options = s_catalogue.Parse(text, main.Kind.ToString(), main.ValueOf);
        return !double.IsNaN(options.LearningRate) ? options : options with { LearningRate = learningRate ?? DefaultRate(options.Kind) };
    }

    /// <summary>The optimizer with all its arguments, as Python writes it.</summary>
    public override string ToString()
    {
        string rest = Kind switch
        {
            OptimizerKind.SGD => $"momentum={Text(Momentum)}, dampening={Text(Dampening)}, nesterov={Text(Nesterov)}",
            OptimizerKind.RMSprop => $"alpha={Text(Alpha)}, eps={Text(Eps)}, momentum={Text(Momentum)}, centered={Text(Centered)}",
            OptimizerKind.Adagrad => $"lr_decay={Text(LearningRateDecay)}, initial_accumulator_value={Text(InitialAccumulatorValue)}, eps={Text(Eps)}",
            _ => $"betas=({Text(Betas.First)}, {Text(Betas.Second)}), eps={Text(Eps)}, amsgrad={Text(Amsgrad)}",
        };
        return $"{Kind}(lr={Text(LearningRate)}, {rest}, weight_decay={Text(WeightDecay)}, maximize={Text(Maximize)})";
    }

    /// <summary>The numbers for one step, with the learning rate, and the momentum where one is given, that a schedule has them at.</summary>
    internal NativeOptimizerNumbers Numbers(double learningRate, double? momentum)
    {
        bool isAdam = Kind is OptimizerKind.Adam or OptimizerKind.AdamW;
        return NativeOptimizerNumbers.Create() with
        {
            Maximize = Maximize ? 1 : 0,
            Nesterov = Nesterov ? 1 : 0,
            Amsgrad = Amsgrad ? 1 : 0,
            Centered = Centered ? 1 : 0,
            LearningRate = learningRate,
            WeightDecay = WeightDecay,
            Momentum = isAdam ? 0 : momentum ?? Momentum,
            Dampening = Dampening,
            Beta1 = isAdam ? momentum ?? Betas.First : 0,
            Beta2 = Betas.Second,
            Eps = Eps,
            Alpha = Alpha,
            LearningRateDecay = LearningRateDecay,
            InitialAccumulatorValue = InitialAccumulatorValue,
        };
    }

    private static double DefaultRate(OptimizerKind kind) => kind switch
    {
        OptimizerKind.SGD => throw Invalid("SGD has no default learning rate. Give one, such as 0.1."),
        OptimizerKind.Adam or OptimizerKind.AdamW => 0.001,
        _ => 0.01,
    };

    // By the names of the signatures.
    private object ValueOf(string name) => name switch
    {
        "lr" => LearningRate,
        "weight_decay" => WeightDecay,
        "maximize" => Maximize,
        "momentum" => Momentum,
        "dampening" => Dampening,
        "nesterov" => Nesterov,
        "betas" => new object?[] { Betas.First, Betas.Second },
        "eps" => Eps,
        "amsgrad" => Amsgrad,
        "alpha" => Alpha,
        "centered" => Centered,
        "lr_decay" => LearningRateDecay,
        "initial_accumulator_value" => InitialAccumulatorValue,
        _ => throw new ArgumentException($"An optimizer has no '{name}'.", nameof(name)),
    };

    private static OptimizerOptions ReadSgd(LayerArguments arguments)
    {
        var options = new OptimizerOptions(OptimizerKind.SGD, arguments)
        {
            Momentum = NotNegative(arguments, "momentum"),
            Dampening = arguments.Float("dampening"),
            Nesterov = arguments.Bool("nesterov"),
        };
        return options.Nesterov && (options.Momentum <= 0 || options.Dampening != 0)
            ? throw arguments.Fault("nesterov", "Nesterov momentum requires a momentum and zero dampening.")
            : options;
    }

    private static OptimizerOptions ReadAdam(LayerArguments arguments) => ReadAdam(OptimizerKind.Adam, arguments);

    private static OptimizerOptions ReadAdamW(LayerArguments arguments) => ReadAdam(OptimizerKind.AdamW, arguments);

    private static OptimizerOptions ReadAdam(OptimizerKind kind, LayerArguments arguments)
    {
        var betas = (object?[])arguments["betas"]!;
        (double first, double second) = ((double)betas[0]!, (double)betas[1]!);
        return first is >= 0 and < 1 && second is >= 0 and < 1
            ? new OptimizerOptions(kind, arguments)
            {
                Betas = (first, second),
                Eps = NotNegative(arguments, "eps"),
                Amsgrad = arguments.Bool("amsgrad"),
            }
            : throw arguments.Fault("betas", "Each beta has to be at least 0 and below 1.");
    }

    private static OptimizerOptions ReadRmsprop(LayerArguments arguments) => new(OptimizerKind.RMSprop, arguments)
    {
        Alpha = NotNegative(arguments, "alpha"),
        Eps = NotNegative(arguments, "eps"),
        Momentum = NotNegative(arguments, "momentum"),
        Centered = arguments.Bool("centered"),
    };

    private static OptimizerOptions ReadAdagrad(LayerArguments arguments) => new(OptimizerKind.Adagrad, arguments)
    {
        LearningRateDecay = NotNegative(arguments, "lr_decay"),
        InitialAccumulatorValue = NotNegative(arguments, "initial_accumulator_value"),
        Eps = NotNegative(arguments, "eps"),
    };

    private static double NotNegative(LayerArguments arguments, string name) => arguments.Float(name) is >= 0 and var value
        ? value
        : throw arguments.Fault(name, $"{name} has to be 0 or more.");

    private static string Text(object value) => PartText.Of(value);

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);
}
