using System.IO.Enumeration;
using System.Text;
using ReproTorch.Interop;
using ReproTorch.Models;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Training;

/// <summary>A model while it is trained. Afterwards its mode, and which parameters require a gradient, are as before.</summary>
internal sealed class TrainedModel : IDisposable
{
    private readonly ScriptModel _model;
    private readonly string _method;
    private readonly bool _wasTraining;
    private readonly List<(string Name, TorchTensor Tensor)> _parameters = [];
    private readonly List<(string Name, TorchTensor Tensor)> _buffers = [];
    private readonly List<(TorchTensor Tensor, bool RequiredGrad)> _before = [];

    /// <exception cref="ReproTorchException">Nothing is left to train, or a pattern fits no parameter.</exception>
    public TrainedModel(ScriptModel model, TrainingOptions options)
    {
        _model = model;
        _method = options.Method;
        _wasTraining = model.IsTraining;
        ModelDescription description = model.Describe();
        CheckPatterns(description, options);
        try
        {
            _parameters.AddRange(description.Parameters.Select(tensor => (tensor.Name, model.Tensor(tensor.Name))));
            _buffers.AddRange(description.Buffers.Select(tensor => (tensor.Name, model.Tensor(tensor.Name))));
            bool[] trained = [.. description.Parameters.Select(parameter => IsTrained(parameter, options))];
            if (!trained.Contains(true))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"{model.Name} has nothing to train: of its {trained.Length} parameters each is frozen or requires no gradient.");
            }

            for (int i = 0; i < trained.Length; i++)
            {
                Require(_parameters[i].Tensor, trained[i]);
            }

            TrainedNames = [.. _parameters.Where((_, i) => trained[i]).Select(parameter => parameter.Name)];
            OptimizerOptions[] groups = [options.Optimizer, .. options.Groups.Select(group => group.Optimizer)];
            Optimizer = new ParameterOptimizer(
                [.. TrainedNames.Select(model.Tensor)], [.. TrainedNames.Select(name => GroupOf(name, options))], groups);
            model.ForgetPlans(_method);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The parameters that are trained, in the model's order.</summary>
    public IReadOnlyList<string> TrainedNames { get; } = [];

    /// <summary>What trains them.</summary>
    public ParameterOptimizer Optimizer { get; } = null!;

    /// <summary>Where its parameters and buffers are.</summary>
    public IEnumerable<string> DeviceNames => _parameters.Concat(_buffers).Select(tensor => tensor.Tensor.Device.ToString()).Distinct();

    /// <summary>The elements of all parameters as they are now, on their own.</summary>
    public IReadOnlyList<NamedTensorData> Parameters => Copy(_parameters);

    /// <summary>The elements of all buffers as they are now, on their own.</summary>
    public IReadOnlyList<NamedTensorData> Buffers => Copy(_buffers);

    /// <summary>Its parameters and buffers as they are now.</summary>
    public TensorSnapshot Snapshot() => new(_parameters.Concat(_buffers).Select(tensor => tensor.Tensor));

    /// <summary>Module.train() and Module.eval().</summary>
    public void SetTraining(bool training) => _model.SetTraining(training);

    public TorchTensor Forward(IReadOnlyList<TorchTensor> inputs, bool recordGradients) =>
        _model.InvokePlainly(_method, inputs, recordGradients);

    /// <summary>XXH3-128 over the lines "name hash" of all parameters, then buffers, in hex.</summary>
    public string WeightsHash()
    {
        var text = new StringBuilder();
        foreach ((string name, TorchTensor tensor) in _parameters.Concat(_buffers))
        {
            text.Append(name).Append(' ').Append(tensor.ContentHash()).Append('\n');
        }

        return ContentHash.OfBytes(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>XXH3-128 of what the model is beside its weights: types, attributes, constants and the code of all methods, in hex.</summary>
    public string StructureHash()
    {
        var text = new StringBuilder();
        foreach (string line in _model.Content().Split('\n'))
        {
            bool hasValue = line.StartsWith("parameter ", StringComparison.Ordinal) || line.StartsWith("buffer ", StringComparison.Ordinal);

            // A training sets the mode of all modules itself.
            if (!line.StartsWith("attribute ", StringComparison.Ordinal) || !line.Contains("training : bool = ", StringComparison.Ordinal))
            {
                text.Append(hasValue ? line[..line.LastIndexOf(" = ", StringComparison.Ordinal)] : line).Append('\n');
            }
        }

        return ContentHash.OfBytes(Encoding.UTF8.GetBytes(text.ToString()));
    }

    public void Dispose()
    {
        Optimizer?.ZeroGradients(setToNone: true);
        Optimizer?.Dispose();
        foreach ((TorchTensor tensor, bool required) in _before)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_require_gradient(tensor.Handle, required ? 1 : 0));
        }

        _model.SetTraining(_wasTraining);
        foreach ((_, TorchTensor tensor) in _parameters.Concat(_buffers))
        {
            tensor.Dispose();
        }
    }

    private void Require(TorchTensor tensor, bool trained)
    {
        bool required = tensor.RequiresGrad;
        if (required != trained)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_require_gradient(tensor.Handle, trained ? 1 : 0));
            _before.Add((tensor, required));
        }
    }

    private static bool IsTrained(ModelTensor parameter, TrainingOptions options) =>
        !Fits(options.Frozen, parameter.Name)
        && (options.Trained.Count > 0 ? Fits(options.Trained, parameter.Name) : parameter.RequiresGrad);

    private static int GroupOf(string name, TrainingOptions options)
    {
        for (int i = 0; i < options.Groups.Count; i++)
        {
            if (Fits(options.Groups[i].Patterns, name))
            {
                return options.GroupsHaveOrder || options.Groups.Skip(i + 1).FirstOrDefault(group => Fits(group.Patterns, name)) is not { } other
                    ? i + 1
                    : throw new ReproTorchException(
                        ReproTorchErrorKind.InvalidArgument,
                        $"The parameter {name} is in two groups, '{string.Join(' ', options.Groups[i].Patterns)}' and '{string.Join(' ', other.Patterns)}', and "
                        + "the groups have no order. Write them as [ordered]@{ }, where the first that fits counts, or so that each parameter fits one only.");
            }
        }

        return 0;
    }

    private static bool Fits(IReadOnlyList<string> patterns, string name) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    // A pattern that fits nothing is a typing error, and would quietly train what was meant to stay.
    private static void CheckPatterns(ModelDescription description, TrainingOptions options)
    {
        foreach (string pattern in options.Frozen.Concat(options.Trained).Concat(options.Groups.SelectMany(group => group.Patterns)))
        {
            if (!description.Parameters.Any(parameter => Fits([pattern], parameter.Name)))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"No parameter has a name like '{pattern}'. There are: {string.Join(", ", description.Parameters.Select(parameter => parameter.Name).Take(20))}.");
            }
        }
    }

    private static List<NamedTensorData> Copy(List<(string Name, TorchTensor Tensor)> tensors) =>
        [.. tensors.Select(tensor => new NamedTensorData(tensor.Name, tensor.Tensor.ToOwnData()))];
}
