using System.Text.Json;
using ReproTorch.Interop;

namespace ReproTorch.Observation;

/// <summary>
/// Records the operators that run in the process, in all threads, while it is there. Records go to a file as they come, so that a long
/// run takes no memory. libtorch has one observer at a time.
/// </summary>
public sealed class OperatorObserver : IDisposable
{
    [ThreadStatic]
    private static string? t_place;

    private static int s_running;

    private readonly ObserverHandle _handle;
    private readonly string _path;
    private bool _isOver;

    private OperatorObserver(ObserverHandle handle, string path)
    {
        _handle = handle;
        _path = path;
        Interlocked.Increment(ref s_running);
    }

    /// <summary>Whether operators are being recorded, so that <see cref="Place"/> is worth telling.</summary>
    public static bool IsRunning => Volatile.Read(ref s_running) > 0;

    /// <summary>Starts to record.</summary>
    /// <param name="path">The file, which is made anew; it stays as it was when another observer is there.</param>
    /// <param name="options">What is recorded.</param>
    /// <exception cref="ReproTorchException">Another observer is there, or the file cannot be written.</exception>
    public static OperatorObserver Start(string path, ObserverOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var header = new TraceHeader(
            OperatorTraceFile.Format, OperatorTraceFile.Version, TorchLibrary.LoadedVersion, options.Hash, options.RandomOnly,
            Generators: GeneratorStart.OfDefaults());
        NativeError.ThrowIfFailed(NativeMethods.rpt_observer_start(
            path, JsonSerializer.Serialize(header, TraceJson.Default.TraceHeader) + "\n", options.Hash ? (options.HashDispatched ? 2 : 1) : 0,
            options.Rows,
            options.RandomOnly ? 1 : 0, out ObserverHandle handle));
        return new OperatorObserver(handle, path);
    }

    /// <summary>Records what runs while something does.</summary>
    /// <param name="run">What runs.</param>
    /// <param name="options">What is recorded.</param>
    /// <param name="trace">The operators.</param>
    /// <exception cref="ReproTorchException">Another observer is there.</exception>
    public static T Record<T>(Func<T> run, ObserverOptions options, out OperatorTrace trace)
    {
        ArgumentNullException.ThrowIfNull(run);
        string file = Path.GetTempFileName();
        try
        {
            using OperatorObserver observer = Start(file, options);
            T result = run();
            observer.Stop();
            trace = OperatorTraceFile.Read(file);
            return result;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Tells which script line causes what this thread runs from now on; null for none.</summary>
    /// <returns>What was told before.</returns>
    public static string? Place(string? place)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_observer_place(place));
        (string? before, t_place) = (t_place, place);
        return before;
    }

    /// <summary>Stops, and completes the file.</summary>
    /// <returns>The number of records.</returns>
    /// <exception cref="ReproTorchException">The file could not be written whole.</exception>
    public long Stop()
    {
        End();
        NativeError.ThrowIfFailed(NativeMethods.rpt_observer_stop(_handle, out long count, out long unfinished));
        File.AppendAllText(
            _path, JsonSerializer.Serialize(new TraceEnd(count) { Unfinished = unfinished }, TraceJson.Default.TraceEnd) + "\n");
        return count;
    }

    /// <summary>Stops, and leaves the file without its end when that was not done.</summary>
    public void Dispose()
    {
        End();
        _handle.Dispose();
    }

    private void End()
    {
        if (!_isOver)
        {
            _isOver = true;
            Interlocked.Decrement(ref s_running);
        }
    }
}
