namespace ReproTorch.Training;

/// <summary>Where a schedule stands. It belongs to one training and goes into its checkpoints.</summary>
internal sealed record ScheduleState
{
    /// <summary><c>last_epoch</c>: how often the schedule has moved.</summary>
    public long Count { get; set; }

    /// <summary><c>base_lrs</c>: the learning rate that each group began with.</summary>
    public double[] InitialRates { get; set; } = [];

    /// <summary>The learning rate of each group.</summary>
    public double[] Rates { get; set; } = [];

    /// <summary>The momentum of all groups; null where the schedule leaves it alone.</summary>
    public double? Momentum { get; set; }

    /// <summary>The best metric so far (plateau); null before the first.</summary>
    public double? Best { get; set; }

    /// <summary><c>num_bad_epochs</c> (plateau).</summary>
    public long BadEpochs { get; set; }

    /// <summary><c>cooldown_counter</c> (plateau).</summary>
    public long Cooldown { get; set; }
}
