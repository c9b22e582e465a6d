using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ReproTorch.Cli.Output;
using ReproTorch.Determinism;
using ReproTorch.Provenance;

namespace ReproTorch.Cli.Commands;

/// <summary><c>reprotorch env</c>: what decides the bits here.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("env", "Tells what decides the bits of a result on this machine.") { json };
        command.SetAction(result => Guard.Run(() =>
        {
            TorchEnvironment environment = TorchEnvironmentProbe.Capture();
            if (result.GetValue(json))
            {
                Terminal.Line(JsonSerializer.Serialize(environment, CliJson.Default.TorchEnvironment));
            }
            else
            {
                Print(environment);
            }

            return ExitCode.Same;
        }));
        return command;
    }

    private static void Print(TorchEnvironment environment)
    {
        DeterminismSettings switches = environment.Determinism;
        Row("ReproTorch", environment.ReproTorchVersion);
        Row("libtorch", $"{environment.TorchVersion}, CPU capability {environment.CpuCapability}");
        Row("processor", $"{environment.CpuName} ({environment.ProcessorCount} usable, {environment.Architecture})");
        Row("system", $"{environment.OperatingSystem}, {environment.CLibrary}, {environment.Runtime}");
        Row("threads", string.Create(CultureInfo.InvariantCulture, $"{switches.Threads} within an operator, {switches.InteropThreads} between operators"));
        Row("CUDA", environment.CudaDevices.Count == 0
            ? "none"
            : $"{environment.CudaVersion}, cuDNN {environment.CudnnVersion}: {string.Join(", ", environment.CudaDevices.Select(device => device.Name))}");
        Row("deterministic", switches.Mode.ToString()!);
        Row("cuDNN", $"deterministic {switches.CudnnDeterministic}, benchmark {switches.CudnnBenchmark}, TF32 {switches.CudnnAllowTF32}");
        Row("matmul", $"precision {switches.MatmulPrecision}, TF32 {switches.CublasAllowTF32}");
        Row("oneDNN", $"{switches.MkldnnEnabled}");
        Row("denormals", switches.FlushDenormal == true ? "flushed to zero" : "kept");
        foreach ((string name, string value) in environment.Variables)
        {
            Row(name, value);
        }

        Terminal.Line();
        Terminal.Line(Terminal.Faint(environment.TorchBuild));
    }

    private static void Row(string name, string value) => Terminal.Line($"{Terminal.Strong(name.PadRight(14))} {value}");
}
