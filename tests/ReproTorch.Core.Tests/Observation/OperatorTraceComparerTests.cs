using ReproTorch.Core.Tests.Tensors.Files;
using ReproTorch.Models;
using ReproTorch.Observation;
using ReproTorch.Randomness;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Observation;

public sealed class OperatorTraceComparerTests : ProcessStateTests
{
    [Fact]
    public void TheSameRunTwiceIsTheSame()
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Run("rand:4", "randn:20"), Run("rand:4", "randn:20"));
        Assert.True(comparison.Identical);
        Assert.Null(comparison.First);
        Assert.Equal("The same operators, draws and bytes: 2 operators, 40 numbers drawn.", comparison.Message);
    }

    [Fact]
    public void AnOperatorMoreIsNamedAndWhatFollowsIsStillPaired()
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(
            Run("zeros:4", "rand:4", "randn:20"), Run("zeros:4", "randn:3", "rand:4", "randn:20"));
        Assert.False(comparison.Identical);
        Assert.Equal(OperatorDifferenceKind.OnlyInDifference, comparison.First!.Kind);
        Assert.Equal("aten::randn", comparison.First.Operator.Name);
        Assert.Equal(8, comparison.First.Operator.DrawCount);
        Assert.Equal(1, comparison.SameBefore);
        Assert.Equal(
            [OperatorDifferenceKind.OnlyInDifference, OperatorDifferenceKind.Hashes, OperatorDifferenceKind.Hashes],
            comparison.Differences.Select(difference => difference.Kind));
        Assert.Contains("In all the difference drew 8 numbers more (48 to 40).", comparison.Message, StringComparison.Ordinal);
        Assert.Equal(OperatorDifferenceKind.OnlyInReference, OperatorTraceComparer.Compare(
            Run("zeros:4", "randn:3", "rand:4"), Run("zeros:4", "rand:4")).First!.Kind);
    }

    [Theory]
    [InlineData("rand:4", "rand:5", OperatorDifferenceKind.Draws)]
    [InlineData("zeros:4", "zeros:5", OperatorDifferenceKind.Inputs)]
    public void TheSameOperatorOnOtherThings(string reference, string difference, OperatorDifferenceKind kind) =>
        Assert.Equal(kind, OperatorTraceComparer.Compare(Run(reference), Run(difference)).First!.Kind);

    [Fact]
    public void AnotherSeedShowsInTheBytesAlone()
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(RunWith(1, "rand:4"), RunWith(2, "rand:4"));
        Assert.Equal(OperatorDifferenceKind.Hashes, comparison.First!.Kind);
        Assert.True(comparison.HashesCompared);
    }

    [Fact]
    public void AnotherSeedWithoutBytesIsNotTheSame()
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(RunWith(1, hash: false, "rand:4"), RunWith(2, hash: false, "rand:4"));
        Assert.Equal(OperatorDifferenceKind.Streams, comparison.First!.Kind);
        Assert.True(OperatorTraceComparer.Compare(RunWith(1, hash: false, "rand:4"), RunWith(1, hash: false, "rand:4")).Identical);
        Assert.True(OperatorTraceComparer.Compare(RunWith(1, hash: false, "ones:4"), RunWith(2, hash: false, "ones:4")).Identical);
    }

    // What the streams did before the trace does not matter where it seeds them itself.
    [Fact]
    public void ASeedWithinATraceCounts()
    {
        Assert.True(OperatorTraceComparer.Compare(Seeded(1, 5), Seeded(2, 5)).Identical);
        Assert.Equal(OperatorDifferenceKind.Streams, OperatorTraceComparer.Compare(Seeded(1, 5), Seeded(1, 6)).First!.Kind);

        static OperatorTrace Seeded(int before, int within)
        {
            RandomStreams.Seed(before, [RandomSource.Torch], null);
            return OperatorObserverTests.Observe(() =>
            {
                RandomStreams.Seed(within, [RandomSource.Torch], null);
                TensorFactory.Create("rand", [3], []).Dispose();
            });
        }
    }

    [Fact]
    public void StreamsOfOnesOwnCountToo()
    {
        Assert.False(OperatorTraceComparer.Compare(Own(1), Own(2)).Identical);
        Assert.True(OperatorTraceComparer.Compare(Own(2), Own(2)).Identical);

        static OperatorTrace Own(int seed)
        {
            TorchStream stream = TorchStream.Create(TorchDevice.Cpu, TorchSeedValue.From(seed));
            return OperatorObserverTests.Observe(() => TensorFactory.Create("rand", [5], [], generator: stream.Generator).Dispose());
        }
    }

    // Of twenty thousand operators on either side, the one too many in the middle is found, in the time that two walks take.
    [Fact]
    public void LongTracesAreAligned()
    {
        OperatorRecord[] records = [.. Enumerable.Range(0, 20_000).Select(i => Record(i, i % 7 == 0 ? "aten::add" : "aten::mul", i % 5))];
        OperatorRecord[] more = [.. records[..9_000], Record(0, "aten::randn", 3), .. records[9_000..]];
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(records), Trace(more));
        Assert.Equal("aten::randn", Assert.Single(comparison.Differences).Operator.Name);
        Assert.Equal(9_000, comparison.SameBefore);
    }

    // Beyond the size of one table: many differences all along.
    [Fact]
    public void LongTracesWithManyDifferencesKeepTheFirst()
    {
        OperatorRecord[] records = [.. Enumerable.Range(0, 12_000).Select(i => Record(i, "aten::mul", i))];
        OperatorRecord[] other = [.. records.SelectMany((record, i) => i % 100 == 50 ? [Record(0, "aten::rand", 1), record] : new[] { record })];
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(records), Trace(other));
        Assert.Equal(120, comparison.Differences.Count);
        Assert.All(comparison.Differences, difference => Assert.Equal(OperatorDifferenceKind.OnlyInDifference, difference.Kind));
        Assert.Equal(50, comparison.SameBefore);
    }

    // One and the same operator, over and over, on one line; the other script has its loop a line below, and one thing else.
    [Theory]
    [InlineData(900)]
    [InlineData(9_000)]
    [InlineData(100_000)]
    public void TheAnswerDoesNotHangOnTheLength(int length)
    {
        OperatorRecord[] loop = Loop(length, 4);
        OperatorRecord[] below = Loop(length, 7);
        OperatorRecord other = Record(0, "aten::rand", 2) with { Place = "z.ps1:6" };
        foreach (int at in (int[])[0, length / 2, length - 1])
        {
            OperatorRecord[] more = [.. below[..at], other, .. below[at..]];
            OperatorTraceComparison inserted = OperatorTraceComparer.Compare(Trace(loop), Trace(more));
            OperatorTraceComparison removed = OperatorTraceComparer.Compare(Trace(more), Trace(loop));
            OperatorTraceComparison replaced = OperatorTraceComparer.Compare(Trace(loop), Trace([.. below[..at], other, .. below[(at + 1)..]]));
            Assert.All([inserted, removed, replaced], comparison => Assert.Equal((true, at), (comparison.AlignmentProven, comparison.SameBefore)));
            Assert.Equal(
                (OperatorDifferenceKind.OnlyInDifference, "z.ps1:6"),
                (Assert.Single(inserted.Differences).Kind, inserted.First!.Place));
            Assert.Equal(
                (OperatorDifferenceKind.OnlyInReference, "z.ps1:6"),
                (Assert.Single(removed.Differences).Kind, removed.First!.Place));
            Assert.Equal(
                [(OperatorDifferenceKind.OnlyInReference, "z.ps1:4"), (OperatorDifferenceKind.OnlyInDifference, "z.ps1:6")],
                replaced.Differences.Select(difference => (difference.Kind, difference.Place!)).Order());
        }
    }

    // Without lines, and with all between the first and the last difference to be paired: one operator twice at the front, one on
    // another type in the middle, one missing at the end.
    [Theory]
    [InlineData(900)]
    [InlineData(9_000)]
    [InlineData(100_000)]
    public void WhatStandsBetweenDifferencesIsPairedAtAnyLength(int length)
    {
        OperatorRecord[] one = [.. Enumerable.Range(0, length).Select(i => Record(i, i % 3 == 0 ? "aten::mul" : "aten::add", 1 + (i % 5)))];
        OperatorRecord[] other = [one[0], .. one[..(length / 2)], Record(0, one[length / 2].Name, 77), .. one[((length / 2) + 1)..^2], one[^1]];
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(one), Trace(other));
        Assert.Equal(
            [
                (OperatorDifferenceKind.OnlyInDifference, null, 1),
                (OperatorDifferenceKind.Inputs, length / 2, (length / 2) + 1),
                (OperatorDifferenceKind.OnlyInReference, length - 2, null),
            ],
            comparison.Differences.Select(found => (found.Kind, (int?)found.Reference?.Index, (int?)found.Difference?.Index)));
        Assert.Equal((true, 1), (comparison.AlignmentProven, comparison.SameBefore));
    }

    // The same operator once more, on a line of its own before the loop or after it.
    [Theory]
    [InlineData(900)]
    [InlineData(9_000)]
    [InlineData(60_000)]
    public void AnOperatorLikeTheOthersIsToldByItsLine(int length)
    {
        OperatorRecord[] loop = Loop(length, 4);
        OperatorRecord first = Record(0, "aten::randn", 2) with { Place = "z.ps1:6" };
        OperatorTraceComparison before = OperatorTraceComparer.Compare(Trace(loop), Trace([first, .. Loop(length, 7)]));
        Assert.Equal(("z.ps1:6", 0), (Assert.Single(before.Differences).Place, before.SameBefore));
        foreach (int line in (int[])[3, 4, 5])
        {
            OperatorTraceComparison after = OperatorTraceComparer.Compare(Trace(loop), Trace([.. Loop(length, line), first]));
            Assert.Equal(("z.ps1:6", length), (Assert.Single(after.Differences).Place, after.SameBefore));
        }
    }

    // A model's loop: no lines of its own. All its numbers come from further on in the stream, where the other side drew too.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnOperatorBeforeAModelsLoopIsNamed(bool hash)
    {
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, n: int):\n    x = torch.zeros([1])\n    for i in range(n):\n        x = x + torch.rand([1])\n    return x\n",
        }.Compile();
        OperatorTrace loop = Observe(() => { });
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(loop, Observe(() => TensorFactory.Create("rand", [2], []).Dispose()));
        Assert.Equal((OperatorDifferenceKind.OnlyInDifference, "aten::rand"), (comparison.First!.Kind, comparison.First.Operator.Name));
        Assert.Equal(0, comparison.SameBefore);
        Assert.True(comparison.AlignmentProven);

        OperatorTrace Observe(Action first)
        {
            RandomStreams.Seed(0, [RandomSource.Torch], null);
            return OperatorObserverTests.Observe(
                () =>
                {
                    first();
                    model.Invoke("forward", new ModelInput { Arguments = [6_000L] });
                },
                new ObserverOptions { Hash = hash });
        }
    }

    // The loop's two lines are one lower in the other script, where the first of them is the other's second.
    [Theory]
    [InlineData(900)]
    [InlineData(9_000)]
    [InlineData(60_000)]
    public void LinesThatMeanOthersInTheOtherScriptDoNotMislead(int length)
    {
        OperatorRecord[] loop = [.. Loop(length, 4).Select((record, i) => record with { Place = $"z.ps1:{4 + (i % 2)}" })];
        OperatorRecord[] below = [.. loop.Select((record, i) => record with { Place = $"z.ps1:{5 + (i % 2)}" })];
        OperatorRecord extra = Record(0, "aten::rand", 2) with { Place = "z.ps1:3" };
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(loop), Trace([extra, .. below]));
        Assert.Equal("z.ps1:3", Assert.Single(comparison.Differences).Place);
        Assert.True(comparison.AlignmentProven);
    }

    // Nothing of them agrees but the names; or not even those.
    [Theory]
    [InlineData("aten::mul")]
    [InlineData("aten::add")]
    public void TracesWithNothingInCommonAreComparedAtOnce(string name)
    {
        OperatorRecord[] one = [.. Enumerable.Range(0, 60_000).Select(i => Record(i, "aten::mul", i))];
        OperatorRecord[] other = [.. Enumerable.Range(0, 60_000).Select(i => Record(i, name, 100_000 + i))];
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(one), Trace(other));
        Assert.True(comparison.AlignmentProven);
        Assert.Equal(0, comparison.SameBefore);
    }

    // A line of its own for each operator, or all on one line against many.
    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(1, 60_000)]
    [InlineData(1_000, 1_000)]
    public void ManyLinesTakeNoLonger(int lines, int otherLines)
    {
        OperatorRecord[] one = [.. Enumerable.Range(0, 60_000).Select(i => Record(i, "aten::mul", i) with { Place = $"z.ps1:{i % lines}" })];
        OperatorRecord[] other = [.. Enumerable.Range(0, 60_000).Select(i => Record(i, "aten::mul", i) with { Place = $"z.ps1:{i % otherLines}" })];
        Assert.True(OperatorTraceComparer.Compare(Trace(one), Trace(other)).Identical);
    }

    // The same operators shuffled: how they belong together takes longer to find out than anyone waits, and that is said.
    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(60_000, 20_000)]
    [InlineData(120_000, 60_000)]
    public void WhatCouldNotBeFoundOutIsNotClaimed(int length, int otherLength)
    {
        var random = new Random(5);
        OperatorRecord[] one = [.. Enumerable.Range(0, length).Select(i => Record(i, $"aten::op{random.Next(50)}", random.Next(20)))];
        OperatorRecord[] other = [.. Enumerable.Range(0, otherLength).Select(i => Record(i, $"aten::op{random.Next(50)}", random.Next(20)))];
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(one), Trace(other));
        Assert.False(comparison.AlignmentProven);
        Assert.StartsWith("The first difference, as far as the operators could be paired: ", comparison.Message, StringComparison.Ordinal);
        Assert.Contains("was not found out for certain", comparison.Message, StringComparison.Ordinal);
    }

    // The same operators on one line, over and over: only the bits tell which one is too many.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhereOnlyTheBitsTellTheyDecideWhatBelongsTogether(bool hash)
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(
            Seeded([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), Seeded([0, 1, 2, 3, 99, 4, 5, 6, 7, 8, 9]));
        Assert.Equal(
            (OperatorDifferenceKind.OnlyInDifference, "aten::rand"),
            (Assert.Single(comparison.Differences).Kind, comparison.First!.Operator.Name));
        Assert.Equal(4, comparison.SameBefore);
        Assert.True(comparison.AlignmentProven);

        OperatorTrace Seeded(int[] seeds) => OperatorObserverTests.Observe(
            () => Array.ForEach(seeds, seed =>
            {
                RandomStreams.Seed(seed, [RandomSource.Torch], null);
                TensorFactory.Create("rand", [4], []).Dispose();
            }),
            new ObserverOptions { Hash = hash });
    }

    // From one operator on all bits are others: with one operator more, or with a loop that runs longer.
    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(60_000, 40_000)]
    public void OtherBitsAllAlongTakeNoLonger(int length, int more)
    {
        const int Same = 1_000;
        OperatorRecord[] one = [.. Enumerable.Range(0, length).Select(i => Hashed(i, i < Same ? "same" : "one"))];
        OperatorRecord[] other = [.. Enumerable.Range(0, length + more).Select(i => Hashed(i, i < Same ? "same" : "other"))];
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Trace(one, hashes: true), Trace(other, hashes: true));
        int different = Enumerable.Range(Same, length - Same).Count(i => i % 7 != 0) + more;
        Assert.Equal((true, Same, different), (comparison.AlignmentProven, comparison.SameBefore, comparison.Differences.Count));

        static OperatorRecord Hashed(int i, string run) =>
            Record(i, i % 7 == 0 ? "aten::zeros" : "aten::mul", 2) with { Place = $"z.ps1:{i % 7}", Hashes = [i % 7 == 0 ? "0" : $"{run} {i}"] };
    }

    // Against the whole table, on small traces of all kinds.
    [Fact]
    public void ABandFindsWhatTheWholeTableFinds()
    {
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            OperatorRecord[] one = [.. Enumerable.Range(0, random.Next(120)).Select(_ => Any(random))];
            OperatorRecord[] other = [.. one.SelectMany(record => random.Next(8) switch
            {
                0 => Array.Empty<OperatorRecord>(),
                1 => [record, Any(random)],
                2 => [Any(random)],
                _ => [record],
            })];
            const OperatorBits Bits = OperatorBits.Hashes | OperatorBits.Streams;
            var keys = new OperatorKeys(sameLevel: true, Bits);
            (OperatorKey[] a, OperatorKey[] b) = keys.Of(one, other);
            long cost = 0;
            int i = 0;
            int j = 0;
            foreach ((OperatorRecord? left, OperatorRecord? right) in OperatorAligner.Align(one, other, sameLevel: true, Bits, out bool proven))
            {
                Assert.True(proven);
                Assert.True(left is null || ReferenceEquals(left, one[i]));
                Assert.True(right is null || ReferenceEquals(right, other[j]));
                cost += left is null || right is null ? OperatorKeys.GapCost : keys.Cost(a[i], b[j]);
                i += left is null ? 0 : 1;
                j += right is null ? 0 : 1;
            }

            Assert.Equal((one.Length, other.Length, Least(keys, a, b)), (i, j, cost));
        }

        static OperatorRecord Any(Random random) =>
            Record(0, random.Next(3) == 0 ? "aten::mul" : "aten::add", random.Next(3)) with
            {
                Place = $"z.ps1:{random.Next(4)}",
                Hashes = [$"{random.Next(5)}"],
                From = new Dictionary<string, string> { ["cpu"] = $"{random.Next(2)}" },
            };

        static long Least(OperatorKeys keys, OperatorKey[] a, OperatorKey[] b)
        {
            long[,] cost = new long[a.Length + 1, b.Length + 1];
            for (int i = 0; i <= a.Length; i++)
            {
                for (int j = 0; j <= b.Length; j++)
                {
                    long pair = i == 0 || j == 0 ? OperatorKeys.Never : cost[i - 1, j - 1] + keys.Cost(a[i - 1], b[j - 1]);
                    long gap = Math.Min(i == 0 ? OperatorKeys.Never : cost[i - 1, j] + OperatorKeys.GapCost, j == 0 ? OperatorKeys.Never : cost[i, j - 1] + OperatorKeys.GapCost);
                    cost[i, j] = i == 0 && j == 0 ? 0 : Math.Min(pair, gap);
                }
            }

            return cost[a.Length, b.Length];
        }
    }

    // A file may nest its records as deep as it has lines; the innermost difference is there whatever the depth.
    [Theory]
    [InlineData(6, 5, 5)]
    [InlineData(80_000, 64, 8)]
    public void TracesAreComparedAtAnyDepth(int depth, int kept, int shown)
    {
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(Nested(1), Nested(2));
        List<OperatorDifference> inside = [];
        for (OperatorDifference? next = comparison.First!.Inside; next is not null; next = next.Inside)
        {
            inside.Add(next);
        }

        Assert.Equal(kept, inside.Count);
        Assert.Equal((1, depth - 1), (inside[0].Operator.Index, inside[^1].Operator.Index));
        string[] lines = comparison.Message.Split('\n');
        Assert.Equal(shown, lines.Count(line => line.StartsWith("  Inside: ", StringComparison.Ordinal)));
        Assert.Equal(shown < kept, lines.Contains("  .."));
        Assert.Contains($"aten::op{depth - 1}: argument 0", comparison.Message, StringComparison.Ordinal);

        OperatorTrace Nested(int size) =>
            Trace([.. Enumerable.Range(0, depth).Select(i => Record(i, $"aten::op{i}", size) with { Parent = i - 1 })]);
    }

    [Fact]
    public void WhatIsOutermostIsKnownAtAnyDepth()
    {
        OperatorTrace trace = Trace([.. Enumerable.Range(0, 200_000)
            .Select(i => Record(i, "f", 1) with { Parent = i - 1, Kind = i == 150_000 || i == 199_999 ? "operator" : "function" })]);
        Assert.Equal(150_000, Assert.Single(trace.Operators).Index);
    }

    [Fact]
    public void ATraceGoesThroughAFile()
    {
        using var folder = new TestFolder();
        OperatorTrace trace = Run("zeros:4", "randn:20");
        OperatorTraceFile.Write(folder.File("a.jsonl"), trace, force: false);
        Assert.Throws<IOException>(() => OperatorTraceFile.Write(folder.File("a.jsonl"), trace, force: false));
        OperatorTrace read = OperatorTraceFile.Read(folder.File("a.jsonl"));
        Assert.True(OperatorTraceComparer.Compare(trace, read).Identical);
        Assert.Equal(trace.Records.Count, read.Records.Count);
        Assert.Equal(trace.Records[1].Inputs, read.Records[1].Inputs);
    }

    // Cut anywhere, a file is refused or, by chance of a whole last line, never.
    [Fact]
    public void AFileThatWasCutShortIsRefused()
    {
        using var folder = new TestFolder();
        OperatorTraceFile.Write(folder.File("a.jsonl"), Run("zeros:4", "randn:20"), force: false);
        byte[] whole = File.ReadAllBytes(folder.File("a.jsonl"));
        for (int length = 0; length < whole.Length - 1; length += 7)
        {
            File.WriteAllBytes(folder.File("cut.jsonl"), whole[..length]);
            Assert.Equal(
                ReproTorchErrorKind.FileFormat,
                Assert.Throws<ReproTorchException>(() => OperatorTraceFile.Read(folder.File("cut.jsonl"))).Kind);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"format\":\"other\",\"version\":1}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":2}\n{\"records\":0}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"records\":7}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n[1]\n{\"records\":1}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"index\":5,\"parent\":5,\"name\":\"a\"}\n{\"records\":1}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"index\":5,\"parent\":6,\"name\":\"a\"}\n{\"records\":1}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"index\":0,\"parent\":-1,\"name\":\"a\"}\n{\"index\":0,\"parent\":-1,\"name\":\"a\"}\n{\"records\":2}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"index\":0,\"parent\":-1,\"name\":\"a\",\"draws\":{\"cpu\":9223372036854775807}}\n{\"records\":1}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"index\":0,\"parent\":-1,\"name\":\"\\u001b[2J\"}\n{\"records\":1}")]
    [InlineData("{\"format\":\"reprotorch-trace\",\"version\":1}\n{\"index\":0,\"parent\":-1,\"name\":\"a\",\"draws\":{\"\\u001b[2J\":1}}\n{\"records\":1}")]
    [InlineData("\u0093NUMPY")]
    public void WhatIsNoTraceIsRefused(string text)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("a.jsonl"), text);
        Assert.Equal(
            ReproTorchErrorKind.FileFormat,
            Assert.Throws<ReproTorchException>(() => OperatorTraceFile.Read(folder.File("a.jsonl"))).Kind);
    }

    // Each as many as a record may have; added up they would be more than a number holds.
    [Theory]
    [InlineData(9_000, 1)]
    [InlineData(1, 9_000)]
    public void MoreDrawsThanAnyMachineMakesAreRefused(int records, int generators)
    {
        using var folder = new TestFolder();
        string draws = string.Join(',', Enumerable.Range(0, generators).Select(i => $"\"g{i}\":{1L << 50}"));
        File.WriteAllLines(
            folder.File("a.jsonl"),
            [
                "{\"format\":\"reprotorch-trace\",\"version\":1}",
                .. Enumerable.Range(0, records).Select(i => $"{{\"index\":{i},\"parent\":-1,\"name\":\"a\",\"draws\":{{{draws}}}}}"),
                $"{{\"records\":{records}}}",
            ]);
        ReproTorchException error = Assert.Throws<ReproTorchException>(() => OperatorTraceFile.Read(folder.File("a.jsonl")));
        Assert.Equal(ReproTorchErrorKind.FileFormat, error.Kind);
        Assert.StartsWith(folder.File("a.jsonl"), error.Message, StringComparison.Ordinal);
        Assert.Contains("more numbers than any machine makes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatReordersTextOrBreaksLinesIsEscaped()
    {
        using var folder = new TestFolder();
        File.WriteAllText(
            folder.File("a.jsonl"),
            "{\"format\":\"reprotorch-trace\",\"version\":1}\n"
                + "{\"index\":0,\"parent\":-1,\"name\":\"aten::\\u202eadd\\u2028\",\"overload\":\"\\u2066\",\"place\":\"a\\u2029.ps1:3\","
                + "\"inputs\":[\"'\\u001b\\u202e'\"],\"outputs\":[\"'\\n'\"]}\n{\"records\":1}\n");
        OperatorRecord record = Assert.Single(OperatorTraceFile.Read(folder.File("a.jsonl")).Records);
        Assert.Equal(@"aten::\u{202E}add\u{2028}.\u{2066} at a\u{2029}.ps1:3", record.ToString());
        Assert.Equal([@"'\u{001B}\u{202E}'", @"'\u{000A}'"], record.Inputs.Concat(record.Outputs));
    }

    private static OperatorTrace Run(params string[] draws) => RunWith(7, draws);

    private static OperatorTrace RunWith(int seed, params string[] draws) => RunWith(seed, hash: true, draws);

    private static OperatorTrace RunWith(int seed, bool hash, params string[] draws)
    {
        RandomStreams.Seed(seed, [RandomSource.Torch], null);
        return OperatorObserverTests.Observe(
            () => Array.ForEach(draws, draw => TensorFactory.Create(draw.Split(':')[0], [int.Parse(draw.Split(':')[1], null)], []).Dispose()),
            new ObserverOptions { Hash = hash });
    }

    private static OperatorRecord Record(long index, string name, int size) =>
        new() { Index = index, Name = name, Inputs = [$"float32 ({size})"], Outputs = [$"float32 ({size})"] };

    private static OperatorRecord[] Loop(int length, int line) =>
        [.. Enumerable.Range(0, length).Select(i => Record(i, "aten::randn", 2) with { Place = $"z.ps1:{line}" })];

    private static OperatorTrace Trace(OperatorRecord[] records, bool hashes = false) =>
        new([.. records.Select((record, i) => record with { Index = i })], "1.13", hasHashes: hashes, isRandomOnly: false);

    // What a dispatch mode of Python sees of a linear layer: its product, not the composition that called it.
    [Fact]
    public void ATraceFromPythonIsComparedWithWhatItsModeSees()
    {
        OperatorTrace here = Linear("aten::linear", hashDispatched: true);
        Assert.Equal(["aten::linear"], here.Operators.Select(record => record.Name));
        Assert.Equal(["aten::t", "aten::addmm"], here.Dispatched.Select(record => record.Name));
        Assert.Equal(Assert.Single(here.Operators[0].Hashes), Assert.Single(here.Dispatched[1].Hashes));
        OperatorTrace python = AsPython(here, record => record);
        Assert.True(python.IsDispatched);
        OperatorTraceComparison comparison = OperatorTraceComparer.Compare(python, here);
        Assert.True(comparison.Identical, comparison.Message);
        Assert.True(comparison.HashesCompared);
        Assert.Equal((2, 2), (comparison.ReferenceCount, comparison.DifferenceCount));

        // Options spelled out, other lines, out of place: not between two kinds of traces.
        OperatorTrace told = AsPython(here, record => record with { Name = record.Name + "_", Place = "x.py:1" });
        Assert.True(OperatorTraceComparer.Compare(told, here).Identical);
        Assert.Equal(OperatorDifferenceKind.Hashes, OperatorTraceComparer.Compare(AsPython(here, record => record with { Hashes = ["00"] }), here).First!.Kind);
        Assert.Equal(OperatorDifferenceKind.Inputs, OperatorTraceComparer.Compare(
            AsPython(here, record => record with { Inputs = [.. record.Inputs.Select(_ => "float32 (9)")] }), here).First!.Kind);
    }

    // A composition takes the hash that its last operator's result has, whatever was written to that tensor before.
    [Fact]
    public void ACompositionHasTheHashOfItsResult()
    {
        using ScriptModel model = new ModelSource
        {
            Source = "def forward(self, x, w, b):\n    y = torch.linear(x, w, b)\n    y.mul_(2.0)\n    return torch.dropout(y, 0.5, False)\n",
        }.Compile();
        using TorchTensor x = TensorFactory.Create("rand", [2, 5, 4], []);
        using TorchTensor weight = TensorFactory.Create("rand", [3, 4], []);
        using TorchTensor bias = TensorFactory.Create("rand", [3], []);
        string? hash = null;
        OperatorTrace trace = OperatorObserverTests.Observe(
            () => hash = ((TorchTensor)model.Invoke("forward", new ModelInput { Arguments = [x, weight, bias] })!).ContentHash(),
            new ObserverOptions { Hash = true, HashDispatched = true });
        string[] hashes = [.. trace.Operators.Select(record => Assert.Single(record.Hashes))];
        Assert.Equal(["aten::linear", "aten::mul_", "aten::dropout"], trace.Operators.Select(record => record.Name));
        Assert.NotEqual(hashes[0], hashes[1]);
        Assert.Equal([hash!, hash!], hashes[1..]);
    }

    // TorchScript's interpreter calls operators with its whole stack.
    [Fact]
    public void OperatorsOfTorchScriptHaveTheirOwnArgumentsAlone()
    {
        using ScriptModel model = new ModelSource { Source = "def forward(self, x):\n    return [x + 1, x.sum(), x - 2], x.neg()\n" }.Compile();
        using TorchTensor x = TensorFactory.Create("rand", [3], []);
        OperatorTrace trace = OperatorObserverTests.Observe(() => model.Invoke("forward", new ModelInput { Arguments = [x] }));
        Assert.Equal([3, 2, 3, 1], trace.Operators.Select(record => record.Inputs.Count));
        Assert.All(trace.Operators, record => Assert.Single(record.Outputs));
    }

    private static OperatorTrace Linear(string name, bool hashDispatched)
    {
        RandomStreams.Seed(3, [RandomSource.Torch], null);
        using TorchTensor x = TensorFactory.Create("rand", [2, 4], []);
        using TorchTensor weight = TensorFactory.Create("rand", [3, 4], []);
        using TorchTensor bias = TensorFactory.Create("rand", [3], []);
        return OperatorObserverTests.Observe(
            () => TorchOperator.Call(name, x, weight, bias), new ObserverOptions { Hash = true, HashDispatched = hashDispatched });
    }

    // The trace as the recorder in Python would have written it.
    private static OperatorTrace AsPython(OperatorTrace trace, Func<OperatorRecord, OperatorRecord> change) => new(
        [.. trace.Dispatched.Select((record, i) => change(record) with { Index = i, Parent = -1 })], trace.TorchVersion, hasHashes: true,
        isRandomOnly: false, isDispatched: true);
}
