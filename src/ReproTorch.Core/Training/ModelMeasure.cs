using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>Tries a model on examples that it was not trained on, in eval mode.</summary>
internal sealed class ModelMeasure(TrainedModel model, TrainingOptions options)
{
    /// <summary>The loss: the mean over all examples, or the sum where the loss is one.</summary>
    public const string Loss = "validationLoss";

    /// <summary>Which share of the answers is right, for losses over classes and over yes and no.</summary>
    public const string Accuracy = "validationAccuracy";

    /// <summary>Runs the examples through, in order, and leaves the model in eval mode.</summary>
    public Dictionary<string, double> Take(TrainingData data)
    {
        model.SetTraining(false);
        var order = new DataOrder(data.Rows, options.ValidationBatchSize ?? options.BatchSize, Shuffle: false, DropLast: false);
        if (options.ValidationDraws)
        {
            order.Begin();
        }

        double loss = 0;
        (long Right, long Count) answers = default;
        for (long i = 0; i < order.Batches; i++)
        {
            (long start, long length) = order.Batch(i);
            using TrainingBatch batch = data.Take(null, start, length);
            using TorchTensor output = model.Forward(batch.Inputs, recordGradients: false);
            using TorchTensor one = options.Loss.Compute(output, batch.Target);
            loss += options.Loss.IsMean ? one.ToDouble() * length : one.ToDouble();
            (long right, long count) = Answers(output, batch.Target);
            answers = (answers.Right + right, answers.Count + count);
        }

        var metrics = new Dictionary<string, double>(StringComparer.Ordinal) { [Loss] = WithOneNaN(options.Loss.IsMean ? loss / data.Rows : loss) };
        if (options.Loss.Target != LossTarget.Values)
        {
            metrics[Accuracy] = WithOneNaN((double)answers.Right / answers.Count);
        }

        return metrics;
    }

    /// <summary>Runs the first batch through a copy of the model, to find out before a training what does not fit.</summary>
    /// <exception cref="ReproTorchException">The examples do not fit the model or the loss.</exception>
    public void Try(TrainingData data, ScriptModel copy)
    {
        copy.SetTraining(false);
        using TrainingBatch batch = data.Take(null, 0, Math.Min(data.Rows, options.ValidationBatchSize ?? options.BatchSize));
        using TorchTensor output = copy.InvokePlainly(options.Method, batch.Inputs, recordGradients: false);
        using TorchTensor loss = options.Loss.Compute(output, batch.Target);
        _ = loss.ToDouble();
        _ = Answers(output, batch.Target);
    }

    /// <summary>The value; for any NaN that of Python's <c>float('nan')</c>. Which sign a NaN has that comes of arithmetic is the compiler's
    /// choice, and can be another one in the same program a moment later.</summary>
    public static double WithOneNaN(double value) => double.IsNaN(value) ? BitConverter.UInt64BitsToDouble(0x7FF8000000000000) : value;

    private (long Right, long Count) Answers(TorchTensor output, TorchTensor target)
    {
        switch (options.Loss.Target)
        {
            case LossTarget.Classes:
                // Classes are dimension 1, or the only one there is.
                long dimension = output.Shape.Length > 1 ? 1 : 0;
                using (var given = Call("aten::argmax", output, dimension))
                using (TorchTensor wanted = target.DType.IsInteger() ? target.WithName(null) : Call("aten::argmax", target, dimension))
                using (TorchTensor counted = Call("aten::ne", wanted, target.DType.IsInteger() ? options.Loss.IgnoredClass!.Value : -1L))
                using (TorchTensor equal = Call("aten::eq", given, wanted))
                using (TorchTensor right = Call("aten::logical_and", equal, counted))
                {
                    return (Sum(right), Sum(counted));
                }

            case LossTarget.YesOrNo:
                using (TorchTensor given = Call("aten::gt", output, options.Loss.Threshold))
                using (TorchTensor wanted = Call("aten::gt", target, 0.5))
                using (TorchTensor equal = Call("aten::eq", given, wanted))
                {
                    return (Sum(equal), target.Count);
                }

            default:
                return default;
        }
    }

    private static long Sum(TorchTensor flags)
    {
        using TorchTensor sum = Call("aten::sum", flags);
        return sum.ToArray<long>()[0];
    }

    private static TorchTensor Call(string name, params object?[] arguments) => (TorchTensor)TorchOperator.Call(name, arguments)!;
}
