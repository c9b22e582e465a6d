using System.Runtime.CompilerServices;
using System.Text;

namespace ReproTorch.Tensors;

/// <summary>
/// Writes a tensor as PyTorch's <c>repr</c> does, character by character (<c>torch/_tensor_str.py</c> of 1.13):
/// <c>tensor([[ 0.1000,  1.0000]], dtype=torch.float64)</c>. Of a summarised tensor only the elements that are shown are read.
/// </summary>
public static partial class TensorFormatter
{
    private const string Prefix = "tensor(";

    /// <summary>The text of a tensor.</summary>
    /// <param name="data">The elements. Quantised ones are written as the integers that are stored, since plain memory knows
    /// neither scale nor zero point.</param>
    /// <param name="options">How to write; null means <see cref="TensorFormatterOptions.Default"/>.</param>
    /// <exception cref="ObjectDisposedException">The tensor's memory was let go.</exception>
    /// <exception cref="InsufficientExecutionStackException">The shape has thousands of sizes.</exception>
    public static string Format(TensorData data, TensorFormatterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= TensorFormatterOptions.Default;

        var text = new StringBuilder(Prefix);
        if (data.Count == 0)
        {
            text.Append("[]");
        }
        else
        {
            bool summarize = data.Count > options.Threshold;
            var elements = new ShownElements(data, summarize ? options.EdgeItems : null);
            new Layout(text, data.Shape, Cells.Of(elements, options), options, summarize).Write(0, Prefix.Length);
        }

        AppendSuffixes(text, Suffixes(data, options), options.LineWidth);
        return text.Append(')').ToString();
    }

    private static IEnumerable<string> Suffixes(TensorData data, TensorFormatterOptions options)
    {
        if (options.Device is not (null or "" or "cpu"))
        {
            yield return $"device='{options.Device}'";
        }

        // An empty list shows neither the sizes nor whether the elements would be integers.
        if (data.Count == 0 && data.Shape.Length != 1)
        {
            yield return $"size={PythonTuple(data.Shape)}";
        }

        bool told = data.Count == 0
            ? data.DType is DType.float32
            : data.DType is DType.float32 or DType.complex64 or DType.int64 or DType.@bool;
        if (!told)
        {
            yield return $"dtype=torch.{data.DType}";
        }

        if (options.RequiresGrad)
        {
            yield return "requires_grad=True";
        }
    }

    private static void AppendSuffixes(StringBuilder text, IEnumerable<string> suffixes, int lineWidth)
    {
        // PyTorch counts the last line two characters longer than it is.
        string written = text.ToString();
        int lineLength = written.Length - written.LastIndexOf('\n') + 1;
        foreach (string suffix in suffixes)
        {
            if (lineLength + suffix.Length + 2 > lineWidth)
            {
                text.Append(",\n").Append(' ', Prefix.Length).Append(suffix);
                lineLength = Prefix.Length + suffix.Length;
            }
            else
            {
                text.Append(", ").Append(suffix);
                lineLength += suffix.Length + 2;
            }
        }
    }

    private static string PythonTuple(long[] items) =>
        items.Length == 1 ? $"({items[0]},)" : $"({string.Join(", ", items)})";

    /// <summary>Puts the cells, which come in order, between brackets, commas and line breaks.</summary>
    private sealed class Layout(
        StringBuilder text, long[] shape, Cells cells, TensorFormatterOptions options, bool summarize)
    {
        private int _next;

        public void Write(int dimension, int indent)
        {
            if (dimension == shape.Length)
            {
                text.Append(cells[_next++]);
                return;
            }

            RuntimeHelpers.EnsureSufficientExecutionStack();
            text.Append('[');
            if (dimension == shape.Length - 1)
            {
                WriteRow(shape[dimension], indent);
            }
            else
            {
                WriteSlices(dimension, indent);
            }

            text.Append(']');
        }

        private void WriteRow(long length, int indent)
        {
            int perLine = Math.Max(1, (options.LineWidth - indent) / (cells.Width + 2));
            (long shown, long gap) = Shown(length);
            long items = gap < 0 ? shown : shown + 1;
            for (long i = 0; i < items; i++)
            {
                if (i > 0)
                {
                    text.Append(i % perLine == 0 ? ",\n" : ", ").Append(' ', i % perLine == 0 ? indent + 1 : 0);
                }

                text.Append(i == gap ? " ..." : cells[_next++]);
            }
        }

        private void WriteSlices(int dimension, int indent)
        {
            int breaks = shape.Length - dimension - 1;
            (long shown, long gap) = Shown(shape[dimension]);
            for (long i = 0; i < shown; i++)
            {
                if (i > 0)
                {
                    Separate();
                }

                if (i == gap)
                {
                    text.Append("...");
                    Separate();
                }

                Write(dimension + 1, indent + 1);
            }

            void Separate() => text.Append(',').Append('\n', breaks).Append(' ', indent + 1);
        }

        /// <summary>How many items of a dimension are shown, and how many of them come before the dots (-1: no dots).</summary>
        private (long Shown, long Gap) Shown(long size) =>
            summarize && size > 2L * options.EdgeItems ? (2L * options.EdgeItems, options.EdgeItems) : (size, -1);
    }
}
