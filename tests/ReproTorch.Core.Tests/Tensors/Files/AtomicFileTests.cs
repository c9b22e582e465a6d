using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Tensors.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFailureInTheMiddleKeepsTheOldFileAndLeavesNothingElse()
    {
        string path = _folder.File("x");
        File.WriteAllText(path, "old");
        Assert.Throws<InvalidDataException>(() => AtomicFile.Write(path, force: true, stream =>
        {
            stream.Write("new, but"u8);
            throw new InvalidDataException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void AnExistingFileNeedsForce()
    {
        string path = _folder.File("x");
        File.WriteAllText(path, "old");
        var error = Assert.Throws<IOException>(() => AtomicFile.Write(path, force: false, stream => stream.Write("new"u8)));
        Assert.Contains("-Force", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
        AtomicFile.Write(path, force: true, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void AFolderIsNeverReplaced()
    {
        Directory.CreateDirectory(_folder.File("x"));
        Assert.Throws<IOException>(() => AtomicFile.Write(_folder.File("x"), force: true, stream => stream.Write("new"u8)));
        Assert.True(Directory.Exists(_folder.File("x")));
    }

    [Fact]
    public void AMissingFolderIsAnError() =>
        Assert.ThrowsAny<IOException>(() => AtomicFile.Write(_folder.File("no/such/x"), force: true, stream => stream.Write("new"u8)));
}
