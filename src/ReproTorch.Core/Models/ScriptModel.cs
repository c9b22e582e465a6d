using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using ReproTorch.Interop;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Models;

/// <summary>A TorchScript model (torch::jit::Module).</summary>
public sealed class ScriptModel : TorchModel
{
    private readonly ScriptModuleHandle _handle;
    private readonly ConcurrentDictionary<string, MethodHandle> _methods = new(StringComparer.Ordinal);
    private readonly Lazy<ModelDescription> _atFirst;
    private Task<string>? _sha256;

    /// <param name="handle">The module; this object owns it.</param>
    /// <param name="sha256">The file's hash, perhaps still being computed; null for a module that is no file's.</param>
    /// <param name="ownsTensors">False when parameters and buffers belong to another model, which counts them.</param>
    internal ScriptModel(ScriptModuleHandle handle, Task<string>? sha256, bool ownsTensors = true)
    {
        _handle = handle;
        _sha256 = sha256;
        _atFirst = new Lazy<ModelDescription>(Describe);
        if (ownsTensors)
        {
            handle.TellSize(ByteCount(_atFirst.Value));
        }
    }

    /// <summary>The module.</summary>
    internal ScriptModuleHandle Handle => _handle;

    /// <inheritdoc/>
    public override string? Sha256 => _sha256?.GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override IReadOnlyList<ModelMethod> Methods => _atFirst.Value.Methods;

    /// <inheritdoc/>
    public override long ParameterCount =>
        _atFirst.Value.Parameters.Sum(parameter => TensorData.ElementCount(parameter.Shape));

    /// <inheritdoc/>
    public override TorchDevice Device
    {
        get
        {
            // Of one tensor: every recorded run asks, and describing a large model takes as long as running a small one.
            ModelDescription first = _atFirst.Value;
            if ((first.Parameters.Count > 0 ? first.Parameters : first.Buffers) is not [ModelTensor any, ..])
            {
                return TorchDevice.Cpu;
            }

            using TorchTensor tensor = Tensor(any.Name);
            return tensor.Device;
        }
    }

    /// <inheritdoc/>
    public override bool IsTraining
    {
        get
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_module_is_training(_handle, out int training));
            return training != 0;
        }
    }

    /// <inheritdoc/>
    public override ModelDescription Describe()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_describe(_handle, out nint json));
        return ModelDescriptionReader.Take(json);
    }

    /// <inheritdoc/>
    public override object? Invoke(string method, ModelInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Keywords.Count == 0 && input.Arguments.All(argument => argument is TorchTensor))
        {
            return InvokeTensors(MethodOf(method), [.. input.Arguments.Select(argument => ((TorchTensor)argument!).Handle)]);
        }

        using var call = new NativeCall(input);
        ValueHandle result;
        unsafe
        {
            fixed (nint* arguments = call.Arguments, names = call.KeywordNames, values = call.KeywordValues)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_method_run(
                    MethodOf(method), arguments, call.Arguments.Length, names, values, call.KeywordNames.Length, 0, out result));
            }
        }

        using (result)
        {
            return TorchValue.FromNative(result);
        }
    }

    /// <summary>Runs a method of one tensor that gives one tensor, with the least cost.</summary>
    /// <exception cref="ReproTorchException">As <see cref="Invoke(string, ModelInput)"/>, or the result is no tensor.</exception>
    public TorchTensor Invoke(TorchTensor input, string method = "forward")
    {
        ArgumentNullException.ThrowIfNull(input);
        return InvokeTensors(MethodOf(method), [input.Handle]) as TorchTensor
            ?? throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"{Name}.{method} does not return one tensor: {Method(method).Schema}");
    }

    /// <summary>Runs a method of tensors operator by operator, as Python runs a module that is no script: what TorchScript's executor
    /// would fuse and differentiate by rules of its own has other bits, and dropout other draws.</summary>
    /// <param name="method">The method.</param>
    /// <param name="inputs">Its arguments.</param>
    /// <param name="recordGradients">Whether the result knows how it depends on the parameters.</param>
    /// <exception cref="ReproTorchException">As <see cref="Invoke(string, ModelInput)"/>, or the result is no tensor.</exception>
    internal TorchTensor InvokePlainly(string method, IReadOnlyList<TorchTensor> inputs, bool recordGradients)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_executor_optimize(0, out int before));
        try
        {
            SafeHandle[] handles = [.. inputs.Select(input => input.Handle)];
            object? result = InvokeTensors(MethodOf(method), handles, recordGradients);
            return result as TorchTensor ?? throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"{Name}.{method} does not return one tensor: {Method(method).Schema}. A loss is computed from one.");
        }
        finally
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_executor_optimize(before, out _));
        }
    }

    /// <summary>Forgets what TorchScript's executor has made of a method in earlier runs: it would be used even where
    /// <see cref="InvokePlainly"/> asks for none of it.</summary>
    internal void ForgetPlans(string method) => NativeError.ThrowIfFailed(NativeMethods.rpt_method_forget_plans(MethodOf(method)));

    /// <summary>Parameters or buffers were changed in place: the model is no longer that of its file.</summary>
    internal void MarkChanged() => _sha256 = null;

    /// <inheritdoc/>
    public override TraceResult Trace(string method, ModelInput input, bool strict)
    {
        ArgumentNullException.ThrowIfNull(input);
        _ = Method(method);
        using var call = new NativeCall(input);
        ScriptModuleHandle traced;
        nint frozen;
        unsafe
        {
            fixed (nint* arguments = call.Arguments, names = call.KeywordNames, values = call.KeywordValues)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_module_trace(
                    _handle, method, arguments, call.Arguments.Length, names, values, call.KeywordNames.Length, strict ? 1 : 0,
                    out traced, out frozen));
            }
        }

        var model = new ScriptModel(traced, sha256: null, ownsTensors: false) { Name = Name };
        return new TraceResult(model, JsonSerializer.Deserialize(NativeText.Take(frozen), ModelJson.Default.ListFrozenNode)!);
    }

    /// <summary>An independent copy: parameters and buffers are copied, and tied ones stay tied.</summary>
    public ScriptModel Clone()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_clone(_handle, out ScriptModuleHandle copy));
        return new ScriptModel(copy, sha256: null) { Name = Name };
    }

    /// <inheritdoc/>
    public override string Content()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_content(_handle, out nint text));
        return NativeText.Take(text);
    }

    /// <inheritdoc/>
    public override void SetTraining(bool training) =>
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_train(_handle, training ? 1 : 0));

    /// <inheritdoc/>
    public override void MoveTo(TorchDevice device) =>
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_to(_handle, -1, (int)device.Type, device.Index));

    /// <summary>Gives all floating-point parameters and buffers another type, in place, as <c>Module.to(dtype)</c>.</summary>
    /// <param name="dtype">A floating-point type.</param>
    /// <exception cref="ReproTorchException">It is none.</exception>
    public void ConvertTo(DType dtype) => NativeError.ThrowIfFailed(NativeMethods.rpt_module_to(_handle, (int)dtype, -1, -1));

    /// <inheritdoc/>
    public override TorchTensor Tensor(string name)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_tensor(_handle, name, out TensorHandle tensor));
        return new TorchTensor(tensor) { Name = name };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<GraphNode> Nodes(string method)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_method_nodes(MethodOf(method), out nint json));
        return JsonSerializer.Deserialize(NativeText.Take(json), ModelJson.Default.ListGraphNode)!;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<TorchTensor> Constants(string method)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_method_constants(MethodOf(method), out ValueHandle list));
        using (list)
        {
            return [.. ((object?[])TorchValue.FromNative(list)!).Cast<TorchTensor>()];
        }
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<OperatorUse> Uses(string method)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_method_uses(MethodOf(method), out nint json));
        return JsonSerializer.Deserialize(NativeText.Take(json), OperatorUseJson.Default.ListOperatorUse)!;
    }

    /// <inheritdoc/>
    public override GraphBlock Structure(string method, bool inlined)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_method_structure(MethodOf(method), inlined ? 1 : 0, out nint json));
        return JsonSerializer.Deserialize(NativeText.Take(json), GraphJson.Default.GraphBlock)!;
    }

    /// <inheritdoc/>
    public override string Graph(string method, bool inlined)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_method_graph(MethodOf(method), inlined ? 1 : 0, out nint text));
        return NativeText.Take(text);
    }

    /// <inheritdoc/>
    public override string Code(string method)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_method_code(MethodOf(method), out nint code));
        return NativeText.Take(code);
    }

    /// <inheritdoc/>
    public override void Save(string path, bool force) => AtomicFile.WriteWith(path, force, temporary =>
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_save(_handle, temporary));
        if (Optimization is { Level: OptimizationLevel.Inference })
        {
            VerifySaved(temporary);
        }
    });

    /// <inheritdoc/>
    internal override TorchModel Freeze(OptimizationLevel level, IReadOnlyList<string> preserved)
    {
        nint[] names = [.. preserved.Select(Marshal.StringToCoTaskMemUTF8)];
        try
        {
            unsafe
            {
                fixed (nint* first = names)
                {
                    NativeError.ThrowIfFailed(NativeMethods.rpt_module_optimize(
                        _handle, (int)level, first, names.Length, out ScriptModuleHandle frozen));
                    return new ScriptModel(frozen, sha256: null) { Name = Name };
                }
            }
        }
        finally
        {
            Array.ForEach(names, Marshal.FreeCoTaskMem);
        }
    }

    /// <inheritdoc/>
    internal override void Overwrite(IEnumerable<(TorchTensor Target, TorchTensor Value)> tensors)
    {
        MarkChanged();
        foreach ((TorchTensor target, TorchTensor value) in tensors)
        {
            TorchOperator.Call("aten::copy_", target, value);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (MethodHandle method in _methods.Values)
            {
                method.Dispose();
            }

            _handle.Dispose();
        }
    }

    private static unsafe object? InvokeTensors(
        MethodHandle method, ReadOnlySpan<SafeHandle> handles, bool recordGradients = false)
    {
        TensorHandle tensor;
        nint value;
        using (var held = new HandleArray(handles))
        {
            fixed (nint* first = held.Pointers)
            {
                NativeError.ThrowIfFailed(NativeMethods.rpt_method_run_tensors(
                    method, first, handles.Length, recordGradients ? 1 : 0, out tensor, out value));
            }
        }

        if (!tensor.IsInvalid)
        {
            return new TorchTensor(tensor);
        }

        tensor.Dispose();
        using var handle = new ValueHandle(value);
        return TorchValue.FromNative(handle);
    }

    // libtorch writes files of such models that it cannot read, without an error.
    private void VerifySaved(string file)
    {
        string reason;
        try
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_module_load(file, -1, -1, out ScriptModuleHandle loaded));
            using var back = new ScriptModel(loaded, sha256: null, ownsTensors: false) { Name = Name };
            if (back.ContentHash == ContentHash)
            {
                return;
            }

            reason = "what comes back from the file is another model";
        }
        catch (ReproTorchException e)
        {
            reason = "libtorch cannot read it back: " + e.Message;
        }

        throw new ReproTorchException(
            ReproTorchErrorKind.InvalidArgument,
            $"The model {Name} was optimized for inference on this machine, and a TorchScript file cannot hold the result ({reason}). "
            + "Nothing was written. Save the model from before, or one that Optimize-TorchModel made without -ForInference, and "
            + "optimize it for inference after loading.");
    }

    private static long ByteCount(ModelDescription description) => description.Parameters.Concat(description.Buffers).Sum(
        tensor => DTypes.TryParse(tensor.DType, out DType dtype) ? TensorData.ElementCount(tensor.Shape) * dtype.ItemSize() : 0);

    private MethodHandle MethodOf(string name)
    {
        if (_methods.TryGetValue(name, out MethodHandle? known))
        {
            return known;
        }

        // Asked of the description first, so that the error says which methods there are.
        _ = Method(name);
        NativeError.ThrowIfFailed(NativeMethods.rpt_module_method(_handle, name, out MethodHandle method));
        return _methods.GetOrAdd(name, method);
    }
}
