using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

public sealed class BitGeneratorTests
{
    public static TheoryData<string> Names => ["PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"];

    public static TheoryData<string> WideNames => ["PCG64", "PCG64DXSM", "Philox", "SFC64"];

    // Raw streams (those of numpy/random/tests/data among them), then draws of all widths, jumps and states in any
    // order.
    [Theory]
    [MemberData(nameof(Names))]
    public void StreamsStatesAndJumpsEqualNumPys(string name)
    {
        int cases = 0;
        foreach (JsonElement one in NumpyGeneratorCases.Read("raw").Where(x => x.GetProperty("name").GetString() == name))
        {
            BitGenerator bits = NumpyGeneratorCases.Create(name, NumpyGeneratorCases.Integer(one.GetProperty("seed")));
            Assert.Equal(name, bits.Name);
            NumpyGeneratorCases.AssertState(one.GetProperty("fresh"), bits.GetState());
            var raw = new ulong[one.GetProperty("raw").GetArrayLength()];
            bits.FillRaw(raw);
            Assert.Equal(NumpyGeneratorCases.Encoded(one.GetProperty("raw")), raw.Select(x => $"{x}"));
            Assert.Equal(raw.Length, bits.DrawCount);
            foreach (JsonElement step in one.GetProperty("steps").EnumerateArray())
            {
                Replay(bits, step);
            }

            NumpyGeneratorCases.AssertState(one.GetProperty("end"), bits.GetState());
            cases++;
        }

        Assert.Equal(22, cases);
    }

    // numpy/random/tests/test_direct.py, test_advange_large.
    [Fact]
    public void Pcg64AdvancesByALargeNumberAsNumPyDoes()
    {
        BigInteger delta = (BigInteger.One << 96) + (BigInteger.One << 64) + (1L << 32) + (1 << 16) + (1 << 8) + 16 + 4 + 2;
        AssertAdvanced(
            new Pcg64(38219308213743), bits => bits.Advance(delta),
            "287608843259529770491897792873167516365", "135275564607035429730177404003164635391");
        AssertAdvanced(
            new Pcg64Dxsm(38219308213743), bits => bits.Advance(delta),
            "287608843259529770491897792873167516365", "277778083536782149546677086420637664879");

        static void AssertAdvanced<T>(T bits, Func<T, T> advance, string before, string after)
            where T : BitGenerator
        {
            Assert.Equal(before, State(bits));
            Assert.Same(bits, advance(bits));
            Assert.Equal(after, State(bits));
        }

        static string State(BitGenerator bits) => $"{((IDictionary)bits.GetState()["state"])["state"]}";
    }

    // test_advance_symmetry: back, forth by 2^128 less, and around ten times are the same.
    [Fact]
    public void AdvanceIsModulo128Bits()
    {
        BigInteger step = -(new BigInteger(0x9e3779b97f4a7c15) << 64);
        BigInteger round = BigInteger.One << 128;
        ulong expected = new Pcg64(5).Advance(step).NextUInt64();
        Assert.Equal(expected, new Pcg64(5).Advance(round + step).NextUInt64());
        Assert.Equal(expected, new Pcg64(5).Advance((10 * round) + step).NextUInt64());
    }

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(512)]
    public void EveryVectorWidthGivesTheSameOutputs(int bits)
    {
        // What the processor does not have cannot be tried on it.
        bits = Math.Min(bits, new Pcg64(1).VectorBits);
        for (int seed = 0; seed < 20; seed++)
        {
            AssertSame(new Pcg64(seed), new Pcg64(seed) { VectorBits = bits });
            AssertSame(new Pcg64Dxsm(seed), new Pcg64Dxsm(seed) { VectorBits = bits });
        }

        static void AssertSame(BitGenerator left, BitGenerator right)
        {
            for (int count = 1; count < 2000; count = (3 * count) + 1)
            {
                Assert.Equal(Raw(left, count), Raw(right, count));
                Assert.Equal(left.GetState()["uinteger"], right.GetState()["uinteger"]);
                Assert.Equal(Raw(left, 1), Raw(right, 1));
            }
        }
    }

    // Looking ahead must not show: what lies ready is neither in the state nor in the count.
    [Theory]
    [MemberData(nameof(Names))]
    public void StateAtAnyPointGivesTheSameRest(string name)
    {
        foreach (int taken in new[] { 0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 600, 624, 625 })
        {
            BitGenerator bits = NumpyGeneratorCases.Create(name, 77);
            Raw(bits, taken);
            string before = NumpyGeneratorCases.HashState(bits);
            bits.Ready();
            Assert.Equal(before, NumpyGeneratorCases.HashState(bits));
            bits.NextUInt32();
            Dictionary<string, object> state = bits.GetState();
            long draws = bits.DrawCount;
            (ulong[] Raw, uint Half, double Number) expected = (Raw(bits, 300), bits.NextUInt32(), bits.NextDouble());

            BitGenerator other = NumpyGeneratorCases.Create(name, 1);
            Raw(other, 9);
            other.SetState(state, draws);
            Assert.Equal(expected.Raw, Raw(other, 300));
            Assert.Equal(expected.Half, other.NextUInt32());
            Assert.Equal(expected.Number, other.NextDouble());
            Assert.Equal(bits.DrawCount, other.DrawCount);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void BulkDrawsAreSingleDraws(string name)
    {
        BitGenerator single = NumpyGeneratorCases.Create(name, 3);
        BitGenerator bulk = NumpyGeneratorCases.Create(name, 3);
        foreach (int count in new[] { 0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 511, 1000 })
        {
            var doubles = new double[count];
            var singles = new float[count];
            bulk.FillDoubles(doubles);
            bulk.FillSingles(singles);
            Assert.Equal(doubles.Select(_ => single.NextDouble()), doubles);
            Assert.Equal(singles.Select(_ => single.NextSingle()), singles);
            Assert.Equal(single.NextUInt32(), bulk.NextUInt32());
            Assert.Equal(single.DrawCount, bulk.DrawCount);
            Assert.Equal(NumpyGeneratorCases.HashState(single), NumpyGeneratorCases.HashState(bulk));
        }
    }

    [Theory]
    [MemberData(nameof(WideNames))]
    public void TwoHalvesAreOneDraw(string name)
    {
        BitGenerator bits = NumpyGeneratorCases.Create(name, 9);
        ulong first = NumpyGeneratorCases.Create(name, 9).NextUInt64();
        Assert.Equal(0, bits.DrawCount);
        Assert.Equal((uint)first, bits.NextUInt32());
        Assert.Equal(1, bits.DrawCount);
        bits.NextUInt64();
        Assert.Equal(2, bits.DrawCount);
        // The upper half waited while another whole output was drawn.
        Assert.Equal((uint)(first >> 32), bits.NextUInt32());
        Assert.Equal(2, bits.DrawCount);
    }

    [Fact]
    public void MersenneTwisterCountsItsWords()
    {
        var bits = new NumpyMT19937(1);
        bits.NextUInt32();
        Assert.Equal(1, bits.DrawCount);
        bits.NextUInt64();
        bits.NextDouble();
        Assert.Equal(5, bits.DrawCount);
        Assert.Equal(32, bits.OutputBits);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void StateSurvivesJson(string name)
    {
        BitGenerator bits = NumpyGeneratorCases.Create(name, 4);
        bits.NextUInt32();
        string json = JsonSerializer.Serialize(Strings(bits.GetState()));
        BitGenerator other = NumpyGeneratorCases.Create(name, 5);
        other.SetState((IDictionary)NumpyGeneratorCases.Plain(JsonSerializer.Deserialize<JsonElement>(json))!);
        Assert.Equal(Raw(bits, 10), Raw(other, 10));
        Assert.Equal(bits.NextUInt32(), other.NextUInt32());

        // Integers beyond 64 bits as text, as JSON readers that know only doubles need it.
        static object Strings(object value) => value switch
        {
            IDictionary part => part.Keys.Cast<string>().ToDictionary(key => key, key => Strings(part[key]!)),
            BigInteger number => number.ToString(CultureInfo.InvariantCulture),
            _ => value,
        };
    }

    [Fact]
    public void StatesThatDoNotFitAreRefusedAndChangeNothing()
    {
        var philox = new Philox(1);
        philox.NextUInt32();
        string before = NumpyGeneratorCases.HashState(philox);
        AssertRefused("state must be for a Philox PRNG", state => state["bit_generator"] = "PCG64");
        AssertRefused("state must be for a Philox PRNG", state => state.Remove("bit_generator"));
        AssertRefused("The state for Philox has no dictionary named state", state => state["state"] = 5);
        AssertRefused("buffer_pos in the state for Philox is 5", state => state["buffer_pos"] = 5);
        AssertRefused("has_uint32 in the state for Philox is missing", state => state.Remove("has_uint32"));
        AssertRefused("uinteger in the state for Philox is 4294967296", state => state["uinteger"] = 1L << 32);
        AssertRefused("buffer in the state for Philox must be 4 integers", state => state["buffer"] = new ulong[3]);
        AssertRefused("buffer in the state for Philox must be 4 integers", state => state["buffer"] = new long[] { 0, 0, 0, -1 });
        AssertRefused("counter in the state for Philox must be 4 integers", state => ((IDictionary)state["state"]).Remove("counter"));
        Assert.Throws<ArgumentOutOfRangeException>(() => philox.SetState(philox.GetState(), -1));
        Assert.Equal(before, NumpyGeneratorCases.HashState(philox));

        var twister = new NumpyMT19937(1);
        Dictionary<string, object> state = twister.GetState();
        ((IDictionary)state["state"])["pos"] = 625;
        Assert.StartsWith("pos in the state for MT19937 is 625", Assert.Throws<ReproTorchException>(() => twister.SetState(state)).Message, StringComparison.Ordinal);

        void AssertRefused(string message, Action<Dictionary<string, object>> damage)
        {
            Dictionary<string, object> state = philox.GetState();
            damage(state);
            ReproTorchException error = Assert.Throws<ReproTorchException>(() => philox.SetState(state));
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
            Assert.Equal(before, NumpyGeneratorCases.HashState(philox));
        }
    }

    [Fact]
    public void PhiloxTakesKeysAndCounters()
    {
        // Philox(key=2**96 + 5, counter=2**255 + 7).random_raw(2) and .state, numpy 1.24.2.
        Philox bits = Philox.FromKey((BigInteger.One << 96) + 5, (BigInteger.One << 255) + 7);
        Assert.Null(bits.SeedSequence);
        var state = (IDictionary)bits.GetState()["state"];
        Assert.Equal(new ulong[] { 7, 0, 0, 1UL << 63 }, state["counter"]);
        Assert.Equal(new ulong[] { 5, 1UL << 32 }, state["key"]);
        Assert.Equal(new ulong[] { 17438461973737800132, 15837213687011682165 }, Raw(bits, 2));
        Assert.Throws<ReproTorchException>(() => Philox.FromKey(BigInteger.One << 128));
        Assert.Throws<ReproTorchException>(() => Philox.FromKey(-1));
        ReproTorchException error = Assert.Throws<ReproTorchException>(() => new Philox(1, BigInteger.One << 256));
        Assert.StartsWith("counter must be positive and less than 2**256", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PhiloxCounterWrapsAround()
    {
        Philox bits = Philox.FromKey(9, (BigInteger.One << 256) - 1);
        Assert.Equal(Raw(Philox.FromKey(9).Advance(-1), 8), Raw(bits, 8));
        Assert.Equal(new ulong[] { 1, 0, 0, 0 }, ((IDictionary)bits.GetState()["state"])["counter"]);
    }

    private static void Replay(BitGenerator bits, JsonElement step)
    {
        string[] values = step.TryGetProperty("values", out JsonElement expected) ? NumpyGeneratorCases.Encoded(expected) : [];
        int count = step.TryGetProperty("count", out JsonElement given) ? given.GetInt32() : 0;
        switch (step.GetProperty("do").GetString())
        {
            case "raw":
                Assert.Equal(values, Raw(bits, count).Select(x => $"{x}").TakeLast(values.Length));
                break;
            case "uint32":
                Assert.Equal(values, Enumerable.Range(0, count).Select(_ => $"{bits.NextUInt32()}").ToArray().TakeLast(values.Length));
                break;
            case "double":
                var doubles = new double[count];
                bits.FillDoubles(doubles);
                Assert.Equal(values, NumpyGeneratorCases.Encode(doubles).TakeLast(values.Length));
                break;
            case "single":
                var singles = new float[count];
                bits.FillSingles(singles);
                Assert.Equal(values, NumpyGeneratorCases.Encode(singles).TakeLast(values.Length));
                break;
            case "state":
                NumpyGeneratorCases.AssertState(step.GetProperty("state"), bits.GetState());
                break;
            case "restore":
                bits.SetState((IDictionary)NumpyGeneratorCases.Plain(step.GetProperty("state"))!);
                Assert.Equal(0, bits.DrawCount);
                break;
            case "advance":
                BigInteger delta = NumpyGeneratorCases.Integer(step.GetProperty("delta"));
                _ = bits switch
                {
                    Pcg64 pcg => (BitGenerator)pcg.Advance(delta),
                    Pcg64Dxsm pcg => pcg.Advance(delta),
                    Philox philox => philox.Advance(delta),
                    _ => throw new InvalidOperationException(),
                };
                break;
            case "jump":
                BigInteger jumps = NumpyGeneratorCases.Integer(step.GetProperty("jumps"));
                BitGenerator jumped = bits switch
                {
                    Pcg64 pcg => pcg.Jumped(jumps),
                    Pcg64Dxsm pcg => pcg.Jumped(jumps),
                    Philox philox => philox.Jumped(jumps),
                    NumpyMT19937 twister => twister.Jumped((int)jumps),
                    _ => throw new InvalidOperationException(),
                };
                Assert.Equal(step.GetProperty("state").GetString(), NumpyGeneratorCases.HashState(jumped));
                Assert.Equal(values, Raw(jumped, 3).Select(x => $"{x}"));
                break;
        }
    }

    private static ulong[] Raw(BitGenerator bits, int count)
    {
        var values = new ulong[count];
        bits.FillRaw(values);
        return values;
    }
}
