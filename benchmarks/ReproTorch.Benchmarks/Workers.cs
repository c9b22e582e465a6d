using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ReproTorch.Comparison;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Benchmarks;

/// <summary>Our side of <c>side_by_side.py</c>: programs that say what they are, then answer each count on standard input with
/// what so many calls took (see <c>peers/worker.py</c>).</summary>
internal static class Workers
{
    /// <summary>Calls a model over and over.</summary>
    public static void Call(string modelPath, string inputPath, int threads)
    {
        DeterminismPolicy.Set(new DeterminismSettings { Threads = threads });
        using ScriptModel model = ModelLoader.Load(modelPath, new LoadOptions());
        using TorchTensor input = Load(inputPath);
        Time(() => model.Invoke(input).Dispose());
    }

    /// <summary>The same while the operators are recorded into a file: with the bytes of their results hashed, or without.</summary>
    public static void Observe(string modelPath, string inputPath, int threads, bool hash)
    {
        DeterminismPolicy.Set(new DeterminismSettings { Threads = threads });
        using ScriptModel model = ModelLoader.Load(modelPath, new LoadOptions());
        using TorchTensor input = Load(inputPath);
        string file = Path.GetTempFileName();
        using OperatorObserver observer = OperatorObserver.Start(file, new ObserverOptions { Hash = hash });
        Time(() => model.Invoke(input).Dispose());
        observer.Stop();
        File.Delete(file);
    }

    /// <summary>Compares two tensors in memory, with all statistics.</summary>
    public static void Compare(string referencePath, string differencePath)
    {
        using TensorData reference = InMemory(referencePath);
        using TensorData difference = InMemory(differencePath);
        Time(() =>
        {
            TensorComparison comparison = TensorComparer.Compare("values", reference, difference);
            if (comparison.Identical || !comparison.Close)
            {
                throw new InvalidOperationException($"The files were made to be close but not identical: {comparison.Message}");
            }
        });
    }

    /// <summary>Runs a model and drops the outputs; answers with the resident bytes after so many runs.</summary>
    public static void Memory(string modelPath, string inputPath)
    {
        ScriptModel model = ModelLoader.Load(modelPath, new LoadOptions());
        var input = new ModelInput { Arguments = [Load(inputPath)] };
        var options = new RunOptions();
        Serve(runs =>
        {
            for (long i = 0; i < runs; i++)
            {
                RunOutput run = ModelRunner.Run(model, input, options);
                _ = run.Outputs[0].Data!.Bytes(0, 1);
            }

            return Environment.WorkingSet.ToString(CultureInfo.InvariantCulture);
        });
    }

    /// <summary>Draws: <c>randint</c> of Python's stream one by one, <c>rand</c> and <c>randn</c> of NumPy's in arrays.</summary>
    public static void Random(string method)
    {
        const int Values = 1_000_000;
        var python = new PythonRandom(0);
        var numpy = new NumpyRandomState(0);
        var array = new double[Values];
        long sum = 0;
        Time(method switch
        {
            "randint" => () =>
            {
                for (int i = 0; i < Values; i++)
                {
                    sum += python.RandInt(0, 9);
                }
            },
            "rand" => () => numpy.RandomSample(array),
            "randn" => () => numpy.StandardNormal(array),
            _ => throw new ArgumentException($"There is no draw '{method}'.", nameof(method)),
        });
    }

    /// <summary>Trains a model for as many epochs as calls are asked for.</summary>
    public static void Train(string modelPath, string inputPath, string targetPath, int threads)
    {
        DeterminismPolicy.Set(new DeterminismSettings { Threads = threads });
        using ScriptModel model = ModelLoader.Load(modelPath, new LoadOptions());
        var data = new TrainingData([Load(inputPath)], Load(targetPath));
        var options = new TrainingOptions
        {
            Loss = TrainingLoss.Parse("CrossEntropyLoss"),
            Optimizer = OptimizerOptions.Parse("Adam"),
            BatchSize = 32,
            Shuffle = true,
        };
        TimeAll(epochs => Trainer.Train(model, data, options with { Epochs = (int)epochs }));
    }

    private static void Time(Action call) => TimeAll(calls =>
    {
        for (long i = 0; i < calls; i++)
        {
            call();
        }
    });

    private static void TimeAll(Action<long> work) => Serve(calls =>
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan used = Environment.CpuUsage.TotalTime;
        work(calls);

        used = Environment.CpuUsage.TotalTime - used;
        return string.Create(
            CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalSeconds} {used.TotalSeconds}");
    });

    private static void Serve(Func<long, string> answer)
    {
        Console.WriteLine(RuntimeInformation.FrameworkDescription);
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(answer(long.Parse(line, CultureInfo.InvariantCulture)));
        }
    }

    private static TorchTensor Load(string path)
    {
        using TensorData data = NpyFile.Read(path);
        return TorchTensor.FromData(data);
    }

    // A large file is mapped when it is read; here memory is to be measured, not the mapping.
    private static TensorData InMemory(string path)
    {
        using TensorData mapped = NpyFile.Read(path);
        return TensorData.FromArray(mapped.DType, mapped.Shape, mapped.AllBytes().ToArray());
    }
}
