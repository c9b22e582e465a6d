namespace ReproTorch.Training;

/// <summary>One batch of a training, as it is told while it runs.</summary>
public sealed record TrainingStep
{
    /// <summary>The epoch, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>How many there are.</summary>
    public required int Epochs { get; init; }

    /// <summary>The batch in the epoch, from 1.</summary>
    public required long Step { get; init; }

    /// <summary>How many an epoch has.</summary>
    public required long Steps { get; init; }

    /// <summary>Its loss.</summary>
    public required double Loss { get; init; }

    /// <summary>The learning rate of the first group.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Since the training began or went on.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>How long the rest is going to take, if it goes on as so far.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>Whether this is one of those that are to be written down (every so many, counted in the epoch).</summary>
    public required bool IsLogged { get; init; }

    /// <summary><c>Epoch 1/3, Step 100/180: Loss: 0.1234</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"Epoch {Epoch}/{Epochs}, Step {Step}/{Steps}: Loss: {Loss:F4}");
}
