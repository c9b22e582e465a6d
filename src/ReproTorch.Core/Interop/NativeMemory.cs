namespace ReproTorch.Interop;

/// <summary>
/// Counts the bytes that native objects keep alive, so that the garbage collector frees them in time though they weigh
/// nothing on its own heap: a shell never calls Dispose.
/// </summary>
internal static class NativeMemory
{
    // Below this much there is nothing worth a collection; above, a collection is due each time that what was alive after
    // the last one has grown by half, or by this much if that is more.
    private const long Step = 64L << 20;

    // What is smaller is not counted: its managed object weighs as much and brings the collector by itself, and counting would
    // cost more than a twentieth of a small call.
    private const long Smallest = 1 << 10;

    private static long s_live;
    private static long s_limit = Step;
    private static int s_collecting;

    /// <summary>Bytes that native objects keep alive now.</summary>
    public static long Live => Interlocked.Read(ref s_live);

    public static void Add(long bytes)
    {
        if (bytes < Smallest)
        {
            return;
        }

        GC.AddMemoryPressure(bytes);
        if (Interlocked.Add(ref s_live, bytes) > Volatile.Read(ref s_limit))
        {
            Collect();
        }
    }

    public static void Remove(long bytes)
    {
        if (bytes >= Smallest)
        {
            Interlocked.Add(ref s_live, -bytes);
            GC.RemoveMemoryPressure(bytes);
        }
    }

    // The generations one after the other: in a loop over runs the dead outputs are young, and a young collection costs
    // microseconds. One thread at a time; the others need not wait for it.
    private static void Collect()
    {
        if (Interlocked.Exchange(ref s_collecting, 1) != 0)
        {
            return;
        }

        try
        {
            long target = s_limit - Math.Max(Step, s_limit / 3) / 2;
            for (int generation = 0; generation <= GC.MaxGeneration && Live > target; generation++)
            {
                GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();
            }

            long live = Live;
            Volatile.Write(ref s_limit, live + Math.Max(Step, live / 2));
        }
        finally
        {
            Volatile.Write(ref s_collecting, 0);
        }
    }
}
