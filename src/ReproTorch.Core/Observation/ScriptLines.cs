namespace ReproTorch.Observation;

/// <summary>
/// Tells which line of one script is which of the other's: a line more above makes all those below it others by number. Lines stay in
/// their order, and those belong together that ran the same operators most often.
/// </summary>
internal static class ScriptLines
{
    // Beyond these lines are told by their number alone.
    private const long MaxCells = 1L << 20;
    private const long MaxLookups = 1L << 26;

    /// <summary>Writes into the keys which line each operator came from: equal numbers for lines that belong together; -1 for none.</summary>
    /// <param name="reference">One sequence of operators, and its keys.</param>
    /// <param name="difference">The other sequence.</param>
    public static void Number(
        (IReadOnlyList<OperatorRecord> Records, OperatorKey[] Keys) reference, (IReadOnlyList<OperatorRecord> Records, OperatorKey[] Keys) difference)
    {
        Line[] one = LinesOf(reference.Records, reference.Keys);
        Line[] other = LinesOf(difference.Records, difference.Keys);
        if ((long)one.Length * other.Length <= MaxCells && one.Sum(line => (long)line.Kinds) * other.Length <= MaxLookups)
        {
            Pair(one, other);
        }
        else
        {
            Array.ForEach(one, line => line.Id = line.Number);
            Array.ForEach(other, line => line.Id = line.Number);
        }

        Write(reference, one);
        Write(difference, other);
    }

    // In the order of the files' first commands, then of the lines.
    private static Line[] LinesOf(IReadOnlyList<OperatorRecord> records, OperatorKey[] keys)
    {
        var lines = new Dictionary<string, Line>();
        var files = new Dictionary<string, int>();
        for (int i = 0; i < keys.Length; i++)
        {
            if (records[i].Place is { } place)
            {
                if (!lines.TryGetValue(place, out Line? line))
                {
                    int colon = place.LastIndexOf(':');
                    string file = place[..Math.Max(0, colon)];
                    files.TryAdd(file, files.Count);
                    lines[place] = line = new Line(place, files[file], int.TryParse(place.AsSpan(colon + 1), out int number) ? number : 0);
                }

                line.Count(keys[i]);
            }
        }

        return [.. lines.Values.OrderBy(line => line.File).ThenBy(line => line.Number)];
    }

    private static void Pair(Line[] one, Line[] other)
    {
        long[,] scores = new long[one.Length + 1, other.Length + 1];
        for (int i = 1; i <= one.Length; i++)
        {
            for (int j = 1; j <= other.Length; j++)
            {
                long pair = scores[i - 1, j - 1] + one[i - 1].Agreement(other[j - 1]);
                scores[i, j] = Math.Max(pair, Math.Max(scores[i - 1, j], scores[i, j - 1]));
            }
        }

        int id = 0;
        for (int i = one.Length, j = other.Length; i > 0 || j > 0;)
        {
            if (i > 0 && (j == 0 || scores[i, j] == scores[i - 1, j]))
            {
                one[--i].Id = id++;
            }
            else if (i == 0 || scores[i, j] == scores[i, j - 1])
            {
                other[--j].Id = id++;
            }
            else
            {
                one[--i].Id = other[--j].Id = id++;
            }
        }
    }

    private static void Write((IReadOnlyList<OperatorRecord> Records, OperatorKey[] Keys) sequence, Line[] lines)
    {
        Dictionary<string, int> ids = lines.ToDictionary(line => line.Place, line => line.Id);
        for (int i = 0; i < sequence.Keys.Length; i++)
        {
            int id = sequence.Records[i].Place is { } place ? ids[place] : -1;
            sequence.Keys[i] = sequence.Keys[i] with { Line = id };
        }
    }

    private sealed class Line(string place, int file, int number)
    {
        // How often it ran each operator, and each on the same arguments.
        private readonly Dictionary<(int Name, int Inputs), long> _counts = [];

        public string Place => place;

        public int File => file;

        public int Number => number;

        public int Id { get; set; }

        /// <summary>How many kinds of operators it ran, which is what an <see cref="Agreement"/> costs.</summary>
        public int Kinds => _counts.Count;

        public void Count(in OperatorKey key)
        {
            _counts[(key.Name, key.Inputs)] = _counts.GetValueOrDefault((key.Name, key.Inputs)) + 1;
            _counts[(key.Name, -1)] = _counts.GetValueOrDefault((key.Name, -1)) + 1;
        }

        /// <summary>0 where they have nothing in common. Of lines that agree as much, those of the same number.</summary>
        public long Agreement(Line other)
        {
            long common = 0;
            foreach (((int, int) key, long count) in _counts)
            {
                common += Math.Min(count, other._counts.GetValueOrDefault(key));
            }

            return common == 0 ? 0 : (2 * common) + (number == other.Number ? 1 : 0);
        }
    }
}
