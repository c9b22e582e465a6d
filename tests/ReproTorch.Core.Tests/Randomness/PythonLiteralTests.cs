using System.Numerics;
using ReproTorch.Randomness;

namespace ReproTorch.Core.Tests.Randomness;

public sealed class PythonLiteralTests
{
    public static TheoryData<string, object?> Values => new()
    {
        { "5", new BigInteger(5) },
        { "-5", new BigInteger(-5) },
        { "1_000", new BigInteger(1000) },
        { "0xff", new BigInteger(255) },
        { "-0xff", new BigInteger(-255) },
        { "123456789012345678901234567890", BigInteger.Parse("123456789012345678901234567890", System.Globalization.CultureInfo.InvariantCulture) },
        { "0.5", 0.5 },
        { "1e-3", 1e-3 },
        { "-inf", double.NegativeInfinity },
        { "nan", double.NaN },
        { "None", null },
        { "True", true },
        { "int8", "int8" },
        { "'a\\'b'", "a'b" },
        { "\"日本\"", "日本" },
        { "'b\\x41\\u3042\\101\\n\\q'", "bAあA\n\\q" },
        { "b'a\\xff'", new byte[] { 97, 255 } },
        { "[]", Array.Empty<object?>() },
        { "(1,)", new object?[] { BigInteger.One } },
        { "[1, (2.5, 'x'), [None]]", new object?[] { BigInteger.One, new object?[] { 2.5, "x" }, new object?[] { null } } },
        { "range(3)", new object?[] { BigInteger.Zero, BigInteger.One, new BigInteger(2) } },
        { "range(5, 0, -2)", new object?[] { new BigInteger(5), new BigInteger(3), BigInteger.One } },
        { "range(3, 0)", Array.Empty<object?>() },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void ReadsWhatPythonWrites(string text, object? expected) => Assert.Equal(expected, PythonLiteral.Parse(text));

    [Theory]
    [InlineData("'\\x4'")]
    [InlineData("'\\N{DASH}'")]
    [InlineData("b'é日'")]
    [InlineData("[1, 2")]
    [InlineData("[1 2]")]
    [InlineData("[abc]")]
    [InlineData("'abc")]
    [InlineData("[1]]")]
    [InlineData("range(1, 2, 0)")]
    [InlineData("range(1000000000)")]
    [InlineData("range('a')")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void RefusesWhatHasNoEnd(string text) => Assert.Throws<ReproTorchException>(() => PythonLiteral.Parse(text));
}
