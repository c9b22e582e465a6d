using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace ReproTorch.PowerShell.Hosting;

/// <summary>
/// Finds the script line that a command comes from, also where the engine names no file: of text that Invoke-Expression runs, the line that
/// runs it; of a block that ForEach-Object -Parallel or Start-ThreadJob runs, as text in a runspace of its own, the line of the file
/// that the block was written in.
/// </summary>
internal static class ScriptPlaces
{
    private static SearchedScripts? s_searched;

    /// <summary>Script and line, such as <c>train.ps1:12</c>; null at a prompt, or when it cannot be told.</summary>
    public static string? Of(InvocationInfo? invocation)
    {
        if (invocation is null)
        {
            return null;
        }

        if (invocation.ScriptName is { Length: > 0 } script)
        {
            Volatile.Read(ref s_searched)?.Add(script);
            return Text(script, invocation.ScriptLineNumber);
        }

        return Runspace.DefaultRunspace is { } runspace ? OfCaller(runspace, invocation.ScriptLineNumber) : null;
    }

    /// <summary>Until the result is disposed, looks for blocks that run as text in the scripts that this runspace runs.</summary>
    /// <param name="block">What it is about to run.</param>
    public static IDisposable? SearchScriptsOf(ScriptBlock block) => Runspace.DefaultRunspace is { } runspace
        ? s_searched = new SearchedScripts(runspace, block.File)
        : null;

    private static string? OfCaller(Runspace runspace, int line)
    {
        CallStackFrame[] frames = FramesOf(runspace);
        return frames.FirstOrDefault(frame => frame.ScriptName is { Length: > 0 }) is { } caller
            ? Text(caller.ScriptName, caller.ScriptLineNumber)
            : Volatile.Read(ref s_searched)?.Find(frames, line);
    }

    private static CallStackFrame[] FramesOf(Runspace runspace) => [.. runspace.Debugger?.GetCallStack() ?? []];

    private static string Text(string script, int line) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(script)}:{line}");

    private sealed class SearchedScripts(Runspace runspace, string? file) : IDisposable
    {
        // The blocks of each file, by their text without the braces, which is what another runspace runs.
        private readonly ConcurrentDictionary<string, ILookup<string, IScriptExtent>> _blocks = new(
            file is null ? [] : [KeyValuePair.Create(file, BlocksOf(file))]);

        public void Add(string script) => _blocks.GetOrAdd(script, BlocksOf);

        /// <summary>The place of the statement that runs in a stack of calls of which none is a file's: its outermost is the block.</summary>
        public string? Find(CallStackFrame[] frames, int line)
        {
            if (frames.Length == 0 || FullText(frames[^1]) is not { Length: > 0 } text)
            {
                return null;
            }

            CallStackFrame[] running = FramesOf(runspace);
            foreach (CallStackFrame frame in running)
            {
                if (frame.ScriptName is { Length: > 0 } script)
                {
                    Add(script);
                }
            }

            IScriptExtent[] found = [.. _blocks.Values.SelectMany(blocks => blocks[text])];
            if (found.Length > 1)
            {
                // Written more than once: the one in the statement that runs now. That of a job may be over.
                found = IsAwaited() ? Array.FindAll(found, block => running.Any(frame => Encloses(frame.Position, block))) : [];
            }

            if (found is not [IScriptExtent only])
            {
                return null;
            }

            CallStackFrame inBlock = frames.First(frame => FullText(frame) == text);
            int lineInBlock = inBlock == frames[0] ? line : inBlock.ScriptLineNumber;
            return Text(only.File, only.StartLineNumber + lineInBlock - 1);
        }

        public void Dispose() => Interlocked.CompareExchange(ref s_searched, null, this);

        private static string? FullText(CallStackFrame frame) => frame.Position?.StartScriptPosition?.GetFullScript();

        // Whether this is a runspace of ForEach-Object -Parallel, for which the command waits.
        private static bool IsAwaited() => Runspace.DefaultRunspace is { Name: { } name } && name.StartsWith("PSTask:", StringComparison.Ordinal);

        private static bool Encloses(IScriptExtent? statement, IScriptExtent block) => statement is not null
            && statement.File == block.File && statement.StartOffset <= block.StartOffset && block.EndOffset <= statement.EndOffset;

        private static ILookup<string, IScriptExtent> BlocksOf(string file)
        {
            try
            {
                return Parser.ParseFile(file, out _, out _)
                    .FindAll(ast => ast is ScriptBlockExpressionAst, searchNestedScriptBlocks: true)
                    .ToLookup(block => block.Extent.Text[1..^1], block => block.Extent, StringComparer.Ordinal);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParseException)
            {
                // Gone since it began to run.
                return Array.Empty<IScriptExtent>().ToLookup(_ => string.Empty, StringComparer.Ordinal);
            }
        }
    }
}
