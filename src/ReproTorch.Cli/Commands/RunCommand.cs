using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ReproTorch.Cli.Output;
using ReproTorch.Determinism;
using ReproTorch.Interop;
using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch run</c>: runs a model once and records the run.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A TorchScript file." };
        var input = new Option<string[]>("--input")
        {
            Description = "A .npy, .npz, .safetensors or .pt (torch.save) file. Several are the method's arguments in order; the members of one file go "
                + "to the arguments of their names, else in order.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = false,
        };
        var seed = new Option<string?>("--seed") { Description = "Seeds libtorch right before the run: -2^63 .. 2^64-1.", HelpName = "n" };
        var deterministic = new Option<bool>("--deterministic") { Description = "Deterministic algorithms or an error (torch.use_deterministic_algorithms)." };
        var warnOnly = new Option<bool>("--warn-only") { Description = "With --deterministic: a warning in place of the error." };
        var traced = new Option<bool>("--traced") { Description = "Runs a trace of the model." };
        var method = new Option<string>("--method") { Description = "The method to run.", HelpName = "m", DefaultValueFactory = _ => "forward" };
        var threads = NumberOption.Of<int>("--threads", "Threads within an operator.");
        var batchSize = NumberOption.Of<long>("--batch-size", "Runs the input in pieces of this many rows.");
        var device = new Option<string?>("--device") { Description = "Where to run: cpu, cuda, cuda:1.", HelpName = "d" };
        var includeInput = new Option<bool>("--include-input")
        {
            Description = "Keeps the inputs and the states of the random streams in the run file, so that it can be replayed.",
        };
        var operators = new Option<bool>("--operator-trace") { Description = "Keeps the operators that run, with the hashes of their results." };
        var sha256 = new Option<string?>("--sha256") { Description = "The hash that the model's file must have.", HelpName = "hash" };
        var allowFileAccess = new Option<bool>("--allow-file-access") { Description = "Accepts a model whose code reads or writes files." };
        var output = new Option<string?>("-o", "--output") { Description = "Writes a run file; an existing one is replaced, whole.", HelpName = "RUN.npz" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("run", "Runs a model once and records the run.")
        {
            model, input, seed, deterministic, warnOnly, traced, method, threads, batchSize, device, includeInput, operators,
            sha256, allowFileAccess, output, json,
        };
        command.SetAction((result, cancellation) => Task.Run(() => Guard.Run(() => Run(
            new Request(
                result.GetValue(model)!,
                result.GetValue(input) ?? [],
                new LoadOptions
                {
                    Sha256 = result.GetValue(sha256),
                    Device = result.GetValue(device) is { } name ? TorchDevice.Parse(name) : null,
                    AllowFileAccess = result.GetValue(allowFileAccess),
                },
                new RunOptions
                {
                    Method = result.GetValue(method)!,
                    Seed = result.GetValue(seed) is { } text ? TorchSeedValue.From(ParseSeed(text)) : null,
                    BatchSize = result.GetValue(batchSize),
                    Traced = result.GetValue(traced),
                    IncludeInput = result.GetValue(includeInput),
                    TraceOperators = result.GetValue(operators),
                    Device = result.GetValue(device) is { } place ? TorchDevice.Parse(place) : null,
                    Cancellation = cancellation,
                    OnTraced = trace => Array.ForEach([.. TraceWarnings.Of(trace)], Terminal.Warning),
                },
                result.GetValue(deterministic),
                result.GetValue(warnOnly),
                result.GetValue(threads),
                result.GetValue(output),
                result.GetValue(json))))));
        return command;
    }

    private static int Run(Request request)
    {
        if (request.Output is { } path && !RunFolder.IsRunFile(path))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"The run file {path} does not end in .npz, as run files do.");
        }

        if (request.Output is null && (request.Options.IncludeInput || request.Options.TraceOperators))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, "--include-input and --operator-trace are about the run file: name it with -o.");
        }

        if (request.WarnOnly && !request.Deterministic)
        {
            throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, "--warn-only softens --deterministic, which is missing.");
        }

        List<NamedTensorData> data = [.. request.Inputs.SelectMany(file => TensorFile.Read(file))];
        using TorchModel model = ModelLoader.Load(request.Model, request.Load);
        if (request.Deterministic || request.Threads is not null)
        {
            DeterminismPolicy.Set((request.Deterministic ? DeterminismPolicy.Deterministic(request.WarnOnly) : new()) with { Threads = request.Threads });
        }

        if (request.Options.Seed is { IsAliasOnCpu: true } seed)
        {
            Terminal.Warning(SeedWarnings.Alias(seed));
        }

        TorchTensor[] tensors = [.. data.Select(tensor => TorchTensor.FromData(tensor.Data, name: tensor.Name))];
        RunOutput run = ModelRunner.Run(model, ModelInput.FromTensors(tensors, model.Method(request.Options.Method)), request.Options);
        if (request.Output is { } file)
        {
            RunFile.Write(file, [run], force: true);
        }

        if (request.Json)
        {
            Terminal.Line(JsonSerializer.Serialize(RunDocument.Of(run), CliJson.Default.RunDocument));
        }
        else
        {
            Print(run, request.Output);
        }

        return ExitCode.Same;
    }

    private static void Print(RunOutput run, string? file)
    {
        string how = string.Join(", ", new[]
        {
            run.Traced ? "traced" : null,
            run.Seed is null ? null : $"seed {run.Seed}",
            run.Environment!.Determinism.Mode is DeterminismMode.Off ? null : "deterministic",
            string.Create(CultureInfo.InvariantCulture, $"{run.Duration!.Value.TotalMilliseconds:F1} ms"),
        }.Where(part => part is not null));
        Terminal.Line($"{Terminal.Strong($"{run.Model}.{run.Method}")} {Terminal.Faint($"({how})")}");
        foreach (OutputDocument output in RunDocument.Of(run).Outputs)
        {
            string what = output.Text is { } text ? $"\"{text}\"" : output.DType is null ? "None" : $"{output.DType} ({string.Join(", ", output.Shape!)})";
            Terminal.Line($"  {output.Name,-20} {what,-28} {Terminal.Faint(output.Hash ?? string.Empty)}");
        }

        if (file is not null)
        {
            Terminal.Line($"Wrote {file}");
        }
    }

    private static BigInteger ParseSeed(string text) =>
        BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger seed)
            ? seed
            : throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"The seed '{text}' is no whole number.");

    private sealed record Request(
        string Model, string[] Inputs, LoadOptions Load, RunOptions Options, bool Deterministic, bool WarnOnly, int? Threads, string? Output, bool Json);
}
