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
    public void AMissingFolderIsNamedNotTheTemporaryFileInIt()
    {
        string path = _folder.File(Path.Combine("no", "such", "x"));
        foreach (Action write in (Action[])[
            () => AtomicFile.Write(path, force: true, stream => stream.Write("new"u8)),
            () => AtomicFile.WriteWith(path, force: false, _ => throw new InvalidOperationException("Nothing was to be written."))])
        {
            var error = Assert.Throws<DirectoryNotFoundException>(write);
            Assert.Contains($"'{path}'", error.Message, StringComparison.Ordinal);
            Assert.Contains($"no folder '{Path.GetDirectoryName(path)}'", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(".tmp", error.Message, StringComparison.Ordinal);
        }
    }
}
