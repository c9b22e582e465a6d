using System.CommandLine;
using ReproTorch.Cli.Commands;
using ReproTorch.Cli.Output;
using ReproTorch.Interop;

namespace ReproTorch.Cli;

/// <summary>The program <c>reprotorch</c>: ReproTorch's operations where there is no PowerShell.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        // libtorch takes a third of a second to load: beside all that comes before its first use, not after it.
        // What goes wrong is told where it is used first.
        bool loads = args is ["run" or "train", _, _, ..];
        if (loads)
        {
            TorchLibrary.BeginLoad();
        }

        int code = await Run(args);
        if (loads || TorchLibrary.IsLoaded)
        {
            ProcessEnd.At(code);
        }

        return code;
    }

    private static async Task<int> Run(string[] args)
    {
        var root = new RootCommand(
            "Will this PyTorch model give the same numbers again, and if not, what is the first thing that differs?")
        {
            EnvCommand.Create(),
            RunCommand.Create(),
            CompareCommand.Create(),
            VerifyCommand.Create(),
            TrainCommand.Create(),
            RandomCommand.Create(),
            ProbeCommand.Create(),
            SweepChildCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (string error in parsed.Errors.Select(error => error.Message).Distinct())
            {
                Terminal.Error(error);
            }

            string command = parsed.CommandResult.Command == root ? "reprotorch" : $"reprotorch {parsed.CommandResult.Command.Name}";
            Terminal.Error($"See '{command} --help'.");
            return ExitCode.Usage;
        }

        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
        if (parsed.CommandResult.Command.Name == TrainCommand.Name)
        {
            // After Ctrl+C a training ends its step or its validation and writes its files. Two seconds, the default, would kill it there.
            configuration.ProcessTerminationTimeout = TimeSpan.FromDays(1);
        }

        return await parsed.InvokeAsync(configuration);
    }
}
