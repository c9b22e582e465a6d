using System.Runtime.InteropServices;

namespace ReproTorch.Interop;

/// <summary>Handles as the array of pointers that a native call takes. Each is held for as long as this lives, so that neither
/// the garbage collector nor another thread's Dispose can free it meanwhile.</summary>
internal readonly ref struct HandleArray
{
    private readonly ReadOnlySpan<SafeHandle> _handles;

    /// <exception cref="ObjectDisposedException">One of the handles was disposed.</exception>
    public HandleArray(ReadOnlySpan<SafeHandle> handles)
    {
        Pointers = new nint[handles.Length];
        int held = 0;
        try
        {
            for (; held < handles.Length; held++)
            {
                bool success = false;
                handles[held].DangerousAddRef(ref success);
                Pointers[held] = handles[held].DangerousGetHandle();
            }

            _handles = handles;
        }
        catch
        {
            Release(handles[..held]);
            throw;
        }
    }

    /// <summary>The pointers, in order.</summary>
    public nint[] Pointers { get; }

    /// <summary>Lets go of the handles.</summary>
    public void Dispose() => Release(_handles);

    private static void Release(ReadOnlySpan<SafeHandle> handles)
    {
        foreach (SafeHandle handle in handles)
        {
            handle.DangerousRelease();
        }
    }
}
