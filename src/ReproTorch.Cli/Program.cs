using System.CommandLine;
using ReproTorch.Cli.Commands;
using ReproTorch.Cli.Output;

namespace ReproTorch.Cli;

/// <summary>The program <c>reprotorch</c>: ReproTorch's operations where there is no PowerShell.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var root = new RootCommand(
            "Will this PyTorch model give the same numbers again, and if not, what is the first thing that differs?")
        {
            EnvCommand.Create(),
            RunCommand.Create(),
            CompareCommand.Create(),
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

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }
}
