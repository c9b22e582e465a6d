namespace ReproTorch.Observation;

/// <summary>The operators that ran while a script block did.</summary>
public sealed class OperatorTrace
{
    private readonly Lazy<ILookup<long, OperatorRecord>> _children;

    internal OperatorTrace(IReadOnlyList<OperatorRecord> records, string torchVersion, bool hasHashes, bool isRandomOnly, bool isDispatched = false)
    {
        Records = records;
        TorchVersion = torchVersion;
        HasHashes = hasHashes;
        IsRandomOnly = isRandomOnly;
        IsDispatched = isDispatched;
        var byIndex = new Dictionary<long, OperatorRecord>(records.Count);
        foreach (OperatorRecord record in records)
        {
            byIndex[record.Index] = record;
        }

        // Callers began earlier, so what is above them is known.
        var isBelow = new HashSet<long>();
        foreach (OperatorRecord record in records.OrderBy(record => record.Index))
        {
            bool isCalled = byIndex.TryGetValue(record.Parent, out OperatorRecord? parent) && parent.Index < record.Index;
            if (isCalled && (parent!.Kind == "operator" || isBelow.Contains(parent.Index)))
            {
                isBelow.Add(record.Index);
            }

            record.IsOutermost = record.Kind == "operator" && !isBelow.Contains(record.Index);
        }

        // An array: PowerShell cannot index the read-only list that a collection expression makes.
        Operators = records.Where(record => record.IsOutermost).ToArray();
        Dispatched = isDispatched ? Operators : [.. records.Where(record => record.Dispatched)];
        _children = new Lazy<ILookup<long, OperatorRecord>>(() => records.ToLookup(record => record.Parent));
    }

    /// <summary>All that was recorded, in the order in which it began.</summary>
    public IReadOnlyList<OperatorRecord> Records { get; }

    /// <summary>The operators that no other called, in that order.</summary>
    public IReadOnlyList<OperatorRecord> Operators { get; }

    /// <summary>The operators that a dispatch mode of Python would see, in that order: by these a trace from Python is compared.</summary>
    public IReadOnlyList<OperatorRecord> Dispatched { get; }

    /// <summary>Whether only those are there, as in a trace that was recorded in Python.</summary>
    public bool IsDispatched { get; }

    /// <summary>The libtorch that ran.</summary>
    public string TorchVersion { get; }

    /// <summary>Whether outputs were hashed.</summary>
    public bool HasHashes { get; }

    /// <summary>Whether only operators that drew are there.</summary>
    public bool IsRandomOnly { get; }

    /// <summary>Where the default generators stood when it began, by device; null where that was not recorded.</summary>
    public IReadOnlyDictionary<string, GeneratorStart>? Generators { get; init; }

    /// <summary>Operators of other threads that had begun and not ended when it was over: they are not in it.</summary>
    public long UnfinishedCount { get; init; }

    /// <summary>32-bit words drawn by all operators together.</summary>
    public long DrawCount => Operators.Sum(record => Math.Max(0, record.DrawCount));

    /// <summary>What the script block wrote.</summary>
    public IReadOnlyList<object?> Output { get; init; } = [];

    /// <summary>What a record called, in order.</summary>
    public IEnumerable<OperatorRecord> CalledBy(OperatorRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return _children.Value[record.Index];
    }

    /// <summary>How many operators, and what they drew.</summary>
    public override string ToString() => $"{Operators.Count} operators, {DrawCount} numbers drawn"
        + (UnfinishedCount > 0 ? $" ({UnfinishedCount} of other threads were still running)" : string.Empty);
}
