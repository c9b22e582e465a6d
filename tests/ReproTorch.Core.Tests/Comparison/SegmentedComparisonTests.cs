using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ReproTorch.Comparison;
using ReproTorch.Comparison.Kernels;
using ReproTorch.Runs;
using ReproTorch.Tensors;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Comparison;

/// <summary>Tensors of several segments: what threads do together is what one does alone.</summary>
public sealed class SegmentedComparisonTests : IDisposable
{
    private const int Count = (int)(5 * TensorComparer.SegmentElements / 2) + 77;

    private readonly string _folder = Directory.CreateTempSubdirectory("reprotorch-segments-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<DType> DTypes => [DType.float32, DType.float64, DType.bfloat16, DType.complex64, DType.uint8, DType.int64, DType.@bool];

    [Theory]
    [MemberData(nameof(DTypes))]
    public void Any_number_of_threads_gives_the_same_digits(DType dtype)
    {
        (TensorData reference, TensorData difference) = Pair(dtype);
        string alone = Json(reference, difference, threads: 1);
        Assert.Contains("\"differing\"", alone, StringComparison.Ordinal);
        foreach (int threads in (int[])[2, 3, 8])
        {
            Assert.Equal(alone, Json(reference, difference, threads));
        }
    }

    [Fact]
    public void What_is_counted_and_found_is_what_plain_loops_count_and_find()
    {
        float[] reference = new float[Count];
        float[] difference = new float[Count];
        var random = new Random(3);
        for (int i = 0; i < Count; i++)
        {
            reference[i] = random.NextSingle() + 1;
            difference[i] = i % 1000 == 999 ? MathF.BitIncrement(reference[i]) : reference[i];
        }

        // The greatest of all lies in the last segment; an equal one after it must not win.
        int at = (int)(2 * TensorComparer.SegmentElements) + 5;
        reference[at] = reference[at + 9] = 1;
        difference[at] = difference[at + 9] = 2;
        int first = (int)TensorComparer.SegmentElements - 1;
        difference[first] = reference[first] * 1.5f;

        TensorComparison found = Compare(Of(reference), Of(difference), threads: 3);

        Assert.Equal(reference.Where((value, i) => value != difference[i]).Count(), found.Differing);
        Assert.Equal(3, found.Mismatched);
        Assert.Equal([at], found.MaxAbsolute!.Index);
        Assert.Equal(1, found.MaxAbsolute.Value);
        Assert.Equal([at], found.MaxUlpIndex!);
        Assert.Equal([first], found.FirstMismatches[0].Index);
        Assert.Equal([at + 9], found.FirstMismatches[2].Index);
        Assert.Equal([999], found.FirstDifferences[0].Index);
        Assert.Equal(Count, found.UlpHistogram.Sum(bucket => bucket.Count));
        Assert.Equal(Count, found.AbsoluteHistogram.Sum(bucket => bucket.Count));
        Assert.Equal(reference.Zip(difference, (r, d) => (double)d - r).Sum() / Count, found.MeanDifference!.Value, 12);
    }

    [Fact]
    public void The_first_mismatches_are_kept_over_segments_in_order()
    {
        float[] reference = new float[Count];
        float[] difference = new float[Count];
        int[] places = [.. Enumerable.Range(0, 12).Select(i => (int)(TensorComparer.SegmentElements / 4 * i) + 3).Where(i => i < Count)];
        foreach (int place in places)
        {
            difference[place] = 1;
        }

        TensorComparison found = Compare(Of(reference), Of(difference), threads: 4);
        Assert.Equal(places.Take(10).Select(i => (long)i), found.FirstMismatches.Select(element => element.Index[0]));
    }

    [Fact]
    public void Where_every_difference_of_the_first_segments_wraps_the_message_tells_what_torch_max_finds()
    {
        // |int64.MinValue - 0| wraps to itself, which is below the 0 of equal elements.
        long[] reference = new long[Count];
        long[] difference = new long[Count];
        int wrapped = (int)TensorComparer.SegmentElements + 5;
        difference.AsSpan(0, wrapped).Fill(long.MinValue);
        string message = Compare(Of(reference), Of(difference), threads: 2).Message!;
        Assert.Contains($"Greatest absolute difference: 0 at index ({wrapped},)", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void A_byte_that_changed_in_an_archive_is_found_whoever_reads_it(int threads)
    {
        string good = Path.Combine(_folder, "good.npz");
        string damaged = Path.Combine(_folder, "damaged.npz");
        (TensorData reference, _) = Pair(DType.float32);
        RunFile.Write(good, [RunSource.OfValue("a", RunValue.OfTensor("output", reference))], force: false);
        byte[] bytes = File.ReadAllBytes(good);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        TensorData whole = RunFile.Read(good)[0].Outputs[0].Data!;
        TensorData other = RunFile.Read(damaged)[0].Outputs[0].Data!;

        // A good one passes, read in part before or not.
        _ = whole.Bytes(0, 100);
        Assert.True(Compare(whole, whole, threads).Identical);
        Assert.True(Compare(reference, whole, threads).Identical);
        ReproTorchException problem = Assert.Throws<ReproTorchException>(() => Compare(reference, other, threads));
        Assert.Equal(ReproTorchErrorKind.FileFormat, problem.Kind);
        Assert.Contains("CRC", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_ends_it_between_segments_and_no_thread_reads_on()
    {
        using var stop = new CancellationTokenSource();
        TensorData slow = new CountingData([20 * TensorComparer.SegmentElements], stop, after: 3);
        Assert.ThrowsAny<OperationCanceledException>(() => TensorComparer.Compare("x", slow, slow, cancellationToken: stop.Token));
        var counting = (CountingData)slow;
        int segments = counting.Begun;
        Assert.InRange(segments, 1, 2 * (4 + System.Environment.ProcessorCount));
        Thread.Yield();
        Assert.Equal(segments, counting.Begun);
    }

    [Fact]
    public void Progress_is_told_on_the_callers_thread_and_never_falls()
    {
        (TensorData reference, TensorData difference) = Pair(DType.float64);
        List<(long Done, long Total, int Thread)> told = [];
        TensorComparer.Compare("x", reference, difference, progress: new Teller(p => told.Add((p.BytesDone, p.BytesTotal, System.Environment.CurrentManagedThreadId))));
        Assert.Equal(0, told[0].Done);
        Assert.All(told, step => Assert.Equal(System.Environment.CurrentManagedThreadId, step.Thread));
        Assert.All(told, step => Assert.Equal(reference.ByteLength, step.Total));
        Assert.Equal(told.Select(step => step.Done).Order(), told.Select(step => step.Done));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1000, 1)]
    [InlineData(1, 100_000)]
    [InlineData(12345, 67890)]
    public void Two_checksums_join_to_that_of_the_whole(int first, int second)
    {
        var bytes = new byte[first + second];
        new Random(1).NextBytes(bytes);
        uint joined = Crc32.Combine(Crc32.Append(0, bytes.AsSpan(0, first)), Crc32.Append(0, bytes.AsSpan(first)), second);
        Assert.Equal(Crc32.Append(0, bytes), joined);
    }

    private static TensorComparison Compare(TensorData reference, TensorData difference, int threads) =>
        TensorComparer.Compare(
            "x", RunValueKind.Tensor, reference, difference, new ComparisonOptions { Close = true }, new Workspaces(threads),
            new TensorComparer.Reporter(null, reference.ByteLength, CancellationToken.None));

    private static string Json(TensorData reference, TensorData difference, int threads) => ComparisonJson.Write(
        new RunComparison { Outputs = [Compare(reference, difference, threads)] });

    private static TensorData Of<T>(T[] values)
        where T : unmanaged => TensorData.FromArray(
            typeof(T) == typeof(float) ? DType.float32 : DType.int64, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    // Any bits: NaNs, infinities, subnormals, integers that wrap; every seventh element differs somewhere.
    private static (TensorData Reference, TensorData Difference) Pair(DType dtype)
    {
        int size = dtype.ItemSize();
        byte[] reference = new byte[Count * size];
        new Random(7).NextBytes(reference);
        byte[] difference = [.. reference];
        for (int at = 0; at < difference.Length; at += 7 * size)
        {
            difference[at] ^= 5;
        }

        for (int at = 0; dtype == DType.@bool && at < difference.Length; at++)
        {
            reference[at] &= 1;
            difference[at] &= 1;
        }

        if (size == 4)
        {
            BinaryPrimitives.WriteSingleLittleEndian(difference.AsSpan(difference.Length - 4), float.PositiveInfinity);
        }

        return (TensorData.FromArray(dtype, [Count], reference), TensorData.FromArray(dtype, [Count], difference));
    }

    private sealed class Teller(Action<ComparisonProgress> tell) : IProgress<ComparisonProgress>
    {
        public void Report(ComparisonProgress value) => tell(value);
    }

    // Zeros without memory of their own, that cancels once so many segments were begun.
    private sealed class CountingData(IReadOnlyList<long> shape, CancellationTokenSource stop, int after) : TensorData(DType.float32, shape)
    {
        private readonly byte[] _zeros = new byte[1 << 16];
        private int _begun;

        public int Begun => _begun;

        public override ReadOnlySpan<byte> Bytes(long offset, int length) => _zeros.AsSpan(0, length);

        internal override TensorReader Reader(long offset, long length)
        {
            if (Interlocked.Increment(ref _begun) > after)
            {
                stop.Cancel();
            }

            return base.Reader(offset, length);
        }
    }
}
