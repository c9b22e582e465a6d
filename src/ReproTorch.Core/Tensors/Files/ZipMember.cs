namespace ReproTorch.Tensors.Files;

/// <summary>One member of a zip archive, checked against the archive's length.</summary>
/// <param name="Name">Its path within the archive, with forward slashes.</param>
/// <param name="Offset">Where its data begin in the file.</param>
/// <param name="StoredLength">Bytes in the file.</param>
/// <param name="Length">Bytes when unpacked.</param>
/// <param name="Crc">CRC-32 of the unpacked bytes.</param>
/// <param name="IsDeflated">False when it is stored as it is.</param>
/// <param name="Header">Where its own header begins.</param>
/// <param name="Flags">The general purpose flags.</param>
internal sealed record ZipMember(string Name, long Offset, long StoredLength, long Length, uint Crc, bool IsDeflated, long Header, ushort Flags)
{
    /// <summary>True for an entry that only names a folder.</summary>
    public bool IsFolder => Name.EndsWith('/');
}
