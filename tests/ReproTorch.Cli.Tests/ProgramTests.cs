using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using ReproTorch.Models;
using ReproTorch.Models.Layers;
using ReproTorch.Randomness;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Cli.Tests;

/// <summary>The program as a person or a Makefile meets it: arguments in; standard output, standard error and exit code out.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"repro [test] 日本 {Guid.NewGuid():N}");

    public ProgramTests() => Directory.CreateDirectory(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void EnvTellsAsTextAndAsJson()
    {
        (int code, string text, _) = Run("env");
        Assert.Equal(0, code);
        Assert.Contains("libtorch", text, StringComparison.Ordinal);
        (code, text, _) = Run("env", "--json");
        Assert.Equal(0, code);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.NotEmpty(json.RootElement.GetProperty("torchVersion").GetString()!);
        Assert.True(json.RootElement.GetProperty("determinism").GetProperty("threads").GetInt32() >= 1);
    }

    [Fact]
    public void TwoRunsWithOneSeedAreTheSameAndOthersDiffer()
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return x + torch.rand(3)");
        string input = SaveTensor("x.npy", [1, 2, 3]);
        Assert.Equal(0, Run("run", model, "--input", input, "--seed", "1", "-o", Here("a.npz")).Code);
        Assert.Equal(0, Run("run", model, "--input", input, "--seed", "1", "--traced", "--deterministic", "--threads", "1", "-o", Here("b.npz")).Code);
        Assert.Equal(0, Run("run", model, "--input", input, "--seed", "2", "-o", Here("c.npz")).Code);
        (int code, string text, _) = Run("compare", Here("a.npz"), Here("b.npz"));
        Assert.Equal(0, code);
        Assert.Contains("identical", text, StringComparison.Ordinal);
        (code, text, _) = Run("compare", Here("a.npz"), Here("c.npz"), "--json");
        Assert.Equal(1, code);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.False(json.RootElement.GetProperty("match").GetBoolean());
        JsonElement output = json.RootElement.GetProperty("outputs")[0];
        Assert.Equal("output", output.GetProperty("name").GetString());
        Assert.Equal(3, output.GetProperty("count").GetInt64());
        Assert.True(output.GetProperty("maxAbsolute").GetProperty("value").GetDouble() > 0);
    }

    [Fact]
    public void TrainingIsTheSameTwiceAndWritesModelRunAndCurve()
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return torch.dropout(x * self.w, 0.5, self.training)", weight: 0.5f);
        string input = SaveTensor("x.npy", [1, 2, 3, 4, 5]);
        string target = SaveTensor("y.npy", [2, 4, 6, 8, 10]);
        string[] arguments =
        [
            "train", model, "--input", input, "--target", target, "--loss", "MSE", "--optimizer", "SGD", "--lr", "0.01", "--epochs", "3", "--batch-size",
            "2", "--shuffle", "--seed", "1",
        ];
        (int code, string text, _) = Run([.. arguments, "-o", Here("a.pt"), "--run", Here("a.npz"), "--chart", Here("a.svg"), "--log-every", "2"]);
        Assert.Equal(0, code);
        Assert.Contains("Epoch 1/3, Step 2/3: Loss: ", text, StringComparison.Ordinal);
        Assert.True(File.Exists(Here("a.pt")) && File.Exists(Here("a.svg")));
        (code, text, _) = Run([.. arguments, "-o", Here("b.pt"), "--run", Here("b.npz"), "--json"]);
        Assert.Equal(0, code);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(9, json.RootElement.GetProperty("losses").GetArrayLength());
        Assert.Equal(
            json.RootElement.GetProperty("weightsHash").GetString(),
            json.RootElement.GetProperty("epochs")[2].GetProperty("weightsHash").GetString());
        Assert.True(json.RootElement.GetProperty("epochs")[0].GetProperty("loss").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Object, json.RootElement.GetProperty("epochs")[0].GetProperty("metrics").ValueKind);
        Assert.Equal(0, Run("compare", Here("a.npz"), Here("b.npz")).Code);
        (code, _, string error) = Run([.. arguments, "-o", Here("c.pt"), "--schedule", "StepLR"]);
        Assert.Equal(2, code);
        Assert.Contains("needs step_size", error, StringComparison.Ordinal);
        Assert.Equal(2, Run("train", model).Code);
    }

    [Fact]
    public void ATrainingWithGroupsAndWhatElseTheCmdletHasIsThatOfTheLibrary()
    {
        string file = Here("layers.pt");
        LayerModel.Build(["Linear(1, 3)", "Dropout(0.5)", "Linear(3, 1)"], new LayerModelOptions { Seed = TorchSeedValue.From(1) }).Save(file, force: true);
        TorchTensor input = TorchTensor.FromSpan<float>([1, 2, 3, 4, 5, 6], DType.float32, 6, 1);
        TorchTensor target = TorchTensor.FromSpan<float>([2, 4, 6, 8, 10, 12], DType.float32, 6, 1);
        TensorFile.Write(Here("x.npy"), [new NamedTensorData("x", input.ToData())], force: true);
        TensorFile.Write(Here("y.npy"), [new NamedTensorData("y", target.ToData())], force: true);
        OptimizerOptions main = OptimizerOptions.Parse("SGD(momentum=0.9)", 0.01);
        using TorchModel model = ModelLoader.Load(file, new LoadOptions());
        TrainingResult expected = Trainer.Train(model, new TrainingData([input], target), new TrainingOptions
        {
            Loss = TrainingLoss.Parse("MSE"),
            Optimizer = main,
            Groups =
            [
                new ParameterGroup(["0.bias"], OptimizerOptions.ParseGroup("SGD(lr=0.5)", main)),
                new ParameterGroup(["*.bias"], OptimizerOptions.ParseGroup("SGD(momentum=0)", main)),
            ],
            Trained = ["*.bias", "2.*"],
            Epochs = 4,
            BatchSize = 2,
            Shuffle = true,
            Seed = TorchSeedValue.From(1),
            ClipNorm = 0.5,
            ClipNormType = double.PositiveInfinity,
            SetGradientsToNone = true,
            Validation = new TrainingData([input], target),
            ValidationBatchSize = 3,
            ValidationDraws = false,
            EarlyEnd = new EarlyEnd { Patience = 1, MinimumChange = 1e9 },
            Checkpoint = Here("expected.npz"),
        });
        string[] arguments =
        [
            "train", file, "--input", Here("x.npy"), "--target", Here("y.npy"), "--loss", "MSE", "--optimizer", "SGD(momentum=0.9)", "--lr", "0.01",
            "--epochs", "4", "--batch-size", "2", "--shuffle", "--seed", "1", "-o", Here("a.pt"), "--json",
        ];
        (int code, string text, string error) = Run(
        [
            .. arguments, "--group", "0.bias=SGD(lr=0.5)", "--group", "*.bias=SGD(momentum=0)", "--train", "*.bias", "--train", "2.*", "--clip-norm", "0.5",
            "--norm-type", "inf", "--gradient-to-none", "--validation-input", Here("x.npy"), "--validation-target", Here("y.npy"),
            "--validation-batch-size", "3", "--no-validation-draw", "--patience", "1", "--min-change", "1e9", "--method", "forward",
            "--checkpoint", Here("actual.npz"),
        ]);
        Assert.Equal((0, string.Empty), (code, error));
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(expected.WeightsHash, json.RootElement.GetProperty("weightsHash").GetString());
        Assert.Equal(expected.Losses, json.RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.GetDouble()));
        Assert.Equal(TrainingEnd.NoBetter, expected.End);

        // Some change no bit of this training; a checkpoint tells of all.
        Assert.Equal(SettingsOf(Here("expected.npz")), SettingsOf(Here("actual.npz")));
        (code, _, error) = Run([.. arguments, "--group", "SGD"]);
        Assert.Equal(2, code);
        Assert.Contains("The group 'SGD' is no NAME=OPTIMIZER", error, StringComparison.Ordinal);
        (code, _, error) = Run([.. arguments, "--method", "no_such"]);
        Assert.Equal(2, code);
        Assert.Contains("no_such", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lr", "0,01")]
    [InlineData("--clip-norm", "1,5")]
    [InlineData("--clip-value", "0,5")]
    [InlineData("--norm-type", "2,0")]
    [InlineData("--min-change", "1,000.5")]
    [InlineData("--epochs", "1,000")]
    public void ANumberOfATrainingWithACommaIsAnErrorThatNamesIt(string option, string value)
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return x * self.w", weight: 0.5f);
        string input = SaveTensor("x.npy", [1, 2]);
        string[] epochs = option == "--epochs" ? [] : ["--epochs", "1"];
        (int code, string text, string error) = Run(
        [
            "train", model, "--input", input, "--target", input, "--loss", "MSE", "--optimizer", "SGD", "--batch-size", "1", "--seed", "1",
            "-o", Here("out.pt"), .. epochs, option, value,
        ]);
        Assert.Equal((2, string.Empty), (code, text));
        Assert.Contains($"{option} {value}: expected a ", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Here("out.pt")));
    }

    [Theory]
    [InlineData("--rtol", "1,5", "--atol", "0")]
    [InlineData("--atol", "1e-3,5", "--rtol", "0")]
    [InlineData("--max-ulp", "1,000", "--ignore-dtype", "true")]
    public void AToleranceWithACommaIsAnErrorThatNamesIt(string option, string value, string other, string otherValue)
    {
        string file = SaveTensor("x.npy", [1, 2]);
        (int code, _, string error) = Run("compare", file, file, option, value, other, otherValue);
        Assert.Equal(2, code);
        Assert.Contains($"{option} {value}: expected a ", error, StringComparison.Ordinal);
        Assert.Equal(0, Run("compare", file, file, "--rtol", "1.5e-3", "--atol", ".25").Code);
    }

    [Theory]
    [InlineData("--norm-type", "inf", "--clip-norm")]
    [InlineData("--min-change", "0.1", "--patience")]
    [InlineData("--checkpoint-every", "2", "--checkpoint")]
    [InlineData("--validation-batch-size", "2", "--validation-input")]
    public void AnOptionThatWouldDoNothingIsAnErrorThatSaysWhatItNeeds(string option, string value, string needed)
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return x * self.w", weight: 0.5f);
        string input = SaveTensor("x.npy", [1, 2]);
        (int code, _, string error) = Run(
            "train", model, "--input", input, "--target", input, "--loss", "MSE", "--optimizer", "SGD", "--lr", "0.1", "--epochs", "1", "--batch-size", "1",
            "--seed", "1", "-o", Here("out.pt"), option, value);
        Assert.Equal(2, code);
        Assert.Contains($"{option} ", error, StringComparison.Ordinal);
        Assert.Contains($"does nothing without {needed}.", error, StringComparison.Ordinal);
    }

    private static string SettingsOf(string checkpoint)
    {
        using ZipArchive archive = ZipFile.OpenRead(checkpoint);
        using Stream stream = archive.GetEntry("training.json")!.Open();
        using JsonDocument place = JsonDocument.Parse(stream);
        return place.RootElement.GetProperty("settings").GetRawText();
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("link")]
    public void WhatIsNoRegularFileIsRefusedBeforeATraining(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using (Process made = Process.Start("mkfifo", [Here("pipe")]))
        {
            made.WaitForExit();
        }

        File.CreateSymbolicLink(Here("link"), "pipe");
        string model = SaveModel("def forward(self, x: Tensor):\n    return x * self.w", weight: 0.5f);
        string input = SaveTensor("x.npy", [1, 2]);
        (int code, string text, string error) = Run(
            "train", model, "--input", input, "--target", input, "--loss", "MSE", "--optimizer", "SGD", "--lr", "0.01", "--epochs", "1", "--batch-size", "1",
            "--seed", "1", "-o", Here(name));
        Assert.Equal((2, string.Empty), (code, text));
        Assert.Contains("is no regular file", error, StringComparison.Ordinal);
        Assert.Equal(4, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public void RunAsJsonTellsWhatCameOut()
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return {'a': x, 'b': 3, 'c': 'text'}");
        (int code, string text, _) = Run("run", model, "--input", SaveTensor("x.npy", [1]), "--json");
        Assert.Equal(0, code);
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(
            ["output.a Tensor", "output.b Number", "output.c String"],
            json.RootElement.GetProperty("outputs").EnumerateArray().Select(output => $"{output.GetProperty("name")} {output.GetProperty("kind")}"));
    }

    [Theory]
    [InlineData("--close", 0)]
    [InlineData("--max-ulp 1", 0)]
    [InlineData("--tolerance out*=1e-6,0 --tolerance output=0,0", 0)]
    [InlineData("--tolerance output=0,0 --tolerance out*=1e-6,0", 1)]
    [InlineData("--rtol 0 --atol 1e-12", 1)]
    [InlineData("", 1)]
    public void ToleranceDecidesTheExitCode(string options, int expected)
    {
        string a = SaveTensor("a.npy", [1]);
        string b = SaveTensor("b.npy", [MathF.BitIncrement(1)]);
        Assert.Equal(expected, Run(["compare", a, b, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Code);
    }

    [Theory]
    [InlineData("compare nowhere.npz nowhere.npz", 2)]
    [InlineData("compare", 2)]
    [InlineData("run nowhere.pt", 2)]
    [InlineData("walk", 2)]
    [InlineData("run --threads many x.pt", 2)]
    [InlineData("--help", 0)]
    public void UsageErrorsSayWhatIsWrong(string arguments, int expected)
    {
        (int code, string text, string error) = Run(arguments.Split(' '));
        Assert.Equal(expected, code);
        Assert.NotEmpty(expected == 0 ? text : error);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rtol 1")]
    [InlineData("--rtol -1 --atol 1")]
    [InlineData("--close --max-ulp 3")]
    [InlineData("--tolerance output")]
    [InlineData("--tolerance output=1")]
    [InlineData("--tolerance output=1,x")]
    [InlineData("--map output")]
    [InlineData("--map nothing=there")]
    public void TolerancesThatContradictAreAUsageError(string options)
    {
        string a = SaveTensor("a.npy", [1]);
        (int code, _, string error) = Run(["compare", a, a, .. options.Split(' ')]);
        Assert.Equal(2, code);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void FoldersAreComparedFileByFileAndReportedOnOnePage()
    {
        Directory.CreateDirectory(Here("one"));
        Directory.CreateDirectory(Here("two"));
        string run = SaveTensor("x.npy", [1]);
        RunFile.Write(Here("one/a.npz"), RunSource.Read(run), force: false);
        RunFile.Write(Here("two/a.npz"), RunSource.Read(run), force: false);
        Assert.Equal(0, Run("compare", Here("one"), Here("two"), "--map", "output=output", "--ignore-dtype").Code);
        RunFile.Write(Here("one/b.npz"), RunSource.Read(run), force: false);
        (int code, string text, _) = Run("compare", Here("one"), Here("two"), "--report", Here("page.html"));
        Assert.Equal(1, code);
        Assert.Contains("a.npz: the runs match", text, StringComparison.Ordinal);
        Assert.Contains("b.npz: the runs do not match", text, StringComparison.Ordinal);
        Assert.Contains("<h1>1 of 2 do not match</h1>", File.ReadAllText(Here("page.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatCannotBeReadIsNamedAsItIsInSentencesOfTheirOwn()
    {
        Directory.CreateDirectory(Here("one"));
        Directory.CreateDirectory(Here("two"));
        File.WriteAllText(Here("one/bad.npz"), "rubbish");
        File.WriteAllText(Here("two/bad.npz"), "rubbish");
        (int code, string text, string error) = Run("compare", Here("one"), Here("two"), "--report", Here("page.html"));
        Assert.Equal(2, code);
        foreach (string words in (string[])[text, error])
        {
            Assert.Contains("he file bad.npz could not be compared: ", words, StringComparison.Ordinal);
            Assert.DoesNotContain("Bad.npz", words, StringComparison.Ordinal);
            Assert.DoesNotContain("..", words, StringComparison.Ordinal);
        }

        Assert.Contains("<h1>Could not be compared</h1>", File.ReadAllText(Here("page.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderStandsAgainstTheRunsThatWroteItWhateverTheirNames()
    {
        RunOutput[] runs = [.. new[] { "in2", "in10", "in1", "in1" }.Select((name, i) =>
            new RunOutput { Name = name, Outputs = [RunValue.OfString("output", $"{i}")] })];
        Directory.CreateDirectory(Here("runs"));
        foreach ((string file, RunOutput run) in RunFolder.Plan(Here("runs"), runs))
        {
            RunFile.Write(file, [run], force: false);
        }

        RunFile.Write(Here("runs.npz"), runs, force: false);
        Assert.Equal(0, Run("compare", Here("runs"), Here("runs.npz")).Code);
        Assert.Equal(0, Run("compare", Here("runs.npz"), Here("runs")).Code);
    }

    [Fact]
    public void AModelThatFailsEndsWithThree()
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return x @ x.new_ones(7, 7)");
        (int code, _, string error) = Run("run", model, "--input", SaveTensor("x.npy", [1, 2, 3]));
        Assert.Equal(3, code);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void ADamagedModelEndsWithTwo()
    {
        string model = SaveModel("def forward(self, x: Tensor):\n    return x");
        byte[] bytes = File.ReadAllBytes(model);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(model, bytes);
        Assert.Equal(2, Run("run", model, "--input", SaveTensor("x.npy", [1])).Code);
    }

    private string Here(string name) => Path.Combine(_folder, name);

    private string SaveModel(string source, float? weight = null)
    {
        string path = Here("model.pt");
        KeyValuePair<string, TorchTensor>[] parameters = weight is { } value
            ? [KeyValuePair.Create("w", TorchTensor.FromSpan<float>([value], DType.float32))]
            : [];
        new ModelSource { Source = source, Parameters = parameters }.Compile().Save(path, force: true);
        return path;
    }

    private string SaveTensor(string name, float[] values)
    {
        using TorchTensor tensor = TorchTensor.FromSpan<float>(values, DType.float32);
        TensorFile.Write(Here(name), [new NamedTensorData("x", tensor.ToData())], force: true);
        return Here(name);
    }

    private (int Code, string Output, string Error) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "reprotorch.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
