using System.Management.Automation;
using ReproTorch.Comparison;
using ReproTorch.Determinism;
using ReproTorch.Models;
using ReproTorch.PowerShell.Commands.Determinism;
using ReproTorch.PowerShell.Commands.Models;
using ReproTorch.PowerShell.Commands.Provenance;
using ReproTorch.PowerShell.Commands.Runs;
using ReproTorch.Provenance;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.PowerShell.Tests.Commands;

public sealed class ModelCommandTests : CmdletTests
{
    [Fact]
    public void AModelGoesOutAndComesBackAndRunsTheSame()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    return x * 2");
        Shell shell = Engine.Run<ExportTorchModelCommand>(NewShell(), [model], ("Path", "m [1].pt"));
        Assert.Empty(shell.Errors);
        shell = Engine.Run<ImportTorchModelCommand>(NewShell(), null, ("LiteralPath", "m [1].pt"));
        TorchModel back = Assert.IsAssignableFrom<TorchModel>(Assert.Single(shell.Output));
        Assert.Equal("m [1]", back.Name);
        Assert.Equal(64, back.Sha256!.Length);
        RunOutput run = Invoke(back, Floats(1, 2));
        Assert.Equal(back.Sha256, run.ModelSha256);
        Assert.Equal([2f, 4f], run.Outputs[0].ToTensor().ToArray<float>());
    }

    [Fact]
    public void AHashThatDoesNotMatchRefusesTheFile()
    {
        Engine.Run<ExportTorchModelCommand>(NewShell(), [Compile("def forward(self, x: Tensor):\n    return x")], ("Path", "m.pt"));
        string right = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, "m.pt"))));
        Assert.Single(Engine.Run<ImportTorchModelCommand>(NewShell(), null, ("LiteralPath", "m.pt"), ("Sha256", right)).Output);
        Shell shell = Engine.Run<ImportTorchModelCommand>(NewShell(), null, ("LiteralPath", "m.pt"), ("Sha256", new string('0', 64)));
        ErrorRecord error = Assert.Single(shell.Errors);
        Assert.Equal(("Refused", ErrorCategory.SecurityError), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
        Assert.Contains(right.ToLowerInvariant(), error.Exception.Message, StringComparison.Ordinal);
        Assert.Empty(shell.Output);
    }

    [Fact]
    public void AModelThatWritesFilesIsRefusedUnlessAllowed()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    torch.save([x], 'stolen.bin')\n    return x");
        Engine.Run<ExportTorchModelCommand>(NewShell(), [model], ("Path", "m.pt"));
        Shell shell = Engine.Run<ImportTorchModelCommand>(NewShell(), null, ("LiteralPath", "m.pt"));
        Assert.Equal("Refused", Assert.Single(shell.Errors).FullyQualifiedErrorId);
        Assert.Single(Engine.Run<ImportTorchModelCommand>(NewShell(), null, ("LiteralPath", "m.pt"), ("AllowFileAccess", true)).Output);
    }

    [Theory]
    [InlineData("garbage.pt", "no model")]
    [InlineData("empty.pt", "")]
    public void WhatIsNoModelIsInvalidData(string name, string content)
    {
        File.WriteAllText(Path.Combine(Folder, name), content);
        ErrorRecord error = Assert.Single(Engine.Run<ImportTorchModelCommand>(NewShell(), null, ("LiteralPath", name)).Errors);
        Assert.Equal(("ModelFormat", ErrorCategory.InvalidData), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
        Assert.Equal(Path.Combine(Folder, name), error.TargetObject);
    }

    [Fact]
    public void AnErrorIsThatOfItsInputAndTheNextOneGoesOn()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    return x + torch.ones(2)");
        Shell shell = Engine.Pipe<InvokeTorchModelCommand>([Floats(1, 2), Floats(1, 2, 3), Floats(3, 4)], ("Model", model));
        Assert.Equal(2, shell.Output.Count);
        ErrorRecord error = Assert.Single(shell.Errors);
        Assert.Equal(("OperatorFailure", ErrorCategory.InvalidResult), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
        Assert.Equal(["run 1", "run 3"], shell.Output.Select(run => ((RunOutput)run!).Name));
    }

    [Fact]
    public void ArgumentsComeAsAListOrByName()
    {
        TorchModel model = Compile("def forward(self, a: Tensor, b: Tensor):\n    return a - b");
        RunOutput list = Invoke(model, new object[] { Floats(5), new PSObject(Floats(3)) });
        RunOutput named = Invoke(model, new System.Collections.Hashtable { ["b"] = Floats(3), ["a"] = Floats(5) });
        Assert.Equal([2f], list.Outputs[0].ToTensor().ToArray<float>());
        Assert.Equal([2f], named.Outputs[0].ToTensor().ToArray<float>());
    }

    [Fact]
    public void ASeedIsSetRightBeforeEachInput()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    return x + torch.rand(1)");
        Shell shell = Engine.Pipe<InvokeTorchModelCommand>([Floats(0), Floats(0)], ("Model", model), ("Seed", 7));
        float[] values = [.. shell.Output.Select(run => ((RunOutput)run!).Outputs[0].ToTensor().ToArray<float>()[0])];
        Assert.Equal(values[0], values[1]);
        shell = Engine.Pipe<InvokeTorchModelCommand>([Floats(0), Floats(0)], ("Model", model));
        values = [.. shell.Output.Select(run => ((RunOutput)run!).Outputs[0].ToTensor().ToArray<float>()[0])];
        Assert.NotEqual(values[0], values[1]);
    }

    [Fact]
    public void ANondeterministicOperatorIsInvalidOperation()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    return x.put_(torch.tensor([0]), torch.tensor([1.0]))");
        DeterminismPolicy.Set(DeterminismPolicy.Deterministic(warnOnly: false));
        ErrorRecord error = Assert.Single(Engine.Pipe<InvokeTorchModelCommand>([Floats(1)], ("Model", model)).Errors);
        Assert.Equal(("NondeterministicOperation", ErrorCategory.InvalidOperation), (error.FullyQualifiedErrorId, error.CategoryInfo.Category));
        DeterminismPolicy.Set(DeterminismPolicy.Deterministic(warnOnly: true));
        Shell shell = Engine.Pipe<InvokeTorchModelCommand>([Floats(1)], ("Model", model));
        Assert.Single(shell.Output);
        Assert.Contains("deterministic", Assert.Single(shell.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoModelIsNamedWithWhatOneIs()
    {
        foreach ((object? given, string named) in (IEnumerable<(object?, string)>)[(5, "'5' (Int32)"), (null, "Nothing ($null)"), (Floats(1), "(TorchTensor)")])
        {
            string message = Refused(given);
            Assert.Contains($"{named} was given for the model. Expected a model", message, StringComparison.Ordinal);
            Assert.Contains("Import-TorchModel", message, StringComparison.Ordinal);
            Assert.Contains("New-TorchModel", message, StringComparison.Ordinal);
        }

        Assert.Contains("give (Import-TorchModel 'it''s.pt')", Refused("it's.pt"), StringComparison.Ordinal);

        static string Refused(object? model) => Assert.Throws<ArgumentTransformationMetadataException>(
            () => Engine.Run<TestTorchDeterminismCommand>(("Model", model), ("InputObject", 6))).Message;
    }

    [Fact]
    public void ATraceIsCheckedAndDropoutCanBeToo()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    return torch.dropout(x, 0.5, True)");
        Shell shell = Engine.Run<ConvertToTracedModelCommand>(("Model", model), ("Example", Floats(1, 2, 3, 4)));
        Assert.Empty(shell.Errors);
        Assert.Single(shell.Output);
    }

    [Fact]
    public void ATraceThatDoesNotHoldForACheckInputFails()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    if bool(x.sum() > 0):\n        return x * 2\n    return x - 1");
        Shell shell = Engine.Run<ConvertToTracedModelCommand>(("Model", model), ("Example", Floats(1)));
        Assert.Contains("froze a branch", Assert.Single(shell.Warnings), StringComparison.Ordinal);
        shell = Engine.Run<ConvertToTracedModelCommand>(("Model", model), ("Example", Floats(1)), ("CheckInput", new object[] { Floats(-1) }));
        Assert.Contains("check input 1", Assert.Single(shell.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Empty(shell.Output);
        Assert.Single(Engine.Run<ConvertToTracedModelCommand>(("Model", model), ("Example", Floats(1)), ("CheckInput", new object[] { Floats(-1) }), ("NoCheck", true)).Output);
    }

    [Fact]
    public void RunsAreWrittenComparedAndRead()
    {
        TorchModel model = Compile("def forward(self, x: Tensor):\n    return x * 2");
        RunOutput first = Invoke(model, Floats(1, 2).WithName("one"));
        RunOutput second = Invoke(model, Floats(1, 2.0000002f).WithName("two"));
        Assert.Empty(Engine.Run<ExportRunOutputCommand>(NewShell(), [first], ("Path", "first.npz")).Errors);
        Shell shell = Engine.Run<CompareRunOutputCommand>(NewShell(), null, ("ReferenceObject", "first.npz"), ("DifferenceObject", first));
        Assert.True(((RunComparison)Assert.Single(shell.Output)!).Identical);
        shell = Engine.Run<CompareRunOutputCommand>(NewShell(), null, ("ReferenceObject", "first.npz"), ("DifferenceObject", second), ("Close", true));
        var close = (RunComparison)Assert.Single(shell.Output)!;
        Assert.Equal((true, false, true), (close.Match, close.Identical, close.Close));
        shell = Engine.Run<CompareRunOutputCommand>(NewShell(), null, ("ReferenceObject", first), ("DifferenceObject", second), ("Quiet", true));
        Assert.Equal([false], shell.Output);
        Assert.Empty(shell.Errors);

        Engine.Run<ExportRunOutputCommand>(NewShell(), [first, second], ("Path", "runs"));
        Assert.Equal(["one.npz", "two.npz"], Directory.GetFiles(Path.Combine(Folder, "runs")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        shell = Engine.Run<ImportRunOutputCommand>(NewShell(), null, ("LiteralPath", "runs"));
        Assert.Equal(["one", "two"], shell.Output.Select(run => ((RunOutput)run!).Name));
        shell = Engine.Run<CompareRunOutputCommand>(NewShell(), shell.Output, ("ReferenceObject", "runs"));
        Assert.All(shell.Output, comparison => Assert.True(((RunComparison)comparison!).Identical));
        Assert.Equal(2, shell.Output.Count);
    }

    [Fact]
    public void ComparingNothingNeverMatches()
    {
        Shell shell = Engine.Run<CompareRunOutputCommand>(("ReferenceObject", Array.Empty<object>()), ("DifferenceObject", Array.Empty<object>()), ("Quiet", true));
        Assert.Equal([false], shell.Output);
        RunOutput run = Invoke(Compile("def forward(self, x: Tensor):\n    return x"), Floats(1));
        shell = Engine.Run<CompareRunOutputCommand>(("ReferenceObject", new object[] { run, run }), ("DifferenceObject", run), ("Quiet", true));
        Assert.Equal([true, false], shell.Output);
    }

    [Fact]
    public void OneToleranceWithoutTheOtherEndsTheCommand() => Assert.Throws<TerminatingErrorException>(
        () => Engine.Run<CompareRunOutputCommand>(("ReferenceObject", Floats(1)), ("DifferenceObject", Floats(1)), ("RelativeTolerance", 0.1)));

    [Fact]
    public void SwitchesAreSetReturnedAndPutBack()
    {
        DeterminismSettings before = DeterminismPolicy.Get();
        Shell shell = Engine.Run<SetTorchDeterminismCommand>(("Mode", "Error"), ("Threads", 3), ("PassThru", true));
        Assert.Equal(before, Assert.Single(shell.Output));
        DeterminismSettings now = (DeterminismSettings)Assert.Single(Engine.Run<GetTorchDeterminismCommand>().Output)!;
        Assert.Equal((DeterminismMode.Error, 3), (now.Mode, now.Threads));
        Engine.Pipe<SetTorchDeterminismCommand>([before]);
        Assert.Equal(before, DeterminismPolicy.Get());
        shell = NewShell();
        shell.WhatIf = true;
        Engine.Run<SetTorchDeterminismCommand>(shell, null, ("Mode", "Warn"));
        Assert.Equal(before, DeterminismPolicy.Get());
    }

    [Fact]
    public void EnvironmentsDifferInWhatWasChanged()
    {
        var before = (TorchEnvironment)Assert.Single(Engine.Run<GetTorchEnvironmentCommand>().Output)!;
        Assert.True(((EnvironmentComparison)Engine.Run<CompareTorchEnvironmentCommand>(("ReferenceObject", before)).Output[0]!).Match);
        DeterminismPolicy.Set(new DeterminismSettings { MkldnnEnabled = !before.Determinism.MkldnnEnabled });
        var comparison = (EnvironmentComparison)Engine.Run<CompareTorchEnvironmentCommand>(("ReferenceObject", before)).Output[0]!;
        Assert.Equal("Determinism.MkldnnEnabled", Assert.Single(comparison.Differences).Name);
    }

    private static ScriptModel Compile(string source) => new ModelSource { Source = source }.Compile();

    private static TorchTensor Floats(params float[] values) => TorchTensor.FromSpan<float>(values, DType.float32);

    private static RunOutput Invoke(TorchModel model, object? input)
    {
        Shell shell = Engine.Run<InvokeTorchModelCommand>(("Model", model), ("InputObject", input));
        Assert.Empty(shell.Errors);
        return Assert.IsType<RunOutput>(Assert.Single(shell.Output));
    }
}
