using System.Runtime.ExceptionServices;
using ReproTorch.Interop;

namespace ReproTorch.Models;

/// <summary>A thread for libtorch's compiler, which parses and compiles code by recursion: what overflows a stack of 8 MB (a few
/// thousand parentheses), and with it ends the process, does not at this size.</summary>
internal static class CompilerThread
{
    // ScriptCode's bounds are made for this.
    private const int StackSize = 512 << 20;

    /// <summary>Runs work there and waits for it; its exception and its warnings are then the caller's.</summary>
    /// <param name="work">What compiles.</param>
    /// <param name="meanwhile">What the calling thread does until then.</param>
    public static void Run(Action work, Action? meanwhile = null)
    {
        ExceptionDispatchInfo? failure = null;
        IReadOnlyList<string> warnings = [];
        var thread = new Thread(
            () =>
            {
                try
                {
                    work();
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }

                warnings = TorchLibrary.IsLoaded ? TorchWarnings.Take() : [];
            },
            StackSize);
        thread.Start();
        meanwhile?.Invoke();
        thread.Join();
        TorchWarnings.Carry(warnings);
        failure?.Throw();
    }
}
