using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ReproTorch.Cli.Output;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Sweeps;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch verify</c>: does the model give the same bits again, and along what does it not?</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A TorchScript file." };
        var input = new Option<string[]>("--input")
        {
            Description = "A .npy, .npz, .safetensors or .pt file of the method's arguments, as for 'reprotorch run'.",
            HelpName = "FILE",
        };
        var seed = new Option<string?>("--seed") { Description = "Set right before every run: -2^63 .. 2^64-1 (0).", HelpName = "n" };
        var count = NumberOption.Always<int>("--count", "How often Repeat runs the model.", 5);
        var vary = new Option<string[]>("--vary")
        {
            Description = $"What to vary, with commas between: {string.Join(", ", Enum.GetNames<SweepDimension>())}.",
            HelpName = "names",
            AllowMultipleArgumentsPerToken = true,
        };
        var method = new Option<string>("--method") { Description = "The method to run.", HelpName = "m", DefaultValueFactory = _ => "forward" };
        var threads = NumberOption.Of<int>("--threads", "Threads within an operator of the plain run.");
        var deterministic = new Option<bool>("--deterministic") { Description = "Deterministic algorithms or an error." };
        var allowFileAccess = new Option<bool>("--allow-file-access") { Description = "Accepts a model whose code reads or writes files." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "verify", "Runs a model along several dimensions. Exits with 0 when it gives the same bits along all, 1 when not.")
        {
            model, input, seed, count, vary, method, threads, deterministic, allowFileAccess, json,
        };
        command.SetAction((result, cancellation) => Task.Run(() => Guard.Run(() =>
        {
            var load = new LoadOptions { AllowFileAccess = result.GetValue(allowFileAccess) };
            List<NamedTensorData> data = [.. (result.GetValue(input) ?? []).SelectMany(file => TensorFile.Read(file))];
            using TorchModel loaded = ModelLoader.Load(result.GetValue(model)!, load);
            if (result.GetValue(deterministic) || result.GetValue(threads) is not null)
            {
                DeterminismPolicy.Set((result.GetValue(deterministic) ? DeterminismPolicy.Deterministic(warnOnly: false) : new()) with
                {
                    Threads = result.GetValue(threads),
                });
            }

            TorchTensor[] tensors = [.. data.Select(tensor => TorchTensor.FromData(tensor.Data, name: tensor.Name))];
            SweepResult sweep = DeterminismSweep.Run(
                loaded,
                ModelInput.FromTensors(tensors, loaded.Method(result.GetValue(method)!)),
                new SweepOptions
                {
                    Seed = TorchSeedValue.From(Seed(result.GetValue(seed) ?? "0")),
                    Count = result.GetValue(count),
                    Dimensions = Dimensions(result.GetValue(vary)),
                    Method = result.GetValue(method)!,
                    Cancellation = cancellation,
                });
            if (result.GetValue(json))
            {
                Terminal.Line(JsonSerializer.Serialize(sweep, CliJson.Default.SweepResult));
            }
            else
            {
                Print(sweep);
            }

            return sweep.Identical ? ExitCode.Same : ExitCode.Differs;
        }), CancellationToken.None));
        return command;
    }

    private static List<SweepDimension>? Dimensions(string[]? names) => names is null or []
        ? null
        : [.. names.SelectMany(name => name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Select(name =>
            Enum.TryParse(name, ignoreCase: true, out SweepDimension dimension) && Enum.IsDefined(dimension) && !char.IsAsciiDigit(name[0])
                ? dimension
                : throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"There is nothing called '{name}' to vary. Expected some of: {string.Join(", ", Enum.GetNames<SweepDimension>())}."))];

    private static BigInteger Seed(string text) =>
        BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger seed)
            ? seed
            : throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"The seed '{text}' is no whole number.");

    private static void Print(SweepResult sweep)
    {
        Terminal.Line($"{Terminal.Strong($"{sweep.Model}.{sweep.Method}")} {Terminal.Faint($"(seed {sweep.Seed})")}");
        foreach (SweepFinding finding in sweep.Dimensions)
        {
            string verdict = finding.Identical ? Terminal.Good("same bits") : Terminal.Bad("differs  ");
            Terminal.Line($"  {finding.Name,-14} {verdict}  {finding.Meaning}");
            foreach (SweepVariant variant in finding.Variants.Where(variant => !variant.Identical))
            {
                string first = variant.FirstDifference is { } found ? $", first in {found.Operator} (operator {found.Index})" : string.Empty;
                Terminal.Line(Terminal.Faint(string.Create(
                    CultureInfo.InvariantCulture, $"{string.Empty,17}{variant.Name}: at most {variant.MaxAbsolute:G3} apart, {variant.MaxUlp} ulp{first}")));
            }
        }

        foreach (SweepOmission omission in sweep.Omitted)
        {
            Terminal.Line(Terminal.Faint($"  {omission.Name,-14} not tried: {omission.Reason}"));
        }
    }
}
