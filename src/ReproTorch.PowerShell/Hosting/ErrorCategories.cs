using System.Management.Automation;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>Which error id and category an exception has.</summary>
internal static class ErrorCategories
{
    /// <summary>Describes an exception that a user's input or machine caused; null for anything else, which is a fault of
    /// ReproTorch and is left to the engine.</summary>
    public static (string Id, ErrorCategory Category)? Classify(Exception exception) => exception switch
    {
        ReproTorchException e => (e.Kind.ToString(), OfKind(e.Kind)),
        ItemNotFoundException or FileNotFoundException or DirectoryNotFoundException or System.Management.Automation.DriveNotFoundException =>
            ("PathNotFound", ErrorCategory.ObjectNotFound),
        UnauthorizedAccessException => ("AccessDenied", ErrorCategory.PermissionDenied),
        IOException => ("InputOutput", ErrorCategory.ReadError),
        ObjectDisposedException => ("Disposed", ErrorCategory.InvalidOperation),
        ArgumentException => ("InvalidArgument", ErrorCategory.InvalidArgument),
        InvalidCastException or FormatException or OverflowException => ("InvalidArgument", ErrorCategory.InvalidArgument),
        OutOfMemoryException => ("OutOfMemory", ErrorCategory.ResourceUnavailable),
        _ => null,
    };

    private static ErrorCategory OfKind(ReproTorchErrorKind kind) => kind switch
    {
        ReproTorchErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        ReproTorchErrorKind.NondeterministicOperation => ErrorCategory.InvalidOperation,
        ReproTorchErrorKind.ScriptSource => ErrorCategory.ParserError,
        ReproTorchErrorKind.ModelFormat or ReproTorchErrorKind.FileFormat => ErrorCategory.InvalidData,
        ReproTorchErrorKind.OutOfMemory => ErrorCategory.ResourceUnavailable,
        ReproTorchErrorKind.OperatorFailure or ReproTorchErrorKind.ScriptRaise => ErrorCategory.InvalidResult,
        ReproTorchErrorKind.NotInstalled => ErrorCategory.NotInstalled,
        ReproTorchErrorKind.Refused => ErrorCategory.SecurityError,
        _ => ErrorCategory.InvalidOperation,
    };
}
