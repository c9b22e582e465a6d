using ReproTorch.Models;
using ReproTorch.Tensors;

namespace ReproTorch.Cli.Tests;

/// <summary>Loading in a process of its own, against the very program: these models do their harm while they are loaded.</summary>
public sealed class ModelProbeTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"repro [test] 日本 {Guid.NewGuid():N}");

    public ModelProbeTests() => Directory.CreateDirectory(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AModelThatLoadsIsLoadedHereToo()
    {
        string path = Save("self.weight = state");
        using TorchModel model = ModelLoader.Load(path, new LoadOptions { Probe = true });
        Assert.Equal("m", model.Name);
        Assert.NotNull(model.Sha256);
    }

    [Fact]
    public void ARefusalComesBackAsItWas()
    {
        string path = Save("torch.save(state, 'f')");
        var error = Assert.Throws<ReproTorchException>(() => ModelLoader.Load(path, new LoadOptions { Probe = true }));
        Assert.Equal(ReproTorchErrorKind.Refused, error.Kind);
        Assert.Contains("torch", error.Message, StringComparison.Ordinal);
        Assert.Contains("-AllowFileAccess", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACrashThereIsAnErrorHere()
    {
        // libtorch does not look at the indices of such a tensor.
        string path = Save(
            "x = torch._sparse_coo_tensor_unsafe(torch.full([1, 1], 100000000000000, dtype=4), torch.ones([1]), [3])",
            "self.weight = x.to_dense()");
        var error = Assert.Throws<ReproTorchException>(() => ModelLoader.Load(path, new LoadOptions { Probe = true }));
        Assert.Equal(ReproTorchErrorKind.ModelFormat, error.Kind);
        Assert.Contains("ended with code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatHangsIsEnded()
    {
        string path = Save("while float(state.sum()) < 1e9:", "    self.weight = state");
        var error = Assert.Throws<ReproTorchException>(() => Probe(path, TimeSpan.FromSeconds(2), long.MaxValue));
        Assert.Contains("longer than 2 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatTakesTooMuchMemoryIsEnded()
    {
        string path = Save("kept = [state]", "while len(kept) > 0:", "    kept.append(torch.ones([1000000]))", "self.weight = state");
        var error = Assert.Throws<ReproTorchException>(() => Probe(path, TimeSpan.FromMinutes(5), 1L << 30));
        Assert.Contains("1024 MiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ItCanBeStopped()
    {
        string path = Save("while float(state.sum()) < 1e9:", "    self.weight = state");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        Assert.Throws<OperationCanceledException>(() => ModelLoader.Load(path, new LoadOptions { Probe = true, Cancellation = stop.Token }));
    }

    [Fact]
    public void AnotherFileThanThePinnedOneIsRefused()
    {
        string path = Save("self.weight = state");
        var error = Assert.Throws<ReproTorchException>(
            () => ModelLoader.Load(path, new LoadOptions { Probe = true, Sha256 = new string('0', 64) }));
        Assert.Equal(ReproTorchErrorKind.Refused, error.Kind);
    }

    private static void Probe(string path, TimeSpan timeout, long memory) =>
        ModelProbe.Run(path, Sha256(path), allowFileAccess: false, timeout, memory, CancellationToken.None);

    private static string Sha256(string path) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    // The lines run when the file is loaded.
    private string Save(params string[] lines)
    {
        string path = Path.Combine(_folder, "m.pt");
        using TorchModel model = new ModelSource
        {
            Source = "def forward(self, x: Tensor) -> Tensor:\n    return x * self.weight\n"
                + "def __getstate__(self) -> Tensor:\n    return self.weight\n"
                + "def __setstate__(self, state: Tensor) -> None:\n    self.training = False\n" + string.Concat(lines.Select(line => $"    {line}\n")),
            Attributes = [KeyValuePair.Create("weight", (object?)TorchTensor.FromSpan<float>([1, 2, 3], DType.float32))],
        }.Compile();
        model.Save(path, force: true);
        return path;
    }
}
