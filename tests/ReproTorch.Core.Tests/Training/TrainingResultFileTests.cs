using ReproTorch.Provenance;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;
using ReproTorch.Training;

namespace ReproTorch.Core.Tests.Training;

public sealed class TrainingResultFileTests
{
    // 2^-25 and the numbers around 1 take all the digits that a double has.
    private static readonly double[] s_numbers =
        [1.0 / 3, Math.BitIncrement(1), Math.ScaleB(1, -25), -0.0, double.Epsilon, double.MaxValue, double.NaN, double.PositiveInfinity];

    [Theory]
    [InlineData(DType.float32)]
    [InlineData(DType.float64)]
    public void EveryBitOfAResultComesBack(DType type)
    {
        TrainingResult result = Result(type);
        TrainingResult back = TrainingResultFile.FromBytes(TrainingResultFile.ToBytes(result));
        Assert.Equal((result.Model, result.End, result.LossDType, result.WeightsHash), (back.Model, back.End, back.LossDType, back.WeightsHash));
        Assert.Equal((result.Seed, result.Time, result.Duration), (back.Seed, back.Time, back.Duration));
        Assert.Equal(Bits(result.Losses), Bits(back.Losses));
        Assert.Equal(result.Epochs.Count, back.Epochs.Count);
        foreach ((TrainingEpoch one, TrainingEpoch other) in result.Epochs.Zip(back.Epochs))
        {
            Assert.Equal((one.Epoch, one.WeightsHash), (other.Epoch, other.WeightsHash));
            Assert.Equal(Bits([one.Loss, one.LearningRate, .. one.Metrics.Values]), Bits([other.Loss, other.LearningRate, .. other.Metrics.Values]));
            Assert.Equal(one.Metrics.Keys, other.Metrics.Keys);
        }

        Assert.Equal(result.Settings, back.Settings);
        Assert.Equal(result.Inputs.Select(input => (input.Name, input.DType, input.Hash)), back.Inputs.Select(input => (input.Name, input.DType, input.Hash)));
        Assert.Equal(result.Environment.TorchVersion, back.Environment.TorchVersion);
        Assert.Equal(Text(result.Parameters), Text(back.Parameters));
        Assert.Equal(Text(result.Buffers), Text(back.Buffers));
        Assert.Equal(result.ToRunOutput().ContentHash, back.ToRunOutput().ContentHash);
        Assert.Equal(TrainingResultFile.ToBytes(result), TrainingResultFile.ToBytes(back));
    }

    [Fact]
    public void EveryTickOfTheDurationComesBack()
    {
        foreach (long ticks in Enumerable.Range(0, 200).Select(i => 419040L + (i * i * 9973L * i)))
        {
            TrainingResult result = Result(DType.float32) with { Epochs = [], Duration = TimeSpan.FromTicks(ticks) };
            Assert.Equal(result.Duration, TrainingResultFile.FromBytes(TrainingResultFile.ToBytes(result)).Duration);
        }
    }

    [Fact]
    public void OneThatWasCancelledInItsFirstStepsComesBack()
    {
        TrainingResult result = Result(DType.float32) with { End = TrainingEnd.Cancelled, Losses = [], Epochs = [], Seed = null };
        TrainingResult back = TrainingResultFile.FromBytes(TrainingResultFile.ToBytes(result));
        Assert.Equal((TrainingEnd.Cancelled, 0, 0, null), (back.End, back.Losses.Count, back.Epochs.Count, back.Seed));
    }

    [Fact]
    public void WhatIsNoTrainingIsRefused()
    {
        RunOutput run = Result(DType.float32);
        foreach (RunOutput wrong in (RunOutput[])
            [run, With("{}"), With("[]"), With("null"), With("{\"end\":\"Completed\""), With("{\"end\":\"Never\"}"), With("{\"epochs\":[{}]}")])
        {
            Assert.Equal(
                ReproTorchErrorKind.FileFormat,
                Assert.Throws<ReproTorchException>(() => TrainingResultFile.FromBytes(RunFile.ToBytes([wrong]))).Kind);
        }

        RunOutput With(string rest) => run with { Outputs = [.. run.Outputs, RunValue.OfString("training.json", rest)] };
    }

    private static TrainingResult Result(DType type) => new()
    {
        Model = "digits",
        End = TrainingEnd.NoBetter,
        Losses = type == DType.float32 ? [.. s_numbers.Select(number => (double)(float)number)] : s_numbers,
        LossDType = type,
        Epochs =
        [
            .. s_numbers.Select((number, i) => new TrainingEpoch
            {
                Epoch = i + 1,
                Loss = number,
                LearningRate = double.IsNaN(s_numbers[^(i + 1)]) ? 0 : s_numbers[^(i + 1)],
                WeightsHash = $"{i}",
                Metrics = new Dictionary<string, double> { ["validationLoss"] = number, ["validationAccuracy"] = s_numbers[(i + 3) % s_numbers.Length] },
            }),
        ],
        WeightsHash = "0123",
        Parameters = [new("0.weight", TensorData.FromArray(DType.bfloat16, [2], [1, 2, 3, 4])), new("parameter.x", TensorData.FromArray(DType.float32, [0, 3], []))],
        Buffers = [new("buffer", TensorData.FromArray(DType.int64, [], [1, 2, 3, 4, 5, 6, 7, 8]))],
        Seed = "18446744073709551615",
        Settings = new Dictionary<string, string> { ["batchSize"] = "4", ["method"] = "forward", ["loss"] = "CrossEntropyLoss(weight=[1, 2])" },
        Inputs = [new RunInputInfo { Name = "x", Kind = RunValueKind.Tensor, DType = "float32", Shape = [4, 2], Hash = "ab" }],
        Environment = new TorchEnvironment { TorchVersion = "1.13.1" },
        Time = new DateTimeOffset(2024, 2, 29, 23, 59, 59, TimeSpan.Zero).AddTicks(1),
        Duration = TimeSpan.FromTicks(123456789012345),
    };

    private static long[] Bits(IEnumerable<double> values) => [.. values.Select(BitConverter.DoubleToInt64Bits)];

    private static string[] Text(IEnumerable<NamedTensorData> tensors) =>
        [.. tensors.Select(tensor => $"{tensor.Name} {tensor.Data.DType} {string.Join(',', tensor.Data.Shape.ToArray())} {Convert.ToHexString(tensor.Data.AllBytes())}")];
}
