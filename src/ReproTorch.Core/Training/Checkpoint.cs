using System.Runtime.InteropServices;
using System.Text.Json;
using ReproTorch.Models;
using ReproTorch.Randomness;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Training;

/// <summary>
/// A training as it stood after a step, in one <c>.npz</c> without pickles: <c>model.NAME</c> (parameters and buffers),
/// <c>optimizer.NAME.STATE</c> by the names of torch.optim, <c>has_gradient</c>, <c>losses</c>, <c>order</c> (the rows of the epoch that is
/// under way, where they are shuffled), the random streams as <see cref="RngStateFile"/> has them, and <c>training.json</c>.
/// </summary>
internal sealed class Checkpoint : IDisposable
{
    private const string Format = "reprotorch-training";
    private const int Version = 1;
    private const string DocumentName = "training.json";
    private const int MaxDocument = 256 << 20;
    private const string ModelPrefix = "model.";
    private const string OptimizerPrefix = "optimizer.";
    private const string LossesName = "losses";
    private const string OrderName = "order";
    private const string GradientName = "has_gradient";

    private readonly string _path;
    private readonly Dictionary<string, TensorData> _members;
    private readonly RngState _streams;

    private Checkpoint(string path, CheckpointPlace place, List<NamedTensorData> members)
    {
        _path = path;
        Place = place;
        _members = members.ToDictionary(member => member.Name, member => member.Data, StringComparer.Ordinal);
        _streams = RngStateFile.FromMembers(path, members);
        Losses = MemoryMarshal.Cast<byte, double>(Member(LossesName, DType.float64).AllBytes()).ToArray();
    }

    /// <summary>Where the training stood.</summary>
    public CheckpointPlace Place { get; }

    /// <summary>The losses of all steps before.</summary>
    public IReadOnlyList<double> Losses { get; }

    /// <summary>The order of the epoch that is under way; null where it is not shuffled, or none is.</summary>
    public TorchTensor? Rows { get; private set; }

    /// <summary>Writes a checkpoint: the old file is there, or the new one, whole, at any moment.</summary>
    /// <exception cref="IOException">It could not be written; what was there stays.</exception>
    public static void Write(string path, CheckpointPlace place, IReadOnlyList<double> losses, TorchTensor? rows, TrainedModel model)
    {
        List<NamedTensorData> members =
        [
            .. model.Parameters.Concat(model.Buffers).Select(tensor => new NamedTensorData(ModelPrefix + tensor.Name, Storable(tensor.Data))),
            .. OptimizerState(model),
            new(GradientName, TensorData.FromArray(
                DType.uint8,
                [model.Optimizer.Count],
                [.. Enumerable.Range(0, model.Optimizer.Count).Select(i => (byte)(model.Optimizer.HasGradient(i) ? 1 : 0))])),
            new(LossesName, TensorData.FromArray(DType.float64, [losses.Count], MemoryMarshal.AsBytes(losses.ToArray().AsSpan()).ToArray())),
            .. rows is null ? [] : new[] { new NamedTensorData(OrderName, rows.ToOwnData()) },
            .. RngStateFile.ToMembers(RandomStreams.Capture(RandomStreams.SeededByDefault)),
        ];
        UniqueNames.Check(members);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            place with { Format = Format, Version = Version }, CheckpointJson.Default.CheckpointPlace);
        AtomicFile.Write(path, force: true, stream =>
        {
            var archive = new ZipWriter(stream);
            foreach (NamedTensorData member in members)
            {
                archive.Add(member.Name + ".npy", NpyFile.Length(member.Data), target => NpyFile.Write(target, member.Data));
            }

            archive.Add(DocumentName, json.Length, target => target.Write(json));
            archive.Finish();
        });
    }

    /// <summary>Reads a checkpoint. Nothing is restored.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ReproTorchException">It is damaged, no checkpoint, or of a newer version.</exception>
    public static Checkpoint Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no checkpoint '{path}'.", path);
        }

        using ZipReader archive = ZipReader.Open(path);
        if (archive.Find(DocumentName) is not { } document)
        {
            throw FileFault.In(path, $"it is no checkpoint of a training: it has no {DocumentName}.");
        }

        CheckpointPlace place = ReadPlace(path, archive.ReadAll(document, MaxDocument));
        List<NamedTensorData> members = NpzFile.Read(archive);
        members.ForEach(member => member.Data.Verify());
        return new Checkpoint(path, place, members);
    }

    /// <summary>Sees to it that the same training goes on, of which only the number of epochs may be another.</summary>
    /// <exception cref="ReproTorchException">Another one does; the message says in what it differs.</exception>
    public void RequireSame(IReadOnlyDictionary<string, string> settings, string data)
    {
        foreach (string name in settings.Keys.Union(Place.Settings.Keys))
        {
            string before = Place.Settings.GetValueOrDefault(name, string.Empty);
            string now = settings.GetValueOrDefault(name, string.Empty);
            if (before != now)
            {
                throw new ReproTorchException(
                    ReproTorchErrorKind.InvalidArgument,
                    $"The checkpoint {_path} is of another training: {name} was '{before}' and is now '{now}'. Nothing was changed. Go on with what "
                    + "it was begun with, or begin anew.");
            }
        }

        if (data != Place.Data)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The checkpoint {_path} is of a training on other data: the hashes of its input and target were {Place.Data} and are now {data}. "
                + "Nothing was changed.");
        }
    }

    /// <summary>Sees to it that all is there that the training needs to go on, and fits the place where it stood. Nothing is changed.</summary>
    /// <param name="model">The model with its optimizer.</param>
    /// <param name="plan">What the training is going to do.</param>
    /// <exception cref="ReproTorchException">Something is missing, is not what it must be, or is there besides.</exception>
    public void RequireWhole(TrainedModel model, CheckpointPlan plan)
    {
        RequirePlace(plan);
        RequireSchedule(plan);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (NamedTensorData tensor in model.Parameters.Concat(model.Buffers))
        {
            known.Add(ModelPrefix + tensor.Name);
            RequireTensor(ModelPrefix + tensor.Name, tensor.Data.DType, tensor.Data.Shape);
        }

        RequireOptimizer(model, plan, known);
        if (_members.Keys.FirstOrDefault(name => !known.Contains(name)
            && (name.StartsWith(ModelPrefix, StringComparison.Ordinal) || name.StartsWith(OptimizerPrefix, StringComparison.Ordinal))) is { } other)
        {
            throw FileFault.In(_path, $"it has '{other}', which this model and its optimizer have not.");
        }

        string[] streams =
        [
            .. model.DeviceNames.Prepend("cpu").Distinct().Where(device => !_streams.Torch.ContainsKey(device)).Select(device => $"libtorch on {device}"),
            .. _streams.Python is null ? ["Python's random"] : Array.Empty<string>(),
            .. _streams.NumPy is null ? ["NumPy's random"] : Array.Empty<string>(),
        ];
        if (streams.Length > 0)
        {
            throw FileFault.In(_path, $"it has no state of a random stream: {string.Join(", ", streams)}.");
        }

        Rows = plan.Order.Shuffle && Place.Batch > 0 ? ReadOrder(plan.Order.Rows) : null;
    }

    /// <summary>Puts everything back. <see cref="RequireWhole"/> comes before.</summary>
    /// <exception cref="ReproTorchException">A state of a random stream is damaged. Model and streams are as before.</exception>
    public void Restore(ScriptModel script, TrainedModel model)
    {
        NamedTensorData[] weights =
        [
            .. model.Parameters.Concat(model.Buffers).Select(tensor => new NamedTensorData(
                tensor.Name, Restored(Member(ModelPrefix + tensor.Name, null), tensor.Data.DType))),
        ];
        RngState before = RandomStreams.Capture(_streams.Sources);
        RandomStreams.Restore(_streams);
        try
        {
            RestoreOptimizer(model);
            ModelParameters.Write(script, weights, strict: true, _path);
        }
        catch
        {
            RandomStreams.Restore(before);
            throw;
        }
    }

    /// <summary>Lets go of the file, which the next checkpoint may replace.</summary>
    public void Dispose()
    {
        foreach (TensorData data in _members.Values)
        {
            data.Dispose();
        }
    }

    private static IEnumerable<NamedTensorData> OptimizerState(TrainedModel model)
    {
        for (int i = 0; i < model.Optimizer.Count; i++)
        {
            foreach (string state in model.Optimizer.StateNames)
            {
                if (model.Optimizer.State(i, state) is { } tensor)
                {
                    using (tensor)
                    {
                        yield return new NamedTensorData(StateName(model, i, state), Storable(tensor.ToOwnData()));
                    }
                }
            }
        }
    }

    private static string StateName(TrainedModel model, int parameter, string state) =>
        $"{OptimizerPrefix}{model.TrainedNames[parameter]}.{state}";

    private static DType DTypeOf(TrainedModel model, int parameter, string state) =>
        state == "step" ? DType.float32 : model.Optimizer.DTypeOf(parameter);

    // NumPy has no bfloat16; its bits are kept as whole numbers.
    private static TensorData Storable(TensorData data) =>
        data.DType == DType.bfloat16 ? RetypedTensorData.For(data, DType.uint16) : data;

    private static TensorData Restored(TensorData data, DType dtype) =>
        data.DType == DType.uint16 && dtype == DType.bfloat16 ? RetypedTensorData.For(data, dtype) : data;

    private static CheckpointPlace ReadPlace(string path, byte[] json)
    {
        CheckpointPlace? place;
        try
        {
            place = JsonSerializer.Deserialize(json, CheckpointJson.Default.CheckpointPlace);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw FileFault.In(path, $"{DocumentName} is damaged: {e.Message}", e);
        }

        if (place?.Format != Format)
        {
            throw FileFault.In(path, $"{DocumentName} has the format '{place?.Format}'; expected '{Format}'.");
        }

        if (place.Version != Version)
        {
            throw FileFault.In(
                path, $"it has the checkpoint version {place.Version}, and this ReproTorch reads {Version}. Use the ReproTorch that wrote it, or a later one.");
        }

        return place is { Epoch: >= 0, Batch: >= 0, Schedule: { Rates: not null, InitialRates: not null } } && place.Epochs.All(epoch => epoch is not null)
            ? place
            : throw FileFault.In(path, $"{DocumentName} says that the training stood in epoch {place.Epoch} at batch {place.Batch}, which cannot be.");
    }

    private TensorData Member(string name, DType? dtype)
    {
        if (!_members.TryGetValue(name, out TensorData? data))
        {
            throw FileFault.In(_path, $"it has no '{name}', so it is of another model, or of none.");
        }

        return dtype is null || data.DType == dtype ? data : throw FileFault.In(_path, $"'{name}' is {data.DType}; expected {dtype}.");
    }

    private void RequirePlace(CheckpointPlan plan)
    {
        long batches = plan.Order.Batches;
        if (Place.Epoch > plan.Epochs || (Place.Epoch == plan.Epochs && Place.Batch > 0))
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The checkpoint {_path} stands in epoch {Place.Epoch + (Place.Batch > 0 ? 1 : 0)}; asked for {plan.Epochs}. Nothing was changed. Ask for as many "
                + "epochs, or more.");
        }

        if (Place.Batch >= batches || Place.Batch % plan.Accumulate != 0)
        {
            throw FileFault.In(_path, $"{DocumentName} says that the training stood at batch {Place.Batch} of {batches}, where no step begins.");
        }

        long steps = (Place.Epoch * batches) + Place.Batch;
        TensorData losses = Member(LossesName, DType.float64);
        if (losses.Shape is not [var count] || count != steps)
        {
            throw FileFault.In(_path, $"its losses have the shape ({string.Join(", ", losses.Shape)}); expected ({steps}), one for each batch until there.");
        }

        if (Place.Epochs.Count != Place.Epoch || Place.Epochs.Where((epoch, i) => epoch.Epoch != i + 1).Any())
        {
            throw FileFault.In(_path, $"{DocumentName} tells of {Place.Epochs.Count} epochs, not of each of the {Place.Epoch} that were ended.");
        }

        if (Place.EpochsWithoutBetter < 0 || Place.EpochsWithoutBetter > Place.Epoch || Place.Best is double.NaN)
        {
            throw FileFault.In(
                _path, $"{DocumentName} says that the best loss was {Place.Best}, {Place.EpochsWithoutBetter} epochs before the {Place.Epoch}th, which cannot be.");
        }

        if (Place.LossDType is not (nameof(DType.float32) or nameof(DType.float64)))
        {
            throw FileFault.In(_path, $"{DocumentName} says that the loss's dtype is '{Place.LossDType}'; expected float32 or float64.");
        }
    }

    private void RequireSchedule(CheckpointPlan plan)
    {
        ScheduleState now = Place.Schedule;
        ScheduleState begun = plan.Begun;
        if (now.Rates.Length != begun.Rates.Length || !now.Rates.All(double.IsFinite))
        {
            throw FileFault.In(
                _path, $"{DocumentName} has the learning rates [{string.Join(", ", now.Rates)}]; expected a finite one for each of {begun.Rates.Length} groups.");
        }

        if (!now.InitialRates.SequenceEqual(begun.InitialRates))
        {
            throw FileFault.In(
                _path, $"{DocumentName} says that the learning rates began as [{string.Join(", ", now.InitialRates)}]; they begin as "
                + $"[{string.Join(", ", begun.InitialRates)}].");
        }

        long moves = plan.Schedule switch
        {
            null => 0,
            { MovesEachStep: true } => StepsDone(plan),
            _ => Place.Epoch,
        };
        if (now.Count != moves)
        {
            throw FileFault.In(_path, $"{DocumentName} says that the schedule moved {now.Count} times; until there it moves {moves} times.");
        }

        if (plan.Schedule is null && !now.Rates.SequenceEqual(begun.Rates))
        {
            throw FileFault.In(_path, $"{DocumentName} has the learning rates [{string.Join(", ", now.Rates)}], and there is no schedule that changed them.");
        }

        if (now.Momentum is null != begun.Momentum is null || now.Momentum is { } momentum && !double.IsFinite(momentum))
        {
            throw FileFault.In(_path, $"{DocumentName} has the momentum {now.Momentum?.ToString() ?? "(none)"}, which the schedule does not give.");
        }

        if (now.BadEpochs < 0 || now.Cooldown < 0 || now.Best is double.NaN)
        {
            throw FileFault.In(_path, $"{DocumentName} has {now.BadEpochs} bad epochs, {now.Cooldown} to cool down and the best {now.Best}, which cannot be.");
        }
    }

    private void RequireOptimizer(TrainedModel model, CheckpointPlan plan, HashSet<string> known)
    {
        ParameterOptimizer optimizer = model.Optimizer;
        RequireTensor(GradientName, DType.uint8, [optimizer.Count]);
        byte[] gradients = Member(GradientName, DType.uint8).AllBytes().ToArray();
        if (gradients.Any(gradient => gradient > 1))
        {
            throw FileFault.In(_path, $"'{GradientName}' has numbers other than 0 and 1.");
        }

        long most = StepsDone(plan);
        double?[] momenta = plan.Momenta(most);
        for (int i = 0; i < optimizer.Count; i++)
        {
            // A schedule may begin with no momentum, or end with none: whether there is a buffer depends on the steps that the parameter
            // had. One with a gradient had the last step.
            bool mayHave = momenta.Any(momentum => optimizer.KeepsMomentum(i, momentum));
            bool mustHave = mayHave && (momenta.All(momentum => optimizer.KeepsMomentum(i, momentum))
                || (gradients[i] != 0 && optimizer.KeepsMomentum(i, momenta[^1])));
            bool withMomentum = mustHave || (mayHave && _members.ContainsKey(StateName(model, i, ParameterOptimizer.MomentumBuffer)));

            // A parameter that never had a gradient was never stepped, and has no states. One that has a gradient was, and has all.
            string[] states = [.. optimizer.StateNamesOf(i, withMomentum).Select(state => StateName(model, i, state))];
            if (gradients[i] == 0 && !states.Any(_members.ContainsKey))
            {
                continue;
            }

            foreach (string state in states)
            {
                known.Add(state);
                if (!state.EndsWith(".step", StringComparison.Ordinal))
                {
                    RequireTensor(state, optimizer.DTypeOf(i), optimizer.ShapeOf(i));
                    continue;
                }

                RequireTensor(state, DType.float32, []);
                float step = MemoryMarshal.Read<float>(Member(state, DType.float32).AllBytes());
                if (!float.IsInteger(step) || step < 0 || step > most)
                {
                    throw FileFault.In(_path, $"'{state}' is {step}; expected a whole number from 0 to {most}, the steps until there.");
                }
            }
        }
    }

    private void RestoreOptimizer(TrainedModel model)
    {
        ReadOnlySpan<byte> gradients = Member(GradientName, DType.uint8).AllBytes();
        for (int i = 0; i < model.Optimizer.Count; i++)
        {
            foreach (string state in model.Optimizer.StateNames)
            {
                if (_members.TryGetValue(StateName(model, i, state), out TensorData? data))
                {
                    using var tensor = TorchTensor.FromData(Restored(data, DTypeOf(model, i, state)));
                    model.Optimizer.SetState(i, state, tensor);
                }
            }

            if (gradients[i] != 0)
            {
                model.Optimizer.AddZeroGradient(i);
            }
        }
    }

    private long StepsDone(CheckpointPlan plan) =>
        (Place.Epoch * ((plan.Order.Batches + plan.Accumulate - 1) / plan.Accumulate)) + (Place.Batch / plan.Accumulate);

    private void RequireTensor(string name, DType dtype, IReadOnlyList<long> shape)
    {
        TensorData data = Restored(Member(name, null), dtype);
        if (data.DType != dtype || !data.Shape.SequenceEqual(shape))
        {
            throw FileFault.In(
                _path, $"'{name}' is {data.DType} of the shape ({string.Join(", ", data.Shape)}); expected {dtype} of the shape ({string.Join(", ", shape)}).");
        }
    }

    private TorchTensor ReadOrder(long rows)
    {
        TensorData data = Member(OrderName, DType.int64);
        RequireTensor(OrderName, DType.int64, [rows]);
        var seen = new bool[rows];
        foreach (long row in MemoryMarshal.Cast<byte, long>(data.AllBytes()))
        {
            if (row < 0 || row >= rows || seen[row])
            {
                throw FileFault.In(_path, $"its order names row {row}, of {rows}, twice or wrongly.");
            }

            seen[row] = true;
        }

        return TorchTensor.FromData(data);
    }
}

/// <summary>What a training is going to do, as far as its checkpoints must fit it.</summary>
/// <param name="Epochs">How many epochs.</param>
/// <param name="Order">Its batches.</param>
/// <param name="Accumulate">Batches for a step.</param>
/// <param name="Schedule">The schedule; null for none.</param>
/// <param name="Begun">The schedule's state before the first step.</param>
internal sealed record CheckpointPlan(int Epochs, DataOrder Order, int Accumulate, LearningRateSchedule? Schedule, ScheduleState Begun)
{
    /// <summary>The momentum that the schedule has at each of the first steps; one null for all where it leaves the momentum alone.</summary>
    public double?[] Momenta(long steps)
    {
        if (Begun.Momentum is null || Schedule is not { MovesEachStep: true } schedule)
        {
            return [null];
        }

        var momenta = new double?[steps];
        ScheduleState state = Begun with { Rates = [.. Begun.Rates] };
        for (long i = 0; i < steps; i++)
        {
            momenta[i] = state.Momentum;
            schedule.Advance(state, metric: 0);
        }

        return momenta;
    }
}
