using System.Globalization;
using System.Text;

namespace ReproTorch.Comparison;

/// <summary>Texts from files as they may be shown: nothing in them moves a terminal, breaks a line or reorders what stands beside it.</summary>
internal static class VisibleText
{
    /// <summary>What XML forbids, what reorders the text around it, and what cannot be seen: two strings that differ only in such a
    /// character must look different, and a name must not be able to disguise itself.</summary>
    public static bool IsInvisible(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator
        || (rune.Value & 0xFFFE) == 0xFFFE;

    /// <summary>How such a character is shown: <c>\u{202E}</c>.</summary>
    public static string Escape(Rune rune) => string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X4}}}");

    /// <summary>Whether such a character is in a text; not in none.</summary>
    public static bool HasInvisible(string? text)
    {
        foreach (Rune rune in text.AsSpan().EnumerateRunes())
        {
            if (IsInvisible(rune))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The text with such characters escaped; the text itself where there are none.</summary>
    public static string Of(string text) => HasInvisible(text)
        ? string.Concat(text.EnumerateRunes().Select(rune => IsInvisible(rune) ? Escape(rune) : rune.ToString()))
        : text;
}
