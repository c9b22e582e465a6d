using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ReproTorch.Comparison;
using ReproTorch.Runs;
using ReproTorch.Tensors;

namespace ReproTorch.Core.Tests.Comparison;

/// <summary>The cases that tests/python/generate_compare_cases.py wrote; what the fields mean stands there.</summary>
internal static class AssertCloseCases
{
    public static IEnumerable<(int Line, JsonElement Case)> All()
    {
        using FileStream file = File.OpenRead(Path.Combine(Folder(), "cases", "assert_close.jsonl.gz"));
        using StreamReader lines = new(new GZipStream(file, CompressionMode.Decompress));
        for (int line = 1; lines.ReadLine() is { } text; line++)
        {
            yield return (line, JsonDocument.Parse(text).RootElement);
        }
    }

    public static (TensorData Reference, TensorData Difference) Tensors(JsonElement one)
    {
        JsonElement r = one.GetProperty("r");
        JsonElement d = one.GetProperty("d");
        if (!r.TryGetProperty("seed", out JsonElement seed))
        {
            return (Stored(r), Stored(d));
        }

        (byte[] reference, byte[] difference) = Large(
            seed.GetUInt64(), (int)Shape(r)[0], DTypeOf(r), r.GetProperty("every").GetUInt64());
        return (TensorData.FromArray(DTypeOf(r), Shape(r), reference), TensorData.FromArray(DTypeOf(d), Shape(d), difference));
    }

    public static ComparisonOptions Options(JsonElement one) => new()
    {
        Close = true,
        RelativeTolerance = one.TryGetProperty("rtol", out JsonElement rtol) ? Number(rtol) : null,
        AbsoluteTolerance = one.TryGetProperty("atol", out JsonElement atol) ? Number(atol) : null,
        EqualNaN = one.GetProperty("equal_nan").GetBoolean(),
        CheckDType = one.GetProperty("check_dtype").GetBoolean(),
    };

    public static TensorComparison Compare(JsonElement one, ComparisonOptions options)
    {
        (TensorData r, TensorData d) = Tensors(one);
        if (!one.TryGetProperty("number", out _))
        {
            return TensorComparer.Compare("x", r, d, options);
        }

        return RunComparer.Compare([RunValue.OfNumber("x", r)], [RunValue.OfNumber("x", d)], options).Outputs[0];
    }

    public static double Number(JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetDouble()
        : value.GetString() switch { "inf" => double.PositiveInfinity, "-inf" => double.NegativeInfinity, _ => double.NaN };

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private static TensorData Stored(JsonElement side) =>
        TensorData.FromArray(DTypeOf(side), Shape(side), Convert.FromBase64String(side.GetProperty("bytes").GetString()!));

    private static DType DTypeOf(JsonElement side) =>
        DTypes.TryParse(side.GetProperty("dtype").GetString(), out DType dtype) ? dtype : throw new InvalidDataException();

    private static long[] Shape(JsonElement side) => [.. side.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];

    /// <summary>draw_large() of the generator.</summary>
    private static (byte[] Reference, byte[] Difference) Large(ulong seed, int count, DType dtype, ulong every)
    {
        int parts = dtype.IsComplex() ? 2 * count : count;
        int size = dtype.ItemSize() / (dtype.IsComplex() ? 2 : 1);
        byte[] reference = new byte[parts * size];
        byte[] difference = new byte[parts * size];
        for (int i = 0; i < parts; i++)
        {
            ulong bits = SplitMix(seed, i);
            ulong turn = (ulong)i % every == 0 ? SplitMix(seed + 1, i) % 8 : 0;
            double unit = ((bits >> 11) * Math.ScaleB(1, -52)) - 1;
            ulong element = dtype switch
            {
                DType.float64 or DType.complex128 => BitConverter.DoubleToUInt64Bits(unit),
                DType.float32 or DType.complex64 => BitConverter.SingleToUInt32Bits((float)unit),
                DType.float16 or DType.complex32 => BitConverter.HalfToUInt16Bits((Half)unit),
                DType.bfloat16 => ToBFloat16((float)unit),
                DType.@bool => bits & 1,
                _ => bits % 100,
            };
            turn &= dtype == DType.@bool ? 1UL : 7;
            Write(reference, i, size, element);
            Write(difference, i, size, element ^ turn);
        }

        return (reference, difference);
    }

    private static void Write(byte[] target, int index, int size, ulong element) =>
        BitConverter.GetBytes(element).AsSpan(0, size).CopyTo(target.AsSpan(index * size));

    private static ulong ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }

    private static ulong SplitMix(ulong seed, int index)
    {
        ulong z = unchecked(((ulong)(index + 1) * 0x9E3779B97F4A7C15) + seed);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
