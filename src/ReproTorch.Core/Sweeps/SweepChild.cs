using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ReproTorch.Determinism;
using ReproTorch.Interop;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Sweeps;

/// <summary>What a child process of a sweep is asked to do.</summary>
/// <param name="Model">The model's file.</param>
/// <param name="Input">The run file that holds the arguments.</param>
/// <param name="Method">The method.</param>
/// <param name="Seed">Set right before each run.</param>
/// <param name="Switches">As they stand in the process that asks.</param>
/// <param name="Output">The run file to write: the first run.</param>
/// <param name="Trace">The file to record the third run's operators into; null for none.</param>
internal sealed record SweepRequest(
    string Model, string Input, string Method, string Seed, DeterminismSettings Switches, string Output, string? Trace);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SweepRequest))]
internal sealed partial class SweepJson : JsonSerializerContext;

/// <summary>Runs the subject of a sweep in a process of its own, the program <c>reprotorch</c>.</summary>
public sealed class SweepChild
{
    /// <summary>The verb of the program; it is not shown in its help.</summary>
    public const string Verb = "sweep-child";

    private readonly SweepSubject _subject;
    private readonly string _folder;
    private string? _files;
    private int _runs;

    internal SweepChild(SweepSubject subject, string folder)
    {
        _subject = subject;
        _folder = folder;
    }

    /// <summary>The child's side: does what the request in a file says.</summary>
    /// <exception cref="ReproTorchException">The model cannot be loaded or fails.</exception>
    public static void Serve(string requestFile)
    {
        SweepRequest request = JsonSerializer.Deserialize(File.ReadAllText(requestFile), SweepJson.Default.SweepRequest)!;
        DeterminismPolicy.Restore(request.Switches);

        // The process that asks has loaded the model already, and wrote this file itself.
        using TorchModel model = ModelLoader.Load(request.Model, new LoadOptions { AllowFileAccess = true });
        ModelInput input = InputRecorder.Rebuild(RunFile.Read(request.Input)[0]);
        var options = new RunOptions
        {
            Method = request.Method,
            Seed = TorchSeedValue.From(System.Numerics.BigInteger.Parse(request.Seed, CultureInfo.InvariantCulture)),
        };
        using var buffers = BufferSnapshot.Take(model);
        RunFile.Write(request.Output, [ModelRunner.Run(model, input, options)], force: true);
        if (request.Trace is { } trace)
        {
            // The executor has settled by the third run: see SweepLocator.
            buffers.Restore();
            ModelRunner.Run(model, input, options);
            buffers.Restore();
            using OperatorObserver observer = OperatorObserver.Start(trace, new ObserverOptions { Hash = true });
            ModelRunner.Run(model, input, options);
            observer.Stop();
        }
    }

    /// <summary>Why it cannot be run there; null when it can.</summary>
    internal string? Obstacle()
    {
        if (!ChildProgram.Exists)
        {
            return "the program reprotorch does not lie beside this assembly.";
        }

        try
        {
            RecordedInput();
            return null;
        }
        catch (ReproTorchException e)
        {
            return $"the input goes to no other process: {e.Message}";
        }
    }

    /// <summary>Runs it once.</summary>
    internal RunOutput Run(IReadOnlyList<KeyValuePair<string, string>> variables, string? trace)
    {
        string files = _files ??= WriteFiles();
        string name = Path.Combine(files, string.Create(CultureInfo.InvariantCulture, $"run-{_runs++}"));
        var request = new SweepRequest(
            Path.Combine(files, "model.pt"), Path.Combine(files, "input.npz"), _subject.Options.Method, _subject.Options.Seed.ToString(),
            _subject.Switches, name + ".npz", trace);
        File.WriteAllText(name + ".json", JsonSerializer.Serialize(request, SweepJson.Default.SweepRequest));
        (int code, _, string errors) = ChildProgram.Run([Verb, name + ".json"], variables, _subject.Options.Cancellation);
        return code == 0 ? RunFile.Read(name + ".npz")[0] : throw new ReproTorchException(
            ReproTorchErrorKind.OperatorFailure,
            $"The model could not be run in a process of its own{string.Concat(variables.Select(pair => $", {pair.Key}={pair.Value}"))}: {errors}");
    }

    private RunOutput RecordedInput()
    {
        (List<RunValue> values, List<RunArgument> arguments) = InputRecorder.Record(
            _subject.Input, _subject.Model.Method(_subject.Options.Method));
        return new RunOutput { Outputs = [], Inputs = [.. values.Select(ModelRunner.Describe)], InputValues = values, Arguments = arguments };
    }

    private string WriteFiles()
    {
        _subject.Restore();
        _subject.Model.Save(Path.Combine(_folder, "model.pt"), force: true);
        RunFile.Write(Path.Combine(_folder, "input.npz"), [RecordedInput()], force: true);
        return _folder;
    }
}
