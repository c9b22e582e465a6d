using System.CommandLine;
using ReproTorch.Sweeps;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch sweep-child</c>: a run of a sweep in a process of its own (<see cref="SweepChild"/>).</summary>
internal static class SweepChildCommand
{
    public static Command Create()
    {
        var request = new Argument<string>("REQUEST") { Description = "A file that says what to run." };
        var command = new Command(SweepChild.Verb, "A run of a sweep.") { request };
        command.Hidden = true;
        command.SetAction(result => Guard.Run(() =>
        {
            ParentWatch.Begin();
            SweepChild.Serve(result.GetValue(request)!);
            return ExitCode.Same;
        }));
        return command;
    }
}
