using ReproTorch.Models.Layers;
using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>A loss of torch.nn (PyTorch 1.13): the operators, and their order, of torch/nn/functional.py.</summary>
public sealed class TrainingLoss
{
    private const string Reduction = "str reduction='mean'";

    private static readonly PartCatalogue<TrainingLoss> s_catalogue = new(
        "loss",
        "Loss",
        ($"CrossEntropyLoss(float[]? weight=None, int ignore_index=-100, {Reduction}, float label_smoothing=0)", CrossEntropy),
        ($"NLLLoss(float[]? weight=None, int ignore_index=-100, {Reduction})", NegativeLogLikelihood),
        ($"MSELoss({Reduction})", arguments => Elementwise(arguments, "aten::mse_loss")),
        ($"L1Loss({Reduction})", arguments => Elementwise(arguments, "aten::l1_loss")),
        ($"SmoothL1Loss({Reduction}, float beta=1)", arguments => Elementwise(arguments, "aten::smooth_l1_loss", "beta", allowZero: true)),
        ($"HuberLoss({Reduction}, float delta=1)", arguments => Elementwise(arguments, "aten::huber_loss", "delta", allowZero: false)),
        ($"BCELoss(float[]? weight=None, {Reduction})", BinaryCrossEntropy),
        ($"BCEWithLogitsLoss(float[]? weight=None, {Reduction}, float[]? pos_weight=None)", BinaryCrossEntropyWithLogits),
        ($"KLDivLoss({Reduction}, bool log_target=False)", Divergence));

    private readonly string _text;
    private readonly int? _classes;
    private readonly Func<TorchTensor, TorchTensor, TorchTensor> _compute;

    private TrainingLoss(
        LayerArguments arguments, LossTarget target, Func<TorchTensor, TorchTensor, TorchTensor> compute, double threshold = double.NaN)
    {
        Name = arguments.Signature.Name;
        Target = target;
        Threshold = threshold;
        IsMean = arguments.Text("reduction") != "sum";
        IgnoredClass = target == LossTarget.Classes ? arguments.Int("ignore_index") : null;
        _classes = target == LossTarget.Classes && !arguments.IsNone("weight") ? ((object?[])arguments["weight"]!).Length : null;
        _text = PartText.Of(arguments);
        _compute = compute;
    }

    /// <summary>The names of the losses.</summary>
    public static IReadOnlyList<string> Names => s_catalogue.Names;

    /// <summary>The losses with their arguments and defaults, as Python writes them.</summary>
    public static IReadOnlyList<string> Signatures => s_catalogue.Signatures;

    /// <summary>torch.nn's name of it.</summary>
    public string Name { get; }

    /// <summary>What it compares outputs with.</summary>
    internal LossTarget Target { get; }

    /// <summary>Above which an output means "yes", where each is a yes or no; else NaN.</summary>
    internal double Threshold { get; }

    /// <summary>The class that does not count; null where there are no classes.</summary>
    internal long? IgnoredClass { get; }

    /// <summary>Whether it is a mean over the batch, not a sum.</summary>
    internal bool IsMean { get; }

    /// <summary>Reads a loss as Python writes it: <c>CrossEntropyLoss(label_smoothing=0.1)</c>, or a name alone, with or without
    /// "Loss". Weights are written as lists.</summary>
    /// <exception cref="ReproTorchException">There is no such loss, or its arguments do not fit.</exception>
    public static TrainingLoss Parse(string text) => s_catalogue.Parse(text);

    /// <summary>Computes it, as a number that knows how it depends on the output.</summary>
    /// <param name="output">What the model gave.</param>
    /// <param name="target">What it should have given.</param>
    /// <returns>A tensor without dimensions.</returns>
    /// <exception cref="ReproTorchException">Shapes or dtypes do not fit.</exception>
    internal TorchTensor Compute(TorchTensor output, TorchTensor target) => _compute(output, target);

    /// <summary>Sees to it that targets have a dtype that the loss can be computed, and has a gradient, with.</summary>
    /// <exception cref="ReproTorchException">They have not; the message says what was given and what is expected.</exception>
    internal void RequireTarget(DType dtype)
    {
        (bool fits, string expected) = Name switch
        {
            "NLLLoss" => (dtype.IsInteger(), "class numbers (int64)"),
            "CrossEntropyLoss" => (dtype.IsInteger() || dtype.IsFloatingPoint(), "class numbers (int64), or a probability for each class (float32)"),
            "L1Loss" or "SmoothL1Loss" => (dtype != DType.@bool, "numbers of the output's dtype (float32)"),
            _ => (dtype.IsFloatingPoint(), "numbers of the output's dtype (float32)"),
        };
        if (!fits)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"The target is {dtype}. {Name} expects {expected}. Nothing was trained; convert the target.");
        }
    }

    /// <summary>Sees to it that class numbers are those of classes that there are, where the loss knows how many: by their weights.</summary>
    /// <param name="target">The targets.</param>
    /// <param name="what">What they are, for the message: "target".</param>
    /// <exception cref="ReproTorchException">One is not; the message names it and its row.</exception>
    internal void RequireClasses(TorchTensor target, string what)
    {
        if (_classes is not { } classes || target.DType != DType.int64)
        {
            return;
        }

        long[] numbers = target.ToArray<long>();
        int at = Array.FindIndex(numbers, number => (number < 0 || number >= classes) && number != IgnoredClass);
        if (at >= 0)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The {what} has the class {numbers[at]} in row {at / (numbers.Length / target.Shape[0])} (from 0), and {Name} has weights for {classes} classes. "
                + $"Expected 0 to {classes - 1}, or {IgnoredClass} for what does not count. Nothing was trained.");
        }
    }

    /// <summary>The loss with all its arguments, as Python writes it.</summary>
    public override string ToString() => _text;

    private static TrainingLoss CrossEntropy(LayerArguments arguments)
    {
        var weight = new LossWeight(arguments, "weight");
        long reduction = ReductionOf(arguments);
        double smoothing = arguments.Float("label_smoothing") is >= 0 and <= 1 and var given
            ? given
            : throw arguments.Fault("label_smoothing", "label_smoothing has to be between 0 and 1.");
        long ignored = arguments.Int("ignore_index");
        return new TrainingLoss(arguments, LossTarget.Classes, (output, target) => Tensor(TorchOperator.Record(
            "aten::cross_entropy_loss", output, target, weight.For(output), reduction, ignored, smoothing)));
    }

    private static TrainingLoss NegativeLogLikelihood(LayerArguments arguments)
    {
        var weight = new LossWeight(arguments, "weight");
        long reduction = ReductionOf(arguments);
        long ignored = arguments.Int("ignore_index");
        return new TrainingLoss(arguments, LossTarget.Classes, (output, target) => Tensor(TorchOperator.Record(
            "aten::nll_loss_nd", output, target, weight.For(output), reduction, ignored)));
    }

    private static TrainingLoss Elementwise(LayerArguments arguments, string name)
    {
        long reduction = ReductionOf(arguments);
        return new TrainingLoss(arguments, LossTarget.Values, (output, target) =>
            Tensor(TorchOperator.Record(name, output, OfSameShape(output, target), reduction)));
    }

    private static TrainingLoss Elementwise(LayerArguments arguments, string name, string bend, bool allowZero)
    {
        long reduction = ReductionOf(arguments);
        double at = arguments.Float(bend);
        return at > 0 || (allowZero && at == 0)
            ? new TrainingLoss(arguments, LossTarget.Values, (output, target) =>
                Tensor(TorchOperator.Record(name, output, OfSameShape(output, target), reduction, at)))
            : throw arguments.Fault(bend, $"{bend} has to be {(allowZero ? "0 or more" : "above 0")}.");
    }

    private static TrainingLoss BinaryCrossEntropy(LayerArguments arguments)
    {
        var weight = new LossWeight(arguments, "weight");
        long reduction = ReductionOf(arguments);
        return new TrainingLoss(
            arguments,
            LossTarget.YesOrNo,
            (output, target) => Tensor(TorchOperator.Record(
                "aten::binary_cross_entropy", output, OfSameShape(output, target), Expanded(weight.For(output), target), reduction)),
            threshold: 0.5);
    }

    private static TrainingLoss BinaryCrossEntropyWithLogits(LayerArguments arguments)
    {
        var weight = new LossWeight(arguments, "weight");
        var positive = new LossWeight(arguments, "pos_weight");
        long reduction = ReductionOf(arguments);
        return new TrainingLoss(
            arguments,
            LossTarget.YesOrNo,
            (output, target) => Tensor(TorchOperator.Record(
                "aten::binary_cross_entropy_with_logits", output, OfSameShape(output, target), weight.For(output), positive.For(output), reduction)),
            threshold: 0);
    }

    private static TrainingLoss Divergence(LayerArguments arguments)
    {
        bool isBatchMean = arguments.Text("reduction") == "batchmean";
        long reduction = isBatchMean ? Sum : ReductionOf(arguments);
        var logarithmic = KeyValuePair.Create<string, object?>("log_target", arguments.Bool("log_target"));
        return new TrainingLoss(arguments, LossTarget.Values, (output, target) =>
        {
            TorchTensor loss = Tensor(TorchOperator.Record(
                "aten::kl_div", [output, OfSameShape(output, target), reduction], [logarithmic]));
            if (!isBatchMean)
            {
                return loss;
            }

            using (loss)
            {
                return Tensor(TorchOperator.Record("aten::div", loss, output.Shape[0]));
            }
        });
    }

    // at::Reduction.
    private const long Mean = 1;
    private const long Sum = 2;

    private static long ReductionOf(LayerArguments arguments) => arguments.Text("reduction") switch
    {
        "mean" => Mean,
        "sum" => Sum,
        "none" => throw arguments.Fault("reduction", "A loss without a reduction is no single number, so it has no gradient to train by. Use 'mean' or 'sum'."),
        _ => throw arguments.Fault("reduction", $"There is no reduction '{arguments.Text("reduction")}'. Use 'mean' or 'sum'."),
    };

    // PyTorch warns and broadcasts, which makes a loss over all pairs of rows out of (64, 1) and (64): never what was meant.
    private static TorchTensor OfSameShape(TorchTensor output, TorchTensor target) => output.Shape.AsSpan().SequenceEqual(target.Shape)
        ? target
        : throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"The model gave ({string.Join(", ", output.Shape)}), but the target is ({string.Join(", ", target.Shape)}). This loss compares element "
            + "by element and takes equal shapes; reshape the target.");

    // As functional.binary_cross_entropy: the weight is expanded to the target's shape.
    private static TorchTensor? Expanded(TorchTensor? weight, TorchTensor target) =>
        weight is null ? null : Tensor(TorchOperator.Call("aten::expand", weight, target.Shape));

    private static TorchTensor Tensor(object? result) => (TorchTensor)result!;

    /// <summary>A list of weights as a tensor of the output's dtype and device, made once.</summary>
    private sealed class LossWeight
    {
        private readonly double[]? _values;
        private TorchTensor? _tensor;

        public LossWeight(LayerArguments arguments, string name) =>
            _values = arguments.IsNone(name) ? null : [.. ((object?[])arguments[name]!).Select(item => (double)item!)];

        public TorchTensor? For(TorchTensor output)
        {
            if (_values is null)
            {
                return null;
            }

            if (_tensor is null || _tensor.DType != output.DType || _tensor.Device != output.Device)
            {
                using var doubles = TorchTensor.FromSpan<double>(_values, DType.float64, _values.Length);
                _tensor = doubles.To(output.DType, output.Device);
            }

            return _tensor;
        }
    }
}

/// <summary>What a loss compares outputs with.</summary>
internal enum LossTarget
{
    /// <summary>Class numbers, or a probability for each class.</summary>
    Classes,

    /// <summary>Numbers, one for each output.</summary>
    Values,

    /// <summary>0 or 1, or what is between, for each output.</summary>
    YesOrNo,
}
