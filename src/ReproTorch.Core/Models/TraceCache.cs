using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>The traces of a model that runs with <c>-Traced</c> have made, one for each signature of inputs; they go when the
/// model goes.</summary>
public static class TraceCache
{
    private static readonly ConditionalWeakTable<TorchModel, ConcurrentDictionary<string, TraceResult>> s_traces = [];

    /// <summary>The trace for inputs of this signature, made on first use. Making it leaves every random stream and the model's
    /// buffers as they were, so that the first run gives what every later one gives.</summary>
    /// <param name="model">The model.</param>
    /// <param name="method">The method to trace.</param>
    /// <param name="input">The input of the run that needs it.</param>
    /// <param name="made">True when it was made now.</param>
    public static TraceResult Get(TorchModel model, string method, ModelInput input, out bool made)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(input);
        ConcurrentDictionary<string, TraceResult> traces = s_traces.GetValue(model, static _ => new(StringComparer.Ordinal));
        string signature = Signature(model, method, input);
        made = false;
        if (traces.TryGetValue(signature, out TraceResult? known))
        {
            return known;
        }

        TorchRngSnapshot streams = TorchRngSnapshot.Take();
        using var buffers = BufferSnapshot.Take(model);
        try
        {
            made = true;
            // On a copy: a model may write to its input, and the run is still to come.
            return traces[signature] = model.Trace(method, input.Map(tensor => tensor.Clone()), strict: false);
        }
        finally
        {
            buffers.Restore();
            streams.Restore();
        }
    }

    // A trace holds for inputs of the same dtypes, shapes and devices, and of the same values where they are no tensors.
    private static string Signature(TorchModel model, string method, ModelInput input)
    {
        var text = new StringBuilder(method).Append(model.IsTraining ? "|train" : "|eval");
        foreach (object? argument in input.Arguments)
        {
            Append(text.Append('|'), argument);
        }

        foreach (KeyValuePair<string, object?> keyword in input.Keywords)
        {
            Append(text.Append('|').Append(keyword.Key).Append('='), keyword.Value);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case TorchTensor tensor:
                text.Append(tensor.DType).Append('(').AppendJoin(',', tensor.Shape).Append(')').Append(tensor.Device);
                break;
            case string literal:
                text.Append(CultureInfo.InvariantCulture, $"\"{literal.Length}:{literal}\"");
                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Append(text.Append('{'), entry.Key);
                    Append(text.Append(':'), entry.Value);
                    text.Append('}');
                }

                break;
            case IEnumerable items:
                text.Append(value is TorchTuple ? '(' : '[');
                foreach (object? item in items)
                {
                    Append(text, item);
                    text.Append(',');
                }

                text.Append(')');
                break;
            default:
                text.Append(value?.GetType().Name).Append(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
