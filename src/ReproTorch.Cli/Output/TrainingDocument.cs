using ReproTorch.Training;

namespace ReproTorch.Cli.Output;

/// <summary>A training, as <c>reprotorch train --json</c> prints it: the loss of every step, and what each epoch gave.</summary>
internal sealed record TrainingDocument(
    string Model,
    string End,
    string? Seed,
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyList<double> Losses,
    string WeightsHash,
    IReadOnlyList<TrainingEpoch> Epochs,
    double Seconds)
{
    public static TrainingDocument Of(TrainingResult result) => new(
        result.Model,
        result.End.ToString(),
        result.Seed,
        result.Settings,
        result.Losses,
        result.WeightsHash,
        result.Epochs,
        result.Duration.TotalSeconds);
}
