using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Training;

/// <summary>The order in which Python's DataLoader gives batches, and what it draws from libtorch's CPU generator for that (PyTorch 1.13,
/// torch/utils/data/dataloader.py and sampler.py).</summary>
internal sealed record DataOrder(long Rows, long BatchSize, bool Shuffle, bool DropLast)
{
    /// <summary>Batches in an epoch.</summary>
    public long Batches => DropLast ? Rows / BatchSize : (Rows + BatchSize - 1) / BatchSize;

    /// <summary>Where batch number index begins, and how many rows it has.</summary>
    public (long Start, long Length) Batch(long index) => (index * BatchSize, Math.Min(BatchSize, Rows - (index * BatchSize)));

    /// <summary>Draws what beginning an epoch draws: <c>iter(DataLoader)</c> a base seed, which workers would use, and the shuffling sampler
    /// then the seed of a generator of its own.</summary>
    /// <returns>The rows in their order, int64; null where they are not shuffled.</returns>
    public TorchTensor? Begin()
    {
        DrawSeed();
        if (!Shuffle)
        {
            return null;
        }

        using TorchGenerator generator = TorchGenerator.Create(TorchDevice.Cpu, (ulong)DrawSeed());
        return (TorchTensor)TorchOperator.CallWith("aten::randperm", [Rows], [KeyValuePair.Create<string, object?>("generator", generator)])!;
    }

    /// <summary><c>torch.empty((), dtype=torch.int64).random_().item()</c>: two words of the default CPU generator.</summary>
    private static long DrawSeed()
    {
        using var seed = TorchTensor.FromSpan<long>([0], DType.int64, 1);
        TorchOperator.Call("aten::random_", seed);
        return seed.ToArray<long>()[0];
    }
}
