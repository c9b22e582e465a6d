using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using ReproTorch.Cli.Output;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Reporting;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch train</c>: trains a model and writes it.</summary>
internal static class TrainCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "train";

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A TorchScript file." };
        Option<string[]> input = Files("--input", "Inputs: a .npy, .npz, .safetensors or .pt (torch.save) file. Several tensors are the method's arguments in order.");
        input.Required = true;
        var target = new Option<string>("--target") { Description = "What the model should give: a file with one tensor.", HelpName = "FILE", Required = true };
        var loss = new Option<string>("--loss") { Description = $"{string.Join(", ", TrainingLoss.Names)}; with arguments as in Python.", HelpName = "NAME", Required = true };
        var optimizer = new Option<string>("--optimizer") { Description = $"{string.Join(", ", OptimizerOptions.Names)}; with arguments as in Python.", HelpName = "NAME", Required = true };
        var rate = NumberOption.Of<double>("--lr", "The learning rate.", "x");
        var schedule = new Option<string?>("--schedule") { Description = $"{string.Join(", ", LearningRateSchedule.Names)}; with arguments as in Python.", HelpName = "NAME" };
        var epochs = NumberOption.Always<int>("--epochs", "How often all examples are seen.");
        var batchSize = NumberOption.Always<long>("--batch-size", "Examples in a batch.");
        var shuffle = new Option<bool>("--shuffle") { Description = "Gives each epoch an order of its own, that of Python's DataLoader." };
        var dropLast = new Option<bool>("--drop-last") { Description = "Leaves out a last batch that is not full." };
        var seed = new Option<string>("--seed") { Description = "Seeds libtorch right before the loop: -2^63 .. 2^64-1.", HelpName = "n", Required = true };
        Option<string[]> freeze = Files("--freeze", "Names of parameters, with * and ?, that stay as they are.", "NAME");
        Option<string[]> train = Files("--train", "Names of parameters, with * and ?, that alone are trained.", "NAME");
        Option<string[]> group = Files(
            "--group", "Numbers of their own for the parameters of such a name: '*.bias=AdamW(weight_decay=0)'. The first that fits counts; what is left out is as in --optimizer.", "NAME=OPTIMIZER");
        var method = new Option<string>("--method") { Description = "The method that is trained.", HelpName = "NAME", DefaultValueFactory = _ => "forward" };
        var accumulate = NumberOption.Always<int>("--accumulate", "Batches whose gradients make one step.", 1);
        var clipNorm = NumberOption.Of<double>("--clip-norm", "Clips the norm of all gradients.", "x");
        var normType = NumberOption.Of<double>("--norm-type", "The order of that norm, 2 without it; inf for the greatest element.", "x");
        var clipValue = NumberOption.Of<double>("--clip-value", "Clips each element of the gradients.", "x");
        var gradientToNone = new Option<bool>("--gradient-to-none") { Description = "Takes gradients away in place of setting them to zero (zero_grad(set_to_none=True))." };
        Option<string[]> validationInput = Files("--validation-input", "Inputs that the model is tried on after each epoch.");
        var validationTarget = new Option<string?>("--validation-target") { Description = "What it should give for them.", HelpName = "FILE" };
        var validationBatchSize = NumberOption.Of<long>("--validation-batch-size", "Examples in a batch of the validation; without, as --batch-size.");
        var noValidationDraw = new Option<bool>("--no-validation-draw") { Description = "Leaves the random streams as they are while the model is tried." };
        var patience = NumberOption.Of<int>("--patience", "Ends after more than so many epochs in a row without improvement.");
        var minChange = NumberOption.Of<double>("--min-change", "What counts as improvement: more than this.", "x");
        var deterministic = new Option<bool>("--deterministic") { Description = "Deterministic algorithms or an error (torch.use_deterministic_algorithms)." };
        var threads = NumberOption.Of<int>("--threads", "Threads within an operator.");
        var logEvery = NumberOption.Always<int>("--log-every", "Every how many steps a line is written.", 100);
        var checkpoint = new Option<string?>("--checkpoint") { Description = "A file that holds all that is needed to go on; an existing one is replaced, whole.", HelpName = "FILE.npz" };
        var checkpointEvery = NumberOption.Of<int>("--checkpoint-every", "Writes it also every so many steps.");
        var resume = new Option<string?>("--resume") { Description = "A checkpoint to go on from.", HelpName = "FILE.npz" };
        var output = new Option<string>("-o", "--output") { Description = "Writes the trained model; an existing file is replaced, whole.", HelpName = "MODEL", Required = true };
        var run = new Option<string?>("--run") { Description = "Writes losses, metrics and parameters as a run file, for `reprotorch compare`.", HelpName = "RUN.npz" };
        var chart = new Option<string?>("--chart") { Description = "Writes the curve of the losses.", HelpName = "FILE.svg" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(Name, "Trains a model, to the same bits as a loop in Python on the same libtorch.")
        {
            model, input, target, loss, optimizer, rate, schedule, epochs, batchSize, shuffle, dropLast, seed, freeze, train, group, method, accumulate,
            clipNorm, normType, clipValue, gradientToNone, validationInput, validationTarget, validationBatchSize, noValidationDraw, patience, minChange,
            deterministic, threads, logEvery, checkpoint, checkpointEvery, resume, output, run, chart, json,
        };
        command.SetAction((result, cancellation) => Task.Run(() => Guard.Run(() => Run(
            new Request(
                result.GetValue(model)!,
                result.GetValue(input)!,
                result.GetValue(target)!,
                result.GetValue(validationInput) ?? [],
                result.GetValue(validationTarget),
                result.GetValue(deterministic),
                result.GetValue(threads),
                result.GetValue(output)!,
                result.GetValue(run),
                result.GetValue(chart),
                result.GetValue(json)),
            () =>
            {
                RequireUse("--norm-type", result.GetValue(normType), "--clip-norm", result.GetValue(clipNorm));
                RequireUse("--min-change", result.GetValue(minChange), "--patience", result.GetValue(patience));
                RequireUse("--checkpoint-every", result.GetValue(checkpointEvery), "--checkpoint", result.GetValue(checkpoint));
                RequireUse("--validation-batch-size", result.GetValue(validationBatchSize), "--validation-input", result.GetValue(validationTarget));
                OptimizerOptions main = OptimizerOptions.Parse(result.GetValue(optimizer)!, result.GetValue(rate));
                return new TrainingOptions
                {
                    Loss = TrainingLoss.Parse(result.GetValue(loss)!),
                    Optimizer = main,
                    Groups = [.. (result.GetValue(group) ?? []).Select(asked => ParseGroup(asked, main, result.GetValue(rate)))],
                    Schedule = result.GetValue(schedule) is { } text ? LearningRateSchedule.Parse(text) : null,
                    Epochs = result.GetValue(epochs),
                    BatchSize = result.GetValue(batchSize),
                    Shuffle = result.GetValue(shuffle),
                    DropLast = result.GetValue(dropLast),
                    Seed = TorchSeedValue.From(ParseSeed(result.GetValue(seed)!)),
                    Frozen = result.GetValue(freeze) ?? [],
                    Trained = result.GetValue(train) ?? [],
                    Method = result.GetValue(method)!,
                    Accumulate = result.GetValue(accumulate),
                    ClipNorm = result.GetValue(clipNorm),
                    ClipNormType = result.GetValue(normType) ?? 2,
                    ClipValue = result.GetValue(clipValue),
                    SetGradientsToNone = result.GetValue(gradientToNone),
                    ValidationBatchSize = result.GetValue(validationBatchSize),
                    ValidationDraws = !result.GetValue(noValidationDraw),
                    EarlyEnd = result.GetValue(patience) is { } most ? new EarlyEnd { Patience = most, MinimumChange = result.GetValue(minChange) ?? 0 } : null,
                    LogEvery = result.GetValue(logEvery),
                    Checkpoint = result.GetValue(checkpoint),
                    CheckpointEvery = result.GetValue(checkpointEvery),
                    Resume = result.GetValue(resume),
                    Cancellation = cancellation,
                };
            }))));
        return command;
    }

    private static int Run(Request request, Func<TrainingOptions> read)
    {
        TrainingOptions options = read();
        if (request.RunFile is { } runFile && !RunFolder.IsRunFile(runFile))
        {
            throw Invalid($"The run file {runFile} does not end in .npz, as run files do.");
        }

        (string, string?)[] outputs =
            [("model", request.Output), ("run", request.RunFile), ("chart", request.Chart), ("checkpoint", options.Checkpoint)];
        TrainingFiles.RequireWritable(outputs);
        TrainingFiles.RequireApart(
            outputs,
            [
                .. request.Inputs.Select(file => ("input", (string?)file)), ("target", request.Target),
                .. request.ValidationInputs.Select(file => ("validation's input", (string?)file)), ("validation's target", request.ValidationTarget),
                ("checkpoint", options.Resume),
            ]);
        if (request.ValidationInputs.Length > 0 != request.ValidationTarget is not null)
        {
            throw Invalid("--validation-input and --validation-target belong together; one of them is missing.");
        }

        var data = new TrainingData(Tensors(request.Inputs), OneTensor(request.Target));
        TrainingData? validation = request.ValidationTarget is { } wanted
            ? new TrainingData(Tensors(request.ValidationInputs), OneTensor(wanted))
            : null;
        using TorchModel model = ModelLoader.Load(request.Model, new LoadOptions());
        if (request.Deterministic || request.Threads is not null)
        {
            DeterminismPolicy.Set((request.Deterministic ? DeterminismPolicy.Deterministic(warnOnly: false) : new()) with { Threads = request.Threads });
        }

        if (options.Seed is { IsAliasOnCpu: true } seed)
        {
            Terminal.Warning(SeedWarnings.Alias(seed));
        }

        TrainingResult result = Trainer.Train(model, data, options with
        {
            Validation = validation,
            OnStep = request.Json ? null : PrintLogged,
            OnEpoch = request.Json ? null : epoch => Terminal.Line(epoch.ToString()),
            OnWarning = Terminal.Warning,
        });
        Write(request, model, result);
        if (request.Json)
        {
            Terminal.Line(JsonSerializer.Serialize(TrainingDocument.Of(result), CliJson.Default.TrainingDocument));
        }
        else
        {
            Terminal.Line($"Weights {result.WeightsHash}");
            Terminal.Line($"Wrote {request.Output}");
        }

        return result.End == TrainingEnd.Cancelled ? ExitCode.Cancelled : ExitCode.Same;
    }

    private static void Write(Request request, TorchModel model, TrainingResult result)
    {
        model.Save(request.Output, force: true);
        if (request.RunFile is { } run)
        {
            RunFile.Write(run, [result.ToRunOutput()], force: true);
        }

        if (request.Chart is { } chart)
        {
            AtomicFile.Write(chart, force: true, stream => stream.Write(Encoding.UTF8.GetBytes(LossChart.ToSvg(result.Losses))));
        }
    }

    private static void PrintLogged(TrainingStep step)
    {
        if (step.IsLogged)
        {
            Terminal.Line(step.ToString());
        }
    }

    private static TorchTensor[] Tensors(IEnumerable<string> files) =>
        [.. files.SelectMany(file => TensorFile.Read(file)).Select(tensor => TorchTensor.FromData(tensor.Data, name: tensor.Name))];

    private static TorchTensor OneTensor(string file) => Tensors([file]) is [var tensor]
        ? tensor
        : throw Invalid($"{file} holds {Tensors([file]).Length} tensors. Expected one, the target.");

    private static Option<string[]> Files(string name, string description, string helpName = "FILE") =>
        new(name) { Description = description, HelpName = helpName, AllowMultipleArgumentsPerToken = false };

    private static BigInteger ParseSeed(string text) =>
        BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger seed)
            ? seed
            : throw Invalid($"The seed '{text}' is no whole number.");

    private static ParameterGroup ParseGroup(string text, OptimizerOptions main, double? rate)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0
            ? new ParameterGroup([text[..at]], OptimizerOptions.ParseGroup(text[(at + 1)..], main, rate))
            : throw Invalid($"The group '{text}' is no NAME=OPTIMIZER, such as '*.bias={main.Kind}(weight_decay=0)'.");
    }

    private static void RequireUse(string option, object? value, string other, object? needed)
    {
        if (value is not null && needed is null)
        {
            throw Invalid(FormattableString.Invariant($"{option} {value} does nothing without {other}. Nothing was trained. Give both, or neither."));
        }
    }

    private static ReproTorchException Invalid(string message) => new(ReproTorchErrorKind.InvalidArgument, message);

    private sealed record Request(
        string Model, string[] Inputs, string Target, string[] ValidationInputs, string? ValidationTarget, bool Deterministic, int? Threads,
        string Output, string? RunFile, string? Chart, bool Json);
}
