using System.Runtime.Intrinsics.X86;
using ReproTorch.Determinism;
using ReproTorch.Interop;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Sweeps;

/// <summary>What is run for each dimension.</summary>
internal sealed class SweepPlan(SweepSubject subject, RunOutput plain, string folder)
{
    private const int FewestThreads = 4;
    private const int ManyThreads = 8;

    private readonly SweepChild _child = new(subject, folder);

    /// <summary>The trials of a dimension.</summary>
    /// <param name="dimension">Which.</param>
    /// <param name="reason">Why it cannot be shown here; null when it can.</param>
    public IReadOnlyList<SweepTrial> Of(SweepDimension dimension, out string? reason)
    {
        reason = dimension switch
        {
            SweepDimension.Batch or SweepDimension.Order when subject.Rows == 0 => "the batch is empty: the input's first dimension is 0.",
            SweepDimension.Batch or SweepDimension.Order when subject.Rows < 0 => "the tensors of the input have no first dimension in common.",
            SweepDimension.Batch or SweepDimension.Order when subject.Rows == 1 => "the input has one sample only.",
            SweepDimension.Batch or SweepDimension.Order when !plain.Outputs.All(HasRows) => "the outputs are not one row a sample.",
            SweepDimension.Process or SweepDimension.CpuCapability => _child.Obstacle(),
            SweepDimension.MklDnn when subject.Switches.MkldnnEnabled is null => "this libtorch has no MKL-DNN (oneDNN).",
            SweepDimension.Optimized when subject.Model.IsTraining => "the model is in training mode, and freezing needs evaluation mode.",
            SweepDimension.Optimized when subject.Options.Method != "forward" => "freezing keeps forward, and another method was named.",
            SweepDimension.DType or SweepDimension.Optimized when subject.Model is not ScriptModel => "the model is no TorchScript module.",
            SweepDimension.Machine => "no other machine was named (-Session or -HostName).",
            SweepDimension.Device when NativeMethods.rpt_cuda_device_count() == 0 => "this machine has no other device.",
            _ => null,
        };
        reason ??= dimension == SweepDimension.CpuCapability && Capabilities().Count == 0 ? "this processor has no levels of instructions that libtorch tells apart." : null;
        return reason is not null ? [] : dimension switch
        {
            SweepDimension.Repeat => [.. Enumerable.Range(1, subject.Options.Count).Select(run => new SweepTrial($"run {run + 1}", trace => subject.RunPlain(trace)))],
            SweepDimension.Thread => [.. Threads().Select(count => InProcess(
                count == 1 ? "1 thread" : $"{count} threads", new DeterminismSettings { Threads = count }))],
            SweepDimension.Batch => [.. BatchSizes().Select(Batch)],
            SweepDimension.Order => subject.Rows > 2 ? [Reversed(), Rolled()] : [Reversed()],
            SweepDimension.Process => [new SweepTrial("a fresh process", trace => _child.Run([], trace))],
            SweepDimension.CpuCapability => [.. Capabilities().Select(level => new SweepTrial(level.Name, trace => _child.Run(level.Variables, trace))
            {
                Control = () => _child.Run([], trace: null),
            })],
            SweepDimension.MklDnn => [InProcess("on", new DeterminismSettings { MkldnnEnabled = true }), InProcess("off", new DeterminismSettings { MkldnnEnabled = false })],
            SweepDimension.Traced => [new SweepTrial("traced", trace => subject.Run(
                () => ModelRunner.Run(subject.Model, subject.Input, subject.RunOptions with { Traced = true }), trace: trace))],
            SweepDimension.Scripted => [new SweepTrial("as written", trace => subject.Run(RunUnoptimized, trace: trace))],
            SweepDimension.Optimized => [Optimized("frozen", OptimizationLevel.Freeze), Optimized("frozen, numerics", OptimizationLevel.Numerics), Optimized("for inference", OptimizationLevel.Inference)],
            SweepDimension.DType => [OfType(DType.float64), OfType(DType.bfloat16)],
            _ => [.. Enumerable.Range(0, NativeMethods.rpt_cuda_device_count()).Select(OnCuda)],
        };
    }

    private bool HasRows(RunValue value) => value.Data is { Shape.Length: > 0 } data && data.Shape[0] == subject.Rows;

    private SweepTrial InProcess(string name, DeterminismSettings changes) => new(name, trace => subject.Run(
        () => ModelRunner.Run(subject.Model, subject.Input, subject.RunOptions), changes, trace));

    private IEnumerable<int> Threads()
    {
        int most = subject.Options.MaxThread ?? Math.Max(Environment.ProcessorCount, FewestThreads);
        for (int count = 1; count < most; count += count < ManyThreads ? 1 : count)
        {
            yield return count;
        }

        yield return most;
    }

    // Each sample alone, sizes that do not divide the batch evenly, half of it.
    private IEnumerable<long> BatchSizes() =>
        new long[] { 1, 2, 3, (subject.Rows + 1) / 2, subject.Rows - 1 }.Where(size => size >= 1 && size < subject.Rows).Distinct().Order();

    // Each piece from the seed and the buffers that the whole begins with, so that nothing but the size of the batch is varied.
    private SweepTrial Batch(long size)
    {
        return new SweepTrial(size == 1 ? "each sample alone" : $"batches of {size}", _ =>
        {
            var pieces = new List<RunOutput>();
            for (long start = 0; start < subject.Rows; start += size)
            {
                pieces.Add(RunPiece(start));
            }

            return Joined(pieces);
        })
        {
            RunPiece = (row, trace) =>
            {
                long start = row / size * size;
                RunPiece(start, trace);
                return (Length(start), (int)(row - start));
            },
        };

        long Length(long start) => Math.Min(size, subject.Rows - start);

        RunOutput RunPiece(long start, string? trace = null)
        {
            long length = Length(start);
            ModelInput piece = subject.Input.Map(tensor => tensor.Narrow(start, length));
            return subject.Run(() => ModelRunner.Run(subject.Model, piece, subject.RunOptions), trace: trace, rows: length);
        }
    }

    private static RunOutput Joined(List<RunOutput> pieces) =>
        pieces[0] with { Outputs = [.. pieces[0].Outputs.Select((output, i) => Joined(output.Name, [.. pieces.Select(piece => piece.Outputs.ElementAtOrDefault(i))]))] };

    private static RunValue Joined(string name, RunValue?[] pieces)
    {
        if (!Array.TrueForAll(pieces, piece => piece?.Name == name && piece is { Kind: RunValueKind.Tensor, Data.Shape.Length: > 0 }))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"{name} cannot be put together from batches: it is no tensor with a first dimension, or there is none in some batch.");
        }

        TorchTensor[] tensors = [.. pieces.Select(piece => piece!.ToTensor())];
        using TorchTensor joined = TorchTensor.Concatenate(tensors);
        Array.ForEach(tensors, tensor => tensor.Dispose());
        return RunValue.OfTensor(name, joined.ToOwnData());
    }

    private SweepTrial Reversed() => Moved("in reverse order", Reverse, Reverse, row => subject.Rows - 1 - row);

    // What pairs samples from both ends of the batch is the same in reverse order. Two samples rolled are two reversed.
    private SweepTrial Rolled() => Moved("rolled by one", tensor => Roll(tensor, 1), tensor => Roll(tensor, -1), row => (row + 1) % subject.Rows);

    private SweepTrial Moved(string name, Func<TorchTensor, TorchTensor> move, Func<TorchTensor, TorchTensor> moveBack, Func<long, long> placeOf)
    {
        ModelInput moved = subject.Input.Map(move);
        return new SweepTrial(name, trace =>
        {
            RunOutput output = subject.Run(() => ModelRunner.Run(subject.Model, moved, subject.RunOptions), trace: trace);
            return output with { Outputs = [.. output.Outputs.Select(MoveBack)] };
        })
        {
            RunPiece = (row, trace) =>
            {
                subject.Run(() => ModelRunner.Run(subject.Model, moved, subject.RunOptions), trace: trace, rows: subject.Rows);
                return (subject.Rows, (int)placeOf(row));
            },
        };

        RunValue MoveBack(RunValue value)
        {
            using TorchTensor tensor = value.ToTensor();
            using TorchTensor back = moveBack(tensor);
            return RunValue.OfTensor(value.Name, back.ToOwnData());
        }
    }

    private static TorchTensor Roll(TorchTensor tensor, long places) =>
        (TorchTensor)TorchOperator.Call("aten::roll", tensor, new object?[] { places }, new object?[] { 0L })!;

    private static TorchTensor Reverse(TorchTensor tensor) => (TorchTensor)TorchOperator.Call("aten::flip", tensor, new object?[] { 0L })!;

    private RunOutput RunUnoptimized()
    {
        NativeError.ThrowIfFailed(NativeMethods.rpt_executor_optimize(0, out int before));
        try
        {
            return ModelRunner.Run(subject.Model, subject.Input, subject.RunOptions);
        }
        finally
        {
            NativeError.ThrowIfFailed(NativeMethods.rpt_executor_optimize(before, out _));
        }
    }

    private SweepTrial Optimized(string name, OptimizationLevel level) => new(name, trace =>
    {
        subject.Restore();
        using TorchModel optimized = ModelOptimizer.Optimize(subject.Model, level, [], []);
        return subject.Run(() => ModelRunner.Run(optimized, subject.Input, subject.RunOptions), trace: trace);
    })
    {
        // What is folded away has no counterpart, and what is left computes something else.
        OtherOperators = level == OptimizationLevel.Freeze ? null : "an optimized model runs other operators than the model.",
    };

    private SweepTrial OfType(DType dtype) => new(dtype.ToString(), trace =>
    {
        using ScriptModel converted = Copy();
        converted.ConvertTo(dtype);
        ModelInput input = subject.Input.Map(tensor => tensor.DType.IsFloatingPoint() ? tensor.To(dtype) : tensor);
        RunOutput output = subject.Run(() => ModelRunner.Run(converted, input, subject.RunOptions), trace: trace);
        return WithOneNaN(output with { Outputs = [.. output.Outputs.Select(value => BackTo(value, dtype))] });
    })
    {
        // Sign and payload of a NaN are not what a conversion keeps.
        Reference = WithOneNaN,
        OtherOperators = "in another type every operator has other bits.",
    };

    private ScriptModel Copy()
    {
        subject.Restore();
        return ((ScriptModel)subject.Model).Clone();
    }

    private static RunOutput WithOneNaN(RunOutput output) => output with { Outputs = [.. output.Outputs.Select(WithOneNaN)] };

    private static RunValue WithOneNaN(RunValue value)
    {
        if (value.Kind != RunValueKind.Tensor || value.Data?.DType.IsFloatingPoint() != true)
        {
            return value;
        }

        using TorchTensor tensor = value.ToTensor();
        using var isNaN = (TorchTensor)TorchOperator.Call("aten::isnan", tensor)!;
        using var filled = (TorchTensor)TorchOperator.Call("aten::masked_fill", tensor, isNaN, double.NaN)!;
        return RunValue.OfTensor(value.Name, filled.ToOwnData());
    }

    // Compared with what the model gives in its own type.
    private RunValue BackTo(RunValue value, DType dtype)
    {
        if (value.Data?.DType != dtype || value.Kind != RunValueKind.Tensor)
        {
            return value;
        }

        DType own = subject.Model.Describe().Parameters is [ModelTensor first, ..] && DTypes.TryParse(first.DType, out DType parsed) ? parsed : DType.float32;
        using TorchTensor tensor = value.ToTensor();
        using TorchTensor converted = tensor.To(own);
        return RunValue.OfTensor(value.Name, converted.ToOwnData());
    }

    private SweepTrial OnCuda(int index) => new($"cuda:{index}", trace =>
    {
        using ScriptModel moved = Copy();
        var device = new TorchDevice(TorchDeviceType.Cuda, index);
        return subject.Run(() => ModelRunner.Run(moved, subject.Input, subject.RunOptions with { Device = device }), trace: trace);
    });

    // ATen's own kernels and oneDNN choose by themselves, so both are told (ATEN_CPU_CAPABILITY of ATen/native/DispatchStub.cpp,
    // ONEDNN_MAX_CPU_ISA of oneDNN's "CPU dispatcher control").
    private static List<(string Name, KeyValuePair<string, string>[] Variables)> Capabilities()
    {
        if (!Avx2.IsSupported)
        {
            return [];
        }

        List<(string, KeyValuePair<string, string>[])> levels = [Level("default", "SSE41"), Level("avx2", "AVX2")];
        if (Avx512F.IsSupported)
        {
            levels.Add(Level("avx512", "AVX512_CORE"));
        }

        return levels;

        static (string, KeyValuePair<string, string>[]) Level(string aten, string onednn) =>
            (aten, [new("ATEN_CPU_CAPABILITY", aten), new("ONEDNN_MAX_CPU_ISA", onednn)]);
    }
}
