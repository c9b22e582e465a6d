using System.Runtime.InteropServices;
using ReproTorch.Interop;

namespace ReproTorch.Tensors;

/// <summary>Calls any operator of libtorch by its name, as torch.ops does in Python.</summary>
public static class TorchOperator
{
    /// <summary>Calls an operator with arguments by position.</summary>
    /// <param name="name">Such as <c>aten::randn</c>, or with the overload <c>aten::add.Tensor</c>.</param>
    /// <param name="arguments">Tensors, numbers, strings, bools, null, lists, <see cref="DType"/>, <see cref="TorchDevice"/>,
    /// generators.</param>
    /// <returns>The result; several results come as a <see cref="TorchTuple"/>.</returns>
    /// <exception cref="ReproTorchException">There is no such operator, the arguments do not fit, or it failed.</exception>
    public static object? Call(string name, params object?[] arguments) => CallWith(name, arguments, []);

    /// <summary>Calls an operator and records how its result depends on its arguments, for a gradient. Not under torch.no_grad().</summary>
    /// <inheritdoc cref="Call"/>
    internal static object? Record(string name, params object?[] arguments) => CallWith(name, arguments, [], recordGradients: true);

    /// <inheritdoc cref="Record(string, object?[])"/>
    internal static object? Record(
        string name, IReadOnlyList<object?> arguments, IReadOnlyList<KeyValuePair<string, object?>> keywords) =>
        CallWith(name, arguments, keywords, recordGradients: true);

    /// <summary>Calls an operator with arguments by position and by name.</summary>
    /// <inheritdoc cref="Call"/>
    public static object? CallWith(
        string name, IReadOnlyList<object?> arguments, IReadOnlyList<KeyValuePair<string, object?>> keywords) =>
        CallWith(name, arguments, keywords, recordGradients: false);

    private static unsafe object? CallWith(
        string name, IReadOnlyList<object?> arguments, IReadOnlyList<KeyValuePair<string, object?>> keywords, bool recordGradients)
    {
        ArgumentNullException.ThrowIfNull(keywords);
        ValueHandle[] values = TorchValue.ToNativeAll(arguments);
        ValueHandle[] keywordValues = [];
        nint[] names = [];
        try
        {
            keywordValues = TorchValue.ToNativeAll(keywords.Select(keyword => keyword.Value));
            names = [.. keywords.Select(keyword => Marshal.StringToCoTaskMemUTF8(keyword.Key))];
            using var held = new HandleArray(values);
            using var heldKeywords = new HandleArray(keywordValues);
            fixed (nint* first = held.Pointers, firstName = names, firstKeyword = heldKeywords.Pointers)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_operator_call(
                    name, first, values.Length, firstName, firstKeyword, names.Length, recordGradients ? 1 : 0, out ValueHandle result));
                using (result)
                {
                    return TorchValue.FromNative(result);
                }
            }
        }
        finally
        {
            TorchValue.DisposeAll(values);
            TorchValue.DisposeAll(keywordValues);
            Array.ForEach(names, Marshal.FreeCoTaskMem);
        }
    }
}
