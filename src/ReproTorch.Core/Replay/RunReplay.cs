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

    /// <summary>The same file, but what was loaded is not what ran then: parameters, buffers or attributes were changed since, here or where the
    /// run was recorded.</summary>
    SameFileChanged,

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

    /// <summary>The parameters, buffers and attributes of the model that were not as in its file when the replay began, by name. Looked for
    /// where the replay differs and the file is the recorded one; empty where there are none, or the file is no longer there.</summary>
    public IReadOnlyList<string> ModelChanges { get; init; } = [];

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
            ModelIdentity.SameFileChanged => Changes(),
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
                text.Append(CultureInfo.InvariantCulture, $"\n  {difference.Name}: {Apart(difference)}");
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

    private string Changes()
    {
        const int shown = 3;
        return ModelChanges.Count == 0
            ? " The model is the same file, but ITS CONTENT IS NOT THAT OF THE RECORDED RUN: it was changed since it was loaded, here or there."
            : $" The model is the same file, CHANGED SINCE IT WAS LOADED: {string.Join(", ", ModelChanges.Take(shown))}"
            + (ModelChanges.Count > shown ? string.Create(CultureInfo.InvariantCulture, $" and {ModelChanges.Count - shown} more.") : ".");
    }

    // Of a text of many lines those that differ, of a long line the part that does.
    private static string Apart(EnvironmentDifference difference)
    {
        const int most = 60;
        string[] reference = Lines(difference.Reference);
        string[] other = Lines(difference.Difference);
        string one = string.Join("; ", reference.Except(other, StringComparer.Ordinal));
        string two = string.Join("; ", other.Except(reference, StringComparer.Ordinal));
        if (one == two)
        {
            (one, two) = (string.Join("; ", reference), string.Join("; ", other));
        }

        int same = one.AsSpan().CommonPrefixLength(two);
        int start = Math.Max(one.Length, two.Length) > most && same > most / 3 ? one[..same].LastIndexOfAny([' ', ',', ';', ':']) + 1 : 0;
        return $"{Short(one, start)} -> {Short(two, start)}";

        static string[] Lines(string? text) => text is null ? [] : [.. text.Split('\n').Select(line => line.Trim())];

        static string Short(string text, int start)
        {
            string part = (start > 0 ? ".." : string.Empty) + text[start..];
            return part.Length == 0 ? "nothing" : part.Length <= most ? part : part[..most] + "..";
        }
    }
}
