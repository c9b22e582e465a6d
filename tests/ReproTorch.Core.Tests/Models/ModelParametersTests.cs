using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Models;

public sealed class ModelParametersTests : ProcessStateTests
{
    private static readonly Func<string, ModelParameterKind, bool> s_all = static (_, _) => true;

    [Fact]
    public void ParametersComeFirstInOrderWithTheirHashes()
    {
        using ScriptModel model = Make();
        ModelParameter[] all = [.. ModelParameters.Read(model, s_all)];
        Assert.Equal([("weight", ModelParameterKind.Parameter), ("bias", ModelParameterKind.Parameter), ("count", ModelParameterKind.Buffer)],
            all.Select(parameter => (parameter.Name, parameter.Kind)));
        Assert.Equal(model.Tensor("bias").ContentHash(), all[1].Hash);
        Assert.True(all[0].RequiresGrad);
        Assert.False(all[2].RequiresGrad);
    }

    [Theory]
    [InlineData("weights.npz")]
    [InlineData("weights.safetensors")]
    public void AFileOfTheNamesOfStateDictIsLoaded(string name)
    {
        using var folder = new TestFolder();
        string file = folder.File(name);
        TensorFile.Write(file, [Named("count", 7), Named("weight", 5, 6), Named("bias", 8, 9)], force: false);
        using ScriptModel model = Make();
        ParameterUpdate update = ModelParameters.Write(model, TensorFile.Read(file), strict: true, file);
        Assert.Equal(3, update.Written.Count);
        Assert.Equal([5f, 6f], model.Tensor("weight").ToArray<float>());
        Assert.Equal([7f], model.Tensor("count").ToArray<float>());
        Assert.Equal([13f, 15f], model.Invoke(ScriptModelTests.Floats(1, 1)).ToArray<float>());
    }

    [Fact]
    public void AllThatIsWrongIsToldAtOnceAndNothingIsChanged()
    {
        using ScriptModel model = Make();
        string before = model.ContentHash;
        var error = Assert.Throws<ReproTorchException>(
            () => ModelParameters.Write(model, [Named("weight", 1, 2), Named("bias", 1, 2, 3), Named("extra", 1)], strict: true, "file"));
        Assert.Equal(
            "Error(s) in loading state_dict for Model; nothing was changed:\n"
            + "\tMissing key(s) in state_dict: \"count\".\n"
            + "\tUnexpected key(s) in state_dict: \"extra\".\n"
            + "\tsize mismatch for bias: copying a param with shape torch.Size([3]) from checkpoint, the shape in current model is torch.Size([2]).",
            error.Message);
        Assert.Equal(before, model.ContentHash);
    }

    [Fact]
    public void WithoutStrictMissingAndUnexpectedAreLeftButSizesStillCount()
    {
        using ScriptModel model = Make();
        ParameterUpdate update = ModelParameters.Write(model, [Named("bias", 3, 4), Named("extra", 1)], strict: false, "file");
        Assert.Equal(["bias"], update.Written);
        Assert.Equal(["weight", "count"], update.Missing);
        Assert.Equal(["extra"], update.Unexpected);
        Assert.Throws<ReproTorchException>(() => ModelParameters.Write(model, [Named("bias", 3)], strict: false, "file"));
    }

    [Fact]
    public void AnotherDTypeIsConvertedAndTold()
    {
        using ScriptModel model = Make();
        var value = new NamedTensorData("bias", TorchTensor.FromSpan<double>([0.5, 1.5], DType.float64).ToData());
        Assert.Equal(["bias"], ModelParameters.Write(model, [value], strict: false, "file").Converted);
        Assert.Equal(DType.float32, model.Tensor("bias").DType);
        Assert.Equal([0.5f, 1.5f], model.Tensor("bias").ToArray<float>());
    }

    [Fact]
    public void ANameThatIsNotThereNamesOnesAlike()
    {
        using ScriptModel model = Make();
        var error = Assert.Throws<ReproTorchException>(
            () => ModelParameters.Write(model, "Weigh", TensorData.FromArray(DType.float32, [2], new byte[8])));
        Assert.Contains("no parameter or buffer 'Weigh'", error.Message, StringComparison.Ordinal);
        Assert.Contains("It has: weight.", error.Message, StringComparison.Ordinal);
    }

    private static ScriptModel Make() => new ModelSource
    {
        Source = "def forward(self, x: Tensor):\n    return x * self.weight + self.bias",
        Parameters = [KeyValuePair.Create("weight", ScriptModelTests.Floats(1, 2)), KeyValuePair.Create("bias", ScriptModelTests.Floats(0, 0))],
        Buffers = [KeyValuePair.Create("count", ScriptModelTests.Floats(0))],
    }.Compile();

    private static NamedTensorData Named(string name, params float[] values) =>
        new(name, TorchTensor.FromSpan<float>(values, DType.float32).ToData());
}
