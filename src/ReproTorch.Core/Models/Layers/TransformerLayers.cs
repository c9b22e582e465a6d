namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/transformer.py, the encoder. As <see cref="AttentionLayers"/>, it takes PyTorch's fast path under the
/// same conditions.</summary>
internal static class TransformerLayers
{
    private const string LayerName = "TransformerEncoderLayer";

    private const string MaskCheck =
        """
        if src_key_padding_mask is not None:
            if src_key_padding_mask.dtype != torch.bool and not torch.is_floating_point(src_key_padding_mask):
                raise AssertionError("only bool and floating types of key_padding_mask are supported")
        """;

    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Of(
            LayerName + "(int d_model, int nhead, int dim_feedforward=2048, float dropout=0.1, Function activation='relu', "
            + "float layer_norm_eps=1e-05, bool batch_first=False, bool norm_first=False, Device? device=None, ScalarType? dtype=None)",
            EncoderLayer),
        LayerKind.Of(
            "TransformerEncoder(Layer encoder_layer, int num_layers, Layer? norm=None, bool enable_nested_tensor=True, bool mask_check=True)",
            Encoder),
    ];

    private static ModelSource EncoderLayer(LayerArguments arguments)
    {
        (long features, long hidden) = (arguments.Int("d_model"), arguments.Int("dim_feedforward"));
        double dropout = arguments.Float("dropout");
        DropoutLayers.CheckProbability(arguments, "dropout");
        string activation = Activation(arguments);
        var attention = new AttentionOptions(features, arguments.Int("nhead"))
        {
            Dropout = dropout,
            BatchFirst = arguments.Bool("batch_first"),
        };
        double eps = arguments.Float("layer_norm_eps");
        List<KeyValuePair<string, ScriptModel>> parts =
        [
            new("self_attn", AttentionLayers.Source(arguments, attention).CompileAndRelease()),
            new("linear1", LinearLayers.Source(features, hidden, bias: true, arguments.Place).Compile()),
            new("dropout", DropoutLayers.Source(dropout).Compile()),
            new("linear2", LinearLayers.Source(hidden, features, bias: true, arguments.Place).Compile()),
            new("norm1", NormalizationLayers.Layer([features], eps, affine: true, arguments.Place).Compile()),
            new("norm2", NormalizationLayers.Layer([features], eps, affine: true, arguments.Place).Compile()),
            new("dropout1", DropoutLayers.Source(dropout).Compile()),
            new("dropout2", DropoutLayers.Source(dropout).Compile()),
        ];
        bool normFirst = arguments.Bool("norm_first");
        string fast = !CanBeFast(arguments) ? string.Empty :
            $$"""
            if (src.dim() == 3 and not self.training and src_mask is None and not (src.is_nested and src_key_padding_mask is not None)
                    and not torch.is_autocast_enabled() and (src.is_cuda or src.device.type == "cpu")
                    and not (torch.is_grad_enabled() and {{RequiresGradient("src", "self")}})):
                mask_type: Optional[int] = None
                if src_key_padding_mask is not None:
                    mask_type = 1
                return torch._transformer_encoder_layer_fwd(
                    src, self.self_attn.embed_dim, self.self_attn.num_heads, self.self_attn.in_proj_weight, self.self_attn.in_proj_bias,
                    self.self_attn.out_proj.weight, self.self_attn.out_proj.bias, {{(activation == "gelu" ? "True" : "False")}}, self.norm_first,
                    self.norm1.eps, self.norm1.weight, self.norm1.bias, self.norm2.weight, self.norm2.bias, self.linear1.weight,
                    self.linear1.bias, self.linear2.weight, self.linear2.bias, src_key_padding_mask, mask_type)

            """;
        string begin = normFirst ? "attended = self.norm1(src)" : "attended = src";
        string steps = normFirst
            ? $"""
              x = src + attended
              return x + self.dropout2(self.linear2(self.dropout(torch.{activation}(self.linear1(self.norm2(x))))))
              """
            : $"""
              x = self.norm1(src + attended)
              return self.norm2(x + self.dropout2(self.linear2(self.dropout(torch.{activation}(self.linear1(x))))))
              """;
        return new ModelSource
        {
            Source = ForwardSource.Of(
                $$"""
                {{MaskCheck}}
                {{fast}}{{begin}}
                attended = self.dropout1(self.self_attn(attended, attended, attended, src_key_padding_mask, False, src_mask)[0])
                {{steps}}
                """,
                "src: Tensor, src_mask: Optional[Tensor] = None, src_key_padding_mask: Optional[Tensor] = None",
                "Tensor"),
            Submodules = parts,
            Attributes = [new("norm_first", normFirst), new("batch_first", attention.BatchFirst), new("activation", activation)],
        };
    }

    // All layers are copies of the one given, initial values included.
    private static ModelSource Encoder(LayerArguments arguments)
    {
        BoundLayer layer = arguments.Layer("encoder_layer");
        if (layer.Name != LayerName)
        {
            throw arguments.Fault("encoder_layer", $"encoder_layer must be a {LayerName}, not a {layer.Name}.");
        }

        long count = arguments.Int("num_layers");
        if (count < 1)
        {
            throw arguments.Fault("num_layers", "num_layers must be at least 1.");
        }

        using ScriptModel first = layer.Build();
        ScriptModel? norm = arguments.IsNone("norm") ? null : arguments.Layer("norm").Build();
        KeyValuePair<string, ScriptModel>[] copies =
            [.. Enumerable.Range(0, checked((int)count)).Select(i => KeyValuePair.Create($"{i}", first.Clone()))];
        var list = new ModelSource { Name = "ModuleList", Source = string.Empty, Submodules = copies };
        bool mayNest = CanBeFast(layer.Arguments) && !layer.Arguments.Bool("norm_first") && arguments.Bool("enable_nested_tensor");
        string nested = !mayNest ? string.Empty :
            $$"""
            if src_key_padding_mask is not None:
                first = getattr(self.layers, "0")
                if (src.dim() == 3 and not first.training and mask is None and not src.is_nested and not torch.is_autocast_enabled()
                        and (not self.mask_check or torch._nested_tensor_from_mask_left_aligned(src, src_key_padding_mask.logical_not()))
                        and (src.is_cuda or src.device.type == "cpu")
                        and not (torch.is_grad_enabled() and {{RequiresGradient("src", "first")}})):
                    output = torch._nested_tensor_from_mask(src, src_key_padding_mask.logical_not(), mask_check=False)
                    padding = None
                    is_nested = True

            """;
        string layers = string.Concat(copies.Select(copy => $"output = getattr(self.layers, \"{copy.Key}\")(output, mask, padding)\n"));
        return new ModelSource
        {
            Source = ForwardSource.Of(
                $$"""
                {{MaskCheck}}
                output = src
                padding: Optional[Tensor] = src_key_padding_mask
                is_nested = False
                {{nested}}{{layers}}if is_nested:
                    output = output.to_padded_tensor(0.0)
                return {{(norm is null ? "output" : "self.norm(output)")}}
                """,
                "src: Tensor, mask: Optional[Tensor] = None, src_key_padding_mask: Optional[Tensor] = None",
                "Tensor"),
            Submodules = norm is null ? [new("layers", list.CompileAndRelease())] : [new("layers", list.CompileAndRelease()), new("norm", norm)],
            Attributes = [.. arguments.ToAttributes("norm"), .. Absent.If(norm is null, "norm")],
        };
    }

    private static bool CanBeFast(LayerArguments layer) => layer.Bool("batch_first") && layer.Int("nhead") % 2 == 0;

    private static string RequiresGradient(string input, string layer)
    {
        string[] tensors =
        [
            "self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias", "norm1.weight",
            "norm1.bias", "norm2.weight", "norm2.bias", "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias",
        ];
        return $"({string.Join(" or ", [input + ".requires_grad", .. tensors.Select(tensor => $"{layer}.{tensor}.requires_grad")])})";
    }

    // F.relu, torch.nn.functional.relu and 'relu' are one function.
    private static string Activation(LayerArguments arguments)
    {
        string name = arguments.Text("activation");
        string last = name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant();
        return last is "relu" or "gelu"
            ? last
            : throw arguments.Fault("activation", $"activation should be 'relu' or 'gelu', not '{name}'.");
    }
}
