using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Models;

public sealed class ModelOptimizerTests : ProcessStateTests
{
    private static string Digits => Path.Combine(Repository.Root, "samples", "digits", "digits.pt");

    [Fact]
    public void FreezingKeepsEveryBitAndIsSaved()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        using TorchModel frozen = ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, [], [Image(1), Image(2)]);
        Assert.True(frozen.Optimization!.Identical, frozen.Optimization.Message);
        Assert.Equal(2, frozen.Optimization.Comparisons.Count);
        Assert.Equal(model.ContentHash, frozen.Optimization.OriginalContentHash);
        Assert.Empty(frozen.Describe().Parameters);
        using var folder = new TestFolder();
        frozen.Save(folder.File("frozen.pt"), force: false);
        using ScriptModel back = ModelLoader.Load(folder.File("frozen.pt"), new LoadOptions());
        Assert.Equal(frozen.ContentHash, back.ContentHash);
    }

    [Fact]
    public void NumericsFoldsBatchNormAndSaysHowFarTheBitsMoved()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        using TorchModel folded = ModelOptimizer.Optimize(model, OptimizationLevel.Numerics, [], [Image(1)]);
        Assert.DoesNotContain(folded.Nodes("forward"), node => node.Kind == "aten::batch_norm");
        OptimizationResult result = folded.Optimization!;
        Assert.False(result.Identical);
        Assert.True(result.Close);
        Assert.InRange(result.MaxAbsolute!.Value, double.Epsilon, 1e-3);
        Assert.Contains("other bits", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAnExampleNothingIsClaimed()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        using TorchModel folded = ModelOptimizer.Optimize(model, OptimizationLevel.Numerics, [], []);
        Assert.Null(folded.Optimization!.Identical);
        Assert.Null(folded.Optimization.MaxAbsolute);
    }

    [Fact]
    public void OneForInferenceIsSavedWholeOrNotAtAll()
    {
        using ScriptModel model = ModelLoader.Load(Digits, new LoadOptions());
        using TorchModel fast = ModelOptimizer.Optimize(model, OptimizationLevel.Inference, [], [Image(1)]);
        using var folder = new TestFolder();
        string file = folder.File("fast.pt");
        File.WriteAllText(file, "what was there");
        try
        {
            fast.Save(file, force: true);
            using ScriptModel back = ModelLoader.Load(file, new LoadOptions());
            Assert.Equal(fast.ContentHash, back.ContentHash);
        }
        catch (ReproTorchException e)
        {
            Assert.Contains("a TorchScript file cannot hold the result", e.Message, StringComparison.Ordinal);
            Assert.Equal("what was there", File.ReadAllText(file));
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file)!));
        }
    }

    [Fact]
    public void TheFrozenModelDoesNotChangeWithTheOriginal()
    {
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor):\n    return x * self.weight",
            Buffers = [KeyValuePair.Create("weight", ScriptModelTests.Floats(2))],
        }.Compile();
        model.SetTraining(false);
        using TorchModel frozen = ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, [], []);
        ModelParameters.Write(model, "weight", TensorData.FromArray(DType.float32, [1], new byte[4]));
        Assert.Equal([6f], ((TorchTensor)frozen.Invoke("forward", new ModelInput { Arguments = [ScriptModelTests.Floats(3)] })!).ToArray<float>());
    }

    [Fact]
    public void PreservedMethodsStay()
    {
        using ScriptModel model = ScriptModelTests.Compile(
            "def forward(self, x: Tensor):\n    return x * 2\ndef encode(self, x: Tensor):\n    return x + 1");
        model.SetTraining(false);
        using TorchModel bare = ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, [], []);
        Assert.Equal(["forward"], bare.Methods.Select(method => method.Name));
        using TorchModel both = ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, ["encode"], []);
        Assert.Equal(["encode", "forward"], both.Methods.Select(method => method.Name).Order(StringComparer.Ordinal));
        Assert.Throws<ReproTorchException>(() => ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, ["decode"], []));
    }

    [Fact]
    public void ATrainingModelIsRefusedWithWhatToDo()
    {
        using ScriptModel model = ScriptModelTests.Compile("def forward(self, x: Tensor):\n    return x");
        var error = Assert.Throws<ReproTorchException>(() => ModelOptimizer.Optimize(model, OptimizationLevel.Freeze, [], []));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("SetTraining($false)", error.Message, StringComparison.Ordinal);
    }

    private static ModelInput Image(int seed)
    {
        var random = new Random(seed);
        float[] pixels = [.. Enumerable.Range(0, 3 * 64).Select(_ => random.NextSingle())];
        return new ModelInput { Arguments = [TorchTensor.FromSpan<float>(pixels, DType.float32, 3, 1, 8, 8)] };
    }
}
