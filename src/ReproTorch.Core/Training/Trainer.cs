using System.Diagnostics;
using System.Globalization;
using ReproTorch.Models;
using ReproTorch.Provenance;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>Trains models as a loop in Python does, to the same bits on the same libtorch.</summary>
public static class Trainer
{
    /// <summary>Trains a model, in place.</summary>
    /// <param name="model">A model that was built here or loaded from a TorchScript file.</param>
    /// <param name="data">The examples.</param>
    /// <param name="options">How.</param>
    /// <returns>What came of it; when it was cancelled too, up to there.</returns>
    /// <exception cref="ReproTorchException">Options, data and model do not fit, an operator failed or has no deterministic form, or the
    /// checkpoint to go on from is damaged or another training's.</exception>
    /// <exception cref="IOException">A checkpoint could not be written.</exception>
    public static TrainingResult Train(TorchModel model, TrainingData data, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        if (model is not ScriptModel script)
        {
            throw new ReproTorchException(ReproTorchErrorKind.InvalidArgument, $"{model.Name} is no TorchScript model, and only those can be trained.");
        }

        _ = model.Method(options.Method);
        bool hasClasses = options.Loss.Target == LossTarget.Classes;
        options.Loss.RequireTarget(data.Target.DType);
        if (options.Validation is not null)
        {
            options.Loss.RequireTarget(options.Validation.Target.DType);
        }

        data = Prepare(data, hasClasses, model.Device);
        options = options with { Validation = options.Validation is { } validation ? Prepare(validation, hasClasses, model.Device) : null };
        options.Loss.RequireClasses(data.Target, "target");
        if (options.Validation is not null)
        {
            options.Loss.RequireClasses(options.Validation.Target, "validation's target");
        }

        using var trained = new TrainedModel(script, options);
        script.MarkChanged();
        using var run = new TrainingRun(script, trained, data, options);
        return run.Run();
    }

    private static TrainingData Prepare(TrainingData data, bool hasClasses, TorchDevice device) =>
        (hasClasses ? data.WithClassNumbers() : data).On(device);
}

/// <summary>One training from its first step, or from a checkpoint, to its end.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly ScriptModel _script;
    private readonly TrainedModel _model;
    private readonly TrainingData _data;
    private readonly TrainingOptions _options;
    private readonly DataOrder _order;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly string _identity;
    private readonly List<double> _losses = [];
    private readonly List<TrainingEpoch> _epochs = [];
    private readonly long _startTime = Stopwatch.GetTimestamp();
    private readonly HashSet<int> _unseen;
    private TensorSnapshot? _start;
    private bool _hasTrained;
    private bool _isStepping;
    private DType _lossDType = DType.float32;
    private ScheduleState _schedule;
    private long _stepsDoneBefore;
    private double _rate;
    private double _best = double.PositiveInfinity;
    private int _epochsWithoutBetter;

    public TrainingRun(ScriptModel script, TrainedModel model, TrainingData data, TrainingOptions options)
    {
        _script = script;
        _model = model;
        _data = data;
        _options = options;
        _order = new DataOrder(data.Rows, options.BatchSize, options.Shuffle, options.DropLast);
        if (_order.Batches == 0)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"There are {data.Rows} rows, which fill no batch of {options.BatchSize}, and a batch that is not full is dropped. Take smaller batches.");
        }

        _unseen = [.. Enumerable.Range(0, model.Optimizer.Count)];
        _settings = Settings();
        _identity = data.Identity();
        OptimizerOptions[] groups = [options.Optimizer, .. options.Groups.Select(group => group.Optimizer)];
        double[] rates = [.. groups.Select(group => group.LearningRate)];
        _schedule = options.Schedule?.Begin(rates, options.Optimizer.HasMomentum, StepsInAll)
            ?? new ScheduleState { InitialRates = rates, Rates = rates };
        _rate = _schedule.Rates[0];
    }

    private long StepsInAll => _options.Epochs * ((_order.Batches + _options.Accumulate - 1) / _options.Accumulate);

    public TrainingResult Run()
    {
        _start = _model.Snapshot();
        RngState streams = RandomStreams.Capture(RandomStreams.SeededByDefault);
        try
        {
            TryValidation();
            RandomStreams.Restore(streams);
            return Train();
        }
        catch when (!_hasTrained)
        {
            _start.PutBack();
            RandomStreams.Restore(streams);
            throw;
        }
    }

    public void Dispose()
    {
        _start?.Dispose();
    }

    // On a copy: a model may keep more than parameters and buffers.
    private void TryValidation()
    {
        if (_options.Validation is not { } validation)
        {
            return;
        }

        using ScriptModel? copy = CopyOfModel();
        if (copy is null)
        {
            return;
        }

        try
        {
            new ModelMeasure(_model, _options).Try(validation, copy);
        }
        catch (ReproTorchException e)
        {
            throw Failure("Validation", e, "Nothing was trained; the model is as before.");
        }
    }

    // Null for a model that cannot be copied: what does not fit is then found out after the first epoch.
    private ScriptModel? CopyOfModel()
    {
        try
        {
            return _script.Clone();
        }
        catch (ReproTorchException)
        {
            return null;
        }
    }

    private TrainingResult Train()
    {
        DateTimeOffset time = DateTimeOffset.UtcNow;
        int epoch = 0;
        long batch = 0;
        TorchTensor? rows = null;
        bool begun = false;
        if (_options.Resume is { } file)
        {
            using Checkpoint checkpoint = Checkpoint.Read(file);
            GoOn(checkpoint);
            (epoch, batch, rows, begun) = (checkpoint.Place.Epoch, checkpoint.Place.Batch, checkpoint.Rows, checkpoint.Place.Batch > 0);
        }
        else if (_options.Seed is { } seed)
        {
            RandomStreams.Seed(seed.Given, [RandomSource.Torch], _options.SeedLocation);
        }

        // It tells of the seed as well.
        TorchEnvironment environment = TorchEnvironmentProbe.Capture();
        TrainingEnd end = IsNoBetter() ? TrainingEnd.NoBetter : TrainingEnd.Completed;
        for (; epoch < _options.Epochs && end == TrainingEnd.Completed; epoch++, batch = 0, begun = false)
        {
            _model.SetTraining(true);
            rows = begun ? rows : _order.Begin();
            if (!TrainEpoch(epoch, batch, rows, environment))
            {
                end = TrainingEnd.Cancelled;
                break;
            }

            EndEpoch(epoch);
            bool isLast = epoch + 1 == _options.Epochs;
            end = IsNoBetter() && !isLast ? TrainingEnd.NoBetter
                : _options.Cancellation.IsCancellationRequested && !isLast ? TrainingEnd.Cancelled
                : TrainingEnd.Completed;
            Save(epoch + 1, 0, null, environment);
        }

        return new TrainingResult
        {
            Model = _script.Name,
            End = end,
            Losses = _losses,
            LossDType = _lossDType,
            Epochs = _epochs,
            WeightsHash = _model.WeightsHash(),
            Parameters = _model.Parameters,
            Buffers = _model.Buffers,
            Seed = _options.Seed?.ToString(),
            Settings = _settings,
            Inputs = Inputs(),
            Environment = environment,
            Time = time,
            Duration = Stopwatch.GetElapsedTime(_startTime),
        };
    }

    // False when it was cancelled within the epoch.
    private bool TrainEpoch(int epoch, long firstBatch, TorchTensor? rows, TorchEnvironment environment)
    {
        long batches = _order.Batches;
        _model.Optimizer.ZeroGradients(_options.SetGradientsToNone);
        long sinceCheckpoint = 0;
        for (long batch = firstBatch; batch < batches; batch++)
        {
            bool isStep = (batch + 1) % _options.Accumulate == 0 || batch + 1 == batches;
            try
            {
                TrainBatch(batch, rows, isStep);
            }
            catch (ReproTorchException e)
            {
                throw StepFailure(epoch, batch, e);
            }

            Tell(epoch, batch);
            sinceCheckpoint++;
            if (!isStep || batch + 1 == batches)
            {
                continue;
            }

            bool cancelled = _options.Cancellation.IsCancellationRequested;
            if (cancelled || sinceCheckpoint >= _options.CheckpointEvery)
            {
                Save(epoch, batch + 1, rows, environment);
                sinceCheckpoint = 0;
            }

            if (cancelled)
            {
                return false;
            }

            _model.Optimizer.ZeroGradients(_options.SetGradientsToNone);
        }

        return true;
    }

    private void TrainBatch(long batch, TorchTensor? rows, bool isStep)
    {
        (long start, long length) = _order.Batch(batch);
        using (TrainingBatch examples = _data.Take(rows, start, length))
        {
            _losses.Add(AddGradients(examples));
        }

        RequireDenseGradients();
        if (isStep)
        {
            Step();
        }

        if (!_hasTrained)
        {
            _hasTrained = true;
            _start!.Dispose();
            _start = null;
        }
    }

    // A parameter's gradient is always sparse or never, so each is looked at once.
    private void RequireDenseGradients()
    {
        if (_unseen.Count == 0)
        {
            return;
        }

        foreach (int parameter in _unseen.Where(_model.Optimizer.HasGradient).ToArray())
        {
            if (_model.Optimizer.HasSparseGradient(parameter))
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The gradient of {_model.TrainedNames[parameter]} is sparse, as that of Embedding(sparse=True), and only dense ones are trained by. "
                    + "Make the layer with sparse=False, or freeze the parameter.");
            }

            _unseen.Remove(parameter);
        }
    }

    private ReproTorchException StepFailure(int epoch, long batch, ReproTorchException cause)
    {
        if (!_hasTrained)
        {
            return Failure(Place(epoch, batch), cause, "Nothing was trained; the model is as before.");
        }

        string before = batch > 0 ? $"step {batch}" : $"epoch {epoch}";
        return Failure(Place(epoch, batch), cause, _isStepping
            ? "The optimizer had begun its step, so that some parameters have made it and some have not."
            : $"The weights stand as after {before}; buffers that forward changes, as batch norm's, may be a step further.");
    }

    private static string Place(int epoch, long batch) => FormattableString.Invariant($"Epoch {epoch + 1}, step {batch + 1}");

    private static ReproTorchException Failure(string where, ReproTorchException cause, string outcome)
    {
        string message = cause.Message.TrimEnd();
        string end = message.Contains('\n', StringComparison.Ordinal) ? "\n" : message.EndsWith('.') ? " " : ". ";
        return new ReproTorchException(cause.Kind, $"{where}: {message}{end}{outcome}", cause)
        {
            NativeFunction = cause.NativeFunction,
            NativeBacktrace = cause.NativeBacktrace,
        };
    }

    // Forward, loss, backward.
    private double AddGradients(TrainingBatch examples)
    {
        using TorchTensor output = _model.Forward(examples.Inputs, recordGradients: true);
        using TorchTensor loss = _options.Loss.Compute(output, examples.Target);
        _lossDType = loss.DType == DType.float32 ? DType.float32 : DType.float64;
        if (_options.Accumulate == 1)
        {
            loss.Backward();
        }
        else
        {
            using var share = (TorchTensor)TorchOperator.Record("aten::div", loss, (long)_options.Accumulate)!;
            share.Backward();
        }

        return loss.ToDouble();
    }

    private void Step()
    {
        if (_options.ClipNorm is { } norm)
        {
            _model.Optimizer.ClipNorm(norm, _options.ClipNormType);
        }

        if (_options.ClipValue is { } value)
        {
            _model.Optimizer.ClipValue(value);
        }

        _rate = _schedule.Rates[0];
        _isStepping = true;
        _model.Optimizer.Step(_schedule);
        _isStepping = false;
        if (_options.Schedule is { MovesEachStep: true } schedule)
        {
            schedule.Advance(_schedule, metric: 0);
        }
    }

    private void Tell(int epoch, long batch)
    {
        if (_options.OnStep is not { } tell)
        {
            return;
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(_startTime);
        long all = _options.Epochs * _order.Batches;
        tell(new TrainingStep
        {
            Epoch = epoch + 1,
            Epochs = _options.Epochs,
            Step = batch + 1,
            Steps = _order.Batches,
            Loss = _losses[^1],
            LearningRate = _rate,
            Elapsed = elapsed,
            Remaining = elapsed * ((double)(all - _losses.Count) / Math.Max(1, _losses.Count - _stepsDoneBefore)),
            IsLogged = (batch + 1) % _options.LogEvery == 0,
        });
    }

    private void EndEpoch(int epoch)
    {
        double sum = 0;
        int batches = (int)_order.Batches;
        for (int i = _losses.Count - batches; i < _losses.Count; i++)
        {
            sum += _losses[i];
        }

        double loss = ModelMeasure.WithOneNaN(sum / batches);
        Dictionary<string, double> metrics = Measure(epoch);
        double watched = metrics.GetValueOrDefault(ModelMeasure.Loss, loss);
        if (_options.Schedule is { MovesEachStep: false } schedule)
        {
            schedule.Advance(_schedule, watched);
        }

        // As ReduceLROnPlateau: what is not a number is never better, not as the first either.
        if (watched < _best - (_options.EarlyEnd?.MinimumChange ?? 0))
        {
            _best = watched;
            _epochsWithoutBetter = 0;
        }
        else
        {
            _epochsWithoutBetter++;
        }

        var ended = new TrainingEpoch
        {
            Epoch = epoch + 1,
            Loss = loss,
            Metrics = metrics,
            LearningRate = _rate,
            WeightsHash = _model.WeightsHash(),
        };
        _epochs.Add(ended);
        _options.OnEpoch?.Invoke(ended);
    }

    private Dictionary<string, double> Measure(int epoch)
    {
        try
        {
            return _options.Validation is { } validation ? new ModelMeasure(_model, _options).Take(validation) : [];
        }
        catch (ReproTorchException e)
        {
            throw Failure(
                FormattableString.Invariant($"Epoch {epoch + 1}, validation"), e, FormattableString.Invariant($"The model stands as after epoch {epoch + 1}."));
        }
    }

    private bool IsNoBetter() => _options.EarlyEnd is { } early && _epochsWithoutBetter > early.Patience;

    private void Save(int epoch, long batch, TorchTensor? rows, TorchEnvironment environment)
    {
        if (_options.Checkpoint is not { } file)
        {
            return;
        }

        var place = new CheckpointPlace
        {
            Epoch = epoch,
            Batch = batch,
            Schedule = _schedule,
            Best = double.IsPositiveInfinity(_best) ? null : _best,
            EpochsWithoutBetter = _epochsWithoutBetter,
            LossDType = _lossDType.ToString(),
            Epochs = _epochs,
            Settings = _settings,
            Data = _identity,
            Environment = environment,
        };
        Checkpoint.Write(file, place, _losses, rows, _model);
    }

    private void GoOn(Checkpoint checkpoint)
    {
        TorchEnvironment environment = TorchEnvironmentProbe.Capture();
        checkpoint.RequireSame(_settings, _identity);
        checkpoint.RequireWhole(_model, new CheckpointPlan(_options.Epochs, _order, _options.Accumulate, _options.Schedule, _schedule));
        foreach (EnvironmentDifference difference in EnvironmentComparison.Compare(checkpoint.Place.Environment, environment).Differences
            .Where(difference => difference.Name is not ("Runtime" or "ReproTorchVersion" or "OperatingSystem" or "ProcessorCount")))
        {
            _options.OnWarning?.Invoke(
                $"The checkpoint was written with {difference.Name} = {difference.Reference ?? "(none)"}; now it is {difference.Difference ?? "(none)"}. "
                + $"The bits may come out otherwise than without the break: {difference.Meaning}");
        }

        checkpoint.Restore(_script, _model);
        _schedule = checkpoint.Place.Schedule;
        _rate = _schedule.Rates[0];
        _best = checkpoint.Place.Best ?? double.PositiveInfinity;
        _epochsWithoutBetter = checkpoint.Place.EpochsWithoutBetter;
        _lossDType = checkpoint.Place.LossDType == nameof(DType.float64) ? DType.float64 : DType.float32;
        _losses.AddRange(checkpoint.Losses);
        _epochs.AddRange(checkpoint.Place.Epochs);
        _stepsDoneBefore = _losses.Count;
    }

    // What decides the bits, as text.
    private Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["modelStructure"] = _model.StructureHash(),
            ["method"] = _options.Method,
            ["loss"] = _options.Loss.ToString(),
            ["optimizer"] = _options.Optimizer.ToString(),
            ["groups"] = string.Join("; ", _options.Groups.Select(group => $"{string.Join(' ', group.Patterns)}: {group.Optimizer}")),
            ["frozen"] = string.Join(' ', _options.Frozen),
            ["trained"] = string.Join(' ', _model.TrainedNames),
            ["schedule"] = _options.Schedule?.ToString() ?? string.Empty,
            ["batchSize"] = Text(_options.BatchSize),
            ["shuffle"] = Text(_options.Shuffle),
            ["dropLast"] = Text(_options.DropLast),
            ["accumulate"] = Text(_options.Accumulate),
            ["clipNorm"] = _options.ClipNorm is { } norm ? $"{Comparison.ExactText.Of(norm)} of order {Comparison.ExactText.Of(_options.ClipNormType)}" : string.Empty,
            ["clipValue"] = _options.ClipValue is { } value ? Comparison.ExactText.Of(value) : string.Empty,
            ["setGradientsToNone"] = Text(_options.SetGradientsToNone),
            ["seed"] = _options.Seed?.ToString() ?? string.Empty,
            ["validation"] = _options.Validation is { } validation
                ? $"{validation.Identity()} in batches of {Text(_options.ValidationBatchSize ?? _options.BatchSize)}{(_options.ValidationDraws ? ", drawing" : string.Empty)}"
                : string.Empty,
            ["earlyEnd"] = _options.EarlyEnd is { } early ? $"{early.Patience}, {Comparison.ExactText.Of(early.MinimumChange)}" : string.Empty,
        };
        if (_options.Schedule?.StepsThatCount(StepsInAll) is { } steps)
        {
            settings["steps"] = Text(steps);
        }

        return settings;
    }

    private List<RunInputInfo> Inputs()
    {
        IReadOnlyList<ModelArgument> arguments = _script.Method(_options.Method).Arguments;
        IEnumerable<(string Name, TorchTensor Tensor)> tensors = _data.Inputs
            .Select((input, i) => (i < arguments.Count ? arguments[i].Name : $"argument {i}", input)).Append(("target", _data.Target));
        return [.. tensors.Select(item => new RunInputInfo
        {
            Name = item.Name,
            Kind = RunValueKind.Tensor,
            DType = item.Tensor.DType.ToString(),
            Shape = item.Tensor.Shape,
            Hash = item.Tensor.ContentHash(),
        })];
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "True" : "False";
}
