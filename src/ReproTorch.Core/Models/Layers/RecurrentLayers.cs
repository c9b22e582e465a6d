using ReproTorch.Tensors;

namespace ReproTorch.Models.Layers;

/// <summary>torch/nn/modules/rnn.py, without packed sequences.</summary>
internal static class RecurrentLayers
{
    private const string Stack = "int input_size, int hidden_size, int num_layers=1, bool bias=True, bool batch_first=False, "
        + "float dropout=0.0, bool bidirectional=False";

    private const string OnDevice = "Device? device=None, ScalarType? dtype=None)";
    private const string Cell = "Cell(int input_size, int hidden_size, bool bias=True, ";
    private const string OneState = "input: Tensor, hx: Optional[Tensor] = None";
    private const string TwoStates = "input: Tensor, hx: Optional[Tuple[Tensor, Tensor]] = None";

    public static IEnumerable<LayerKind> Kinds =>
    [
        LayerKind.Of(
            $"RNN({Stack}, *, str nonlinearity='tanh', {OnDevice}",
            arguments => Recurrent(arguments, 1, "rnn_" + Nonlinearity(arguments))),
        LayerKind.Of($"LSTM({Stack}, int proj_size=0, {OnDevice}", arguments => Recurrent(arguments, 4, "lstm")),
        LayerKind.Of($"GRU({Stack}, {OnDevice}", arguments => Recurrent(arguments, 3, "gru")),
        LayerKind.Of(
            $"RNN{Cell}str nonlinearity='tanh', {OnDevice}",
            arguments => OneStep(arguments, 1, $"rnn_{Nonlinearity(arguments)}_cell")),
        LayerKind.Of($"LSTM{Cell}{OnDevice}", arguments => OneStep(arguments, 4, "lstm_cell")),
        LayerKind.Of($"GRU{Cell}{OnDevice}", arguments => OneStep(arguments, 3, "gru_cell")),
    ];

    private static string Nonlinearity(LayerArguments arguments) => arguments.Text("nonlinearity") is "tanh" or "relu"
        ? arguments.Text("nonlinearity")
        : throw arguments.Fault("nonlinearity", "The nonlinearity is 'tanh' or 'relu'.");

    private static ModelSource Recurrent(LayerArguments arguments, long gates, string operation)
    {
        bool isLstm = operation == "lstm";
        long projection = isLstm ? arguments.Int("proj_size") : 0;
        Check(arguments, projection);
        List<KeyValuePair<string, TorchTensor>> weights = Weights(arguments, gates, projection);
        string flat = string.Join(", ", weights.Select(weight => "self." + weight.Key));
        string options = "self.bias, self.num_layers, self.dropout, self.training, self.bidirectional, self.batch_first";
        string count = $"[self.num_layers * {(arguments.Bool("bidirectional") ? 2 : 1)}, batch, ";
        const string Like = "dtype=input.dtype, device=input.device";
        string begin =
            """
            is_batched = input.dim() == 3
            batch_dim = 0 if self.batch_first else 1
            if not is_batched:
                input = input.unsqueeze(batch_dim)
            batch = input.size(batch_dim)
            if input.dim() != 3:
                raise RuntimeError("input must have 3 dimensions, got {}".format(input.dim()))
            if input.size(-1) != self.input_size:
                raise RuntimeError("input.size(-1) must be equal to input_size. Expected {}, got {}".format(self.input_size, input.size(-1)))
            """;
        string body = isLstm
            ? $$"""
              {{begin}}
              sizes = {{count}}{{(projection > 0 ? "self.proj_size" : "self.hidden_size")}}]
              cell_sizes = {{count}}self.hidden_size]
              if hx is None:
                  hidden = torch.zeros(sizes, {{Like}})
                  cell = torch.zeros(cell_sizes, {{Like}})
              else:
                  hidden = hx[0] if is_batched else hx[0].unsqueeze(1)
                  cell = hx[1] if is_batched else hx[1].unsqueeze(1)
              if hidden.size() != sizes:
                  raise RuntimeError("Expected hidden[0] size {}, got {}".format(sizes, hidden.size()))
              if cell.size() != cell_sizes:
                  raise RuntimeError("Expected hidden[1] size {}, got {}".format(cell_sizes, cell.size()))
              output, hidden, cell = torch.lstm(input, [hidden, cell], [{{flat}}], {{options}})
              if not is_batched:
                  output = output.squeeze(batch_dim)
                  hidden = hidden.squeeze(1)
                  cell = cell.squeeze(1)
              return output, (hidden, cell)
              """
            : $$"""
              {{begin}}
              sizes = {{count}}self.hidden_size]
              if hx is None:
                  hidden = torch.zeros(sizes, {{Like}})
              else:
                  hidden = hx if is_batched else hx.unsqueeze(1)
              if hidden.size() != sizes:
                  raise RuntimeError("Expected hidden size {}, got {}".format(sizes, hidden.size()))
              output, hidden = torch.{{operation}}(input, hidden, [{{flat}}], {{options}})
              if not is_batched:
                  output = output.squeeze(batch_dim)
                  hidden = hidden.squeeze(1)
              return output, hidden
              """;
        return new ModelSource
        {
            Source = ForwardSource.Of(body, isLstm ? TwoStates : OneState),
            Parameters = weights,
            Attributes = arguments.ToAttributes(),
        };
    }

    private static void Check(LayerArguments arguments, long projection)
    {
        DropoutLayers.CheckProbability(arguments, "dropout");
        if (arguments.Int("hidden_size") < 0 || arguments.Int("num_layers") < 1)
        {
            throw arguments.Fault($"{arguments.Signature.Name} needs a hidden_size of at least 0 and a num_layers of at least 1.");
        }

        if (projection < 0 || (projection > 0 && projection >= arguments.Int("hidden_size")))
        {
            throw arguments.Fault("proj_size", "proj_size has to be 0, for no projection, or greater than 0 and smaller than hidden_size.");
        }

        if (arguments.Float("dropout") > 0 && arguments.Int("num_layers") == 1)
        {
            arguments.Warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, "
                + $"but {arguments.Signature.Name} was given one layer.");
        }
    }

    // In the order in which they are registered, which is the order in which they are drawn.
    private static List<KeyValuePair<string, TorchTensor>> Weights(LayerArguments arguments, long gates, long projection)
    {
        long hidden = arguments.Int("hidden_size");
        int directions = arguments.Bool("bidirectional") ? 2 : 1;
        long carried = projection > 0 ? projection : hidden;
        double bound = hidden > 0 ? 1.0 / Math.Sqrt(hidden) : 0;
        var weights = new List<KeyValuePair<string, TorchTensor>>();
        for (long layer = 0; layer < arguments.Int("num_layers"); layer++)
        {
            long inputs = layer == 0 ? arguments.Int("input_size") : carried * directions;
            for (int direction = 0; direction < directions; direction++)
            {
                string suffix = $"_l{layer}{(direction == 1 ? "_reverse" : string.Empty)}";
                Add("weight_ih" + suffix, gates * hidden, inputs);
                Add("weight_hh" + suffix, gates * hidden, carried);
                if (arguments.Bool("bias"))
                {
                    Add("bias_ih" + suffix, gates * hidden);
                    Add("bias_hh" + suffix, gates * hidden);
                }

                if (projection > 0)
                {
                    Add("weight_hr" + suffix, projection, hidden);
                }
            }
        }

        return weights;

        void Add(string name, params long[] shape) => weights.Add(new(name, InitialTensor.Uniform(bound, arguments.Place, shape)));
    }

    private static ModelSource OneStep(LayerArguments arguments, long gates, string operation)
    {
        (long inputs, long hidden) = (arguments.Int("input_size"), arguments.Int("hidden_size"));
        bool bias = arguments.Bool("bias");
        bool isLstm = operation == "lstm_cell";
        double bound = hidden > 0 ? 1.0 / Math.Sqrt(hidden) : 0;
        List<KeyValuePair<string, TorchTensor>> weights =
        [
            new("weight_ih", InitialTensor.Uniform(bound, arguments.Place, gates * hidden, inputs)),
            new("weight_hh", InitialTensor.Uniform(bound, arguments.Place, gates * hidden, hidden)),
        ];
        if (bias)
        {
            weights.Add(new("bias_ih", InitialTensor.Uniform(bound, arguments.Place, gates * hidden)));
            weights.Add(new("bias_hh", InitialTensor.Uniform(bound, arguments.Place, gates * hidden)));
        }

        const string Weights = "self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh";
        string begin =
            $$"""
            assert input.dim() == 1 or input.dim() == 2, "{{arguments.Signature.Name}}: Expected input to be 1-D or 2-D but received {}-D".format(
                input.dim())
            is_batched = input.dim() == 2
            if not is_batched:
                input = input.unsqueeze(0)
            zeros = torch.zeros([input.size(0), self.hidden_size], dtype=input.dtype, device=input.device)
            """;
        string body = isLstm
            ? $"""
              {begin}
              if hx is None:
                  hidden = zeros
                  cell = zeros
              else:
                  hidden = hx[0] if is_batched else hx[0].unsqueeze(0)
                  cell = hx[1] if is_batched else hx[1].unsqueeze(0)
              hidden, cell = torch.lstm_cell(input, [hidden, cell], {Weights})
              if not is_batched:
                  hidden = hidden.squeeze(0)
                  cell = cell.squeeze(0)
              return hidden, cell
              """
            : $"""
              {begin}
              if hx is None:
                  hidden = zeros
              else:
                  hidden = hx if is_batched else hx.unsqueeze(0)
              hidden = torch.{operation}(input, hidden, {Weights})
              return hidden if is_batched else hidden.squeeze(0)
              """;
        return new ModelSource
        {
            Source = ForwardSource.Of(body, isLstm ? TwoStates : OneState),
            Parameters = weights,
            Attributes = [.. arguments.ToAttributes(), .. Absent.If(!bias, "bias_ih", "bias_hh")],
        };
    }
}
