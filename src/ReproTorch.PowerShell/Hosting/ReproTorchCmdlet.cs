using System.Management.Automation;
using ReproTorch.Interop;
using ReproTorch.Observation;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>
/// What all cmdlets share: errors become error records, libtorch's warnings become PowerShell's, Ctrl+C cancels. A cmdlet binds
/// its parameters, calls one operation of Core and writes what comes back.
/// </summary>
public abstract class ReproTorchCmdlet : PSCmdlet, IDisposable
{
    // One activity: the cmdlets never show two bars at once.
    private const int ProgressActivity = 0x52505430;

    private readonly CancellationTokenSource _stop = new();

    /// <summary>Cancelled by Ctrl+C. Looked at between steps: one forward pass cannot be interrupted.</summary>
    private protected CancellationToken Cancellation => _stop.Token;

    /// <summary>Script and line of the command that runs, such as <c>train.ps1:12</c>; null at a prompt.</summary>
    private protected string? ScriptLocation => ScriptPlaces.Of(MyInvocation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs <see cref="Begin"/>; an error ends the command.</summary>
    protected sealed override void BeginProcessing() => Guard(Begin, terminating: true, target: null);

    /// <summary>Runs <see cref="Process"/>; an error is that input's, and the next one goes on.</summary>
    protected sealed override void ProcessRecord() => Guard(Process, terminating: false, target: null);

    /// <summary>Runs <see cref="End"/>.</summary>
    protected sealed override void EndProcessing() => Guard(End, terminating: false, target: null);

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Before the first input: checks of what no input could mend.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>One input.</summary>
    protected virtual void Process()
    {
    }

    /// <summary>After the last input.</summary>
    protected virtual void End()
    {
    }

    /// <summary>Does one of several things that an input asks for: an error is reported with its own target, and the others are
    /// still done.</summary>
    private protected void Attempt(object? target, Action action) => Guard(action, terminating: false, target);

    /// <summary>The file that a path names, which need not exist.</summary>
    /// <exception cref="ReproTorchException">It names something that is no file, such as a variable.</exception>
    private protected string ToFilePath(string path)
    {
        string file = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        RequireFiles(path, provider);
        return file;
    }

    /// <summary>The files and folders that a path names: by wildcards unless it is literal.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    private protected IReadOnlyList<string> ToExistingPaths(string path, bool literal)
    {
        if (!literal)
        {
            IReadOnlyList<string> found = [.. GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider)];
            RequireFiles(path, provider);
            return found.Count > 0 ? found : throw new FileNotFoundException($"There is no file that '{path}' names.{Literally(path)}", path);
        }

        string file = ToFilePath(path);
        return File.Exists(file) || Directory.Exists(file)
            ? [file]
            : throw new FileNotFoundException($"There is no file '{file}'.", file);
    }

    // Brackets in a file's name are read as a pattern, which seldom fits that name.
    private string Literally(string path) => File.Exists(ToFilePath(path))
        ? " A file of this very name is there, but its brackets are read as wildcards: name it with -LiteralPath."
        : string.Empty;

    private static void RequireFiles(string path, ProviderInfo provider)
    {
        if (provider.Name != "FileSystem")
        {
            throw new ReproTorchException(
                ReproTorchErrorKind.InvalidArgument, $"'{path}' is a path of {provider.Name}. Expected one of the file system.");
        }
    }

    /// <summary>Shows how far long work has come, 0 to 100, and how long the rest will take, where that is known; null takes the bar
    /// away.</summary>
    private protected void ShowProgress(string activity, string status, int? percent, TimeSpan? remaining = null) => WriteProgress(
        new ProgressRecord(ProgressActivity, activity, status)
        {
            PercentComplete = percent ?? -1,
            SecondsRemaining = (int)Math.Min(int.MaxValue, remaining?.TotalSeconds ?? -1),
            RecordType = percent is null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });

    private void Guard(Action action, bool terminating, object? target)
    {
        ErrorRecord? failure = null;
        bool isObserved = OperatorObserver.IsRunning;
        string? placeBefore = null;
        try
        {
            if (isObserved)
            {
                placeBefore = OperatorObserver.Place(ScriptLocation);
            }

            action();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The engine is stopping the pipeline and says so itself.
        }
        catch (Exception e) when (ErrorCategories.Classify(e) is not null)
        {
            (string id, ErrorCategory category) = ErrorCategories.Classify(e)!.Value;
            failure = new ErrorRecord(e, id, category, target);
            terminating |= category == ErrorCategory.NotInstalled;
        }

        if (isObserved)
        {
            // Of the cmdlet that this one was called from, as Use-TorchSeed calls those of its block.
            OperatorObserver.Place(placeBefore);
        }

        // Outside the try block, so that the engine's own exceptions are never caught here.
        WriteTorchWarnings();
        if (failure is not null)
        {
            if (terminating)
            {
                ThrowTerminatingError(failure);
            }

            WriteError(failure);
        }
    }

    // A cmdlet that never called libtorch must not load it just to ask for warnings.
    private void WriteTorchWarnings()
    {
        if (TorchLibrary.IsLoaded)
        {
            foreach (string warning in TorchWarnings.Take())
            {
                // Which operator it is about libtorch says; where the script is, only the cmdlet knows.
                WriteWarning(ScriptLocation is { } place ? $"{place}: {warning}" : warning);
            }
        }
    }
}
