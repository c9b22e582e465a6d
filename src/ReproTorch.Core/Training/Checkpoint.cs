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
        Rows = _members.ContainsKey(OrderName) ? Order(Member(OrderName, DType.int64)) : null;
    }

    /// <summary>Where the training stood.</summary>
    public CheckpointPlace Place { get; }

    /// <summary>The losses of all steps before.</summary>
    public IReadOnlyList<double> Losses { get; }

    /// <summary>The order of the epoch that is under way; null where it is not shuffled, or none is.</summary>
    public TorchTensor? Rows { get; }

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

    /// <summary>Puts everything back.</summary>
    /// <exception cref="ReproTorchException">It is of another model, or damaged. Model and streams are as before.</exception>
    public void Restore(ScriptModel script, TrainedModel model)
    {
        NamedTensorData[] weights =
        [
            .. model.Parameters.Concat(model.Buffers).Select(tensor => new NamedTensorData(
                tensor.Name, Restored(Member(ModelPrefix + tensor.Name, null), tensor.Data.DType))),
        ];
        TensorData gradients = Member(GradientName, DType.uint8);
        if (gradients.Count != model.Optimizer.Count || Place.Schedule.Rates.Length == 0)
        {
            throw FileFault.In(_path, $"it has gradients of {gradients.Count} parameters, and {model.Optimizer.Count} are trained.");
        }

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

            if (gradients.AllBytes()[i] != 0)
            {
                model.Optimizer.AddZeroGradient(i);
            }
        }

        RngState before = RandomStreams.Capture(_streams.Sources);
        RandomStreams.Restore(_streams);
        try
        {
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

    private TorchTensor Order(TensorData data)
    {
        var seen = new bool[data.Count];
        foreach (long row in MemoryMarshal.Cast<byte, long>(data.AllBytes()))
        {
            if (row < 0 || row >= seen.Length || seen[row])
            {
                throw FileFault.In(_path, $"its order names row {row}, of {seen.Length}, twice or wrongly.");
            }

            seen[row] = true;
        }

        return TorchTensor.FromData(data);
    }
}
