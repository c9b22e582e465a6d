using System.Globalization;
using System.Text;
using ReproTorch.Comparison;
using ReproTorch.Provenance;
using ReproTorch.Runs;

namespace ReproTorch.Replay;

/// <summary>What a replay came to.</summary>
public enum ReplayVerdict
{
    /// <summary>Every output has the same bits.</summary>
    Identical,

    /// <summary>Not the same bits, but what was asked for: close, or within units in the last place.</summary>
    Match,

    /// <summary>The outputs differ.</summary>
    Different,
}

/// <summary>Whether the model of a replay is the one that was recorded.</summary>
public enum ModelIdentity
{
    /// <summary>The run tells no hash to hold the model against.</summary>
    Unknown,

    /// <summary>The same file, byte for byte.</summary>
    SameFile,

    /// <summary>Another file, or none, with the same content: names, shapes, parameters, code.</summary>
    SameContent,

    /// <summary>Another model.</summary>
    Different,
}

/// <summary>A recorded run, replayed and judged.</summary>
public sealed record RunReplay
{
    /// <summary>The recorded run's name.</summary>
    public string Name => Recorded.Name;

    /// <summary>The file that it was read from; null when it was not.</summary>
    public string? Path { get; init; }

    /// <summary>What it came to.</summary>
    public required ReplayVerdict Verdict { get; init; }

    /// <summary>Whether the outputs are what was asked for.</summary>
    public bool Match => Comparison.Match;

    /// <summary>Whether the model is the recorded one.</summary>
    public required ModelIdentity Model { get; init; }

    /// <summary>The outputs, recorded and replayed, side by side; where both have them, the operators too.</summary>
    public required RunComparison Comparison { get; init; }

    /// <summary>What of the environment differs between the record and here; null when the run tells no environment.</summary>
    public EnvironmentComparison? Environment { get; init; }

    /// <summary>The run as it was recorded.</summary>
    public required RunOutput Recorded { get; init; }

    /// <summary>The run as it came here.</summary>
    public required RunOutput Replayed { get; init; }

    /// <summary>The whole in plain words, verdict first.</summary>
    public string Message => Words();

    /// <summary><see cref="Message"/>.</summary>
    public override string ToString() => Message;

    private string Words()
    {
        const int shown = 5;
        var text = new StringBuilder();
        text.Append(Verdict switch
        {
            ReplayVerdict.Identical => "The replay gave the same bits.",
            ReplayVerdict.Match => $"The replay gave what was asked for ({Comparison.Criterion}), not the same bits.",
            _ => "The replay differs.",
        });
        text.Append(Model switch
        {
            ModelIdentity.SameFile => " The model is the same file.",
            ModelIdentity.SameContent => " The model's file is another, its content the same.",
            ModelIdentity.Different => " THE MODEL IS ANOTHER ONE.",
            _ => " Whether the model is the recorded one is not known: the run has no hash of it.",
        });
        if (Verdict != ReplayVerdict.Identical)
        {
            text.Append('\n').Append(Comparison.Message);
        }

        if (Environment is { Differences: { Count: > 0 } differences })
        {
            text.Append(CultureInfo.InvariantCulture, $"\nOf the environment {differences.Count} things changed:");
            foreach (EnvironmentDifference difference in differences.Take(shown))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n  {difference.Name}: {Short(difference.Reference)} -> {Short(difference.Difference)}");
            }

            if (differences.Count > shown)
            {
                text.Append("\n  ..");
            }
        }
        else
        {
            text.Append(Environment is null ? "\nThe run tells no environment." : "\nThe environment is the same.");
        }

        return text.ToString();
    }

    private static string Short(string? value)
    {
        const int most = 60;
        string line = (value ?? "nothing").ReplaceLineEndings(" ");
        return line.Length <= most ? line : line[..most] + "..";
    }
}
