using System.Runtime.ExceptionServices;
using ReproTorch.Comparison.Kernels;

namespace ReproTorch.Comparison;

/// <summary>
/// Works on the segments of something on several threads, the caller's among them. What comes of the segments is taken in in their order,
/// whichever is done first: the same segments give the same result on any number of threads.
/// </summary>
/// <param name="segments">How many there are.</param>
/// <param name="work">What is done with one, with scratch memory that only its thread uses.</param>
/// <param name="take">Takes in what came of it; never called twice at the same time.</param>
internal sealed class SegmentedWork<TResult>(long segments, Func<long, Workspace, TResult> work, Action<long, TResult> take)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TResult> _waiting = [];
    private long _next = -1;
    private long _taken;
    private volatile bool _stopped;

    /// <summary>Does all of it.</summary>
    /// <param name="workspaces">Scratch memory, one for each thread that may work.</param>
    /// <param name="threads">How many threads work at most.</param>
    /// <param name="between">Called after each segment of the caller's thread, on that thread; may throw to end the work.</param>
    /// <exception cref="Exception">Whatever a thread threw first. No thread works on when this returns.</exception>
    public void Run(Workspaces workspaces, int threads, Action between)
    {
        int helping = (int)Math.Min(threads, segments) - 1;
        Task[] helpers = [.. Enumerable.Range(1, Math.Max(0, helping)).Select(
            thread => Task.Factory.StartNew(
                () => Loop(workspaces[thread], static () => { }), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        try
        {
            Loop(workspaces[0], between);
        }
        finally
        {
            // What the others read must stay until they are done with it.
            Task.WaitAll([.. helpers.Select(static helper => helper.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default))]);
        }

        if (Array.Find(helpers, static helper => helper.IsFaulted) is { } failed)
        {
            ExceptionDispatchInfo.Throw(failed.Exception!.InnerException!);
        }
    }

    private void Loop(Workspace workspace, Action between)
    {
        try
        {
            for (long segment = Interlocked.Increment(ref _next); segment < segments && !_stopped; segment = Interlocked.Increment(ref _next))
            {
                Take(segment, work(segment, workspace));
                between();
            }
        }
        catch
        {
            _stopped = true;
            throw;
        }
    }

    private void Take(long segment, TResult result)
    {
        lock (_lock)
        {
            _waiting.Add(segment, result);
            while (_waiting.Remove(_taken, out TResult? next))
            {
                take(_taken, next);
                _taken++;
            }
        }
    }
}
