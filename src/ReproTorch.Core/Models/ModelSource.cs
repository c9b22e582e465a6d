using ReproTorch.Interop;
using ReproTorch.Models.Screening;
using ReproTorch.Tensors;

namespace ReproTorch.Models;

/// <summary>A model written as TorchScript source, compiled here.</summary>
public sealed record ModelSource
{
    /// <summary>The type's name.</summary>
    public string Name { get; init; } = "Model";

    /// <summary>One or several methods, each <c>def name(self, ..): ..</c>, as TorchScript has them.</summary>
    public required string Source { get; init; }

    /// <summary>Parameters by name, in order; gradients are recorded for them.</summary>
    public IReadOnlyList<KeyValuePair<string, TorchTensor>> Parameters { get; init; } = [];

    /// <summary>Buffers by name, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, TorchTensor>> Buffers { get; init; } = [];

    /// <summary>Other attributes by name, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Attributes { get; init; } = [];

    /// <summary>Submodules by name, in order. They are shared with the model, as in Python: a change of one's parameters shows in
    /// the other. A name may be a number, which source reaches by <c>getattr(self, "0")</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, ScriptModel>> Submodules { get; init; } = [];

    /// <summary>Compiles the source.</summary>
    /// <exception cref="ReproTorchException">It does not compile; the message shows the line.</exception>
    public ScriptModel Compile()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_create(Name, out ScriptModuleHandle module));
        try
        {
            foreach ((string name, TorchTensor tensor) in Parameters)
            {
                int requiresGrad = tensor.DType.IsFloatingPoint() || tensor.DType.IsComplex() ? 1 : 0;
                NativeError.ThrowIfFailed(NativeMethods.rpt_module_register_parameter(module, name, tensor.Handle, requiresGrad));
            }

            foreach ((string name, TorchTensor tensor) in Buffers)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_module_register_buffer(module, name, tensor.Handle));
            }

            foreach ((string name, object? value) in Attributes)
            {
                using ValueHandle native = TorchValue.ToNative(value);
                NativeError.ThrowIfFailed(NativeMethods.rpt_module_register_attribute(module, name, native));
            }

            foreach ((string name, ScriptModel submodule) in Submodules)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_module_register_submodule(module, name, submodule.Handle));
            }

            // TorchScript's parser wants a line to end, the last one too, and knows one kind of line end.
            Define(module, Source.ReplaceLineEndings("\n") + "\n");
            return new ScriptModel(module, sha256: null) { Name = Name };
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }

    /// <summary>Compiles the source and lets go of the submodules, which the model then holds alone.</summary>
    internal ScriptModel CompileAndRelease()
    {
        try
        {
            return Compile();
        }
        finally
        {
            foreach ((_, ScriptModel submodule) in Submodules)
            {
                submodule.Dispose();
            }
        }
    }

    // libtorch's compiler asserts what a malformed source does not keep to, and asks for a bug report.
    private static void Define(ScriptModuleHandle module, string source)
    {
        try
        {
            ScriptCode.CheckMethods(source);
            CompilerThread.Run(() => NativeError.ThrowIfFailed(NativeMethods.rpt_module_define(module, source)));
        }
        catch (ReproTorchException e) when (e.Kind is ReproTorchErrorKind.Internal or ReproTorchErrorKind.OperatorFailure)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.ScriptSource, $"The TorchScript source is malformed: a statement in it is none that the compiler knows ({e.Message.Trim()}).", e)
            {
                NativeFunction = e.NativeFunction,
                NativeBacktrace = e.NativeBacktrace,
            };
        }
    }
}
