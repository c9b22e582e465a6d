using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace ReproTorch.Interop;

// One sealed handle type for each opaque type of reprotorch.h. ReleaseHandle passes the raw value: a SafeHandle that is
// being released can no longer be marshalled. The public constructors are for the marshaller.

internal sealed class TensorHandle : SafeHandle
{
    private long _pressure;

    public TensorHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == nint.Zero;

    /// <summary>Tells the garbage collector how many bytes this handle keeps alive, once, right after creation.</summary>
    public void TellSize(long bytes)
    {
        _pressure = bytes;
        NativeMemory.Add(bytes);
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_tensor_free(handle);
        NativeMemory.Remove(_pressure);
        return true;
    }
}

internal sealed class ValueHandle : SafeHandle
{
    public ValueHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    /// <summary>Takes over a pointer, where most calls give none: a handle of nothing costs the garbage collector all the same.</summary>
    public ValueHandle(nint value)
        : this() => SetHandle(value);

    public override bool IsInvalid => handle == nint.Zero;

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_value_free(handle);
        return true;
    }
}

internal sealed class ScriptModuleHandle : SafeHandle
{
    private long _pressure;

    public ScriptModuleHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == nint.Zero;

    /// <inheritdoc cref="TensorHandle.TellSize"/>
    public void TellSize(long bytes)
    {
        _pressure = bytes;
        NativeMemory.Add(bytes);
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_module_free(handle);
        NativeMemory.Remove(_pressure);
        return true;
    }
}

internal sealed class MethodHandle : SafeHandle
{
    public MethodHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == nint.Zero;

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_method_free(handle);
        return true;
    }
}

internal sealed class GeneratorHandle : SafeHandle
{
    public GeneratorHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == nint.Zero;

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_generator_free(handle);
        return true;
    }
}

internal sealed class ObserverHandle : SafeHandle
{
    public ObserverHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == nint.Zero;

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_observer_free(handle);
        return true;
    }
}

internal sealed class OptimizerHandle : SafeHandle
{
    public OptimizerHandle()
        : base(nint.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == nint.Zero;

    protected override bool ReleaseHandle()
    {
        NativeMethods.rpt_optimizer_free(handle);
        return true;
    }
}
