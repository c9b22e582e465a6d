using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/sparse.py.</summary>
internal static class EmbeddingLayers
{
    // What is looked up is scaled down first, in the parameter itself.
    private const string Renormalize =
        """
        if self.max_norm is not None:
            torch.embedding_renorm_(self.weight.detach(), input.contiguous(), self.max_norm, self.norm_type)

        """;

    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Of(
            "Embedding(int num_embeddings, int embedding_dim, int? padding_idx=None, float? max_norm=None, float norm_type=2.0, "
            + "bool scale_grad_by_freq=False, bool sparse=False, Device? device=None, ScalarType? dtype=None)",
            Embedding),
        LayerKind.Of(
            "EmbeddingBag(int num_embeddings, int embedding_dim, float? max_norm=None, float norm_type=2.0, "
            + "bool scale_grad_by_freq=False, str mode='mean', bool sparse=False, bool include_last_offset=False, "
            + "int? padding_idx=None, Device? device=None, ScalarType? dtype=None)",
            EmbeddingBag),
    ];

    private static ModelSource Embedding(LayerArguments arguments)
    {
        long? padding = PaddingIndex(arguments);
        return new ModelSource
        {
            Source = ForwardSource.Of(
                Renormalize
                + $"return torch.embedding(self.weight, input, {padding ?? -1}, self.scale_grad_by_freq, self.sparse)"),
            Parameters = [new("weight", Weight(arguments, padding))],
            Attributes = [.. arguments.ToAttributes("padding_idx"), new("padding_idx", padding)],
        };
    }

    private static ModelSource EmbeddingBag(LayerArguments arguments)
    {
        long? padding = PaddingIndex(arguments);
        int mode = Array.IndexOf(["sum", "mean", "max"], arguments.Text("mode"));
        if (mode < 0)
        {
            throw arguments.Fault("mode", "mode has to be one of 'sum', 'mean' and 'max'.");
        }

        if (arguments.Text("mode") == "max" && (arguments.Bool("scale_grad_by_freq") || arguments.Bool("sparse")))
        {
            throw arguments.Fault("mode", "The mode 'max' supports neither scale_grad_by_freq nor sparse.");
        }

        string body =
            $$"""
            if input.dim() == 2:
                if offsets is not None:
                    raise ValueError("if input is 2D, then offsets has to be None, as each row is a bag of its own")
                begins = torch.arange(0, input.numel(), input.size(1), dtype=input.dtype, device=input.device)
            elif input.dim() == 1:
                if offsets is None:
                    raise ValueError("offsets has to be a 1D Tensor but got None")
                else:
                    begins = offsets
            else:
                raise ValueError("input has to be 1D or 2D Tensor, but got Tensor of dimension {}".format(input.dim()))
            scales = per_sample_weights
            if scales is not None:
                if self.mode != "sum":
                    raise NotImplementedError("per_sample_weights is only supported for mode='sum' (got mode='{}')".format(self.mode))
                if scales.size() != input.size():
                    raise ValueError("per_sample_weights must have the same shape as the input")
                scales = scales.reshape(-1)
            input = input.reshape(-1)
            {{Renormalize}}return torch.embedding_bag(
                self.weight, input, begins, self.scale_grad_by_freq, {{mode}}, self.sparse, scales, self.include_last_offset,
                self.padding_idx)[0]
            """;
        return new ModelSource
        {
            Source = ForwardSource.Of(
                body, "input: Tensor, offsets: Optional[Tensor] = None, per_sample_weights: Optional[Tensor] = None"),
            Parameters = [new("weight", Weight(arguments, padding))],
            Attributes = [.. arguments.ToAttributes("padding_idx"), new("padding_idx", padding)],
        };
    }

    // The row of the padding is drawn with the others, then set to zero.
    private static TorchTensor Weight(LayerArguments arguments, long? padding)
    {
        TorchTensor weight = InitialTensor.Normal(
            1.0, arguments.Place, arguments.Int("num_embeddings"), arguments.Int("embedding_dim"));
        if (padding is { } row)
        {
            TorchOperator.Call("aten::zero_", weight.Narrow(row, 1));
        }

        return weight;
    }

    private static long? PaddingIndex(LayerArguments arguments)
    {
        long count = arguments.Int("num_embeddings");
        return arguments["padding_idx"] switch
        {
            null => null,
            long index when index >= 0 && index < count => index,
            long index when index < 0 && index >= -count => count + index,
            _ => throw arguments.Fault("padding_idx", "padding_idx must be within num_embeddings."),
        };
    }
}
