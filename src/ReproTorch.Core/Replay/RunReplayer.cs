using System.Globalization;
using System.Text;
using ReproTorch.Comparison;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.Provenance;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Replay;

/// <summary>
/// Runs a recorded run again: on its inputs, by its method, traced or not, in its batches, from the states of its random streams and
/// under its switches; compares, and tells what of the environment is not as it was. The session's own streams and switches are put
/// back, whatever happens.
/// </summary>
public static class RunReplayer
{
    /// <summary>Replays a run.</summary>
    /// <param name="recorded">A run that holds its inputs.</param>
    /// <param name="model">The model to run.</param>
    /// <param name="options">How.</param>
    /// <param name="path">The file that the run was read from; null for none.</param>
    /// <exception cref="ReproTorchException">The run has no inputs, is not what its hash is of, or cannot be run.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RunReplay Replay(RunOutput recorded, TorchModel model, ReplayOptions options, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Comparison.Validate();
        RequireInputs(recorded);
        RequireContent(recorded);
        bool isSameFile = IsSameFile(recorded, model);
        string content = isSameFile || recorded.ModelContentHash is not null ? model.Content() : string.Empty;
        ModelIdentity identity = IdentityOf(recorded, model, () => content);
        options.OnStep?.Invoke($"The model {model.Name}: {identity}.");
        RunOutput replayed = RunAgain(recorded, model, options);
        RunComparison comparison = RunComparer.Compare(recorded, replayed, options.Comparison, progress: null, options.Cancellation);
        string[] changes = [];
        if (isSameFile && !comparison.Identical)
        {
            // Python's runs tell no content.
            changes = ChangesSinceLoaded(model, content, options);
            identity = changes.Length > 0 ? ModelIdentity.SameFileChanged : identity;
        }

        return new RunReplay
        {
            Path = path,
            Verdict = comparison.Identical ? ReplayVerdict.Identical : comparison.Match ? ReplayVerdict.Match : ReplayVerdict.Different,
            Model = identity,
            ModelChanges = changes,
            Comparison = comparison,
            Environment = recorded.Environment is { } environment ? EnvironmentComparison.Compare(environment, replayed.Environment!) : null,
            Recorded = recorded,
            Replayed = replayed,
        };
    }

    /// <summary>Whether a model is the one that a run was recorded with.</summary>
    public static ModelIdentity IdentityOf(RunOutput recorded, TorchModel model)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(model);

        return IdentityOf(recorded, model, model.Content);
    }

    private static ModelIdentity IdentityOf(RunOutput recorded, TorchModel model, Func<string> content)
    {
        bool isSameFile = IsSameFile(recorded, model);
        if (recorded.ModelContentHash is not { } expected)
        {
            return isSameFile ? ModelIdentity.SameFile : recorded.ModelSha256 is null ? ModelIdentity.Unknown : ModelIdentity.Different;
        }

        bool isSame = string.Equals(expected, ContentHash.OfBytes(Encoding.UTF8.GetBytes(content())), StringComparison.OrdinalIgnoreCase);
        if (!isSameFile)
        {
            return isSame ? ModelIdentity.SameContent : ModelIdentity.Different;
        }

        // Another libtorch may write the same code otherwise.
        bool isSameTorch = recorded.Environment?.TorchVersion == TorchEnvironmentProbe.Capture().TorchVersion;
        return isSame || !isSameTorch ? ModelIdentity.SameFile : ModelIdentity.SameFileChanged;
    }

    // A model that was trained or changed by a cmdlet since it was loaded has no file's hash any more; one whose own code writes to its buffers has.
    private static bool IsSameFile(RunOutput recorded, TorchModel model) =>
        recorded.ModelSha256 is { } file && string.Equals(file, model.Sha256, StringComparison.OrdinalIgnoreCase);

    // By the file itself, if it is still what was loaded.
    private static string[] ChangesSinceLoaded(TorchModel model, string content, ReplayOptions options)
    {
        try
        {
            using ScriptModel fresh = ModelLoader.Load(model.Path!, new LoadOptions { Sha256 = model.Sha256, Device = TorchDevice.Cpu });
            return [.. Values(content).Except(Values(fresh.Content()), StringComparer.Ordinal).Select(line => line.Split(' ')[1])];
        }
        catch (Exception e) when (e is ReproTorchException or IOException or UnauthorizedAccessException)
        {
            options.OnStep?.Invoke($"What of the model was changed since it was loaded cannot be told: {e.Message}");
            return [];
        }

        static IEnumerable<string> Values(string content) => content.Split('\n').Where(line =>
            line.StartsWith("parameter ", StringComparison.Ordinal) || line.StartsWith("buffer ", StringComparison.Ordinal)
            || line.StartsWith("attribute ", StringComparison.Ordinal));
    }

    private static RunOutput RunAgain(RunOutput recorded, TorchModel model, ReplayOptions options)
    {
        using var session = new RandomScope();
        TorchDevice before = model.Device;
        using BufferSnapshot buffers = BufferSnapshot.Take(model);
        try
        {
            return RunHere(recorded, model, options);
        }
        finally
        {
            buffers.Restore();
            if (!model.Device.Equals(before))
            {
                model.MoveTo(before);
            }
        }
    }

    private static RunOutput RunHere(RunOutput recorded, TorchModel model, ReplayOptions options)
    {
        RestoreSwitches(recorded, options);
        RestoreStreams(recorded, options);
        options.OnStep?.Invoke(string.Create(
            CultureInfo.InvariantCulture,
            $"Running {recorded.Method ?? "forward"} on {recorded.InputValues!.Count} recorded inputs{(recorded.Traced ? ", traced" : string.Empty)}."));

        // The recorded state is that after seeding; a seed alone is the next best.
        bool seeds = recorded.RandomState is null && recorded.Seed is not null;
        return ModelRunner.Run(model, InputRecorder.Rebuild(recorded), new RunOptions
        {
            Method = recorded.Method ?? "forward",
            Seed = seeds ? TorchSeedValue.From(System.Numerics.BigInteger.Parse(recorded.Seed!, CultureInfo.InvariantCulture)) : null,
            BatchSize = recorded.BatchSize,
            Traced = recorded.Traced,
            Device = options.Device ?? (recorded.Device is { } device ? TorchDevice.Parse(device) : null),
            TraceOperators = recorded.OperatorTrace is not null,
            Cancellation = options.Cancellation,
            OnTraced = options.OnTraced,
        }) with
        {
            Name = recorded.Name,
            Seed = recorded.Seed,
        };
    }

    // One by one: a switch that this libtorch or processor does not have must not keep the others from being set.
    private static void RestoreSwitches(RunOutput recorded, ReplayOptions options)
    {
        if (recorded.Environment?.Determinism is not { } wanted)
        {
            options.OnWarning?.Invoke($"The run {recorded.Name} tells no switches: it is replayed under those of this session.");
            return;
        }

        DeterminismSettings now = DeterminismPolicy.Get();
        foreach ((string name, object? there, object? here, DeterminismSettings change) in Changes(wanted, now))
        {
            if (there is null || Equals(there, here))
            {
                continue;
            }

            try
            {
                DeterminismPolicy.Set(change);
                options.OnStep?.Invoke($"{name} is {there} for the replay; it was {here ?? "nothing"}.");
            }
            catch (ReproTorchException e)
            {
                options.OnWarning?.Invoke($"{name} was {there} in the recorded run and stays {here ?? "as it is"}: {e.Message}");
            }
        }
    }

    // Threads between operators and cuBLAS' workspace are taken once in a process: they show as a difference of the environment.
    private static (string Name, object? There, object? Here, DeterminismSettings Change)[] Changes(DeterminismSettings wanted, DeterminismSettings now) =>
    [
        (nameof(wanted.Mode), wanted.Mode, now.Mode, new() { Mode = wanted.Mode }),
        (nameof(wanted.CudnnEnabled), wanted.CudnnEnabled, now.CudnnEnabled, new() { CudnnEnabled = wanted.CudnnEnabled }),
        (nameof(wanted.CudnnBenchmark), wanted.CudnnBenchmark, now.CudnnBenchmark, new() { CudnnBenchmark = wanted.CudnnBenchmark }),
        (nameof(wanted.CudnnDeterministic), wanted.CudnnDeterministic, now.CudnnDeterministic, new() { CudnnDeterministic = wanted.CudnnDeterministic }),
        (nameof(wanted.CudnnAllowTF32), wanted.CudnnAllowTF32, now.CudnnAllowTF32, new() { CudnnAllowTF32 = wanted.CudnnAllowTF32 }),
        (nameof(wanted.CublasAllowTF32), wanted.CublasAllowTF32, now.CublasAllowTF32, new() { CublasAllowTF32 = wanted.CublasAllowTF32 }),
        (nameof(wanted.MatmulPrecision), wanted.MatmulPrecision, now.MatmulPrecision, new() { MatmulPrecision = wanted.MatmulPrecision }),
        (nameof(wanted.FillUninitializedMemory), wanted.FillUninitializedMemory, now.FillUninitializedMemory,
            new() { FillUninitializedMemory = wanted.FillUninitializedMemory }),
        (nameof(wanted.MkldnnEnabled), wanted.MkldnnEnabled, now.MkldnnEnabled, new() { MkldnnEnabled = wanted.MkldnnEnabled }),
        (nameof(wanted.FlushDenormal), wanted.FlushDenormal, now.FlushDenormal, new() { FlushDenormal = wanted.FlushDenormal }),
        (nameof(wanted.Threads), wanted.Threads, now.Threads, new() { Threads = wanted.Threads }),
    ];

    private static void RestoreStreams(RunOutput recorded, ReplayOptions options)
    {
        if (recorded.RandomState is not { } state)
        {
            if (recorded.Seed is null)
            {
                options.OnWarning?.Invoke($"The run {recorded.Name} has neither states of random streams nor a seed: what it draws is chance.");
            }

            return;
        }

        // A run from a machine with more devices than this one is replayed with what is here.
        var here = TorchGenerator.AllDefaults().Select(generator => generator.Device.ToString()).ToHashSet(StringComparer.Ordinal);
        string[] missing = [.. state.Torch.Keys.Where(device => !here.Contains(device))];
        if (missing.Length > 0)
        {
            options.OnWarning?.Invoke($"The states of the generators of {string.Join(", ", missing)} cannot be restored: there is no such device here.");
        }

        RandomStreams.Restore(state with
        {
            Torch = state.Torch.Where(stream => here.Contains(stream.Key)).ToDictionary(stream => stream.Key, stream => stream.Value),
        });
        options.OnStep?.Invoke($"Restored the states of {string.Join(", ", state.Sources)}.");
    }

    private static void RequireInputs(RunOutput recorded)
    {
        if (!recorded.IsReplayable)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument,
                $"The run '{recorded.Name}' was recorded without its inputs, so it cannot be replayed. Record one with Invoke-TorchModel "
                + "-IncludeInput, reprotorch run --include-input, or reprotorch_record.record() in Python.");
        }
    }

    // What was kept must be what was recorded: whoever changes an output and mends the file's checksums does not mend this.
    private static void RequireContent(RunOutput recorded)
    {
        for (int i = 0; i < recorded.Inputs.Count; i++)
        {
            RunInputInfo input = recorded.Inputs[i];
            if (input.Hash is { } hash && ContentHash.Of(recorded.InputValues![i]) is var found && found != hash)
            {
                throw Tampered(recorded, $"the input {input.Name} has the hash {found}, and {hash} was recorded");
            }
        }

        if (recorded.RecordedContentHash is { } expected && recorded.ContentHash is var actual && actual != expected)
        {
            throw Tampered(recorded, $"its content has the hash {actual}, and {expected} was recorded");
        }
    }

    private static ReproTorchException Tampered(RunOutput recorded, string what) => new(
        ReproTorchErrorKind.FileFormat, $"The run '{recorded.Name}' is not what was recorded: {what}. It was changed since, or is damaged.");
}
