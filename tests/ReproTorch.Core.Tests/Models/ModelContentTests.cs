using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Models;

public sealed class ModelContentTests : ProcessStateTests
{
    private const string Code = """
        def forward(self, x: Tensor):
            y = x
            for i in range(3):
                y = self.step(y, i)
            return y
        def step(self, x: Tensor, i: int):
            if i > 1:
                x = x + self.factor
            return x * self.weight
        """;

    private static string Digits => Path.Combine(Repository.Root, "samples", "digits", "digits.pt");

    [Fact]
    public void SavingAndLoadingKeepsTheHash()
    {
        using var folder = new TestFolder();
        using ScriptModel model = Make().Compile();
        string hash = model.ContentHash;
        for (int i = 0; i < 3; i++)
        {
            string file = folder.File($"m{i}.pt");
            (i == 0 ? model : ModelLoader.Load(folder.File($"m{i - 1}.pt"), new LoadOptions())).Save(file, force: false);
            using ScriptModel back = ModelLoader.Load(file, new LoadOptions());
            Assert.Equal(hash, back.ContentHash);
        }
    }

    [Fact]
    public void RepackingAFileKeepsTheHashAndChangesTheFilesOwn()
    {
        using var folder = new TestFolder();
        string repacked = folder.File("repacked.pt");
        using ScriptModel original = ModelLoader.Load(Digits, new LoadOptions());
        original.Save(repacked, force: false);
        using ScriptModel back = ModelLoader.Load(repacked, new LoadOptions());
        Assert.Equal(original.ContentHash, back.ContentHash);
        Assert.NotEqual(original.Sha256, back.Sha256);
    }

    [Fact]
    public void MarksThatKeepTypesApartDoNotCount()
    {
        // Tracing makes the types anew each time, under names with other marks.
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        using TorchTensor image = TorchTensor.FromSpan<float>(new float[64], DType.float32, 1, 1, 8, 8);
        var input = new ModelInput { Arguments = [image] };
        using TorchModel once = model.Trace("forward", input, strict: true).Model;
        using TorchModel twice = once.Trace("forward", input, strict: true).Model;
        Assert.Equal(once.ContentHash, twice.ContentHash);
        Assert.DoesNotContain("___torch_mangle", once.Content(), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPartCounts()
    {
        ModelSource source = Make();
        string[] hashes = [.. ((ModelSource[])
        [
            source,
            source with { Source = Code.Replace("i > 1", "i > 0", StringComparison.Ordinal) },
            source with { Source = Code + "\ndef other(self, x: Tensor):\n    return x" },
            source with { Parameters = [KeyValuePair.Create("weight", Floats(BitConverter.Int32BitsToSingle(0x3f800001), 2))] },
            source with { Parameters = [KeyValuePair.Create("weight", TorchTensor.FromSpan<float>([1, 2], DType.float32, 1, 2))] },
            source with { Attributes = [KeyValuePair.Create<string, object?>("factor", 0.5000000000000001)] },
            source with { Attributes = [KeyValuePair.Create<string, object?>("factor", 0.5), KeyValuePair.Create<string, object?>("note", "x")] },
            source with { Name = "Other" },
        ]).Select(one => one.Compile().ContentHash)];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void NamesOfVariablesDoNotCount()
    {
        ModelSource source = Make();
        string renamed = Code.Replace("y", "inner", StringComparison.Ordinal);
        Assert.Equal(source.Compile().ContentHash, (source with { Source = renamed }).Compile().ContentHash);
    }

    [Fact]
    public void OneBitOfAFileIsFound()
    {
        using var folder = new TestFolder();
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        string before = model.ContentHash;
        using TorchTensor weight = model.Tensor("classifier.4.bias");
        float[] values = weight.ToArray<float>();
        values[3] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(values[3]) ^ 1);
        ModelParameters.Write(model, "classifier.4.bias", TensorData.FromArray(DType.float32, [10], System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
        Assert.NotEqual(before, model.ContentHash);
        Assert.Null(model.Sha256);
    }

    private static ModelSource Make() => new()
    {
        Source = Code,
        Parameters = [KeyValuePair.Create("weight", Floats(1, 2))],
        Attributes = [KeyValuePair.Create<string, object?>("factor", 0.5)],
    };

    private static TorchTensor Floats(params float[] values) => ScriptModelTests.Floats(values);
}
