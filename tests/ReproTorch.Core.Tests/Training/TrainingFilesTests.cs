using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

public sealed class TrainingFilesTests
{
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
