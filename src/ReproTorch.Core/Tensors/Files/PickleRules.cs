namespace ReproTorch.Tensors.Files;

/// <summary>What a pickle may contain.</summary>
internal sealed class PickleRules
{
    /// <summary>The opcodes of protocols 2 to 5, as Lib/pickle.py of CPython numbers them.</summary>
    public static readonly byte[] AllOpcodes =
    [
        0x80, 0x95, .. "NJKMG"u8, 0x88, 0x89, 0x8a, 0x8b, .. "XTUBC"u8, 0x8c, 0x8d, 0x8e, 0x96,
        .. "()t]lae}dsu"u8, 0x85, 0x86, 0x87, 0x8f, 0x90, 0x91,
        .. "012qrhj"u8, 0x94, .. "cQRb."u8, 0x81, 0x92, 0x93,
    ];

    private readonly bool[] _opcodes = new bool[256];

    public PickleRules(ReadOnlySpan<byte> opcodes, int maxProtocol, Func<string, bool> allows, Func<string, string> refusal)
    {
        foreach (byte opcode in opcodes)
        {
            _opcodes[opcode] = true;
        }

        MaxProtocol = maxProtocol;
        Allows = allows;
        Refusal = refusal;
    }

    /// <summary>The newest protocol that is read; 2 is the oldest.</summary>
    public int MaxProtocol { get; }

    /// <summary>Whether a name ("module.name") may be looked up.</summary>
    public Func<string, bool> Allows { get; }

    /// <summary>What to say of a name that may not.</summary>
    public Func<string, string> Refusal { get; }

    /// <summary>True for libtorch's dialect: texts are any bytes, a letter each; an object that has no state yet is not remembered, because its
    /// unpickler has a number there; and the places in the memo are no higher than what was put there, because it has memory for all.</summary>
    public bool IsTorchScript { get; init; }

    public bool HasOpcode(byte opcode) => _opcodes[opcode];
}
