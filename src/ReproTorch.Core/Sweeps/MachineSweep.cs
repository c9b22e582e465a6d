using ReproTorch.Comparison;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Provenance;
using ReproTorch.Runs;

namespace ReproTorch.Sweeps;

/// <summary>What one machine gives: a plain run with its operators and environment, and the sweep there.</summary>
/// <param name="Run">The run.</param>
/// <param name="Sweep">The sweep.</param>
public sealed record MachineReport(RunOutput Run, SweepResult Sweep)
{
    /// <summary>When a plain run differs from its like though nothing is varied; null where it does not. A machine tells it of itself
    /// only: it is not sent.</summary>
    internal string? Unsteady { get; init; }
}

/// <summary>A sweep on several machines. How they are reached is not known here: models, inputs and reports are bytes.</summary>
public static class MachineSweep
{
    /// <summary>A model's file as bytes, to be sent.</summary>
    public static byte[] Pack(TorchModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "model.pt");
        model.Save(file, force: true);
        return File.ReadAllBytes(file);
    }

    /// <summary>An input as the bytes of a run file, to be sent.</summary>
    /// <exception cref="ReproTorchException">It has arguments that a run file cannot hold.</exception>
    public static byte[] Pack(ModelInput input, ModelMethod method)
    {
        ArgumentNullException.ThrowIfNull(input);
        (List<RunValue> values, List<RunArgument> arguments) = InputRecorder.Record(input, method);
        return RunFile.ToBytes(
        [
            new RunOutput { Outputs = [], Inputs = [.. values.Select(ModelRunner.Describe)], InputValues = values, Arguments = arguments },
        ]);
    }

    /// <summary>Runs what was sent, on this machine.</summary>
    /// <param name="model">The model's file.</param>
    /// <param name="input">The input, as <see cref="Pack(ModelInput, ModelMethod)"/> gives it.</param>
    /// <param name="options">What is varied.</param>
    /// <exception cref="ReproTorchException">The model cannot be loaded or run here.</exception>
    public static MachineReport Serve(byte[] model, byte[] input, SweepOptions options)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "model.pt");
        File.WriteAllBytes(file, model);

        // It comes from whoever opened the session, and has been loaded there.
        using TorchModel loaded = ModelLoader.Load(file, new LoadOptions { AllowFileAccess = true });
        return Run(loaded, InputRecorder.Rebuild(RunFile.FromBytes(input)[0]), options);
    }

    /// <summary>Runs a model on this machine.</summary>
    /// <exception cref="ReproTorchException">It cannot be run here.</exception>
    public static MachineReport Run(TorchModel model, ModelInput input, SweepOptions options)
    {
        RunOutput run;
        OperatorTrace trace = null!;
        string? unsteady;
        using (var subject = new SweepSubject(model, input, options))
        {
            run = subject.RunPlain();

            // These runs also let TorchScript's executor settle: it rewrites a method after the first two.
            unsteady = new SweepControl(subject, run).Find();
            subject.Run(() => OperatorObserver.Record(
                () => ModelRunner.Run(model, input, subject.RunOptions), new ObserverOptions { Hash = true }, out trace));
        }

        return new MachineReport(run with { OperatorTrace = trace }, DeterminismSweep.Run(model, input, options)) { Unsteady = unsteady };
    }

    /// <summary>The result here, with what other machines gave beside it.</summary>
    /// <param name="here">This machine's report.</param>
    /// <param name="others">The others', by name.</param>
    public static SweepResult Compare(MachineReport here, IReadOnlyList<KeyValuePair<string, MachineReport>> others)
    {
        ArgumentNullException.ThrowIfNull(here);
        ArgumentNullException.ThrowIfNull(others);
        SweepVariant[] variants = [.. others.Select(other => Variant(other.Key, here.Run, other.Value.Run))];
        SweepMachine[] machines = [.. others.Select(other => new SweepMachine(
            other.Key, other.Value.Run.Environment, Differences(here.Run, other.Value.Run), other.Value.Sweep))];
        bool identical = Array.TrueForAll(variants, variant => variant.Identical);
        string? unsteady = here.Unsteady ?? others.FirstOrDefault(other => IsUnsteady(other.Value.Sweep)) switch
        {
            { Key: { } name } => $"when it runs again on {name} with nothing changed",
            _ => null,
        };
        string meaning = SweepMeaning.Of(SweepDimension.Machine, variants, unsteady) + string.Concat(
            machines.Where((machine, i) => !variants[i].Identical && machine.Differences.Count > 0).Select(machine =>
                $" {machine.Name} differs in {string.Join(", ", machine.Differences.Select(found => $"{found.Name} ({found.Reference ?? "none"} here, {found.Difference ?? "none"} there)"))}."));
        return here.Sweep with
        {
            Identical = here.Sweep.Identical && identical && Array.TrueForAll(machines, machine => machine.Sweep.Identical),
            Dimensions = here.Sweep.Dimensions.Append(new SweepFinding(SweepDimension.Machine, variants, identical, meaning)).ToArray(),
            Machines = machines,
        };
    }

    private static bool IsUnsteady(SweepResult sweep) =>
        sweep.Dimensions.Any(finding => finding is { Name: SweepDimension.Repeat, Identical: false });

    private static IReadOnlyList<EnvironmentDifference> Differences(RunOutput here, RunOutput there) =>
        here.Environment is { } one && there.Environment is { } other ? EnvironmentComparison.Compare(one, other).Differences : [];

    private static SweepVariant Variant(string name, RunOutput here, RunOutput there)
    {
        RunComparison comparison = RunComparer.Compare(here with { OperatorTrace = null }, there with { OperatorTrace = null });
        if (comparison.Identical)
        {
            return SweepVariant.Same(name);
        }

        SweepDifference? first = FirstOperator.Of(here.OperatorTrace!, there.OperatorTrace!);
        return SweepVariant.Of(name, comparison, first, first is null ? "in the runs that were observed every operator gave the same bits." : null);
    }
}
