using ReproTorch.Tensors.Files;

namespace ReproTorch.Models.Screening;

/// <summary>
/// The tables that say which line of Python a piece of code came from, which libtorch reads when it words an error. Their form:
/// torch/csrc/jit/serialization/source_range_serialization.cpp; it takes indices from them without a look.
/// </summary>
internal static class DebugPickle
{
    private const string WithTable = "FORMAT_WITH_STRING_TABLE";

    /// <summary>Checks a table.</summary>
    /// <exception cref="ReproTorchException">It is damaged.</exception>
    public static void Check(ZipReader archive, ZipMember member)
    {
        string place = $"{archive.Path}, member {member.Name}";
        object? root = PickleReader.Read(place, archive.ReadAll(member, PickleReader.MaxBytes), ModelPickles.Rules);
        bool fits = root is object?[] whole && (whole is [WithTable, object?[] texts, object?[] records]
            ? Array.TrueForAll(texts, text => text is string) && Array.TrueForAll(records, record => IsRecord(record, texts))
            : (whole.Length == 0 || whole[0] is not string) && Array.TrueForAll(whole, record => IsRecord(record, [])));
        if (!fits)
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.ModelFormat, $"{place} is damaged: it is no table of source lines. It was not loaded.");
        }
    }

    // Code that came from no line has the first letter of an empty text.
    // (offset in the code, (source, start, end), tag)
    private static bool IsRecord(object? record, object?[] texts) =>
        record is object?[] parts && parts is [long, object?[], long] or [long, object?[]]
        && ((object?[])parts[1]!) is [object?[] source, long start, long end] && Length(source, texts) is { } length
        && start >= 0 && start <= end && end <= Math.Max(length, 1);

    // (the numbers of the texts that it consists of, the number of its file's name, its first line), or with the texts themselves.
    private static long? Length(object?[] source, object?[] texts)
    {
        if (texts.Length == 0)
        {
            return source is [string text, null or string, long first] && IsLine(first) ? text.Length : null;
        }

        if (source is not [PickleNode { Kind: PickleNodeKind.Call, GlobalName: "torch.jit._pickle.build_intlist", IsNew: false, IsBuilt: false } list, long name, long line]
            || list.Argument is not object?[] arguments || arguments is not [List<object?> numbers] || !IsIndex(name, texts) || !IsLine(line))
        {
            return null;
        }

        long length = 0;
        bool endsLine = true;
        foreach (object? number in numbers)
        {
            if (number is not long index || !IsIndex(index, texts))
            {
                return null;
            }

            var text = (string)texts[index]!;
            if (length > 0 && !endsLine)
            {
                return null;
            }

            // libtorch takes each for one line.
            int end = text.IndexOf('\n', StringComparison.Ordinal);
            endsLine = end == text.Length - 1 && end >= 0;
            if (end >= 0 && !endsLine)
            {
                return null;
            }

            length += text.Length;
        }

        return length;
    }

    private static bool IsIndex(long index, object?[] texts) => index >= 0 && index < texts.Length;

    private static bool IsLine(long line) => line is >= 0 and < int.MaxValue;
}
