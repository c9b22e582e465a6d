using System.Text;
using ReproTorch.Tensors.Files;

namespace ReproTorch.Core.Tests.Tensors.Files;

public sealed class Crc32Tests
{
    // The check value of the CRC-32 of ISO 3309, and zlib.crc32 of Python 3.11 for the others.
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void KnownTextsHaveTheirKnownCrc(string text, uint expected) =>
        Assert.Equal(expected, Crc32.Append(0, Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void FoldingAgreesWithTablesAtEveryLengthAndCut()
    {
        var bytes = new byte[4096];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length < bytes.Length; length += 1 + (length / 37))
        {
            ReadOnlySpan<byte> part = bytes.AsSpan(0, length);
            uint expected = Crc32.AppendByTables(0, part);
            Assert.Equal(expected, Crc32.Append(0, part));
            Assert.Equal(expected, Crc32.Append(Crc32.Append(0, part[..(length / 3)]), part[(length / 3)..]));
        }
    }
}
