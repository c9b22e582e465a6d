using System.Collections.Frozen;

namespace ReproTorch.Reporting.Graphs;

/// <summary>What kind of work a drawn node does; its colour.</summary>
internal enum OperatorFamily
{
    Input,
    Module,
    Convolution,
    Linear,
    Recurrent,
    Normalization,
    Activation,
    Pooling,
    Arithmetic,
    Shape,
    Random,
    Control,
    Other,
}

/// <summary>Sorts operators into families by their names.</summary>
internal static class OperatorFamilies
{
    private static readonly FrozenDictionary<string, OperatorFamily> s_byName = Names().ToFrozenDictionary(StringComparer.Ordinal);

    public static OperatorFamily Of(string kind)
    {
        string name = kind[(kind.LastIndexOf(':') + 1)..].TrimEnd('_');
        if (s_byName.TryGetValue(name, out OperatorFamily family))
        {
            return family;
        }

        return name switch
        {
            _ when name.Contains("conv", StringComparison.Ordinal) => OperatorFamily.Convolution,
            _ when name.Contains("pool", StringComparison.Ordinal) => OperatorFamily.Pooling,
            _ when name.Contains("norm", StringComparison.Ordinal) => OperatorFamily.Normalization,
            _ when name.Contains("softmax", StringComparison.Ordinal) || name.Contains("relu", StringComparison.Ordinal) => OperatorFamily.Activation,
            _ when name.Contains("linear", StringComparison.Ordinal) => OperatorFamily.Linear,
            _ when name.Contains("lstm", StringComparison.Ordinal) || name.Contains("gru", StringComparison.Ordinal)
                || name.StartsWith("rnn_", StringComparison.Ordinal) => OperatorFamily.Recurrent,
            _ => OperatorFamily.Other,
        };
    }

    /// <summary>The family in words, for the legend.</summary>
    public static string Title(OperatorFamily family) => family switch
    {
        OperatorFamily.Input => "input, output",
        OperatorFamily.Module => "submodule",
        OperatorFamily.Linear => "matrix product",
        OperatorFamily.Shape => "shape",
        OperatorFamily.Random => "draws random numbers",
        OperatorFamily.Control => "control flow",
        OperatorFamily.Other => "other",
        _ => family.ToString().ToLowerInvariant(),
    };

    private static IEnumerable<KeyValuePair<string, OperatorFamily>> Names()
    {
        foreach ((OperatorFamily family, string names) in ((OperatorFamily, string)[])[
            (OperatorFamily.Linear, "linear mm matmul bmm addmm addbmm baddbmm mv addmv dot einsum bilinear embedding embedding_bag "
                + "scaled_dot_product_attention _native_multi_head_attention"),
            (OperatorFamily.Activation, "relu relu6 gelu elu selu celu silu mish sigmoid tanh hardswish hardsigmoid hardtanh leaky_relu prelu "
                + "softplus log_sigmoid softsign clamp clamp_min clamp_max threshold glu"),
            (OperatorFamily.Arithmetic, "add sub rsub mul div pow sqrt rsqrt exp log neg abs sum mean var std max min amax amin prod square "
                + "reciprocal floor_divide remainder fmod sin cos erf lerp addcmul addcdiv maximum minimum cumsum where eq ne gt ge lt le "
                + "logical_and logical_or logical_not bitwise_and argmax argmin topk sort norm"),
            (OperatorFamily.Shape, "view reshape flatten permute transpose t cat stack squeeze unsqueeze expand expand_as repeat slice select split "
                + "split_with_sizes chunk contiguous narrow index unbind roll pad constant_pad_nd unflatten movedim swapaxes view_as type_as to "
                + "clone detach gather masked_fill index_select flip tile alias numpy_T unfold adaptive"),
            (OperatorFamily.Control, "If Loop"),
            (OperatorFamily.Module, "CallMethod CallFunction")])
        {
            foreach (string name in names.Split(' '))
            {
                yield return KeyValuePair.Create(name, family);
            }
        }
    }
}
