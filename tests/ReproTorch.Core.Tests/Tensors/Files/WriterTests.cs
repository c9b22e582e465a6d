using System.Diagnostics;
using ReproTorch.Models.Layers;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Reporting.Graphs;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Tensors.Files;

/// <summary>Whatever is written, all goes through <see cref="AtomicFile"/>: a pipe stays a pipe, a link stays a link.</summary>
public sealed class WriterTests : ProcessStateTests
{
    [Theory]
    [InlineData("tensor.npy")]
    [InlineData("tensor.npz")]
    [InlineData("tensor.safetensors")]
    [InlineData("tensor.pt")]
    [InlineData("run.npz")]
    [InlineData("trace.jsonl")]
    [InlineData("state.npz")]
    [InlineData("graph.svg")]
    [InlineData("model.pt")]
    [InlineData("checkpoint.npz")]
    public void APipeIsRefusedAndStaysAndALinkIsFollowedAndStays(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var folder = new TestFolder();
        string pipe = folder.File("pipe " + name);
        using (Process made = Process.Start("mkfifo", [pipe]))
        {
            made.WaitForExit();
        }

        IOException error = Assert.Throws<IOException>(() => Write(name, pipe));
        Assert.Contains("is no regular file", error.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => AtomicFile.TargetOf(pipe));

        string link = folder.File("link " + name);
        File.WriteAllText(folder.File(name), "old");
        File.CreateSymbolicLink(link, name);
        Write(name, link);
        Assert.Equal(name, new FileInfo(link).LinkTarget);
        Assert.NotEqual("old", File.ReadAllText(folder.File(name)));
        Assert.Equal(3, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    private static void Write(string name, string path)
    {
        var data = TensorData.FromArray(DType.float32, [2], [0, 0, 128, 63, 0, 0, 0, 64]);
        switch (name)
        {
            case "run.npz":
                RunFile.Write(path, [new RunOutput { Outputs = [RunValue.OfTensor("a", data)] }], force: true);
                break;
            case "trace.jsonl":
                OperatorTraceFile.Write(path, new OperatorTrace([], "1.13", hasHashes: false, isRandomOnly: false), force: true);
                break;
            case "state.npz":
                RngStateFile.Write(path, RandomStreams.Capture(RandomStreams.SeededByDefault), force: true);
                break;
            case "graph.svg":
                using (ScriptModel model = Model())
                {
                    ModelGraph.Of(model, "forward", inlined: false).Save(path, force: true);
                }

                break;
            case "model.pt":
                using (ScriptModel model = Model())
                {
                    model.Save(path, force: true);
                }

                break;
            case "checkpoint.npz":
                using (ScriptModel model = Model())
                {
                    using TorchTensor ones = TorchTensor.FromSpan<float>([1, 1], DType.float32, 2, 1);
                    Trainer.Train(model, new TrainingData([ones], ones), new TrainingOptions
                    {
                        Loss = TrainingLoss.Parse("MSELoss"),
                        Optimizer = OptimizerOptions.Parse("SGD", 0.1),
                        Epochs = 1,
                        BatchSize = 2,
                        Checkpoint = path,
                    });
                }

                break;
            default:
                TensorFile.Write(path, [new NamedTensorData("a", data)], force: true);
                break;
        }
    }

    private static ScriptModel Model() => LayerModel.Build(["Linear(1, 1)"], new LayerModelOptions { Seed = TorchSeedValue.From(1) });
}
