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

    [Fact]
    public void ALinkIsFollowedAndStays()
    {
        Directory.CreateDirectory(_folder.File("data"));
        Directory.CreateDirectory(_folder.File("releases/5"));
        Directory.CreateSymbolicLink(_folder.File("current"), "releases/5");
        File.WriteAllText(_folder.File("data/x"), "old");
        File.CreateSymbolicLink(_folder.File("releases/5/link"), "../../data/x");
        File.CreateSymbolicLink(_folder.File("twice"), "current/link");
        File.CreateSymbolicLink(_folder.File("new"), "data/y");
        foreach ((string link, string target) in ((string, string)[])[("twice", "data/x"), ("current/link", "data/x"), ("new", "data/y")])
        {
            AtomicFile.Write(_folder.File(link), force: true, stream => stream.Write("to "u8));
            AtomicFile.Write(_folder.File(link), force: true, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(link)));
            Assert.Equal(link, File.ReadAllText(_folder.File(target)));
            Assert.NotNull(new FileInfo(_folder.File(link)).LinkTarget);
            Assert.Null(new FileInfo(_folder.File(target)).LinkTarget);
        }

        Assert.Equal(["x", "y"], Directory.GetFileSystemEntries(_folder.File("data")).Select(Path.GetFileName).Order());
        Assert.Contains(
            "use -Force",
            Assert.Throws<IOException>(() => AtomicFile.Write(_folder.File("new"), force: false, stream => stream.Write("no"u8))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ALinkThatLeadsNowhereIsAnError()
    {
        File.CreateSymbolicLink(_folder.File("away"), "no/such/x");
        File.CreateSymbolicLink(_folder.File("circle"), "circle");
        File.CreateSymbolicLink(_folder.File("folder"), ".");
        foreach (string link in (string[])["away", "circle", "folder"])
        {
            var error = Assert.ThrowsAny<IOException>(() => AtomicFile.Write(_folder.File(link), force: true, stream => stream.Write("new"u8)));
            Assert.Contains(link, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(3, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void WhatIsNoRegularFileIsRefused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string pipe = _folder.File("pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            made.WaitForExit();
        }

        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_folder.File("socket")));
        File.CreateSymbolicLink(_folder.File("link"), "pipe");
        File.CreateSymbolicLink(_folder.File("device"), "/dev/null");
        foreach (string name in (string[])["pipe", "socket", "link", "device"])
        {
            var error = Assert.Throws<IOException>(() => AtomicFile.TargetOf(_folder.File(name)));
            Assert.Contains("is no regular file", error.Message, StringComparison.Ordinal);
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<IOException>(() => AtomicFile.Write(pipe, force: true, stream => stream.Write("new"u8)));
        Assert.Throws<IOException>(() => AtomicFile.TargetOf(pipe));
        Assert.Equal(4, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void ALinkToAPipeThatHasNoPathIsRefusedAsThePipeIs()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        string path = $"/proc/self/fd/{pipe.SafePipeHandle.DangerousGetHandle()}";
        File.CreateSymbolicLink(_folder.File("link"), path);
        foreach (string name in (string[])[path, _folder.File("link")])
        {
            var error = Assert.Throws<IOException>(() => AtomicFile.TargetOf(name));
            Assert.Equal($"'{name}' is no regular file. Name another one.", error.Message);
        }
    }
}
