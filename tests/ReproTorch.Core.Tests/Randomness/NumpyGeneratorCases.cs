using System.Collections;
using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

/// <summary>Reads what tests/python/generate_numpy_generator_cases.py wrote.</summary>
internal static class NumpyGeneratorCases
{
    /// <summary>Whether this machine's C library rounds as the one that NumPy ran on when the cases were
    /// made.</summary>
    private static bool HasReferenceLibrary => RandomCases.Python.HasReferenceLibrary;

    public static IEnumerable<JsonElement> Read(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "python", $"numpy_generator_{name}_cases.jsonl.gz");
        using var file = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var cases = new List<JsonElement>();
        while (file.ReadLine() is { } line)
        {
            cases.Add(JsonSerializer.Deserialize<JsonElement>(line));
        }

        Assert.NotEmpty(cases);
        return cases;
    }

    public static BitGenerator Create(string name, BigInteger seed) => name switch
    {
        "PCG64" => new Pcg64(seed),
        "PCG64DXSM" => new Pcg64Dxsm(seed),
        "Philox" => new Philox(seed),
        "SFC64" => new Sfc64(seed),
        "MT19937" => new NumpyMT19937(seed),
        _ => throw new ArgumentException(name),
    };

    public static BigInteger Integer(JsonElement element) => BigInteger.Parse(
        element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText(), CultureInfo.InvariantCulture);

    public static BigInteger[] Integers(JsonElement element) => [.. element.EnumerateArray().Select(Integer)];

    /// <summary>JSON as a shell would hold it.</summary>
    public static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Array => element.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.Object => element.EnumerateObject().ToDictionary(x => x.Name, x => Plain(x.Value)),
        _ when element.TryGetInt64(out long number) => number,
        _ when element.GetRawText().TrimStart('-').All(char.IsAsciiDigit) => Integer(element),
        _ => element.GetDouble(),
    };

    /// <summary>Elements as the script encodes them, where every NaN is the same.</summary>
    public static string[] Encode(Array values) => values switch
    {
        double[] doubles => [.. doubles.Select(x => BitConverter.DoubleToUInt64Bits(Canonical(x)).ToString("x16", null))],
        float[] singles => [.. singles.Select(x => BitConverter.SingleToUInt32Bits(Canonical(x)).ToString("x8", null))],
        bool[] flags => [.. flags.Select(x => x ? "true" : "false")],
        _ => [.. values.Cast<object>().Select(x => Convert.ToString(x, CultureInfo.InvariantCulture)!)],
    };

    // Python's NaN, which is positive.
    private static double Canonical(double x) => double.IsNaN(x) ? BitConverter.UInt64BitsToDouble(0x7ff8000000000000) : x;

    private static float Canonical(float x) => float.IsNaN(x) ? BitConverter.UInt32BitsToSingle(0x7fc00000) : x;

    public static string[] Encoded(JsonElement element) => [.. element.EnumerateArray().Select(
        x => x.ValueKind == JsonValueKind.String ? x.GetString()! : x.GetRawText())];

    public static string Hash(Array values)
    {
        byte[] bytes = values switch
        {
            double[] x => MemoryMarshal.AsBytes<double>(Array.ConvertAll(x, Canonical)).ToArray(),
            float[] x => MemoryMarshal.AsBytes<float>(Array.ConvertAll(x, Canonical)).ToArray(),
            long[] x => MemoryMarshal.AsBytes<long>(x).ToArray(),
            ulong[] x => MemoryMarshal.AsBytes<ulong>(x).ToArray(),
            int[] x => MemoryMarshal.AsBytes<int>(x).ToArray(),
            uint[] x => MemoryMarshal.AsBytes<uint>(x).ToArray(),
            short[] x => MemoryMarshal.AsBytes<short>(x).ToArray(),
            ushort[] x => MemoryMarshal.AsBytes<ushort>(x).ToArray(),
            sbyte[] x => MemoryMarshal.AsBytes<sbyte>(x).ToArray(),
            bool[] x => MemoryMarshal.AsBytes<bool>(x).ToArray(),
            byte[] x => x,
            _ => throw new ArgumentException(values.GetType().Name),
        };
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>A state's values in a row, hashed, as hash_state does.</summary>
    public static string HashState(BitGenerator bits)
    {
        Dictionary<string, object> state = bits.GetState();
        var parts = new List<string> { (string)state["bit_generator"] };
        foreach (object value in ((IDictionary)state["state"]).Values
            .Cast<object>().Concat(state.Where(x => x.Key is not ("bit_generator" or "state")).Select(x => x.Value)))
        {
            parts.AddRange(value is IEnumerable items ? items.Cast<object>().Select(x => $"{x}") : [$"{value}"]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', parts))));
    }

    public static void AssertState(JsonElement expected, IDictionary actual)
    {
        Assert.Equal(expected.EnumerateObject().Select(x => x.Name).Order(), actual.Keys.Cast<string>().Order());
        foreach (JsonProperty part in expected.EnumerateObject())
        {
            object value = actual[part.Name]!;
            if (part.Value.ValueKind == JsonValueKind.Object)
            {
                AssertState(part.Value, (IDictionary)value);
            }
            else
            {
                string[] words = value is IEnumerable items and not string ? [.. items.Cast<object>().Select(x => $"{x}")] : [$"{value}"];
                Assert.Equal(part.Value.ValueKind == JsonValueKind.Array ? Encoded(part.Value)
                    : part.Value.ValueKind == JsonValueKind.String ? [part.Value.GetString()!] : [part.Value.GetRawText()], words);
            }
        }
    }

    /// <summary>Replays streams of calls; every value, every error, and the state at the end must agree.</summary>
    public static void ReplayStreams(string name)
    {
        int calls = 0;
        foreach (JsonElement stream in Read(name))
        {
            string seed = stream.GetProperty("seed").GetString()!;
            var generator = new NumpyGenerator(
                Create(stream.GetProperty("g").GetString()!, BigInteger.Parse(seed, CultureInfo.InvariantCulture)));
            int number = 0;
            foreach (JsonElement call in stream.GetProperty("calls").EnumerateArray())
            {
                string where = $"{generator.BitGenerator.Name}({seed}), call {number++}: {call.GetProperty("m")}{call.GetProperty("a")}{call.GetProperty("k")}";
                AssertCall(generator, call, where);
                calls++;
            }

            Assert.Equal(stream.GetProperty("end").GetString(), HashState(generator.BitGenerator));
        }

        Assert.True(calls > 50, $"Only {calls} calls were replayed.");
    }

    private static void AssertCall(NumpyGenerator generator, JsonElement call, string where)
    {
        var positional = (List<object?>)Plain(call.GetProperty("a"))!;
        var named = (IDictionary)Plain(call.GetProperty("k"))!;
        string method = call.GetProperty("m").GetString()!;
        if (call.TryGetProperty("e", out JsonElement text))
        {
            ReproTorchException? error = null;
            try
            {
                generator.Call(method, positional, named);
            }
            catch (ReproTorchException thrown)
            {
                error = thrown;
            }

            Assert.True(error is not null, $"{where} gave no error; NumPy said: {text}");
            Assert.True(error.Message.StartsWith(text.GetString()!.TrimEnd('.'), StringComparison.Ordinal), $"{where}: NumPy said {text}, here it was {error.Message}");
            Assert.Equal(ReproTorchErrorKind.InvalidArgument, error.Kind);
            return;
        }

        RandomValues result = generator.Call(method, positional, named);
        Assert.True(Encoded(call.GetProperty("s")).SequenceEqual(result.Shape.Select(x => $"{x}")), $"{where}: shape ({string.Join(", ", result.Shape)})");
        if (result.DType is { } dtype)
        {
            Assert.Equal(call.GetProperty("t").GetString(), dtype.ToString());
        }

        string[] expected = Encoded(call.GetProperty("r"));
        Array values = result.Values;
        string[] actual = result.DType is null
            ? [.. values.Cast<object>().Select(x => x is double d ? Encode(new[] { d })[0] : $"{x}")]
            : Encode(values);
        if (call.TryGetProperty("h", out JsonElement hash))
        {
            bool isEqual = hash.GetString() == Hash(values) || !HasReferenceLibrary;
            Assert.True(isEqual && AreEqual(expected, actual[..expected.Length], values),
                $"{where}: begins {string.Join(" ", actual.Take(3))}, expected {string.Join(" ", expected)}");
        }
        else
        {
            Assert.True(AreEqual(expected, actual, values),
                $"{where}: gave {string.Join(" ", actual)}, expected {string.Join(" ", expected)}");
        }
    }

    // To the bit; with another C library than the one that made the cases, up to what its rounding can do.
    private static bool AreEqual(string[] expected, string[] actual, Array values)
    {
        if (expected.SequenceEqual(actual))
        {
            return true;
        }

        return !HasReferenceLibrary && expected.Length == actual.Length && values is double[] or float[]
            && expected.Zip(actual).All(x => IsNear(Decode(x.First), Decode(x.Second)));

        static bool IsNear(double x, double y) =>
            x.Equals(y) || Math.Abs(x - y) <= 1e-5 * Math.Max(Math.Abs(x), Math.Abs(y));

        static double Decode(string digits) => digits.Length == 8
            ? BitConverter.UInt32BitsToSingle(uint.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            : BitConverter.UInt64BitsToDouble(ulong.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
