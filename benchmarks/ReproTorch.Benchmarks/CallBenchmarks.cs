using BenchmarkDotNet.Attributes;
using ReproTorch.Models;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Benchmarks;

/// <summary>What one call of a one-operator model costs, and what recording it adds.</summary>
[MemoryDiagnoser]
public class CallBenchmarks
{
    private ScriptModel _model = null!;
    private TorchTensor _tensor = null!;
    private ModelInput _input = null!;
    private readonly RunOptions _options = new();

    /// <summary>Makes the model.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _model = new ModelSource { Source = "def forward(self, x):\n    return x + 1\n" }.Compile();
        _tensor = TorchTensor.FromSpan<float>([0, 1, 2, 3], DType.float32);
        _input = new ModelInput { Arguments = [_tensor] };
    }

    /// <summary>One tensor in, one out.</summary>
    [Benchmark(Baseline = true)]
    public void InvokeTensor() => _model.Invoke(_tensor).Dispose();

    /// <summary>The general form.</summary>
    [Benchmark]
    public void InvokeInput() => ((TorchTensor)_model.Invoke("forward", _input)!).Dispose();

    /// <summary>With input hashes, environment and outputs recorded.</summary>
    [Benchmark]
    public RunOutput Run() => ModelRunner.Run(_model, _input, _options);
}
