using ReproTorch.Comparison;
using ReproTorch.Models;
using ReproTorch.Runs;

namespace ReproTorch.Sweeps;

/// <summary>Tells whether the bits already differ when nothing is varied. A dimension is not to blame for what does so by itself.</summary>
internal sealed class SweepControl(SweepSubject subject, RunOutput plain)
{
    // What differs by itself need not differ in each run.
    private const int FirstRuns = 3;

    private bool _isUnsteady;
    private bool _hasRun;
    private bool? _isUnsteadyElsewhere;

    /// <summary>The runs of Repeat differ.</summary>
    public void TellUnsteady() => _isUnsteady = true;

    /// <summary>When the plain run differs from its like, for <see cref="SweepMeaning"/>; null where it does not.</summary>
    /// <param name="trial">A trial of the dimension whose bits differ; null for the plain run alone.</param>
    public string? Find(SweepTrial? trial = null)
    {
        for (int run = _hasRun ? FirstRuns : 1; run <= FirstRuns && !_isUnsteady; run++)
        {
            _isUnsteady = Differs(subject.RunPlain());
        }

        _hasRun = true;
        if (_isUnsteady)
        {
            return "when it runs again with nothing changed";
        }

        return trial?.Control is { } control && (_isUnsteadyElsewhere ??= Differs(control())) ? "in a fresh process with nothing else changed" : null;
    }

    /// <summary>The operator whose uninitialized memory the model hands on; null for none. That has the bytes that were there before, so a
    /// few runs with nothing varied may agree by chance.</summary>
    public string? Uninitialized() => NondeterminismFinder.Find(subject.Model, methods: [subject.Options.Method])
        .FirstOrDefault(found => found is { Kind: NondeterminismKind.UninitializedMemory, Active: true })?.Operator;

    private bool Differs(RunOutput output) => !RunComparer.Compare(plain, output).Identical;
}
