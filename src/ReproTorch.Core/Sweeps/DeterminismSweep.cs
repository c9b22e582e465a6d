using ReproTorch.Comparison;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Runs;

namespace ReproTorch.Sweeps;

/// <summary>
/// Runs a model on one input with one seed along several dimensions, and says for each whether the bits of the outputs stay, how far they
/// move, and which operator is the first to give others.
/// </summary>
public static class DeterminismSweep
{
    /// <summary>Sweeps. Streams, buffers and switches are as before afterwards.</summary>
    /// <param name="model">The model.</param>
    /// <param name="input">The input.</param>
    /// <param name="options">What is varied.</param>
    /// <exception cref="ReproTorchException">The plain run fails, a dimension that was named cannot be shown for this model and input on
    /// this machine, or a child process fails.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SweepResult Run(TorchModel model, ModelInput input, SweepOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Count < 1)
        {
            throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"The count was {options.Count}. Expected 1 or more.");
        }

        if (options.Dimensions is { Count: 0 })
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"Nothing to vary was named. Expected some of: {string.Join(", ", Enum.GetNames<SweepDimension>())}; or leave it out for the default ones.");
        }

        using var folder = new TemporaryFolder();
        using var subject = new SweepSubject(model, input, options);
        RunOutput plain = subject.RunPlain();
        var plan = new SweepPlan(subject, plain, folder.Path);
        var planned = new List<(SweepDimension Dimension, IReadOnlyList<SweepTrial> Trials)>();
        var omitted = new List<SweepOmission>();
        foreach (SweepDimension dimension in (options.Dimensions ?? SweepOptions.DefaultDimensions).Distinct())
        {
            IReadOnlyList<SweepTrial> trials = plan.Of(dimension, out string? reason);
            if (reason is null)
            {
                planned.Add((dimension, trials));
            }
            else if (options.Dimensions is not null)
            {
                throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"{dimension} cannot be varied: {reason}");
            }
            else
            {
                omitted.Add(new SweepOmission(dimension, reason));
            }
        }

        var locator = new SweepLocator(subject, folder.Path);
        var control = new SweepControl(subject, plain);
        var findings = new List<SweepFinding>();
        int total = planned.Sum(item => item.Trials.Count);
        int done = 0;
        foreach ((SweepDimension dimension, IReadOnlyList<SweepTrial> trials) in planned)
        {
            var variants = new List<SweepVariant>();
            string? unsteady = null;
            try
            {
                foreach (SweepTrial trial in trials)
                {
                    options.Cancellation.ThrowIfCancellationRequested();
                    options.Progress?.Invoke(dimension, trial.Name, (double)done++ / total);
                    variants.Add(Try(plain, trial, locator));
                }

                if (dimension != SweepDimension.Repeat && variants.FindIndex(variant => !variant.Identical) is >= 0 and int differing)
                {
                    unsteady = control.Find(trials[differing]);
                }
            }
            catch (ReproTorchException e)
            {
                // Only the model knows whether its first dimension is a batch, or whether it can be traced.
                string reason = SweepLocator.LastLine(e);
                if (options.Dimensions is not null)
                {
                    throw new ReproTorchException(
                        e.Kind, $"{dimension} cannot be varied on this model: {reason}. Leave it out: name only the others with -Vary.", e);
                }

                omitted.Add(new SweepOmission(dimension, $"the model cannot be run so: {reason}."));
                continue;
            }

            bool identical = variants.TrueForAll(variant => variant.Identical);
            if (dimension == SweepDimension.Repeat && !identical)
            {
                control.TellUnsteady();
            }

            string meaning = SweepMeaning.Of(dimension, variants, unsteady, identical ? null : control.Uninitialized());
            findings.Add(new SweepFinding(dimension, variants, identical, meaning));
        }

        return new SweepResult
        {
            Identical = findings.Count > 0 && findings.TrueForAll(finding => finding.Identical),
            Model = model.Name,
            Method = options.Method,
            Seed = options.Seed.ToString(),
            Dimensions = findings,
            Omitted = omitted,
        };
    }

    private static SweepVariant Try(RunOutput plain, SweepTrial trial, SweepLocator locator)
    {
        RunComparison comparison = RunComparer.Compare(trial.Reference?.Invoke(plain) ?? plain, trial.Run(null));
        return comparison.Identical
            ? SweepVariant.Same(trial.Name)
            : SweepVariant.Of(trial.Name, comparison, locator.Locate(trial, comparison, out string? reason), reason);
    }
}
