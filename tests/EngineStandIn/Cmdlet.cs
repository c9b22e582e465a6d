namespace System.Management.Automation;

/// <summary>What a cmdlet wrote, and the folder that it works in.</summary>
public sealed class Shell
{
    public List<object?> Output { get; } = [];

    public List<ErrorRecord> Errors { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<string> Verbose { get; } = [];

    public List<ProgressRecord> Progress { get; } = [];

    /// <summary>What ShouldProcess was asked.</summary>
    public List<(string Target, string Action)> Asked { get; } = [];

    /// <summary>True answers ShouldProcess with no, as -WhatIf does.</summary>
    public bool WhatIf { get; set; }

    public string Folder { get; set; } = Environment.CurrentDirectory;

    public InvocationInfo Invocation { get; } = new();
}

public abstract class InternalCommand
{
    public Shell Shell { get; set; } = new();
}

public abstract class Cmdlet : InternalCommand
{
        // Nothing stops a pipeline here.
        public bool Stopping => false;

    protected virtual void BeginProcessing()
    {
    }

    protected virtual void ProcessRecord()
    {
    }

    protected virtual void EndProcessing()
    {
    }

    protected virtual void StopProcessing()
    {
    }

    public void WriteObject(object? sendToPipeline) => Shell.Output.Add(sendToPipeline);

    public void WriteObject(object? sendToPipeline, bool enumerateCollection)
    {
        if (enumerateCollection && sendToPipeline is Collections.IEnumerable items and not string)
        {
            Shell.Output.AddRange(items.Cast<object?>());
        }
        else
        {
            Shell.Output.Add(sendToPipeline);
        }
    }

    public void WriteError(ErrorRecord errorRecord) => Shell.Errors.Add(errorRecord);

    public void ThrowTerminatingError(ErrorRecord errorRecord) => throw new TerminatingErrorException(errorRecord);

    public void WriteWarning(string text) => Shell.Warnings.Add(text);

    public void WriteVerbose(string text) => Shell.Verbose.Add(text);

    public void WriteDebug(string text) => Shell.Verbose.Add(text);

    public void WriteProgress(ProgressRecord progressRecord) => Shell.Progress.Add(progressRecord);

    public bool ShouldProcess(string target, string action)
    {
        Shell.Asked.Add((target, action));
        return !Shell.WhatIf;
    }

    internal void Begin() => BeginProcessing();

    internal void Process() => ProcessRecord();

    internal void End() => EndProcessing();

    internal void Stop() => StopProcessing();
}

public abstract class PSCmdlet : Cmdlet
{
    public InvocationInfo MyInvocation => Shell.Invocation;

    public string ParameterSetName { get; set; } = string.Empty;

    public SessionState SessionState => new(Shell);

    public CommandInvocationIntrinsics InvokeCommand => new(Shell);

    public Collections.ObjectModel.Collection<string> GetResolvedProviderPathFromPSPath(string path, out ProviderInfo provider)
    {
        provider = new ProviderInfo();
        string full = IO.Path.GetFullPath(path, Shell.Folder);
        if (path.AsSpan().IndexOfAny('*', '?') >= 0)
        {
            return [.. IO.Directory.EnumerateFileSystemEntries(IO.Path.GetDirectoryName(full)!, IO.Path.GetFileName(full)).Order(StringComparer.Ordinal)];
        }

        return IO.Path.Exists(full) ? [full] : throw new ItemNotFoundException($"Cannot find path '{full}' because it does not exist.");
    }
}

public sealed class SessionState(Shell shell)
{
    public PathIntrinsics Path { get; } = new(shell);
}

public sealed class PathIntrinsics(Shell shell)
{
    public string GetUnresolvedProviderPathFromPSPath(string path, out ProviderInfo provider, out PSDriveInfo drive)
    {
        provider = new ProviderInfo { Name = path.StartsWith("Env:", StringComparison.OrdinalIgnoreCase) ? "Environment" : "FileSystem" };
        drive = new PSDriveInfo();
        return IO.Path.GetFullPath(path, shell.Folder);
    }
}

/// <summary>What ThrowTerminatingError becomes here.</summary>
public sealed class TerminatingErrorException(ErrorRecord error) : Exception(error.Exception.Message, error.Exception)
{
    public ErrorRecord Error { get; } = error;
}
