using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using ReproTorch.Models;
using ReproTorch.PowerShell.Binding;
using ReproTorch.PowerShell.Commands.Models;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Tests.Commands;

public sealed class NewTorchModelCommandTests : CmdletTests
{
    [Fact]
    public void BuildsLayersWithTheValuesOfTheSeed()
    {
        Shell shell = Engine.Run<NewTorchModelCommand>(
            NewShell(), null, ("Layer", new object[] { new PSObject("Linear(3, 2)"), "ReLU" }), ("Seed", new System.Numerics.BigInteger(0)));
        var model = Assert.IsAssignableFrom<TorchModel>(Assert.Single(shell.Output));
        Assert.Equal(-0.011439144611358643f, model.Tensor("0.bias").ToArray<float>()[0]);
    }

    [Fact]
    public void KeysOfAnOrderedDictionaryNameLayersAndTheOthersAreNumberedByPlace()
    {
        var named = new OrderedDictionary { ["z"] = "Linear(3, 2)", ["a"] = new PSObject("PReLU") };
        Shell shell = Engine.Run<NewTorchModelCommand>(NewShell(), null, ("Layer", new object[] { named, "Linear(2, 1, bias=False)" }));
        Assert.Empty(shell.Errors);
        Assert.Equal(
            ["z.weight", "z.bias", "a.weight", "2.weight"],
            ((TorchModel)shell.Output[0]!).Describe().Parameters.Select(parameter => parameter.Name));
    }

    public static TheoryData<object, string> Wrong => new()
    {
        { new Hashtable { ["a"] = "ReLU", ["b"] = "Tanh" }, "[ordered]" },
        { new OrderedDictionary { ["a"] = 3 }, "'a'" },
        { 3, "Int32" },
        { "Linear(3", "')'" },
        { new OrderedDictionary { ["a b"] = "ReLU" }, "'a b'" },
        { new OrderedDictionary { ["training"] = "ReLU" }, "'training'" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void WhatIsNoLayerIsAnInvalidArgument(object layer, string words)
    {
        Shell shell = Engine.Run<NewTorchModelCommand>(NewShell(), null, ("Layer", new[] { layer }));
        ErrorRecord error = Assert.Single(shell.Errors);
        Assert.Equal(("InvalidArgument", ErrorCategory.InvalidArgument), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
        Assert.Contains(words, error.Exception.Message, StringComparison.Ordinal);
        Assert.Empty(shell.Output);
    }

    [Theory]
    [InlineData("Softpl", "Softplus", "Softplus(beta=1, threshold=20)")]
    [InlineData("'conv2", "'Conv2d(", "Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)")]
    [InlineData("'Linear(4, out", "'Linear(4, out_features=", "Linear(in_features, out_features, bias=True, device=None, dtype=None)")]
    [InlineData("'Dropout(", "'Dropout(p=|'Dropout(inplace=", "Dropout(p=0.5, inplace=False)")]
    [InlineData("'Dropout(p=0.1, ", "'Dropout(p=0.1, inplace=", "Dropout(p=0.5, inplace=False)")]
    [InlineData("'Nothing(", "", null)]
    public void CompletesLayersAndTheirParameters(string word, string expected, string? tip)
    {
        CompletionResult[] results = [.. new LayerCompleter().CompleteArgument("New-TorchModel", "Layer", word, null!, new Hashtable())];
        Assert.Equal(expected, string.Join('|', results.Select(result => result.CompletionText)));
        Assert.All(results, result => Assert.Equal(tip, result.ToolTip));
    }

    [Fact]
    public void CompilesADefinitionWithAllItsParts()
    {
        var part = (TorchModel)Engine.Run<NewTorchModelCommand>(NewShell(), null, ("Layer", new object[] { "Linear(2, 2)" })).Output[0]!;
        Shell shell = Engine.Run<NewTorchModelCommand>(
            NewShell(),
            null,
            ("Definition", "def forward(self, x):\n    return self.part(x) * self.weight + self.shift * self.count"),
            ("Parameter", new Hashtable { ["weight"] = new object[] { 2.0, 3.0 } }),
            ("Buffer", new Hashtable { ["shift"] = TorchTensor.FromSpan<float>([1f], DType.float32) }),
            ("Attribute", new Hashtable { ["count"] = 4 }),
            ("Submodule", new Hashtable { ["part"] = new PSObject(part) }));
        Assert.Empty(shell.Errors);
        ModelDescription description = ((TorchModel)shell.Output[0]!).Describe();
        Assert.Equal(["weight", "part.0.weight", "part.0.bias"], description.Parameters.Select(parameter => parameter.Name));
        Assert.Equal("shift", Assert.Single(description.Buffers).Name);
    }
}
