namespace ReproTorch;

/// <summary>What kind of thing went wrong, for callers that react to it. The numbers are those of
/// <c>rpt_error_kind</c> in reprotorch.h; those from 100 on arise in managed code.</summary>
public enum ReproTorchErrorKind
{
    /// <summary>A wrong type, count, shape, range, or nothing where something is needed.</summary>
    InvalidArgument = 1,

    /// <summary>An operator without a deterministic form, while deterministic algorithms are on.</summary>
    NondeterministicOperation = 2,

    /// <summary>TorchScript source that does not compile.</summary>
    ScriptSource = 3,

    /// <summary>A model file that cannot be read.</summary>
    ModelFormat = 4,

    /// <summary>Not enough memory on the host or a device.</summary>
    OutOfMemory = 5,

    /// <summary>An operator failed; the message is its own.</summary>
    OperatorFailure = 6,

    /// <summary>A TorchScript <c>raise</c> or a failed assert.</summary>
    ScriptRaise = 7,

    /// <summary>A fault in ReproTorch or in libtorch.</summary>
    Internal = 8,

    /// <summary>A data file (.npy, .npz, .safetensors, .pt, run file) that is damaged or not what its name says.</summary>
    FileFormat = 100,

    /// <summary>The native library or libtorch is missing or does not fit.</summary>
    NotInstalled = 101,

    /// <summary>A file was refused: its hash or its content is not what is allowed.</summary>
    Refused = 102,
}

/// <summary>An error with a message for people: what was wrong, with the value; what was expected; what to do.</summary>
public sealed class ReproTorchException : Exception
{
    /// <summary>Creates the error.</summary>
    public ReproTorchException(ReproTorchErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>The kind of error.</summary>
    public ReproTorchErrorKind Kind { get; }

    /// <summary>The native function that failed, or null.</summary>
    public string? NativeFunction { get; init; }

    /// <summary>libtorch's C++ backtrace, or an empty string.</summary>
    public string NativeBacktrace { get; init; } = string.Empty;
}
