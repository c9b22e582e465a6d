using System.Text.Json;
using ReproTorch.Comparison;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Observation;

/// <summary>Traces as files: lines of JSON, a header first, a record each, an end with their number (docs/trace-files.md).</summary>
public static class OperatorTraceFile
{
    /// <summary>What the header says that the file is.</summary>
    internal const string Format = "reprotorch-trace";

    /// <summary>The version that is written and read.</summary>
    internal const int Version = 1;

    /// <summary>The level of a trace that holds only what a dispatch mode sees.</summary>
    internal const string Dispatched = "dispatched";

    // More than any machine has bytes to draw into.
    private const long MaxDraws = 1L << 50;

    // Of all records together, each of which counts what it called too.
    private const long MaxDrawsOfAll = 1L << 60;

    /// <summary>Reads a trace.</summary>
    /// <param name="path">The file.</param>
    /// <param name="output">What the script block wrote, where it is at hand.</param>
    /// <exception cref="ReproTorchException">The file is none, was cut short, or is damaged.</exception>
    public static OperatorTrace Read(string path, IReadOnlyList<object?>? output = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            throw FileFault.In(path, "it is a folder; the file of a trace was expected.");
        }

        using StreamReader reader = new(path);
        return Read(path, reader, output);
    }

    /// <summary>Reads a trace that is a part of a file.</summary>
    /// <param name="path">What errors name.</param>
    /// <param name="stream">The trace's bytes; it stays open.</param>
    /// <exception cref="ReproTorchException">They are none, were cut short, or are damaged.</exception>
    public static OperatorTrace Read(string path, Stream stream)
    {
        using StreamReader reader = new(stream, leaveOpen: true);
        return Read(path, reader, output: null);
    }

    private static OperatorTrace Read(string path, StreamReader reader, IReadOnlyList<object?>? output)
    {
        var lines = new TraceLines(path, reader);
        TraceHeader header = Parse(path, lines.Read(), 1, TraceJson.Default.TraceHeader);
        if (header.Format != Format)
        {
            throw FileFault.In(path, "it is no trace of operators: its first line does not say so.");
        }

        if (header.Version != Version)
        {
            throw FileFault.In(path, $"it has the trace version {header.Version}; {Version} is known.");
        }

        var records = new List<OperatorRecord>();
        long draws = 0;
        long unfinished;
        string? line = lines.Read();
        for (long number = 2; ; number++)
        {
            string? next = lines.Read();
            if (next is null)
            {
                TraceEnd end = Parse(path, line, number, TraceJson.Default.TraceEnd);
                if (end.Records != records.Count)
                {
                    throw FileFault.In(path, $"it was cut short: it has {records.Count} records and says that they are {end.Records}.");
                }

                unfinished = end.Unfinished;
                break;
            }

            OperatorRecord record = Parse(path, line, number, TraceJson.Default.OperatorRecord);
            Require(path, number, record, ref draws);
            records.Add(record with
            {
                Name = VisibleText.Of(record.Name),
                Overload = VisibleText.Of(record.Overload),
                Kind = VisibleText.Of(record.Kind),
                Place = record.Place is { } place ? VisibleText.Of(place) : null,
                Inputs = Visible(record.Inputs),
                Outputs = Visible(record.Outputs),
            });
            line = next;
        }

        records.Sort((a, b) => a.Index.CompareTo(b.Index));
        for (int i = 1; i < records.Count; i++)
        {
            if (records[i].Index == records[i - 1].Index)
            {
                throw FileFault.In(path, $"it is damaged: two records have the index {records[i].Index}.");
            }
        }

        return new OperatorTrace(records, header.TorchVersion, header.Hashes, header.RandomOnly, header.Level == Dispatched)
        {
            Output = output ?? [],
            Generators = header.Generators,
            UnfinishedCount = unfinished,
        };
    }

    /// <summary>Writes a trace: to a temporary file that then takes the place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trace">The trace; what its script block wrote is not kept.</param>
    /// <param name="force">Whether an existing file is replaced.</param>
    /// <exception cref="IOException">The file exists and must not be replaced, or cannot be written.</exception>
    public static void Write(string path, OperatorTrace trace, bool force)
    {
        ArgumentNullException.ThrowIfNull(trace);
        AtomicFile.Write(path, force, stream => Write(stream, trace));
    }

    /// <summary>Writes a trace as a part of a file, record by record.</summary>
    /// <param name="stream">Where to; it stays open.</param>
    /// <param name="trace">The trace.</param>
    public static void Write(Stream stream, OperatorTrace trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        var header = new TraceHeader(Format, Version, trace.TorchVersion, trace.HasHashes, trace.IsRandomOnly, trace.IsDispatched ? Dispatched : null, trace.Generators);
        writer.WriteLine(JsonSerializer.Serialize(header, TraceJson.Default.TraceHeader));
        foreach (OperatorRecord record in trace.Records)
        {
            writer.WriteLine(JsonSerializer.Serialize(record, TraceJson.Default.OperatorRecord));
        }

        writer.WriteLine(JsonSerializer.Serialize(
            new TraceEnd(trace.Records.Count) { Unfinished = trace.UnfinishedCount }, TraceJson.Default.TraceEnd));
    }

    // Whatever called an operator began earlier; without that, who follows the calls goes in a circle.
    private static void Require(string path, long number, OperatorRecord record, ref long draws)
    {
        string? wrong = record.Index < 0 || record.Parent < -1 || record.Parent >= record.Index
                ? $"the index {record.Index} and the parent {record.Parent}; a parent began earlier"
            : record.Draws.Values.Any(words => words is < -1 or > MaxDraws) ? "a number of draws that no operator makes"
            : record.Draws.Keys.Any(VisibleText.HasInvisible) ? "control characters in a generator's name"
            : HasControls(record.Name) || HasControls(record.Overload) || HasControls(record.Kind) || HasControls(record.Place)
                ? "control characters in a name"
            : null;
        if (wrong is not null)
        {
            throw FileFault.In(path, $"it is damaged: line {number} has {wrong}.");
        }

        foreach (long words in record.Draws.Values)
        {
            draws += Math.Max(0, words);
            if (draws > MaxDrawsOfAll)
            {
                throw FileFault.In(path, $"it is damaged: up to line {number} its operators drew more numbers than any machine makes.");
            }
        }
    }

    private static bool HasControls(string? text) => text is not null && text.Any(char.IsControl);

    // A text among the arguments may hold any character; shown, it must not move the terminal.
    private static IReadOnlyList<string> Visible(IReadOnlyList<string> texts) => texts.Any(VisibleText.HasInvisible)
        ? [.. texts.Select(VisibleText.Of)]
        : texts;

    private static T Parse<T>(string path, string? line, long number, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (line is null)
        {
            throw FileFault.In(path, "it is empty or was cut short.");
        }

        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw FileFault.In(path, $"line {number} is null.");
        }
        catch (JsonException e)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.FileFormat, $"{path}: it was cut short or is damaged: line {number} is no record of a trace.", e);
        }
    }
}
