using System.Text.Json;
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

    // A record has some hundred characters; one with more than this is none.
    private const int MaxLine = 1 << 20;

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
        TraceHeader header = Parse(path, reader.ReadLine(), 1, TraceJson.Default.TraceHeader);
        if (header.Format != Format)
        {
            throw FileFault.In(path, "it is no trace of operators: its first line does not say so.");
        }

        if (header.Version != Version)
        {
            throw FileFault.In(path, $"it has the trace version {header.Version}; {Version} is known.");
        }

        var records = new List<OperatorRecord>();
        long unfinished;
        string? line = reader.ReadLine();
        for (long number = 2; ; number++)
        {
            string? next = reader.ReadLine();
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

            records.Add(Parse(path, line, number, TraceJson.Default.OperatorRecord));
            line = next;
        }

        records.Sort((a, b) => a.Index.CompareTo(b.Index));
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

    private static T Parse<T>(string path, string? line, long number, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (line is null || line.Length > MaxLine)
        {
            throw FileFault.In(path, line is null ? "it is empty or was cut short." : $"line {number} has {line.Length} characters.");
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
