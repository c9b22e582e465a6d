using System.Management.Automation;
using ReproTorch.Randomness;

namespace ReproTorch.PowerShell.Tests.Commands;

/// <summary>The cmdlets share libtorch's process-wide state: one collection, one after the other, each leaving it as it was; and
/// each test has a folder of its own whose name has what trips path handling.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CmdletCollection
{
    public const string Name = "cmdlets";
}

/// <summary>Base of the cmdlets' tests.</summary>
[Collection(CmdletCollection.Name)]
public abstract class CmdletTests : IDisposable
{
    private readonly RandomScope _before = new();

    protected CmdletTests() => Directory.CreateDirectory(Folder);

    protected string Folder { get; } = Path.Combine(Path.GetTempPath(), $"repro [test] 日本 {Guid.NewGuid():N}");

    protected Shell NewShell() => new() { Folder = Folder };

    public void Dispose()
    {
        _before.Dispose();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
