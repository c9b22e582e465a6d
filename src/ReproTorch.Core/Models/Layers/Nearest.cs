namespace ReproTorch.Models.Layers;

/// <summary>Finds the word that a person may have meant.</summary>
internal static class Nearest
{
    /// <summary>" Did you mean 'x'?", or nothing when no word is near.</summary>
    public static string Hint(string word, IEnumerable<string> candidates)
    {
        string? nearest = candidates.MinBy(candidate => Distance(word, candidate));
        return nearest is not null && Distance(word, nearest) <= Math.Clamp(nearest.Length / 2, 1, 3)
            ? $" Did you mean '{nearest}'?"
            : string.Empty;
    }

    // Letters to insert, delete or exchange (Levenshtein), case aside.
    private static int Distance(string left, string right)
    {
        var row = new int[right.Length + 1];
        for (int j = 0; j < row.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.Length; j++)
            {
                int exchanged = diagonal + (char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(exchanged, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
