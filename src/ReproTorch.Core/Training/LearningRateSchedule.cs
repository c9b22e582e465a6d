using ReproTorch.Models.Layers;

namespace ReproTorch.Training;

/// <summary>
/// A schedule of torch.optim.lr_scheduler (PyTorch 1.13). The learning rates have the bits of Python's, because they are computed from one
/// another by the same double arithmetic in the same order, not by the closed form where that rounds otherwise.
/// </summary>
public abstract class LearningRateSchedule
{
    private static readonly PartCatalogue<LearningRateSchedule> s_catalogue = new(
        "schedule",
        "LR",
        ("StepLR(int step_size, float gamma=0.1)", arguments => new StepSchedule(arguments)),
        ("MultiStepLR(int[] milestones, float gamma=0.1)", arguments => new MultiStepSchedule(arguments)),
        ("ExponentialLR(float gamma)", arguments => new ExponentialSchedule(arguments)),
        ("CosineAnnealingLR(int T_max, float eta_min=0)", arguments => new CosineSchedule(arguments)),
        ("OneCycleLR(float max_lr, int? total_steps=None, int? epochs=None, int? steps_per_epoch=None, "
            + "float pct_start=0.3, str anneal_strategy='cos', bool cycle_momentum=True, float base_momentum=0.85, float max_momentum=0.95, float div_factor=25, float final_div_factor=10000, bool three_phase=False)",
            arguments => new OneCycleSchedule(arguments)),
        ("ReduceLROnPlateau(str mode='min', float factor=0.1, int patience=10, float threshold=0.0001, str threshold_mode='rel', "
            + "int cooldown=0, float min_lr=0, float eps=1e-08)",
            arguments => new PlateauSchedule(arguments)));

    private readonly string _text;

    private protected LearningRateSchedule(LayerArguments arguments) => _text = PartText.Of(arguments);

    /// <summary>The names of the schedules.</summary>
    public static IReadOnlyList<string> Names => s_catalogue.Names;

    /// <summary>The schedules with their arguments and defaults, as Python writes them.</summary>
    public static IReadOnlyList<string> Signatures => s_catalogue.Signatures;

    /// <summary>True for a schedule that moves after every step of the optimizer, as OneCycleLR is meant to; the others move after every
    /// epoch.</summary>
    public virtual bool MovesEachStep => false;

    /// <summary>True for a schedule that asks how well the training goes.</summary>
    public virtual bool NeedsMetric => false;

    /// <summary>The number of steps that decides the rates; null where it does not matter.</summary>
    /// <param name="steps">How many steps the training is going to make.</param>
    internal virtual long? StepsThatCount(long steps) => null;

    /// <summary>Reads a schedule as Python writes it: <c>StepLR(10, gamma=0.5)</c>. "LR" may be left out.</summary>
    /// <exception cref="ReproTorchException">There is no such schedule, or its arguments do not fit.</exception>
    public static LearningRateSchedule Parse(string text) => s_catalogue.Parse(text);

    /// <summary>The schedule with all its arguments, as Python writes it.</summary>
    public override string ToString() => _text;

    /// <summary>The state before the first step.</summary>
    /// <param name="rates">The learning rate of each group.</param>
    /// <param name="hasMomentum">Whether the optimizer has a momentum.</param>
    /// <param name="totalSteps">How many steps the training is going to make.</param>
    /// <exception cref="ReproTorchException">The optimizer does not suit the schedule.</exception>
    internal virtual ScheduleState Begin(double[] rates, bool hasMomentum, long totalSteps) =>
        new() { InitialRates = [.. rates], Rates = [.. rates] };

    /// <summary>Moves on.</summary>
    /// <param name="state">Where it stands.</param>
    /// <param name="metric">The metric that it watches; read by a plateau alone.</param>
    internal virtual void Advance(ScheduleState state, double metric)
    {
        state.Count++;
        for (int i = 0; i < state.Rates.Length; i++)
        {
            state.Rates[i] = Next(state, i);
        }
    }

    private protected abstract double Next(ScheduleState state, int group);

    private static void RequireAboveZero(LayerArguments arguments, string name)
    {
        if (arguments.Int(name) < 1)
        {
            throw arguments.Fault(name, $"{name} has to be 1 or more.");
        }
    }

    private sealed class StepSchedule : LearningRateSchedule
    {
        private readonly long _size;
        private readonly double _gamma;

        public StepSchedule(LayerArguments arguments)
            : base(arguments)
        {
            RequireAboveZero(arguments, "step_size");
            _size = arguments.Int("step_size");
            _gamma = arguments.Float("gamma");
        }

        private protected override double Next(ScheduleState state, int group) =>
            state.Count % _size != 0 ? state.Rates[group] : state.Rates[group] * _gamma;
    }

    private sealed class MultiStepSchedule(LayerArguments arguments) : LearningRateSchedule(arguments)
    {
        private readonly long[] _milestones = arguments.Ints("milestones");
        private readonly double _gamma = arguments.Float("gamma");

        // Python moves all schedules once when they are made; only a milestone at 0 makes that show.
        internal override ScheduleState Begin(double[] rates, bool hasMomentum, long totalSteps)
        {
            ScheduleState state = base.Begin(rates, hasMomentum, totalSteps);
            for (int i = 0; i < rates.Length; i++)
            {
                state.Rates[i] = Next(state, i);
            }

            return state;
        }

        private protected override double Next(ScheduleState state, int group) =>
            _milestones.Count(milestone => milestone == state.Count) is > 0 and var times
                ? state.Rates[group] * Math.Pow(_gamma, times)
                : state.Rates[group];
    }

    private sealed class ExponentialSchedule(LayerArguments arguments) : LearningRateSchedule(arguments)
    {
        private readonly double _gamma = arguments.Float("gamma");

        private protected override double Next(ScheduleState state, int group) => state.Rates[group] * _gamma;
    }

    private sealed class CosineSchedule : LearningRateSchedule
    {
        private readonly long _period;
        private readonly double _least;

        public CosineSchedule(LayerArguments arguments)
            : base(arguments)
        {
            RequireAboveZero(arguments, "T_max");
            _period = arguments.Int("T_max");
            _least = arguments.Float("eta_min");
        }

        private protected override double Next(ScheduleState state, int group)
        {
            double rate = state.Rates[group];
            return (state.Count - 1 - _period) % (2 * _period) == 0
                ? rate + ((state.InitialRates[group] - _least) * (1 - Math.Cos(Math.PI / _period)) / 2)
                : ((1 + Math.Cos(Math.PI * state.Count / _period)) / (1 + Math.Cos(Math.PI * (state.Count - 1) / _period))
                    * (rate - _least)) + _least;
        }
    }

    private sealed class OneCycleSchedule : LearningRateSchedule
    {
        private readonly double _greatest;
        private readonly double _rise;
        private readonly bool _isLinear;
        private readonly bool _cyclesMomentum;
        private readonly double _leastMomentum;
        private readonly double _greatestMomentum;
        private readonly double _divisor;
        private readonly double _finalDivisor;
        private readonly bool _hasThreePhases;
        private readonly long? _given;
        private long _total;

        public OneCycleSchedule(LayerArguments arguments)
            : base(arguments)
        {
            _greatest = arguments.Float("max_lr");
            _rise = arguments.Float("pct_start") is >= 0 and <= 1 and var rise
                ? rise
                : throw arguments.Fault("pct_start", "pct_start has to be between 0 and 1.");
            _isLinear = arguments.Text("anneal_strategy") switch
            {
                "linear" => true,
                "cos" => false,
                _ => throw arguments.Fault("anneal_strategy", "anneal_strategy has to be 'cos' or 'linear'."),
            };
            _cyclesMomentum = arguments.Bool("cycle_momentum");
            _leastMomentum = arguments.Float("base_momentum");
            _greatestMomentum = arguments.Float("max_momentum");
            _divisor = arguments.Float("div_factor");
            _finalDivisor = arguments.Float("final_div_factor");
            _hasThreePhases = arguments.Bool("three_phase");
            _given = TotalOf(arguments);
        }

        public override bool MovesEachStep => true;

        internal override long? StepsThatCount(long steps) => _given ?? steps;

        internal override ScheduleState Begin(double[] rates, bool hasMomentum, long totalSteps)
        {
            _total = StepsThatCount(totalSteps)!.Value;
            if (totalSteps > _total)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"OneCycleLR has {_total} steps in all, but the training makes {totalSteps}. Leave total_steps out to have it fit.");
            }

            if (_cyclesMomentum && !hasMomentum)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    "OneCycleLR cycles the momentum, which Adagrad has not. Write cycle_momentum=False, or take another optimizer.");
            }

            double first = _greatest / _divisor;
            var state = new ScheduleState { InitialRates = [.. rates.Select(_ => first)], Rates = new double[rates.Length] };
            Move(state);
            return state;
        }

        internal override void Advance(ScheduleState state, double metric)
        {
            // Python moves once more after the last step; that rate is never used.
            state.Count++;
            if (state.Count <= _total)
            {
                Move(state);
            }
        }

        private protected override double Next(ScheduleState state, int group) => state.Rates[group];

        private void Move(ScheduleState state)
        {
            double first = _greatest / _divisor;
            double last = first / _finalDivisor;
            (double End, double From, double To, double MomentumFrom, double MomentumTo)[] phases = _hasThreePhases
                ?
                [
                    ((_rise * _total) - 1, first, _greatest, _greatestMomentum, _leastMomentum),
                    ((2 * _rise * _total) - 2, _greatest, first, _leastMomentum, _greatestMomentum),
                    (_total - 1, first, last, _greatestMomentum, _greatestMomentum),
                ]
                :
                [
                    ((_rise * _total) - 1, first, _greatest, _greatestMomentum, _leastMomentum),
                    (_total - 1, _greatest, last, _leastMomentum, _greatestMomentum),
                ];
            double start = 0;
            for (int i = 0; i < phases.Length; i++)
            {
                if (state.Count <= phases[i].End || i == phases.Length - 1)
                {
                    // Python divides by zero there. After the last step the rate does not matter.
                    if (phases[i].End == start)
                    {
                        if (state.Count < _total)
                        {
                            throw new ReproTorchException(
                                ReproTorchErrorKind.InvalidArgument,
                                $"OneCycleLR's first phase would end where it begins: pct_start {PartText.Of(_rise)} of {_total} steps is one step. "
                                + "PyTorch divides by zero there. Take a greater or smaller pct_start.");
                        }

                        return;
                    }

                    double share = (state.Count - start) / (phases[i].End - start);
                    Array.Fill(state.Rates, Anneal(phases[i].From, phases[i].To, share));
                    state.Momentum = _cyclesMomentum ? Anneal(phases[i].MomentumFrom, phases[i].MomentumTo, share) : null;
                    return;
                }

                start = phases[i].End;
            }
        }

        // As Python: total_steps comes first, and epochs and steps_per_epoch do not matter beside it.
        private static long? TotalOf(LayerArguments arguments)
        {
            if (!arguments.IsNone("total_steps"))
            {
                RequireAboveZero(arguments, "total_steps");
                return arguments.Int("total_steps");
            }

            if (arguments.IsNone("epochs") && arguments.IsNone("steps_per_epoch"))
            {
                return null;
            }

            foreach ((string name, string other) in new[] { ("epochs", "steps_per_epoch"), ("steps_per_epoch", "epochs") })
            {
                if (arguments.IsNone(name))
                {
                    throw arguments.Fault(other, $"{other} needs {name} beside it. Leave both out to have the schedule fit the training.");
                }

                RequireAboveZero(arguments, name);
            }

            try
            {
                return checked(arguments.Int("epochs") * arguments.Int("steps_per_epoch"));
            }
            catch (OverflowException)
            {
                throw arguments.Fault("steps_per_epoch", "epochs times steps_per_epoch is more steps than can be counted.");
            }
        }

        private double Anneal(double from, double to, double share) => _isLinear
            ? ((to - from) * share) + from
            : to + ((from - to) / 2.0 * (Math.Cos(Math.PI * share) + 1));
    }

    private sealed class PlateauSchedule : LearningRateSchedule
    {
        private readonly bool _wantsMore;
        private readonly bool _isAbsolute;
        private readonly double _factor;
        private readonly long _patience;
        private readonly double _threshold;
        private readonly long _cooldown;
        private readonly double _least;
        private readonly double _eps;

        public PlateauSchedule(LayerArguments arguments)
            : base(arguments)
        {
            _wantsMore = Either(arguments, "mode", "max", "min");
            _isAbsolute = Either(arguments, "threshold_mode", "abs", "rel");
            _factor = arguments.Float("factor") is < 1 and var factor ? factor : throw arguments.Fault("factor", "factor has to be below 1.");
            _patience = arguments.Int("patience");
            _threshold = arguments.Float("threshold");
            _cooldown = arguments.Int("cooldown");
            _least = arguments.Float("min_lr");
            _eps = arguments.Float("eps");
        }

        public override bool NeedsMetric => true;

        internal override void Advance(ScheduleState state, double metric)
        {
            state.Count++;
            if (IsBetter(metric, state.Best ?? (_wantsMore ? double.NegativeInfinity : double.PositiveInfinity)))
            {
                state.Best = metric;
                state.BadEpochs = 0;
            }
            else
            {
                state.BadEpochs++;
            }

            if (state.Cooldown > 0)
            {
                state.Cooldown--;
                state.BadEpochs = 0;
            }

            if (state.BadEpochs > _patience)
            {
                for (int i = 0; i < state.Rates.Length; i++)
                {
                    state.Rates[i] = Next(state, i);
                }

                state.Cooldown = _cooldown;
                state.BadEpochs = 0;
            }
        }

        private protected override double Next(ScheduleState state, int group)
        {
            double old = state.Rates[group];
            double reduced = Math.Max(old * _factor, _least);
            return old - reduced > _eps ? reduced : old;
        }

        private bool IsBetter(double value, double best) => (_wantsMore, _isAbsolute) switch
        {
            (false, false) => value < best * (1.0 - _threshold),
            (false, true) => value < best - _threshold,
            (true, false) => value > best * (_threshold + 1.0),
            (true, true) => value > best + _threshold,
        };

        private static bool Either(LayerArguments arguments, string name, string yes, string no) => arguments.Text(name) switch
        {
            var text when text == yes => true,
            var text when text == no => false,
            _ => throw arguments.Fault(name, $"{name} has to be '{no}' or '{yes}'."),
        };
    }
}
