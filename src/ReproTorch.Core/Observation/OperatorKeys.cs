using System.Runtime.InteropServices;

namespace ReproTorch.Observation;

/// <summary>What an alignment compares of an operator, as numbers.</summary>
/// <param name="Name">The operator.</param>
/// <param name="Overload">Its overload.</param>
/// <param name="Inputs">What its arguments were.</param>
/// <param name="Outputs">What its results were.</param>
/// <param name="Line">Which line of its script it came from, by numbers that lines of both scripts share where they belong together.</param>
/// <param name="Draws">How many words it drew.</param>
/// <param name="Bits">What the bytes of its results were, and where its generators stood; 0 where that is not compared.</param>
internal readonly record struct OperatorKey(int Name, int Overload, int Inputs, int Outputs, int Line, long Draws, int Bits);

/// <summary>What of an operator's bits an alignment compares.</summary>
[Flags]
internal enum OperatorBits
{
    /// <summary>Nothing: what ran tells alone.</summary>
    None = 0,

    /// <summary>The hashes of its results, where both sides have them.</summary>
    Hashes = 1,

    /// <summary>Where its generators stood, where both sides have that.</summary>
    Streams = 2,
}

/// <summary>Makes keys, and tells what it costs to pair two operators.</summary>
/// <param name="sameLevel">False where one is a trace from Python, the other from here.</param>
/// <param name="bits">What of the bits counts.</param>
internal sealed class OperatorKeys(bool sameLevel, OperatorBits bits = OperatorBits.None)
{
    /// <summary>What an operator costs that only one side has: half of two that are left alone is as much as the worst pair.</summary>
    public const long GapCost = 6 * One;

    /// <summary>What other lines cost.</summary>
    public const long LineCost = One;

    /// <summary>The cost of what never belongs together.</summary>
    public const long Never = long.MaxValue / 4;

    // One difference in what ran is more than other bits in all of 16 million operators: once a stream stands elsewhere each number
    // that is drawn is, a place further on, one that the other side drew too, and nothing belongs together there. Bits choose only
    // among alignments that leave the same different in what ran.
    private const long One = 1L << 24;
    private const long InputsCost = 2 * One;
    private const long BitsCost = 1;

    private readonly Dictionary<string, int> _texts = [];
    private readonly Dictionary<IReadOnlyList<string>, int> _lists = new(SameTexts.Instance);
    private readonly List<IReadOnlyList<string>> _listOf = [];
    private readonly Dictionary<(int, int), bool> _sameInputs = [];

    /// <summary>Whether the keys tell bits.</summary>
    public bool HaveBits => bits != OperatorBits.None;

    /// <summary>The keys of two sequences.</summary>
    public (OperatorKey[] Reference, OperatorKey[] Difference) Of(
        IReadOnlyList<OperatorRecord> reference, IReadOnlyList<OperatorRecord> difference)
    {
        OperatorKey[] one = WithoutLines(reference);
        OperatorKey[] other = WithoutLines(difference);
        if (sameLevel)
        {
            ScriptLines.Number((reference, one), (difference, other));
        }

        return (one, other);
    }

    /// <summary>What it costs to pair two: 0 where nothing differs, <see cref="GapCost"/> at most for the same operator, but for its bits.</summary>
    public long Cost(in OperatorKey one, in OperatorKey other)
    {
        if (one.Name != other.Name)
        {
            return Never;
        }

        long cost = one.Overload == other.Overload ? 0 : One;
        cost += one.Inputs == other.Inputs || (!sameLevel && SameInputs(one.Inputs, other.Inputs)) ? 0 : InputsCost;
        cost += one.Outputs == other.Outputs ? 0 : One;
        cost += one.Draws == other.Draws ? 0 : One;
        cost += one.Bits == other.Bits ? 0 : BitsCost;
        return cost + (one.Line == other.Line ? 0 : LineCost);
    }

    /// <summary>What an alignment costs at least, by the number of its gaps, whatever it pairs: of each part of a key no more pairs can
    /// agree than both sides have of it.</summary>
    public Func<long, long> LowerBound(ReadOnlySpan<OperatorKey> a, ReadOnlySpan<OperatorKey> b)
    {
        long both = (long)a.Length + b.Length;
        long names = Agreeing(a, b, key => key.Name);
        (long Most, long Cost)[] parts =
        [
            (Agreeing(a, b, key => key.Overload), One),
            (sameLevel ? Agreeing(a, b, key => key.Inputs) : names, InputsCost),
            (Agreeing(a, b, key => key.Outputs), One),
            (Agreeing(a, b, key => key.Draws), One),
            (Agreeing(a, b, key => key.Line), LineCost),
            (Agreeing(a, b, key => key.Bits), BitsCost),
        ];
        return gaps =>
        {
            gaps = Math.Max(gaps, both - (2 * names));
            long pairs = (both - gaps) / 2;
            return (gaps * GapCost) + parts.Sum(part => Math.Max(0, pairs - part.Most) * part.Cost);
        };
    }

    private OperatorKey[] WithoutLines(IReadOnlyList<OperatorRecord> records)
    {
        var keys = new OperatorKey[records.Count];
        for (int i = 0; i < keys.Length; i++)
        {
            OperatorRecord record = records[i];
            keys[i] = new OperatorKey(
                Text(sameLevel ? record.Name : Plain(record.Name)),
                sameLevel ? Text(record.Overload) : 0,
                List(record.Inputs),
                List(record.Outputs),
                -1,
                record.DrawCount,
                bits == OperatorBits.None ? 0 : List(BitsOf(record)));
        }

        return keys;
    }

    private List<string> BitsOf(OperatorRecord record)
    {
        List<string> list = bits.HasFlag(OperatorBits.Hashes) ? [.. record.Hashes] : [];
        if (bits.HasFlag(OperatorBits.Streams))
        {
            list.AddRange(record.From.OrderBy(from => from.Key, StringComparer.Ordinal).Select(from => $"{from.Key}: {from.Value}"));
        }

        return list;
    }

    private static long Agreeing(ReadOnlySpan<OperatorKey> a, ReadOnlySpan<OperatorKey> b, Func<OperatorKey, long> part)
    {
        var counts = new Dictionary<(int, long), int>();
        foreach (OperatorKey key in a)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, (key.Name, part(key)), out _)++;
        }

        long agreeing = 0;
        foreach (OperatorKey key in b)
        {
            ref int left = ref CollectionsMarshal.GetValueRefOrNullRef(counts, (key.Name, part(key)));
            if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref left) && left > 0)
            {
                left--;
                agreeing++;
            }
        }

        return agreeing;
    }

    // Under a dispatch mode of Python some compositions calculate out of place what they else do in place (add for add_): between a trace
    // from Python and one from here that does not count.
    private static string Plain(string name) => name.TrimEnd('_');

    private int Text(string text)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_texts, text, out bool known);
        return known ? number : number = _texts.Count;
    }

    private int List(IReadOnlyList<string> list)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_lists, list, out bool known);
        if (!known)
        {
            number = _listOf.Count;
            _listOf.Add(list);
        }

        return number;
    }

    private bool SameInputs(int one, int other)
    {
        if (!_sameInputs.TryGetValue((one, other), out bool same))
        {
            same = OperatorAligner.SameInputs(_listOf[one], _listOf[other], sameLevel);
            if (_sameInputs.Count < 1 << 20)
            {
                _sameInputs[(one, other)] = same;
            }
        }

        return same;
    }

    private sealed class SameTexts : IEqualityComparer<IReadOnlyList<string>>
    {
        public static readonly SameTexts Instance = new();

        public bool Equals(IReadOnlyList<string>? x, IReadOnlyList<string>? y) => ReferenceEquals(x, y) || x!.SequenceEqual(y!);

        public int GetHashCode(IReadOnlyList<string> list)
        {
            var hash = default(HashCode);
            foreach (string text in list)
            {
                hash.Add(text);
            }

            return hash.ToHashCode();
        }
    }
}
