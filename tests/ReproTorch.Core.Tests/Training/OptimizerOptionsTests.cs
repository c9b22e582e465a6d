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
