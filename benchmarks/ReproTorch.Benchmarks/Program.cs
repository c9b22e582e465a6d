using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ReproTorch.Benchmarks;

// With a worker's name: that worker (see side_by_side.py). Else BenchmarkDotNet, with its own arguments.
switch (args)
{
    case ["call", string model, string input, string threads]:
        Workers.Call(model, input, int.Parse(threads, CultureInfo.InvariantCulture));
        break;
    case ["observe", string model, string input, string threads, "hashed" or "plain"]:
        Workers.Observe(model, input, int.Parse(threads, CultureInfo.InvariantCulture), args[4] == "hashed");
        break;
    case ["compare", string reference, string difference]:
        Workers.Compare(reference, difference);
        break;
    case ["random", string method]:
        Workers.Random(method);
        break;
    case ["train", string model, string inputs, string targets, string threads]:
        Workers.Train(model, inputs, targets, int.Parse(threads, CultureInfo.InvariantCulture));
        break;
    case ["memory", string model, string input]:
        Workers.Memory(model, input);
        break;
    default:
        // In this process: a project made for the occasion would inherit this repository's build settings, and would not find
        // the native library.
        BenchmarkSwitcher.FromAssembly(typeof(Workers).Assembly).Run(
            args, DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)));
        break;
}
