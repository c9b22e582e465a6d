using System.CommandLine;
using ReproTorch.Cli.Output;
using ReproTorch.Models;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch probe</c>: loads a model and lets it go, for a process that does not trust it (<see cref="ModelProbe"/>). What
/// it refuses it prints for that process: the kind of error on a line, then the message.</summary>
internal static class ProbeCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A TorchScript file." };
        var sha256 = new Option<string?>("--sha256") { Description = "The hash that the file must have.", HelpName = "hash" };
        var allowFileAccess = new Option<bool>("--allow-file-access") { Description = "Accepts a model whose code reads or writes files." };
        var command = new Command(ModelProbe.Verb, "Loads a model and lets it go.") { model, sha256, allowFileAccess };
        command.Hidden = true;
        command.SetAction(result => Guard.Run(() =>
        {
            ParentWatch.Begin();
            var options = new LoadOptions { Sha256 = result.GetValue(sha256), AllowFileAccess = result.GetValue(allowFileAccess) };
            try
            {
                using TorchModel loaded = ModelLoader.Load(result.GetValue(model)!, options);
                _ = loaded.Describe();
                foreach (ModelMethod method in loaded.Methods)
                {
                    _ = loaded.Code(method.Name);
                }
            }
            catch (ReproTorchException e)
            {
                Terminal.Line(e.Kind.ToString());
                Terminal.Line(e.Message);
                return ExitCode.Usage;
            }

            return ExitCode.Same;
        }));
        return command;
    }
}
