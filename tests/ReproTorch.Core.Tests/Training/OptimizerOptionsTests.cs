using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

public sealed class OptimizerOptionsTests
{
    [Theory]
    [InlineData("SGD", 0.1, "SGD(lr=0.1, momentum=0, dampening=0, nesterov=False, weight_decay=0, maximize=False)")]
    [InlineData("sgd(momentum=0.9)", 0.1, "SGD(lr=0.1, momentum=0.9, dampening=0, nesterov=False, weight_decay=0, maximize=False)")]
    [InlineData("Adam", null, "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, amsgrad=False, weight_decay=0, maximize=False)")]
    [InlineData("torch.optim.AdamW(1e-2)", null, "AdamW(lr=0.01, betas=(0.9, 0.999), eps=1e-08, amsgrad=False, weight_decay=0.01, maximize=False)")]
    [InlineData("RMSprop()", null, "RMSprop(lr=0.01, alpha=0.99, eps=1e-08, momentum=0, centered=False, weight_decay=0, maximize=False)")]
    [InlineData("Adagrad", 0.5, "Adagrad(lr=0.5, lr_decay=0, initial_accumulator_value=0, eps=1e-10, weight_decay=0, maximize=False)")]
    public void DefaultsArePyTorchs(string text, double? rate, string whole) => Assert.Equal(whole, OptimizerOptions.Parse(text, rate).ToString());

    [Theory]
    [InlineData(
        "SGD(momentum=0.9, nesterov=True)", "SGD(weight_decay=0.5)", 0.1,
        "SGD(lr=0.1, momentum=0.9, dampening=0, nesterov=True, weight_decay=0.5, maximize=False)")]
    [InlineData(
        "AdamW(betas=(0.8, 0.9), amsgrad=True, maximize=True)", "adamw(lr=0.5, weight_decay=0)", 0.1,
        "AdamW(lr=0.5, betas=(0.8, 0.9), eps=1e-08, amsgrad=True, weight_decay=0, maximize=True)")]
    [InlineData(
        "RMSprop(alpha=0.5, centered=True)", "RMSprop", null,
        "RMSprop(lr=0.01, alpha=0.5, eps=1e-08, momentum=0, centered=True, weight_decay=0, maximize=False)")]
    [InlineData(
        "Adagrad(lr_decay=0.5, initial_accumulator_value=2)", "Adagrad(eps=1)", 0.1,
        "Adagrad(lr=0.1, lr_decay=0.5, initial_accumulator_value=2, eps=1, weight_decay=0, maximize=False)")]
    [InlineData("Adam", "SGD", 0.25, "SGD(lr=0.25, momentum=0, dampening=0, nesterov=False, weight_decay=0, maximize=False)")]
    public void AGroupHasWhatItLeavesOutFromTheMainOptimizer(string main, string group, double? rate, string whole) =>
        Assert.Equal(whole, OptimizerOptions.ParseGroup(group, OptimizerOptions.Parse(main, rate), rate).ToString());

    [Theory]
    [InlineData("SGD(lr=1e999)", null, "lr")]
    [InlineData("SGD", null, "SGD has no default learning rate")]
    [InlineData("SGD(lr=0.1)", 0.1, "given twice")]
    [InlineData("SGD", -1.0, "Expected 0 or more")]
    [InlineData("SGD", double.NaN, "Expected 0 or more")]
    [InlineData("SGD(nesterov=True)", 0.1, "Nesterov momentum requires a momentum and zero dampening")]
    [InlineData("Adam(betas=(0.9, 1.0))", null, "Each beta")]
    [InlineData("Adam(momentum=0.9)", null, "has no parameter 'momentum'")]
    [InlineData("LBFGS", null, "There is no optimizer 'LBFGS'")]
    public void WhatIsWrongIsNamed(string text, double? rate, string message)
    {
        var error = Assert.Throws<ReproTorchException>(() => OptimizerOptions.Parse(text, rate));
        Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
