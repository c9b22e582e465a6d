using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>
/// torch/nn/modules/activation.py, MultiheadAttention, and multi_head_attention_forward() of torch/nn/functional.py. Out of training
/// and without gradients PyTorch computes self-attention by one operator, whose last bits differ from the path of single
/// operations; so this takes the same path under the same conditions.
/// </summary>
internal static class AttentionLayers
{
    private const string Inputs = "query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Optional[Tensor] = None, "
        + "need_weights: bool = True, attn_mask: Optional[Tensor] = None, average_attn_weights: bool = True";

    private const string Fast =
        """
        if (query.dim() == 3 and query is key and key is value and query.dtype == self.in_proj_weight.dtype and not self.training
                and attn_mask is None and not (query.is_nested and key_padding_mask is not None)
                and not torch.is_autocast_enabled() and (query.is_cuda or query.device.type == "cpu")
                and not (torch.is_grad_enabled() and (query.requires_grad or self.in_proj_weight.requires_grad
                    or self.in_proj_bias.requires_grad or self.out_proj.weight.requires_grad or self.out_proj.bias.requires_grad))):
            mask_type: Optional[int] = None
            if key_padding_mask is not None:
                mask_type = 1
            fast_output, fast_weights = torch._native_multi_head_attention(
                query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.out_proj.weight,
                self.out_proj.bias, key_padding_mask, need_weights, average_attn_weights, mask_type)
            if need_weights:
                return fast_output, fast_weights
            else:
                return fast_output, None

        """;

    private const string Slow =
        """
        if query.dim() != 3 and query.dim() != 2:
            raise AssertionError("query should be unbatched 2D or batched 3D tensor but received {}-D query tensor".format(query.dim()))
        if key.dim() != query.dim() or value.dim() != query.dim():
            raise AssertionError("For {0}-D query, expected key and value to be {0}-D, but found {1}-D and {2}-D tensors".format(
                query.dim(), key.dim(), value.dim()))
        is_batched = query.dim() == 3
        same_query = query is key
        same_value = key is value
        padding = key_padding_mask
        if not is_batched:
            query = query.unsqueeze(1)
            key = key.unsqueeze(1)
            value = value.unsqueeze(1)
            if padding is not None:
                padding = padding.unsqueeze(0)
        elif self.batch_first:
            query = query.transpose(1, 0)
            key = key.transpose(1, 0)
            value = value.transpose(1, 0)
        target = query.size(0)
        batch = query.size(1)
        features = query.size(2)
        heads = self.num_heads
        assert features == self.embed_dim, "was expecting embedding dimension of {}, but got {}".format(self.embed_dim, features)
        if self.in_proj_weight is not None:
            assert key.size() == value.size(), "key shape {} does not match value shape {}".format(key.size(), value.size())
            if same_query and same_value:
                all_parts = torch.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
                q = all_parts[0]
                k = all_parts[1]
                v = all_parts[2]
            elif same_value:
                w_two = torch.split_with_sizes(self.in_proj_weight, [features, features * 2])
                if self.in_proj_bias is not None:
                    b_two = torch.split_with_sizes(self.in_proj_bias, [features, features * 2])
                    q = torch.linear(query, w_two[0], b_two[0])
                    both = torch.linear(key, w_two[1], b_two[1]).chunk(2, -1)
                else:
                    q = torch.linear(query, w_two[0], None)
                    both = torch.linear(key, w_two[1], None).chunk(2, -1)
                k = both[0]
                v = both[1]
            else:
                w_three = self.in_proj_weight.chunk(3)
                if self.in_proj_bias is not None:
                    b_three = self.in_proj_bias.chunk(3)
                    q = torch.linear(query, w_three[0], b_three[0])
                    k = torch.linear(key, w_three[1], b_three[1])
                    v = torch.linear(value, w_three[2], b_three[2])
                else:
                    q = torch.linear(query, w_three[0], None)
                    k = torch.linear(key, w_three[1], None)
                    v = torch.linear(value, w_three[2], None)
        else:
            if self.in_proj_bias is not None:
                b_each = self.in_proj_bias.chunk(3)
                q = torch.linear(query, self.q_proj_weight, b_each[0])
                k = torch.linear(key, self.k_proj_weight, b_each[1])
                v = torch.linear(value, self.v_proj_weight, b_each[2])
            else:
                q = torch.linear(query, self.q_proj_weight, None)
                k = torch.linear(key, self.k_proj_weight, None)
                v = torch.linear(value, self.v_proj_weight, None)
        mask = attn_mask
        if mask is not None:
            if mask.dtype == torch.uint8:
                warnings.warn("Byte tensor for attn_mask in nn.MultiheadAttention is deprecated. Use bool tensor instead.")
                mask = mask.to(torch.bool)
            else:
                assert mask.is_floating_point() or mask.dtype == torch.bool, "Only float, byte, and bool types are supported for attn_mask"
            expected = [target, key.size(0)] if mask.dim() == 2 else [batch * heads, target, key.size(0)]
            if mask.size() != expected:
                raise RuntimeError("The shape of the attn_mask is {}, but should be {}.".format(mask.size(), expected))
            if mask.dim() == 2:
                mask = mask.unsqueeze(0)
        if self.bias_k is not None:
            k = torch.cat([k, self.bias_k.repeat([1, batch, 1])])
            v = torch.cat([v, self.bias_v.repeat([1, batch, 1])])
            if mask is not None:
                mask = torch.pad(mask, [0, 1])
            if padding is not None:
                padding = torch.pad(padding, [0, 1])
        q = q.contiguous().view([target, batch * heads, self.head_dim]).transpose(0, 1)
        k = k.contiguous().view([k.size(0), batch * heads, self.head_dim]).transpose(0, 1)
        v = v.contiguous().view([v.size(0), batch * heads, self.head_dim]).transpose(0, 1)
        if self.add_zero_attn:
            zeros = [batch * heads, 1, self.head_dim]
            k = torch.cat([k, torch.zeros(zeros, dtype=k.dtype, device=k.device)], 1)
            v = torch.cat([v, torch.zeros(zeros, dtype=v.dtype, device=v.device)], 1)
            if mask is not None:
                mask = torch.pad(mask, [0, 1])
            if padding is not None:
                padding = torch.pad(padding, [0, 1])
        source = k.size(1)
        if padding is not None:
            assert padding.size() == [batch, source], "expecting key_padding_mask shape of {}, but got {}".format([batch, source], padding.size())
            padding = padding.view([batch, 1, 1, source]).expand([-1, heads, -1, -1]).reshape([batch * heads, 1, source])
            if mask is None:
                mask = padding
            elif mask.dtype == torch.bool:
                mask = mask.logical_or(padding)
            else:
                mask = mask.masked_fill(padding, -inf)
        if mask is not None:
            if mask.dtype == torch.bool:
                mask = torch.zeros_like(mask, dtype=q.dtype).masked_fill_(mask, -inf)
        scaled = q / math.sqrt(self.head_dim)
        if mask is not None:
            weights = torch.baddbmm(mask, scaled, k.transpose(-2, -1))
        else:
            weights = torch.bmm(scaled, k.transpose(-2, -1))
        weights = weights.softmax(-1)
        if self.training and self.dropout > 0.0:
            weights = torch.dropout(weights, self.dropout, True)
        output = torch.bmm(weights, v).transpose(0, 1).contiguous().view([target * batch, features])
        output = torch.linear(output, self.out_proj.weight, self.out_proj.bias)
        output = output.view([target, batch, output.size(1)])
        if not is_batched:
            output = output.squeeze(1)
        elif self.batch_first:
            output = output.transpose(1, 0)
        if need_weights:
            weights = weights.view([batch, heads, target, source])
            if average_attn_weights:
                weights = weights.sum([1]) / heads
            if not is_batched:
                weights = weights.squeeze(0)
            return output, weights
        else:
            return output, None
        """;

    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Of(
            "MultiheadAttention(int embed_dim, int num_heads, float dropout=0.0, bool bias=True, bool add_bias_kv=False, "
            + "bool add_zero_attn=False, int? kdim=None, int? vdim=None, bool batch_first=False, Device? device=None, ScalarType? dtype=None)",
            arguments => Source(arguments, new AttentionOptions(arguments.Int("embed_dim"), arguments.Int("num_heads"))
            {
                Dropout = arguments.Float("dropout"),
                Bias = arguments.Bool("bias"),
                AddBiasKeyValue = arguments.Bool("add_bias_kv"),
                AddZeroAttention = arguments.Bool("add_zero_attn"),
                KeyFeatures = arguments["kdim"] as long?,
                ValueFeatures = arguments["vdim"] as long?,
                BatchFirst = arguments.Bool("batch_first"),
            })),
    ];

    /// <summary>MultiheadAttention, also as a part of another layer. The output projection is drawn first, then the input
    /// projections, then the biases of key and value.</summary>
    public static ModelSource Source(LayerArguments arguments, AttentionOptions options)
    {
        (long features, long heads) = (options.Features, options.Heads);
        if (heads <= 0 || features % heads != 0)
        {
            throw arguments.Fault($"The features must be divisible by the heads, but {features} is not by {heads}.");
        }

        TensorPlace place = arguments.Place;
        (long keys, long values) = (options.KeyFeatures ?? features, options.ValueFeatures ?? features);
        bool packed = keys == features && values == features;
        ModelSource projection = LinearLayers.Source(features, features, options.Bias, place);
        if (options.Bias)
        {
            TorchOperator.Call("aten::zero_", projection.Parameters[1].Value);
        }

        List<KeyValuePair<string, TorchTensor>> weights = packed
            ? [new("in_proj_weight", InitialTensor.XavierUniform(place, 3 * features, features))]
            :
            [
                new("q_proj_weight", InitialTensor.XavierUniform(place, features, features)),
                new("k_proj_weight", InitialTensor.XavierUniform(place, features, keys)),
                new("v_proj_weight", InitialTensor.XavierUniform(place, features, values)),
            ];
        if (options.Bias)
        {
            weights.Add(new("in_proj_bias", InitialTensor.Full(0, place, 3 * features)));
        }

        if (options.AddBiasKeyValue)
        {
            weights.Add(new("bias_k", InitialTensor.XavierNormal(place, 1, 1, features)));
            weights.Add(new("bias_v", InitialTensor.XavierNormal(place, 1, 1, features)));
        }

        // PyTorch 1.13 takes the one operator without a bias too, and fails there; this computes it step by step.
        bool mayBeFast = packed && options is { Bias: true, BatchFirst: true, AddBiasKeyValue: false, AddZeroAttention: false, Dropout: 0 }
            && heads % 2 == 0;
        return new ModelSource
        {
            Name = "MultiheadAttention",
            Source = ForwardSource.Of(
                """
                if key_padding_mask is not None:
                    if key_padding_mask.dtype != torch.bool and not torch.is_floating_point(key_padding_mask):
                        raise AssertionError("only bool and floating types of key_padding_mask are supported")

                """ + (mayBeFast ? Fast : string.Empty) + Slow,
                Inputs,
                "Tuple[Tensor, Optional[Tensor]]"),
            Parameters = weights,
            Submodules = [new("out_proj", projection.Compile())],
            Attributes =
            [
                new("embed_dim", features),
                new("num_heads", heads),
                new("head_dim", features / heads),
                new("kdim", keys),
                new("vdim", values),
                new("dropout", options.Dropout),
                new("batch_first", options.BatchFirst),
                new("add_zero_attn", options.AddZeroAttention),
                .. Absent.If(!packed, "in_proj_weight"),
                .. Absent.If(packed, "q_proj_weight", "k_proj_weight", "v_proj_weight"),
                .. Absent.If(!options.Bias, "in_proj_bias"),
                .. Absent.If(!options.AddBiasKeyValue, "bias_k", "bias_v"),
            ],
        };
    }
}

/// <summary>What MultiheadAttention is made with.</summary>
/// <param name="Features">embed_dim.</param>
/// <param name="Heads">num_heads.</param>
internal sealed record AttentionOptions(long Features, long Heads)
{
    public double Dropout { get; init; }

    public bool Bias { get; init; } = true;

    public bool AddBiasKeyValue { get; init; }

    public bool AddZeroAttention { get; init; }

    /// <summary>kdim; null for embed_dim.</summary>
    public long? KeyFeatures { get; init; }

    /// <summary>vdim; null for embed_dim.</summary>
    public long? ValueFeatures { get; init; }

    public bool BatchFirst { get; init; }
}
