using ReproTorch.Models.Layers;

namespace ReproTorch.Core.Tests.Models.Layers;

public sealed class LayerTextTests
{
    [Theory]
    [InlineData("1", 1L)]
    [InlineData("-1", -1L)]
    [InlineData("--2", 2L)]
    [InlineData("1_000", 1000L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("16 * 4 * 4", 256L)]
    [InlineData("2 + 3 * 4", 14L)]
    [InlineData("(2 + 3) * 4", 20L)]
    [InlineData("7 // 2", 3L)]
    [InlineData("-7 // 2", -4L)]
    [InlineData("7 / 2", 3.5)]
    [InlineData("1. / 3", 1.0 / 3)]
    [InlineData("1e-05", 1e-5)]
    [InlineData(".5", 0.5)]
    [InlineData("2.", 2.0)]
    [InlineData("float('-inf')", double.NegativeInfinity)]
    [InlineData("math.inf", double.PositiveInfinity)]
    [InlineData("True", true)]
    [InlineData("False", false)]
    [InlineData("None", null)]
    [InlineData("'same'", "same")]
    [InlineData("\"same\"", "same")]
    public void ReadsValuesAsPython(string text, object? expected)
    {
        object? value = LayerText.ParseValue(text).Value;
        Assert.Equal(expected, value);
        Assert.Equal(expected?.GetType(), value?.GetType());
    }

    [Theory]
    [InlineData("(1, 2)", 2)]
    [InlineData("[1, 2, 3]", 3)]
    [InlineData("(1,)", 1)]
    [InlineData("[1]", 1)]
    [InlineData("()", 0)]
    [InlineData("[1, 2, ]", 2)]
    public void ReadsTuplesAndLists(string text, int count) =>
        Assert.Equal(count, Assert.IsType<SyntaxTuple>(LayerText.ParseValue(text).Value).Items.Count);

    [Fact]
    public void AValueInParenthesesIsNoTuple() => Assert.Equal(1L, LayerText.ParseValue("(1)").Value);

    [Theory]
    [InlineData("ReLU", "ReLU", 0)]
    [InlineData("ReLU()", "ReLU", 0)]
    [InlineData(" torch.nn.Linear ( 1, 2, bias = False, ) ", "torch.nn.Linear", 3)]
    [InlineData("Conv2d(1,\n    16,\r\n\tkernel_size=(3, 3))", "Conv2d", 3)]
    public void ReadsLayers(string text, string name, int count)
    {
        LayerCall call = LayerText.ParseLayer(text);
        Assert.Equal((name, count), (call.Name, call.Arguments.Count));
    }

    [Fact]
    public void ALayerMayBeAnArgument()
    {
        LayerCall call = LayerText.ParseLayer("Sequential(Linear(1, 2), ReLU)");
        Assert.Equal("Linear", Assert.IsType<LayerCall>(call.Arguments[0].Value.Value).Name);
        Assert.Equal("ReLU", Assert.IsType<SyntaxName>(call.Arguments[1].Value.Value).Text);
    }

    // The mark stands under the place.
    [Theory]
    [InlineData("", 0, "the text ends")]
    [InlineData("Linear(64, 10", 13, "')'")]
    [InlineData("Linear(64 10)", 10, "')'")]
    [InlineData("Linear(64, 10))", 14, "')'")]
    [InlineData("Linear(64,, 10)", 10, "a value")]
    [InlineData("Linear(64, @)", 11, "'@'")]
    [InlineData("Conv2d(1, 2, 3, padding='same)", 24, "does not end")]
    [InlineData("Linear(99999999999999999999, 1)", 7, "too large")]
    [InlineData("Linear(9223372036854775807 * 2, 1)", 7, "too large")]
    [InlineData("Linear(1 // 0, 1)", 7, "zero")]
    [InlineData("Linear('a' * 2, 1)", 13, "a number")]
    [InlineData("Linear(-'a', 1)", 7, "sign")]
    [InlineData("3", 0, "begins with its name")]
    [InlineData("Linear(64, 10).eval()", 14, "'.'")]
    [InlineData("lambda x: x", 7, "'x'")]
    public void SaysWhereAndWhatIsWrong(string text, int column, string words)
    {
        var error = Assert.Throws<ReproTorchException>(() => LayerText.ParseLayer(text));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        string[] lines = error.Message.Split('\n');
        Assert.Contains(words, lines[0], StringComparison.Ordinal);
        Assert.Equal("    " + text, lines[1]);
        Assert.Equal(4 + column, lines[2].IndexOf('^', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData('(')]
    [InlineData('[')]
    [InlineData('-')]
    public void DeepNestingIsAnErrorNotACrash(char open)
    {
        string text = "Linear(" + new string(open, 100_000) + "1";
        Assert.Throws<ReproTorchException>(() => LayerText.ParseLayer(text));
    }

    [Fact]
    public void NoTextCrashesIt()
    {
        var random = new Random(7);
        const string Pieces = "Linear(,)=1 2.5e-3'\"[]True None -+*/_.#\\é\n";
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            try
            {
                LayerText.ParseLayer(text);
            }
            catch (ReproTorchException)
            {
            }
        }
    }
}
