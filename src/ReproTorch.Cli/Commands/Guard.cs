using ReproTorch.Cli.Output;
using ReproTorch.Interop;

namespace ReproTorch.Cli.Commands;

/// <summary>Runs a command's work and turns what goes wrong into a message and an exit code.</summary>
internal static class Guard
{
    public static int Run(Func<int> work)
    {
        try
        {
            int code = work();
            WriteWarnings();
            return code;
        }
        catch (OperationCanceledException)
        {
            Terminal.Error("Cancelled.");
            return ExitCode.Cancelled;
        }
        catch (ReproTorchException e)
        {
            WriteWarnings();
            Terminal.Error(e.Message);
            return CodeOf(e.Kind);
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Terminal.Error(e.Message);
            return ExitCode.Usage;
        }
        catch (OutOfMemoryException e)
        {
            Terminal.Error(e.Message);
            return ExitCode.Failed;
        }
    }

    private static int CodeOf(ReproTorchErrorKind kind) => kind switch
    {
        ReproTorchErrorKind.InvalidArgument or ReproTorchErrorKind.ScriptSource or ReproTorchErrorKind.ModelFormat
            or ReproTorchErrorKind.FileFormat or ReproTorchErrorKind.Refused => ExitCode.Usage,
        _ => ExitCode.Failed,
    };

    private static void WriteWarnings()
    {
        if (TorchLibrary.IsLoaded)
        {
            foreach (string warning in TorchWarnings.Take())
            {
                Terminal.Warning(warning);
            }
        }
    }
}
