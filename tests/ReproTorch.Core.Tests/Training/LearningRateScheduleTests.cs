using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

/// <summary>The expected bits are those of torch.optim.lr_scheduler 1.13 over SGD(lr=0.1); tests/python/train_side_by_side.py compares whole
/// trainings.</summary>
public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData("StepLR(step_size=3, gamma=0.3)", 8, 0x3f826e978d4fdf3bL)]
    [InlineData("MultiStepLR(milestones=[2, 5, 5], gamma=0.7)", 7, 0x3fa18fc504816effL)]
    [InlineData("MultiStepLR(milestones=[0, 2], gamma=0.7)", 4, 0x3fa916872b020c49L)]
    [InlineData("ExponentialLR(gamma=0.93)", 9, 0x3faca68cfa63bacbL)]
    [InlineData("CosineAnnealingLR(T_max=5, eta_min=1e-3)", 4, 0x3fa20636c64e4e9dL)]
    [InlineData("CosineAnnealingLR(T_max=4)", 8, 0x3fb5d9d8f5cc7e54L)]
    [InlineData("OneCycleLR(max_lr=0.2, total_steps=20)", 11, 0x3fc25a8ec294376cL)]
    [InlineData("OneCycleLR(0.2, None, 4, 5)", 11, 0x3fc25a8ec294376cL)]
    [InlineData("OneCycleLR(max_lr=0.1, total_steps=12, three_phase=True, anneal_strategy='linear')", 7, 0x3f6c3faca09ab556L)]
    public void RatesHaveTheBitsOfPythons(string text, int steps, long expected)
    {
        LearningRateSchedule schedule = LearningRateSchedule.Parse(text);
        ScheduleState state = schedule.Begin([0.1], hasMomentum: true, totalSteps: steps);
        for (int i = 1; i < steps; i++)
        {
            schedule.Advance(state, metric: 0);
        }

        Assert.Equal(expected, BitConverter.DoubleToInt64Bits(state.Rates[0]));
    }

    [Fact]
    public void ACycleWhoseFirstPhaseIsOneStepIsRefusedAsPythonDividesByZero()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Parse("OneCycleLR(max_lr=0.1, pct_start=0.1)");
        var error = Assert.Throws<ReproTorchException>(() => schedule.Begin([0.1], hasMomentum: true, totalSteps: 10));
        Assert.Contains("pct_start 0.1 of 10 steps", error.Message, StringComparison.Ordinal);
        schedule.Begin([0.1], hasMomentum: true, totalSteps: 11);
    }

    [Fact]
    public void APlateauLowersTheRateWhenTheMetricStays()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Parse("torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.3, patience=1, cooldown=1)");
        ScheduleState state = schedule.Begin([0.1, 0.2], hasMomentum: false, totalSteps: 9);
        foreach (double metric in new[] { 1, 0.9, 0.95, 0.95, 0.95, 0.5, 0.6, 0.6 })
        {
            schedule.Advance(state, metric);
        }

        Assert.Equal(0x3f826e978d4fdf3bL, BitConverter.DoubleToInt64Bits(state.Rates[0]));
        Assert.Equal(0.2 * 0.3 * 0.3, state.Rates[1]);
    }

    [Theory]
    [InlineData("StepLR", "needs step_size")]
    [InlineData("StepLR(0)", "has to be 1 or more")]
    [InlineData("CosineAnnealing(T_max=0)", "has to be 1 or more")]
    [InlineData("OneCycle(0.1, pct_start=2)", "between 0 and 1")]
    [InlineData("OneCycle(0.1, anneal_strategy='sin')", "'cos' or 'linear'")]
    [InlineData("ReduceLROnPlateau(factor=1.0)", "below 1")]
    [InlineData("ReduceLROnPlateau(mode='mid')", "'min' or 'max'")]
    [InlineData("CyclicLR(0.1)", "There is no schedule 'CyclicLR'")]
    public void WhatIsWrongIsNamed(string text, string message)
    {
        var error = Assert.Throws<ReproTorchException>(() => LearningRateSchedule.Parse(text));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneCycleNeedsRoomForAllStepsAndAMomentum()
    {
        Assert.Throws<ReproTorchException>(() => LearningRateSchedule.Parse("OneCycleLR(0.1, epochs=5)"));
        Assert.Throws<ReproTorchException>(() => LearningRateSchedule.Parse("OneCycleLR(0.1, epochs=0, steps_per_epoch=5)"));
        Assert.Throws<ReproTorchException>(() => LearningRateSchedule.Parse("OneCycleLR(0.1, total_steps=5)").Begin([0.1], true, 6));
        Assert.Throws<ReproTorchException>(() => LearningRateSchedule.Parse("OneCycleLR(0.1)").Begin([0.1], false, 6));
        Assert.Null(LearningRateSchedule.Parse("OneCycleLR(0.1, cycle_momentum=False)").Begin([0.1], false, 6).Momentum);
    }
}
