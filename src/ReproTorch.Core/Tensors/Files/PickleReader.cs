using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace ReproTorch.Tensors.Files;

/// <summary>
/// Reads a Python pickle (protocols 2 to 5) as data: containers, numbers and texts become what they are, and everything that Python
/// would look up or call becomes a node that names it (<see cref="PickleNode"/>). Nothing is ever called. Every length is held
/// against what is left of the pickle before anything is allocated and the number of values is bounded, so that memory stays in
/// proportion to the file; the stack may not run dry, marks must match, the memo gives only what was put in, and STOP must be there.
/// The opcodes are those of CPython's Lib/pickle.py.
/// </summary>
/// <remarks>What comes out: null, bool, long, <see cref="BigInteger"/>, double, string, byte[], object?[] (a tuple), List&lt;object?&gt;
/// (a list), List&lt;KeyValuePair&lt;object?, object?&gt;&gt; (a dict), and nodes. A list or dict may hold itself.</remarks>
internal ref struct PickleReader
{
    /// <summary>A pickle with more bytes is refused: torch.save puts the numbers of tensors beside it, not in it.</summary>
    public const int MaxBytes = 64 << 20;

    // A value takes up to 100 bytes of memory for one byte of the pickle.
    private const int MaxValues = 4_000_000;

    // No number that a person stores is longer, and to write one out takes time in the square of its length.
    private const int MaxNumberBytes = 1024;

    private static readonly object?[] s_empty = [];
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    private readonly string _place;
    private readonly PickleRules _rules;
    private readonly ReadOnlySpan<byte> _data;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;
    private int _opcodeAt;
    private int _values;

    private PickleReader(string place, ReadOnlySpan<byte> data, PickleRules rules)
    {
        _place = place;
        _data = data;
        _rules = rules;
    }

    /// <summary>Reads a pickle that fills the data.</summary>
    /// <param name="place">The file, and the member in it, for messages.</param>
    /// <param name="data">The pickle.</param>
    /// <param name="rules">What it may contain.</param>
    /// <exception cref="ReproTorchException">It is damaged, of protocol 0 or 1, or names what the rules do not allow.</exception>
    public static object? Read(string place, ReadOnlySpan<byte> data, PickleRules rules)
    {
        object? root = ReadFirst(place, data, rules, out int length);
        return length == data.Length
            ? root
            : throw FileFault.In(place, $"the pickle ends at byte {length}, but {data.Length - length} more follow.");
    }

    /// <summary>Reads a pickle that something else may follow.</summary>
    public static object? ReadFirst(string place, ReadOnlySpan<byte> data, PickleRules rules, out int length)
    {
        var reader = new PickleReader(place, data, rules);
        object? root = reader.Run();
        length = reader._at;
        return root;
    }

    private object? Run()
    {
        if (_data.IsEmpty || _data[0] != 0x80)
        {
            throw Wrong("it does not begin as pickles of protocol 2 and later do");
        }

        while (true)
        {
            _opcodeAt = _at;
            if (_at == _data.Length)
            {
                throw Wrong("it has no end (STOP)");
            }

            byte opcode = _data[_at++];
            if (!_rules.HasOpcode(opcode))
            {
                throw Wrong($"the opcode {opcode:x2} is none that is written there");
            }

            if (opcode == (byte)'.')
            {
                return _stack.Count == 1 && _marks.Count == 0
                    ? _stack[0]
                    : throw Wrong($"it ends with {_stack.Count} values on the stack and {_marks.Count} open marks");
            }

            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                byte protocol = Take(1)[0];
                if (protocol < 2 || protocol > _rules.MaxProtocol)
                {
                    throw Wrong($"its protocol is {protocol}; 2 to {_rules.MaxProtocol} are read");
                }

                break;
            case 0x95: // FRAME
                _ = Length(8);
                break;

            // Plain values.
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case (byte)'K': Push((long)Take(1)[0]); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 0x8a: PushLong(Take(Length(1))); break; // LONG1
            case 0x8b: PushLong(Take(Length(4))); break; // LONG4
            case (byte)'X': PushText(Take(Length(4))); break; // BINUNICODE
            case 0x8c: PushText(Take(Length(1))); break; // SHORT_BINUNICODE
            case 0x8d: PushText(Take(Length(8))); break; // BINUNICODE8
            case (byte)'T': Push(Encoding.Latin1.GetString(Take(Length(4)))); break; // BINSTRING
            case (byte)'U': Push(Encoding.Latin1.GetString(Take(Length(1)))); break; // SHORT_BINSTRING
            case (byte)'B': Push(Take(Length(4)).ToArray()); break; // BINBYTES
            case (byte)'C': Push(Take(Length(1)).ToArray()); break; // SHORT_BINBYTES
            case 0x8e or 0x96: Push(Take(Length(8)).ToArray()); break; // BINBYTES8, BYTEARRAY8

            // Containers.
            case (byte)'(':
                Count();
                _marks.Add(_stack.Count);
                break;
            case (byte)')': Push(s_empty); break;
            case (byte)'t': Push(PopToMark()); break;
            case 0x85 or 0x86 or 0x87: Push(Pop(opcode - 0x84)); break; // TUPLE1 to TUPLE3
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'l': Push(new List<object?>(PopToMark())); break;
            case (byte)'a': Append(Pop(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'}': Push(new List<KeyValuePair<object?, object?>>()); break;
            case (byte)'d':
                object?[] entries = PopToMark();
                Push(new List<KeyValuePair<object?, object?>>());
                SetItems(entries);
                break;
            case (byte)'s': SetItems(Pop(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case 0x8f: Push(new PickleNode(PickleNodeKind.Set, null, null)); break; // EMPTY_SET
            case 0x90: Append(PopToMark()); break; // ADDITEMS
            case 0x91: Push(new PickleNode(PickleNodeKind.Set, null, PopToMark())); break; // FROZENSET

            // The stack and the memo.
            case (byte)'0': Drop(); break;
            case (byte)'1': _ = PopToMark(); break;
            case (byte)'2': Push(Top()); break;
            case (byte)'q': Remember(Take(1)[0]); break;
            case (byte)'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case 0x94: Remember(_memo.Count); break; // MEMOIZE
            case (byte)'h': Recall(Take(1)[0]); break;
            case (byte)'j': Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;

            // What Python would look up or call.
            case (byte)'c': PushGlobal(Line(), Line()); break;
            case 0x93: // STACK_GLOBAL
                object?[] names = Pop(2);
                PushGlobal(names[0] as string, names[1] as string);
                break;
            case (byte)'Q': Push(new PickleNode(PickleNodeKind.Persistent, null, Pop(1)[0])); break;
            case (byte)'R' or 0x81: // REDUCE, NEWOBJ
                object?[] call = Pop(2);
                Push(new PickleNode(PickleNodeKind.Call, call[0], call[1]) { IsNew = opcode == 0x81 });
                break;
            case 0x92: // NEWOBJ_EX
                object?[] keywords = Pop(3);
                Push(new PickleNode(PickleNodeKind.Call, keywords[0], new object?[] { keywords[1], keywords[2] }));
                break;
            case (byte)'b': // BUILD
                object? state = Pop(1)[0];
                if (Top() is not PickleNode { Kind: PickleNodeKind.Call } built)
                {
                    throw Wrong("BUILD sets the state of something that has none");
                }

                built.Build(state);
                break;
            default:
                throw Wrong($"the opcode {opcode:x2} is unknown or of protocol 0 or 1");
        }
    }

    private readonly ReproTorchException Wrong(string what) =>
        FileFault.In(_place, $"the pickle is damaged: {what} (byte {_opcodeAt} of {_data.Length}).");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _data.Length - _at)
        {
            throw Wrong($"{count} bytes are announced where {_data.Length - _at} are left");
        }

        _at += count;
        return _data.Slice(_at - count, count);
    }

    // A length of that many bytes, which what is left must hold.
    private int Length(int width)
    {
        ReadOnlySpan<byte> bytes = Take(width);
        ulong length = width switch
        {
            1 => bytes[0],
            4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
        return length <= (ulong)(_data.Length - _at)
            ? (int)length
            : throw Wrong($"{length} bytes are announced where {_data.Length - _at} are left");
    }

    private string Line()
    {
        int length = _data[_at..].IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Wrong("a line does not end");
        }

        string line = Text(Take(length));
        _at++;
        return line;
    }

    private readonly string Text(ReadOnlySpan<byte> bytes)
    {
        if (_rules.IsTorchScript)
        {
            return Encoding.Latin1.GetString(bytes);
        }

        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Wrong("a text is not UTF-8");
        }
    }

    private void Count()
    {
        if (++_values > MaxValues)
        {
            throw Wrong($"it has more than {MaxValues} values; numbers belong in tensors");
        }
    }

    private void Push(object? value)
    {
        Count();
        _stack.Add(value);
    }

    private void PushText(ReadOnlySpan<byte> bytes) => Push(Text(bytes));

    private void PushLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxNumberBytes)
        {
            throw Wrong($"a whole number has {bytes.Length} bytes; {MaxNumberBytes} are the most that are read");
        }

        var value = new BigInteger(bytes);
        Push(value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value);
    }

    private void PushGlobal(string? module, string? name)
    {
        if (module is null || name is null)
        {
            throw Wrong("a name is no text");
        }

        string full = $"{module}.{name}";
        if (!_rules.Allows(full))
        {
            throw new ReproTorchException(ReproTorchErrorKind.Refused, $"{_place}: {_rules.Refusal(full)}");
        }

        Push(new PickleNode(PickleNodeKind.Global, full, null));
    }

    // What lies below an open mark is out of reach until the mark is closed.
    private readonly int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private readonly object? Top() => _stack.Count > Floor ? _stack[^1] : throw Wrong("the stack runs dry");

    private readonly void Drop()
    {
        // POP takes a mark away where one is on top.
        if (_marks.Count > 0 && _marks[^1] == _stack.Count)
        {
            _marks.RemoveAt(_marks.Count - 1);
        }
        else
        {
            _ = Pop(1);
        }
    }

    private readonly object?[] Pop(int count) =>
        _stack.Count - Floor >= count ? Cut(_stack.Count - count) : throw Wrong("the stack runs dry");

    private readonly object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Wrong("a mark is missing");
        }

        int start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return Cut(start);
    }

    private readonly object?[] Cut(int start)
    {
        int count = _stack.Count - start;
        object?[] values = count == 0 ? s_empty : new object?[count];
        _stack.CopyTo(start, values, 0, count);
        _stack.RemoveRange(start, count);
        return values;
    }

    private readonly void Append(object?[] values)
    {
        switch (Top())
        {
            case List<object?> list:
                list.AddRange(values);
                break;
            case PickleNode { Kind: PickleNodeKind.Call or PickleNodeKind.Set } node:
                node.Items.AddRange(values);
                break;
            default:
                throw Wrong("something is appended to what is no list");
        }
    }

    private readonly void SetItems(object?[] values)
    {
        List<KeyValuePair<object?, object?>> entries = Top() switch
        {
            List<KeyValuePair<object?, object?>> dict => dict,
            PickleNode { Kind: PickleNodeKind.Call } node => node.Entries,
            _ => throw Wrong("an item is set in what is no dict"),
        };
        if (values.Length % 2 != 0)
        {
            throw Wrong("a key has no value");
        }

        for (int i = 0; i < values.Length; i += 2)
        {
            entries.Add(new(values[i], values[i + 1]));
        }
    }

    private void Remember(long index)
    {
        Count();
        object? value = Top();
        if (_rules.IsTorchScript && (index > _values || value is PickleNode { IsNew: true, IsBuilt: false }))
        {
            throw Wrong($"something is put where it does not belong, at {index} of the memo");
        }

        _memo[index] = value;
    }

    private void Recall(long index) =>
        Push(_memo.TryGetValue(index, out object? value) ? value : throw Wrong($"the memo has no entry {index}"));
}
