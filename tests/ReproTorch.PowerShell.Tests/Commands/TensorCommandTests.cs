using System.Management.Automation;
using ReproTorch.PowerShell.Commands.Tensors;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Tests.Commands;

public sealed class TensorCommandTests : CmdletTests
{
    [Theory]
    [InlineData(1.5, DType.float32)]
    [InlineData(3, DType.int64)]
    [InlineData(true, DType.@bool)]
    public void ScalarsHaveTheDTypeThatTorchTensorGives(object value, DType expected)
    {
        TorchTensor tensor = New(("Value", value));
        Assert.Equal(expected, tensor.DType);
        Assert.Empty(tensor.Shape);
    }

    [Fact]
    public void NestedListsGiveTheirShape()
    {
        TorchTensor tensor = New(("Value", new object[] { new object[] { 1, 2.5, 3 }, new object[] { 4, 5, 6 } }));
        Assert.Equal([2, 3], tensor.Shape);
        Assert.Equal([1, 2.5f, 3, 4, 5, 6], tensor.ToArray<float>());
    }

    [Fact]
    public void TypedArraysKeepTheirType()
    {
        Assert.Equal(DType.float64, New(("Value", new[] { 1.0, 2.0 })).DType);
        Assert.Equal(DType.uint8, New(("Value", new byte[] { 1 })).DType);
        TorchTensor grid = New(("Value", new short[,] { { 1, 2 }, { 3, 4 } }));
        Assert.Equal(DType.int16, grid.DType);
        Assert.Equal([2, 2], grid.Shape);
    }

    [Fact]
    public void ShapeRearrangesTheValues()
    {
        TorchTensor tensor = New(("Value", new object[] { 1, 2, 3, 4 }), ("Shape", new long[] { 2, 2 }), ("DType", "torch.int32"));
        Assert.Equal([2, 2], tensor.Shape);
        Assert.Equal([1, 2, 3, 4], tensor.ToArray<int>());
    }

    public static TheoryData<object?, string> Refused => new()
    {
        { new object[] { new object[] { 1, 2 }, new object[] { 3 } }, "equally long" },
        { new object[] { new object[] { 1 }, 2 }, "number where other places have a list" },
        { new object[] { 2, new object[] { 1 } }, "list where other places have a number" },
        { new object?[] { 1, null }, "no number" },
        { new object[] { 1, "two" }, "no number" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatIsNoTensorIsAnErrorThatSaysWhy(object? value, string why)
    {
        Shell shell = Engine.Run<NewTorchTensorCommand>(("Value", value));
        Assert.Contains(why, Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Empty(shell.Output);
    }

    [Theory]
    [InlineData(300, DType.uint8)]
    [InlineData(-1, DType.uint8)]
    public void AValueThatDoesNotFitIsRefused(int value, DType dtype)
    {
        Shell shell = Engine.Run<NewTorchTensorCommand>(("Value", value), ("DType", dtype));
        Assert.Contains("does not fit", Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zeros", null, new float[] { 0, 0 })]
    [InlineData("ones", null, new float[] { 1, 1 })]
    [InlineData("full", 2.5, new float[] { 2.5f, 2.5f })]
    public void FillsAreFilled(string factory, object? argument, float[] expected) => Assert.Equal(
        expected, New(("Factory", factory), ("ArgumentList", argument is null ? [] : new[] { argument }), ("Shape", new long[] { 2 })).ToArray<float>());

    [Fact]
    public void AnUnknownFactoryListsTheKnownOnes()
    {
        Shell shell = Engine.Run<NewTorchTensorCommand>(("Factory", "twos"), ("Shape", new long[] { 2 }));
        Assert.Contains("randn", Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".npy")]
    [InlineData(".npz")]
    [InlineData(".safetensors")]
    public void ATensorGoesOutAndComesBack(string extension)
    {
        TorchTensor tensor = New(("Value", new object[] { 1.5, -0.0, double.NaN }));
        string file = "values [1]" + extension;
        Shell shell = Engine.Run<ExportTorchTensorCommand>(NewShell(), [tensor], ("Path", file));
        Assert.Empty(shell.Errors);
        shell = Engine.Run<ImportTorchTensorCommand>(NewShell(), null, ("LiteralPath", file));
        TorchTensor back = Assert.IsType<TorchTensor>(Assert.Single(shell.Output));
        Assert.Equal(tensor.ContentHash(), back.ContentHash());
    }

    [Fact]
    public void AnExistingFileNeedsForce()
    {
        TorchTensor one = New(("Value", 1));
        TorchTensor two = New(("Value", 2));
        Engine.Run<ExportTorchTensorCommand>(NewShell(), [one], ("Path", "x.npy"));
        byte[] before = File.ReadAllBytes(Path.Combine(Folder, "x.npy"));
        Shell shell = Engine.Run<ExportTorchTensorCommand>(NewShell(), [two], ("Path", "x.npy"));
        Assert.Contains("-Force", Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Folder, "x.npy")));
        shell = Engine.Run<ExportTorchTensorCommand>(NewShell(), [two], ("Path", "x.npy"), ("Force", true), ("PassThru", true));
        Assert.Empty(shell.Errors);
        Assert.IsType<FileInfo>(Assert.Single(shell.Output));
        Assert.NotEqual(before, File.ReadAllBytes(Path.Combine(Folder, "x.npy")));
    }

    [Fact]
    public void WhatIfWritesNothing()
    {
        Shell shell = NewShell();
        shell.WhatIf = true;
        Engine.Run<ExportTorchTensorCommand>(shell, [New(("Value", 1))], ("Path", "x.npy"));
        Assert.Single(shell.Asked);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    public void AMissingFileIsItsOwnErrorAndTheOthersAreRead()
    {
        Engine.Run<ExportTorchTensorCommand>(NewShell(), [New(("Value", 1))], ("Path", "there.npy"));
        Shell shell = Engine.Run<ImportTorchTensorCommand>(NewShell(), null, ("LiteralPath", new[] { "gone.npy", "there.npy" }));
        ErrorRecord error = Assert.Single(shell.Errors);
        Assert.Equal(("PathNotFound", ErrorCategory.ObjectNotFound), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
        Assert.Equal("there", ((TorchTensor)Assert.Single(shell.Output)!).Name);
    }

    [Fact]
    public void ADamagedFileIsInvalidData()
    {
        File.WriteAllBytes(Path.Combine(Folder, "bad.npy"), [1, 2, 3]);
        ErrorRecord error = Assert.Single(Engine.Run<ImportTorchTensorCommand>(NewShell(), null, ("LiteralPath", "bad.npy")).Errors);
        Assert.Equal(("FileFormat", ErrorCategory.InvalidData), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
    }

    [Fact]
    public void NamesChooseTensorsOfAFile()
    {
        Engine.Run<ExportTorchTensorCommand>(
            NewShell(), [New(("Value", 1)), New(("Value", 2)), New(("Value", 3))], ("Path", "x.npz"), ("Name", new[] { "a1", "a2", "b" }));
        Shell shell = Engine.Run<ImportTorchTensorCommand>(NewShell(), null, ("LiteralPath", "x.npz"), ("Name", "a*"));
        Assert.Equal(["a1", "a2"], shell.Output.Select(tensor => ((TorchTensor)tensor!).Name));
        shell = Engine.Run<ImportTorchTensorCommand>(NewShell(), null, ("LiteralPath", "x.npz"), ("Name", "c"));
        Assert.Contains("a1, a2, b", Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
    }

    private static TorchTensor New(params (string, object?)[] parameters)
    {
        Shell shell = Engine.Run<NewTorchTensorCommand>(parameters);
        Assert.Empty(shell.Errors);
        return Assert.IsType<TorchTensor>(Assert.Single(shell.Output));
    }
}
