using System.Collections;

namespace System.Management.Automation
{
    public readonly struct SwitchParameter(bool isPresent)
    {
        public static SwitchParameter Present => new(true);

        public bool IsPresent { get; } = isPresent;

        public static implicit operator bool(SwitchParameter value) => value.IsPresent;

        public static implicit operator SwitchParameter(bool value) => new(value);

        public bool ToBool() => IsPresent;
    }

    public class PSObject(object obj)
    {
        public object BaseObject { get; } = obj is PSObject inner ? inner.BaseObject : obj;

        public override string? ToString() => BaseObject.ToString();
    }

    public abstract class PSTypeConverter
    {
        public abstract bool CanConvertFrom(object sourceValue, Type destinationType);

        public abstract object? ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase);

        public abstract bool CanConvertTo(object sourceValue, Type destinationType);

        public abstract object? ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase);
    }

    [Flags]
    public enum WildcardOptions
    {
        None = 0,
        IgnoreCase = 2,
    }

    public sealed class WildcardPattern
    {
        private readonly string _pattern;
        private readonly bool _ignoreCase;

        private WildcardPattern(string pattern, WildcardOptions options)
        {
            _pattern = pattern;
            _ignoreCase = options.HasFlag(WildcardOptions.IgnoreCase);
        }

        public static WildcardPattern Get(string pattern, WildcardOptions options) => new(pattern, options);

        public bool IsMatch(string input) => IO.Enumeration.FileSystemName.MatchesSimpleExpression(_pattern, input, _ignoreCase);
    }

    public enum ErrorCategory
    {
        NotSpecified,
        OpenError,
        CloseError,
        DeviceError,
        DeadlockDetected,
        InvalidArgument,
        InvalidData,
        InvalidOperation,
        InvalidResult,
        InvalidType,
        MetadataError,
        NotImplemented,
        NotInstalled,
        ObjectNotFound,
        OperationStopped,
        OperationTimeout,
        SyntaxError,
        ParserError,
        PermissionDenied,
        ResourceBusy,
        ResourceExists,
        ResourceUnavailable,
        ReadError,
        WriteError,
        FromStdErr,
        SecurityError,
        ProtocolError,
        ConnectionError,
        AuthenticationError,
        LimitsExceeded,
        QuotaExceeded,
        NotEnabled,
    }

    public sealed class ErrorCategoryInfo
    {
        public ErrorCategory Category { get; init; }
    }

    public class ErrorRecord(Exception exception, string errorId, ErrorCategory errorCategory, object? targetObject)
    {
        public Exception Exception { get; } = exception;

        public string FullyQualifiedErrorId { get; } = errorId;

        public ErrorCategoryInfo CategoryInfo { get; } = new() { Category = errorCategory };

        public object? TargetObject { get; } = targetObject;
    }

    public enum ProgressRecordType
    {
        Processing,
        Completed,
    }

    public class ProgressRecord(int activityId, string activity, string statusDescription)
    {
        public int ActivityId { get; } = activityId;

        public string Activity { get; } = activity;

        public string StatusDescription { get; } = statusDescription;

        public int PercentComplete { get; set; } = -1;

        public int SecondsRemaining { get; set; } = -1;

        public ProgressRecordType RecordType { get; set; }
    }

    public class PSCustomObject;

    public class PSDriveInfo;

    public class RuntimeException(string message) : Exception(message);

    public class ItemNotFoundException(string message) : RuntimeException(message);

    public class DriveNotFoundException(string message) : RuntimeException(message);

    public class ProviderInfo
    {
        public string Name { get; init; } = "FileSystem";
    }

    public class InvocationInfo
    {
        public string ScriptName { get; set; } = string.Empty;

        public int ScriptLineNumber { get; set; }

        /// <summary>Whether something comes through the pipeline.</summary>
        public bool ExpectingInput { get; set; }

        public Dictionary<string, object?> BoundParameters { get; } = new(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>A block of "script": a delegate that writes to the shell.</summary>
    public class ScriptBlock(Action<Shell> body)
    {
        public void Run(Shell shell) => body(shell);
    }

    /// <summary>Runs the block that is the one argument, whatever the script says.</summary>
    public class CommandInvocationIntrinsics(Shell shell)
    {
        public Collections.ObjectModel.Collection<PSObject> InvokeScript(
            string script, bool useNewScope, Runspaces.PipelineResultTypes writeToPipeline, IList? input, params object[] args)
        {
            ((ScriptBlock)args[0]).Run(shell);
            return [];
        }
    }

    public enum CompletionResultType
    {
        Text = 0,
        ParameterValue = 8,
    }

    public class CompletionResult(string completionText, string listItemText, CompletionResultType resultType, string toolTip)
    {
        public string CompletionText { get; } = completionText;

        public string ListItemText { get; } = listItemText;

        public CompletionResultType ResultType { get; } = resultType;

        public string ToolTip { get; } = toolTip;
    }

    public interface IArgumentCompleter
    {
        IEnumerable<CompletionResult> CompleteArgument(
            string commandName, string parameterName, string wordToComplete, Language.CommandAst commandAst, IDictionary fakeBoundParameters);
    }
}

namespace System.Management.Automation.Language
{
    public class CommandAst;
}

namespace System.Management.Automation.Runspaces
{
    public sealed class PSSession;

    [Flags]
    public enum PipelineResultTypes
    {
        None,
        Output,
        Error,
    }

    public abstract class Runspace
    {
        public static Runspace? DefaultRunspace => null;

        public Guid InstanceId { get; } = Guid.NewGuid();
    }
}
