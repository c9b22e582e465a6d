using System.Runtime.InteropServices;
using ReproTorch.Interop;
using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>Parameters that are trained, and the optimizer's state for each. While it lives they require a gradient.</summary>
internal sealed class ParameterOptimizer : IDisposable
{
    /// <summary>The state that a parameter has from the first step on whose momentum is not zero.</summary>
    public const string MomentumBuffer = "momentum_buffer";

    private readonly OptimizerHandle _handle;
    private readonly TorchTensor[] _parameters;
    private readonly NativeOptimizerNumbers[] _numbers;
    private readonly IReadOnlyList<OptimizerOptions> _groups;
    private readonly int[] _groupOf;

    /// <param name="parameters">The parameters, in the model's order; this object frees the handles.</param>
    /// <param name="groupOf">The number of each one's group.</param>
    /// <param name="groups">The numbers of the groups, all of one kind.</param>
    public unsafe ParameterOptimizer(IReadOnlyList<TorchTensor> parameters, int[] groupOf, IReadOnlyList<OptimizerOptions> groups)
    {
        _parameters = [.. parameters];
        _groups = groups;
        _groupOf = groupOf;
        _numbers = new NativeOptimizerNumbers[groups.Count];
        using var held = new HandleArray([.. _parameters.Select(parameter => parameter.Handle)]);
        fixed (nint* first = held.Pointers)
        fixed (int* group = groupOf)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_create(
                (int)groups[0].Kind, first, group, _parameters.Length, out _handle));
        }
    }

    /// <summary>Number of parameters.</summary>
    public int Count => _parameters.Length;

    /// <summary>The names of the states that such an optimizer may have for a parameter.</summary>
    public IReadOnlyList<string> StateNames =>
        Marshal.PtrToStringUTF8(NativeMethods.rpt_optimizer_state_names((int)_groups[0].Kind))!.Split(' ');

    public void ZeroGradients(bool setToNone) =>
        NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_zero_gradients(_handle, setToNone ? 1 : 0));

    public void ClipNorm(double greatest, double type) =>
        NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_clip_norm(_handle, greatest, type, out _));

    public void ClipValue(double greatest) => NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_clip_value(_handle, greatest));

    /// <summary>One step, with the learning rates and the momentum of a schedule.</summary>
    public unsafe void Step(ScheduleState schedule)
    {
        for (int i = 0; i < _numbers.Length; i++)
        {
            // The constructor of torch.optim.Adagrad fills the sums of all groups with its own value (torch/optim/adagrad.py of 1.13).
            _numbers[i] = _groups[i].Numbers(schedule.Rates[i], schedule.Momentum) with
            {
                InitialAccumulatorValue = _groups[0].InitialAccumulatorValue,
            };
        }

        fixed (NativeOptimizerNumbers* first = _numbers)
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_step(_handle, first, _numbers.Length));
        }
    }

    /// <summary>A parameter's state of that name; null where there is none yet.</summary>
    public TorchTensor? State(int parameter, string name)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_state(_handle, parameter, name, out TensorHandle tensor));
        return Wrap(tensor);
    }

    public void SetState(int parameter, string name, TorchTensor value) =>
        NativeError.ThrowIfFailed(NativeMethods.rpt_optimizer_set_state(_handle, parameter, name, value.Handle));

    /// <summary>The dtype of a parameter.</summary>
    public DType DTypeOf(int parameter) => _parameters[parameter].DType;

    /// <summary>The shape of a parameter.</summary>
    public long[] ShapeOf(int parameter) => _parameters[parameter].Shape;

    /// <summary>Whether a step with a momentum leaves a parameter a buffer of it.</summary>
    /// <param name="parameter">Which one.</param>
    /// <param name="momentum">The momentum that a schedule has at that step; null where the schedule leaves it alone.</param>
    public bool KeepsMomentum(int parameter, double? momentum)
    {
        OptimizerOptions options = _groups[_groupOf[parameter]];
        double used = momentum ?? options.Momentum;
        return options.Kind == OptimizerKind.RMSprop ? used > 0 : used != 0;
    }

    /// <summary>The names of the states that a parameter has once it was stepped.</summary>
    /// <param name="parameter">Which one.</param>
    /// <param name="withMomentum">Whether some step left it a buffer of its momentum.</param>
    public IReadOnlyList<string> StateNamesOf(int parameter, bool withMomentum)
    {
        OptimizerOptions options = _groups[_groupOf[parameter]];
        return [.. StateNames.Where(name => name switch
        {
            MomentumBuffer => withMomentum,
            "max_exp_avg_sq" => options.Amsgrad,
            "grad_avg" => options.Centered,
            _ => true,
        })];
    }

    /// <summary>Whether a parameter has a gradient, be it of zeros.</summary>
    public bool HasGradient(int parameter)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_gradient(_parameters[parameter].Handle, out TensorHandle gradient));
        using (gradient)
        {
            return !gradient.IsInvalid;
        }
    }

    /// <summary>Whether a parameter's gradient is sparse, as that of Embedding(sparse=True).</summary>
    public bool HasSparseGradient(int parameter)
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_gradient(_parameters[parameter].Handle, out TensorHandle handle));
        using TorchTensor? gradient = Wrap(handle);
        return gradient is not null && (bool)TorchOperator.Call("prim::is_sparse", gradient)!;
    }

    /// <summary>Gives a parameter a gradient of zeros.</summary>
    public void AddZeroGradient(int parameter)
    {
        TorchTensor target = _parameters[parameter];
        using var zeros = (TorchTensor)TorchOperator.Call("aten::zeros_like", target)!;
        NativeError.ThrowIfFailed(NativeMethods.rpt_tensor_set_gradient(target.Handle, zeros.Handle.DangerousGetHandle()));
    }

    public void Dispose()
    {
        _handle.Dispose();
        Array.ForEach(_parameters, parameter => parameter.Dispose());
    }

    private static TorchTensor? Wrap(TensorHandle handle)
    {
        if (!handle.IsInvalid)
        {
            return new TorchTensor(handle);
        }

        handle.Dispose();
        return null;
    }
}
