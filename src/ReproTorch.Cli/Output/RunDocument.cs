using System.Text.Json.Serialization;
using ReproTorch.Comparison;
using ReproTorch.Determinism;
using ReproTorch.Provenance;
using ReproTorch.Runs;

namespace ReproTorch.Cli.Output;

/// <summary>One output of a run, as <c>reprotorch run --json</c> prints it.</summary>
internal sealed record OutputDocument(string Name, string Kind, string? DType, IReadOnlyList<long>? Shape, string? Text, string? Hash);

/// <summary>A run, as <c>reprotorch run --json</c> prints it: everything but the data, which the run file holds.</summary>
internal sealed record RunDocument(
    string? Model,
    string? ModelSha256,
    string? Method,
    string? Seed,
    bool Traced,
    long? BatchSize,
    string? Device,
    IReadOnlyList<RunInputInfo> Inputs,
    IReadOnlyList<OutputDocument> Outputs,
    DeterminismSettings Determinism,
    double Seconds)
{
    public static RunDocument Of(RunOutput run) => new(
        run.Model,
        run.ModelSha256,
        run.Method,
        run.Seed,
        run.Traced,
        run.BatchSize,
        run.Device,
        run.Inputs,
        [.. run.Outputs.Select(output => new OutputDocument(
            output.Name, output.Kind.ToString(), output.Data?.DType.ToString(), output.Data?.Shape, output.Text, ContentHash.Of(output)))],
        run.Environment!.Determinism,
        run.Duration!.Value.TotalSeconds);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(ExactDoubleConverter)])]
[JsonSerializable(typeof(TorchEnvironment))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(TrainingDocument))]
[JsonSerializable(typeof(ReproTorch.Sweeps.SweepResult))]
internal sealed partial class CliJson : JsonSerializerContext;
