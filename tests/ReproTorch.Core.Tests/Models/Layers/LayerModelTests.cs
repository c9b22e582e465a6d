using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Models.Layers;

public sealed class LayerModelTests : ProcessStateTests
{
    // PyTorch 1.13.1: torch.manual_seed(0); m = nn.Sequential(nn.Linear(3, 2)); m[0].weight, m[0].bias; torch.rand(1)
    [Fact]
    public void InitialValuesAreThoseOfPyTorchAndSoIsTheNextDraw()
    {
        using ScriptModel model = Build(0, "Linear(3, 2)");
        Assert.Equal(
            [-0.004322517663240433f, 0.3097158372402191f, -0.4751853346824646f, -0.4248946011066437f, -0.2223689705133438f, 0.15482072532176971f],
            model.Tensor("0.weight").ToArray<float>());
        Assert.Equal([-0.011439144611358643f, 0.45777493715286255f], model.Tensor("0.bias").ToArray<float>());
        Assert.Equal([0.455627977848053f], TensorFactory.Create("rand", [1], []).ToArray<float>());
    }

    [Fact]
    public void LayersAreCalledByTheirNumbersOrTheirNames()
    {
        using ScriptModel numbered = LayerModel.Build(["Linear(3, 2)", "ReLU", "Linear(2, 1, bias=False)"]);
        Assert.Equal(["0.weight", "0.bias", "2.weight"], numbered.Describe().Parameters.Select(parameter => parameter.Name));
        using ScriptModel named = LayerModel.Build(
            [KeyValuePair.Create("first", "Linear(3, 2)"), KeyValuePair.Create("second", "BatchNorm1d(2)")]);
        Assert.Equal(["first.weight", "first.bias", "second.weight", "second.bias"], named.Describe().Parameters.Select(parameter => parameter.Name));
        Assert.Equal(
            ["second.running_mean", "second.running_var", "second.num_batches_tracked"], named.Describe().Buffers.Select(buffer => buffer.Name));
        Assert.Equal("Sequential", named.Name);
    }

    [Fact]
    public void ANewModelIsInTrainingModeAndRuns()
    {
        using ScriptModel model = Build(1, "Linear(3, 4)", "Dropout(0.5)", "BatchNorm1d(4)");
        Assert.True(model.IsTraining);
        using TorchTensor input = TensorFactory.Create("ones", [5, 3], []);
        model.Invoke(input);
        Assert.Equal([1L], model.Tensor("2.num_batches_tracked").ToArray<long>());
        model.SetTraining(false);
        Assert.Equal([5, 4], model.Invoke(input).Shape);
        Assert.Equal([1L], model.Tensor("2.num_batches_tracked").ToArray<long>());
    }

    [Fact]
    public void OneLayerTakesAllThatItTakesInPython()
    {
        using ScriptModel attention = LayerModel.Build(["MultiheadAttention(8, 2)"]);
        Assert.Equal(
            ["query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights"],
            attention.Method("forward").Arguments.Select(argument => argument.Name));
        Assert.Equal(3, attention.Method("forward").Arguments.Count(argument => !argument.Optional));
    }

    [Theory]
    [InlineData("Linaer(64, 10)", "Did you mean 'Linear'?")]
    [InlineData("linear(64, 10)", "Did you mean 'Linear'?")]
    [InlineData("F.relu", "There is no layer 'F.relu'")]
    [InlineData("Linear", "needs in_features")]
    [InlineData("Linear(64)", "needs out_features")]
    [InlineData("Linear(64, 10, True, 'cpu', torch.float32, 1)", "no more arguments")]
    [InlineData("Linear(64, 10, out_features=10)", "twice")]
    [InlineData("Linear(in_features=64, 10)", "without a name")]
    [InlineData("Linear(64, 10, bais=False)", "Did you mean 'bias'?")]
    [InlineData("Linear(64.0, 10)", "a whole number for in_features")]
    [InlineData("Linear(64, 10, dtype='float99')", "torch.float64")]
    [InlineData("Linear(64, 10, device='quantum')", "cuda:0")]
    [InlineData("Conv2d(1, 2, (3, 3, 3))", "a whole number or a tuple of 2 of them for kernel_size")]
    [InlineData("Conv2d(3, 8, 3, groups=2)", "in_channels must be divisible by groups")]
    [InlineData("Conv2d(4, 7, 3, groups=2)", "out_channels must be divisible by groups")]
    [InlineData("Conv2d(4, 8, 3, groups=0)", "groups must be a positive integer")]
    [InlineData("Conv2d(4, 8, 3, padding='full')", "'same' or 'valid'")]
    [InlineData("Conv2d(4, 8, 3, 2, padding='same')", "strided")]
    [InlineData("Conv2d(4, 8, 3, padding_mode='mirror')", "padding_mode must be one of")]
    [InlineData("ConvTranspose2d(4, 8, 3, padding_mode='reflect')", "\"zeros\"")]
    [InlineData("MultiheadAttention(10, 3)", "divisible")]
    [InlineData("GroupNorm(3, 4)", "divisible")]
    [InlineData("Dropout(1.5)", "between 0 and 1")]
    [InlineData("LSTM(4, 4, proj_size=4)", "smaller than hidden_size")]
    [InlineData("GRU(4, 4, proj_size=2)", "no parameter 'proj_size'")]
    [InlineData("RNN(4, 4, nonlinearity='gelu')", "'tanh' or 'relu'")]
    [InlineData("Embedding(4, 2, padding_idx=4)", "within num_embeddings")]
    [InlineData("EmbeddingBag(4, 2, mode='median')", "'mean'")]
    [InlineData("Hardtanh(2, 1)", "greater")]
    [InlineData("Upsample()", "either size or scale_factor")]
    [InlineData("Upsample(size=2, mode='cubic')", "'bicubic'")]
    [InlineData("Upsample(size=2, align_corners=True)", "align_corners")]
    [InlineData("FractionalMaxPool2d(2)", "either output_size or output_ratio")]
    [InlineData("TransformerEncoderLayer(8, 2, activation='tanh')", "'relu' or 'gelu'")]
    [InlineData("TransformerEncoder(Linear(1, 1), 2)", "must be a TransformerEncoderLayer")]
    [InlineData("TransformerEncoder(TransformerEncoderLayer(8, 2), 0)", "at least 1")]
    [InlineData("Sequential(Linear(1, 2), Dropout(7))", "between 0 and 1")]
    [InlineData("Sequential(Linear(1, 2), 3)", "a layer for args")]
    [InlineData("LazyLinear(10)", "without 'Lazy'")]
    [InlineData("CrossEntropyLoss()", "loss")]
    [InlineData("TransformerDecoderLayer(8, 2)", "target")]
    [InlineData("ModuleList()", "Sequential")]
    public void WhatPyTorchRefusesIsRefusedWithAReason(string layer, string words)
    {
        var error = Assert.Throws<ReproTorchException>(() => LayerModel.Build([layer]));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(layer, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LSTM(4, 4)", "Linear(4, 2)", "gives a Tuple")]
    [InlineData("Linear(4, 4)", "MultiheadAttention(4, 2)", "takes query, key, value")]
    public void LayersThatDoNotFitTogetherAreToldWhenTheyAreBuilt(string first, string second, string words)
    {
        var error = Assert.Throws<ReproTorchException>(() => LayerModel.Build([first, second]));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingIsSeededOrDrawnWhenTheTextIsWrong()
    {
        RandomStreams.Seed(3, [RandomSource.Torch], null);
        Assert.Throws<ReproTorchException>(() => Build(9, "Linear(3, 2)", "Linear(3"));
        Assert.Throws<ReproTorchException>(() => Build(9, "Linear(3, 2)", "Linaer(3, 2)"));
        Assert.Equal(0, RandomStreams.Report([RandomSource.Torch])[0].DrawCount);
    }

    [Fact]
    public void DropoutBetweenLayersThatAreNotThereIsWarnedOf()
    {
        var warnings = new List<string>();
        LayerModel.Build(["LSTM(4, 4, dropout=0.5)"], new LayerModelOptions { OnWarning = warnings.Add }).Dispose();
        Assert.Contains("num_layers greater than 1", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryLayerTellsItsSignatureAsPyTorchDocumentsIt()
    {
        Assert.Equal(
            "Conv1d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', "
            + "device=None, dtype=None)",
            LayerModel.Layers.Single(layer => layer.Name == "Conv1d").Signature);
        Assert.Equal("Sequential(*args)", LayerModel.Layers.Single(layer => layer.Name == "Sequential").Signature);
        Assert.Equal(["in_features", "out_features"], LayerModel.Layers.Single(layer => layer.Name == "Linear").Required);
        Assert.True(LayerModel.Layers.Count > 100, $"{LayerModel.Layers.Count} layers");
    }

    [Fact]
    public void ASubmoduleSharesItsParametersWithTheModelThatItIsAPartOf()
    {
        using ScriptModel part = Build(0, "Linear(3, 2)");
        using ScriptModel whole = new ModelSource
        {
            Source = "def forward(self, x):\n    return self.part(x) * self.scale\n\ndef twice(self, x):\n    return 2 * self.forward(x)",
            Submodules = [new("part", part)],
            Attributes = [new("scale", 3.0)],
        }.Compile();
        TorchOperator.Call("aten::fill_", part.Tensor("0.weight"), 1.0);
        Assert.Equal(1f, whole.Tensor("part.0.weight").ToArray<float>()[0]);
        Assert.Equal(["forward", "twice"], whole.Methods.Select(method => method.Name));
    }

    [Theory]
    [InlineData("def forward(self, x):\n    y = x + 1\n    return no_such_name(y)\n", 3, "no_such_name(y)")]
    [InlineData("def forward(self, x):\r\n    y = x + 1\r\n    return self.missing\r\n", 3, "self.missing")]
    [InlineData("def forward(self, x):\n    return x\n\ndef other(self, x):\n    return torch.relu(x, 1, 2)", 5, "torch.relu(x, 1, 2)")]
    [InlineData("def forward(self, x):\n    y = x + * 2\n    return y", 2, "y = x + * 2")]
    public void AnErrorInSourceShowsItsLine(string source, int line, string text)
    {
        var error = Assert.Throws<ReproTorchException>(() => new ModelSource { Source = source }.Compile());
        Assert.Equal(ReproTorchErrorKind.ScriptSource, error.Kind);
        Assert.Contains($"line {line}\n", error.Message, StringComparison.Ordinal);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    private static ScriptModel Build(long seed, params string[] layers) =>
        LayerModel.Build(layers, new LayerModelOptions { Seed = TorchSeedValue.From(seed) });
}
