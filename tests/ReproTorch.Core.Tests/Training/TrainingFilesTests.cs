using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

public sealed class TrainingFilesTests
{
    [Fact]
    public void WhatIsReadIsNotReplacedButTheCheckpoint()
    {
        using var folder = new TestFolder();
        string file = folder.File("x.npy");
        File.WriteAllText(file, "x");
        File.CreateSymbolicLink(folder.File("link"), "x.npy");
        foreach (string output in new[] { file, folder.File("link") })
        {
            var refused = Assert.Throws<ReproTorchException>(() => TrainingFiles.RequireApart([("model", output)], [("target", null), ("input", file)]));
            Assert.Contains($"The model would replace the input '{file}'", refused.Message, StringComparison.Ordinal);
        }

        TrainingFiles.RequireApart([("checkpoint", file), ("chart", null)], [("checkpoint", folder.File("link"))]);
        Assert.Throws<ReproTorchException>(() => TrainingFiles.RequireApart([("model", file)], [("checkpoint", file)]));
        TrainingFiles.RequireApart([("model", folder.File("new.pt"))], [("input", file)]);
    }

    [Fact]
    public void WhatCannotBeWrittenIsRefused()
    {
        using var folder = new TestFolder();
        string file = folder.File("model.pt");
        TrainingFiles.RequireWritable(("model", file), ("run", null), ("chart", folder.File("loss.svg")));
        Assert.Throws<DirectoryNotFoundException>(() => TrainingFiles.RequireWritable(("run", folder.File("none/run.npz"))));
        string parent = Path.GetDirectoryName(file)!;
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => TrainingFiles.RequireWritable(("chart", parent))).Message, StringComparison.Ordinal);
        var twice = Assert.Throws<ReproTorchException>(() => TrainingFiles.RequireWritable(
            ("model", file), ("checkpoint", Path.Combine(parent, ".", "model.pt"))));
        Assert.Contains("The model and the checkpoint have one path", twice.Message, StringComparison.Ordinal);
        File.CreateSymbolicLink(folder.File("link"), "model.pt");
        twice = Assert.Throws<ReproTorchException>(() => TrainingFiles.RequireWritable(("model", file), ("checkpoint", folder.File("link"))));
        Assert.Contains("The model and the checkpoint have one path", twice.Message, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Contains(
                "The run cannot be written: '/dev/null' is no regular file.",
                Assert.Throws<IOException>(() => TrainingFiles.RequireWritable(("run", "/dev/null"))).Message,
                StringComparison.Ordinal);
        }
    }
}
