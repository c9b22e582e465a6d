using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using ReproTorch.Interop;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

/// <summary>The lines of a file that a generator script in tests/python wrote, by method, and how to read and compare
/// them.</summary>
internal sealed class RandomCases
{
    private readonly ILookup<string, JsonElement> _lines;

    private RandomCases(string file)
    {
        using FileStream raw = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "python", file));
        using StreamReader reader = new(new GZipStream(raw, CompressionMode.Decompress));
        List<JsonElement> lines = [];
        while (reader.ReadLine() is { } line)
        {
            lines.Add(JsonSerializer.Deserialize<JsonElement>(line));
        }

        _lines = lines.ToLookup(l => l.GetProperty("m").GetString()!);
        HasReferenceLibrary = this["libm"].Single().GetProperty("digests").EnumerateObject()
            .All(d => d.Value.GetString() == LibraryDigest(d.Name));
    }

    public static RandomCases Python { get; } = new("python_random_cases.jsonl.gz");

    public static RandomCases NumpyRandomState { get; } = new("numpy_randomstate_cases.jsonl.gz");

    /// <summary>Whether this machine's C library rounds as that of the reference did. If not, the last bits of what
    /// passes through it may differ, from the reference as from a CPython or NumPy on this machine.</summary>
    public bool HasReferenceLibrary { get; }

    public IEnumerable<string> Methods => _lines.Select(g => g.Key);

    public IEnumerable<JsonElement> this[string method] =>
        _lines.Contains(method) ? _lines[method] : throw new ArgumentException($"No case for {method}.", nameof(method));

    /// <summary>A float that is written as the digits of its bits.</summary>
    public static double Float(JsonElement element) =>
        BitConverter.UInt64BitsToDouble(ulong.Parse(element.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    public static double[] Floats(JsonElement element) => [.. element.EnumerateArray().Select(Float)];

    public static BigInteger Integer(JsonElement element) => element.ValueKind == JsonValueKind.Number
        ? element.GetInt64()
        : BigInteger.Parse(element.GetString()!, CultureInfo.InvariantCulture);

    public static long Long(JsonElement element) => (long)Integer(element);

    public static long[] Longs(JsonElement element) => [.. element.EnumerateArray().Select(Long)];

    /// <summary>Fails unless the value is that of the file: every bit of a float, every element of an array.</summary>
    public void AssertEqual(JsonElement expected, object actual, string where)
    {
        switch (actual)
        {
            case double number:
                double wanted = Float(expected);
                if (!SameBits(wanted, number) && (HasReferenceLibrary || !Near(wanted, number)))
                {
                    Assert.Fail(FormattableString.Invariant($"{where}: expected {wanted:R}, got {number:R}"));
                }

                break;
            case byte[] bytes when actual.GetType() == typeof(byte[]):
                Assert.True(expected.GetString() == Convert.ToHexStringLower(bytes), where);
                break;
            case Array array:
                Assert.True(expected.GetArrayLength() == array.Length, $"{where}: {array.Length} elements");
                int i = 0;
                foreach (JsonElement element in expected.EnumerateArray())
                {
                    AssertEqual(element, array.GetValue(i++)!, where);
                }

                break;
            case bool flag:
                Assert.True(expected.GetBoolean() == flag, where);
                break;
            case BigInteger integer:
                Assert.True(Integer(expected) == integer, $"{where}: expected {expected}, got {integer}");
                break;
            default:
                long value = Convert.ToInt64(actual, CultureInfo.InvariantCulture);
                Assert.True(Integer(expected) == value, $"{where}: expected {expected}, got {value}");
                break;
        }
    }

    // Which NaN comes out of an operation is the compiler's choice of operand order; NumPy and CPython do not promise
    // it.
    private static bool SameBits(double x, double y) =>
        BitConverter.DoubleToUInt64Bits(x) == BitConverter.DoubleToUInt64Bits(y) || (double.IsNaN(x) && double.IsNaN(y));

    private static bool Near(double x, double y) => Math.Abs(x - y) <= 1e-9 * Math.Max(Math.Abs(x), Math.Abs(y));

    private static string LibraryDigest(string function)
    {
        PythonRandom source = new(20240229);
        double[] results = new double[20000];
        for (int i = 0; i < results.Length; i++)
        {
            double a = source.Random();
            double b = source.Random();
            results[i] = function switch
            {
                "log" => Math.Log(1 - a),
                "exp" => Math.Exp((20 * a) - 10),
                "pow" => Math.Pow(1 - a, (8 * b) - 4),
                "cos" => Math.Cos(7 * a),
                "sin" => Math.Sin(7 * a),
                "acos" => Math.Acos((2 * a) - 1),
                "log1p" => CMath.Log1P(-a),
                _ => throw new ArgumentException($"No function {function}.", nameof(function)),
            };
        }

        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(results.AsSpan())));
    }
}
