using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ReproTorch.Models;
using ReproTorch.Provenance;
using ReproTorch.Tensors;
using ReproTorch.Training;

namespace ReproTorch.PowerShell.Binding;

/// <summary>Completes from a list of words.</summary>
public abstract class WordCompleter : IArgumentCompleter
{
    // What a bare word in PowerShell may not hold.
    private static readonly System.Buffers.SearchValues<char> s_quoted = System.Buffers.SearchValues.Create(" '\"`$;|&(){}[]");

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Words(fakeBoundParameters ?? new Hashtable())
            .Where(word => word.StartsWith((wordToComplete ?? string.Empty).Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(word => new CompletionResult(
                word.AsSpan().IndexOfAny(s_quoted) < 0 ? word : "'" + word.Replace("'", "''", StringComparison.Ordinal) + "'",
                word,
                CompletionResultType.ParameterValue,
                word));

    /// <summary>The words to choose from.</summary>
    /// <param name="bound">The parameters that are already given.</param>
    private protected abstract IEnumerable<string> Words(IDictionary bound);
}

/// <summary>Completes data types.</summary>
public sealed class DTypeCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) => Enum.GetNames<DType>();
}

/// <summary>Completes devices that this machine has.</summary>
public sealed class DeviceCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) =>
        ["cpu", .. TorchEnvironmentProbe.Capture().CudaDevices.Select(device => $"cuda:{device.Index}")];
}

/// <summary>Completes the methods of the model that is already given as -Model.</summary>
public sealed class ModelMethodCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) =>
        Unwrap.Value(bound["Model"]) is TorchModel model ? model.Methods.Select(method => method.Name) : ["forward"];
}

/// <summary>Completes parameters and buffers of the model that is already given as -Model.</summary>
public sealed class ModelParameterCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) =>
        Unwrap.Value(bound["Model"]) is TorchModel model && model.Describe() is var description
            ? description.Parameters.Concat(description.Buffers).Select(tensor => tensor.Name)
            : [];
}

/// <summary>Completes losses.</summary>
public sealed class LossCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) => TrainingLoss.Names;
}

/// <summary>Completes optimizers.</summary>
public sealed class OptimizerCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) => OptimizerOptions.Names;
}

/// <summary>Completes schedules of the learning rate, with their arguments where they need some.</summary>
public sealed class ScheduleCompleter : WordCompleter
{
    private protected override IEnumerable<string> Words(IDictionary bound) => LearningRateSchedule.Signatures;
}
