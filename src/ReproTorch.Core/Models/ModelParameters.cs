using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Models;

/// <summary>Reads and overwrites the parameters and buffers of a model, as state_dict() and load_state_dict() do.</summary>
public static class ModelParameters
{
    /// <summary>The parameters, then the buffers, each tensor once, in PyTorch's order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="isWanted">Which to take, by name and kind; what is not taken is not hashed either.</param>
    public static IEnumerable<ModelParameter> Read(TorchModel model, Func<string, ModelParameterKind, bool> isWanted)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(isWanted);
        foreach ((ModelTensor tensor, ModelParameterKind kind) in All(model))
        {
            if (isWanted(tensor.Name, kind))
            {
                yield return new ModelParameter(model, tensor, kind);
            }
        }
    }

    /// <summary>
    /// Overwrites parameters and buffers, in place, as load_state_dict does: all of them, or none when anything is wrong. Values of
    /// another dtype are converted. A name that shares its tensor with one that is given need not be given.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="values">Tensors by the names of state_dict().</param>
    /// <param name="strict">Asks that every parameter and buffer is given, and nothing else; without it what is missing stays and
    /// what has no place is left out. Shapes must agree in any case.</param>
    /// <param name="origin">Where the values come from, for messages.</param>
    /// <exception cref="ReproTorchException">All that is wrong, in the words of load_state_dict: missing keys, unexpected keys, size
    /// mismatches. Nothing was changed.</exception>
    public static ParameterUpdate Write(TorchModel model, IReadOnlyList<NamedTensorData> values, bool strict, string origin)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(values);
        Dictionary<string, NamedTensorData> given = ByName(values, origin);
        List<Slot> slots = [.. All(model).Select(item => new Slot(item.Tensor.Name, model.Tensor(item.Tensor.Name)))];
        var pairs = new List<(TorchTensor, TorchTensor)>();
        try
        {
            Plan plan = MakePlan(model, slots, given, values);
            plan.ThrowIfWrong(model, strict);
            pairs.AddRange(plan.Writes.Select(write => (write.Slot.Tensor, Convert(write.Value.Data, write.Slot.Tensor))));
            model.Overwrite(pairs);
            return new ParameterUpdate(
                [.. plan.Writes.Select(write => write.Value.Name)],
                plan.Missing,
                plan.Unexpected,
                [.. plan.Writes.Where(write => write.Value.Data.DType != write.Slot.Tensor.DType).Select(write => write.Value.Name)]);
        }
        finally
        {
            pairs.ForEach(pair => pair.Item2.Dispose());
            slots.ForEach(slot => slot.Tensor.Dispose());
        }
    }

    /// <summary>Overwrites one parameter or buffer, in place. A value of another dtype is converted.</summary>
    /// <exception cref="ReproTorchException">The model has no such parameter or buffer, or it has another shape.</exception>
    public static ParameterUpdate Write(TorchModel model, string name, TensorData value)
    {
        ParameterUpdate update = Write(model, [new NamedTensorData(name, value)], strict: false, name);
        return update.Unexpected.Count == 0 ? update : throw Unknown(model, name);
    }

    /// <summary>The error for a name that is neither a parameter's nor a buffer's.</summary>
    public static ReproTorchException Unknown(TorchModel model, string name)
    {
        ArgumentNullException.ThrowIfNull(model);
        string[] names = [.. All(model).Select(item => item.Tensor.Name)];
        string[] alike = [.. names.Where(other => other.Contains(name, StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(other, StringComparison.OrdinalIgnoreCase)).Take(10)];
        return new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"The model {model.Name} has no parameter or buffer '{name}'. "
            + (alike.Length > 0 ? $"It has: {string.Join(", ", alike)}." : $"It has {names.Length}; Get-TorchModelParameter -Buffer lists them."));
    }

    private static IEnumerable<(ModelTensor Tensor, ModelParameterKind Kind)> All(TorchModel model)
    {
        ModelDescription description = model.Describe();
        return description.Parameters.Select(tensor => (tensor, ModelParameterKind.Parameter))
            .Concat(description.Buffers.Select(tensor => (tensor, ModelParameterKind.Buffer)));
    }

    private static Dictionary<string, NamedTensorData> ByName(IReadOnlyList<NamedTensorData> values, string origin)
    {
        var given = new Dictionary<string, NamedTensorData>(StringComparer.Ordinal);
        foreach (NamedTensorData value in values)
        {
            if (!given.TryAdd(value.Name, value))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.FileFormat, $"{origin} has two tensors called '{value.Name}', so it does not tell which one to take.");
            }
        }

        return given;
    }

    private static Plan MakePlan(
        TorchModel model, List<Slot> slots, Dictionary<string, NamedTensorData> given, IReadOnlyList<NamedTensorData> values)
    {
        var plan = new Plan();
        Dictionary<string, Slot> byName = slots.ToDictionary(slot => slot.Name, StringComparer.Ordinal);
        var filled = new HashSet<Slot>();
        foreach (NamedTensorData value in values)
        {
            Slot? slot = byName.GetValueOrDefault(value.Name) ?? Tied(model, value.Name, slots);
            if (slot is null)
            {
                plan.Unexpected.Add(value.Name);
            }
            else if (!Fits(value.Data, slot.Tensor))
            {
                plan.Mismatches.Add(
                    $"size mismatch for {value.Name}: copying a param with shape {Size(value.Data.Shape)} from checkpoint, the shape in "
                    + $"current model is {Size(slot.Tensor.Shape)}.");
                filled.Add(slot);
            }
            else
            {
                filled.Add(slot);
                plan.Add(slot, value);
            }
        }

        plan.Missing.AddRange(slots.Where(slot => !filled.Contains(slot)).Select(slot => slot.Name));
        return plan;
    }

    // A second name of a tensor (tied weights) is not in the model's list, which has each tensor once.
    private static Slot? Tied(TorchModel model, string name, List<Slot> slots)
    {
        try
        {
            using TorchTensor tensor = model.Tensor(name);
            return slots.Find(slot => TorchOperator.Call("aten::is_set_to", slot.Tensor, tensor) is true);
        }
        catch (ReproTorchException e) when (e.Kind == ReproTorchErrorKind.InvalidArgument)
        {
            return null;
        }
    }

    // As load_state_dict: a 0-d parameter takes a 1-d value of one element, which old files have.
    private static bool Fits(TensorData value, TorchTensor target) =>
        value.Shape.AsSpan().SequenceEqual(target.Shape) || (target.Shape.Length == 0 && value.Shape is [1]);

    private static TorchTensor Convert(TensorData value, TorchTensor target)
    {
        TensorData shaped = value.Shape.Length == target.Shape.Length
            ? value
            : TensorData.FromArray(value.DType, [], value.AllBytes().ToArray());
        using var given = TorchTensor.FromData(shaped);
        return given.To(target.DType, target.Device);
    }

    private static string Size(IEnumerable<long> shape) => $"torch.Size([{string.Join(", ", shape)}])";

    private sealed record Slot(string Name, TorchTensor Tensor);

    private sealed class Plan
    {
        public List<(Slot Slot, NamedTensorData Value)> Writes { get; } = [];

        public List<string> Missing { get; } = [];

        public List<string> Unexpected { get; } = [];

        public List<string> Mismatches { get; } = [];

        public void Add(Slot slot, NamedTensorData value)
        {
            if (Writes.Find(write => write.Slot == slot).Value is { } other && ContentHash.Of(other.Data) != ContentHash.Of(value.Data))
            {
                Mismatches.Add($"{other.Name} and {value.Name} are one tensor in the current model, but were given different values.");
            }

            Writes.Add((slot, value));
        }

        public void ThrowIfWrong(TorchModel model, bool strict)
        {
            var errors = new List<string>();
            if (strict && Missing.Count > 0)
            {
                errors.Add($"Missing key(s) in state_dict: {Quoted(Missing)}.");
            }

            if (strict && Unexpected.Count > 0)
            {
                errors.Add($"Unexpected key(s) in state_dict: {Quoted(Unexpected)}.");
            }

            errors.AddRange(Mismatches);
            if (errors.Count > 0)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"Error(s) in loading state_dict for {model.Name}; nothing was changed:\n\t" + string.Join("\n\t", errors));
            }
        }

        private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"\"{name}\""));
    }
}

/// <summary>What overwriting parameters did.</summary>
/// <param name="Written">Names that were overwritten.</param>
/// <param name="Missing">Names of the model that were not given and stayed as they were.</param>
/// <param name="Unexpected">Names that were given and that the model has not.</param>
/// <param name="Converted">Names whose values came in another dtype and were converted.</param>
public sealed record ParameterUpdate(
    IReadOnlyList<string> Written, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Converted);
