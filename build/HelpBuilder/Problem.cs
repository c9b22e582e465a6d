namespace ReproTorch.Build.HelpBuilder;

/// <summary>Something that keeps the help from being whole. Line counts from 0. IsMissing: help that has not been written, as
/// against help that is wrong.</summary>
internal sealed record Problem(string File, int Line, string Text, bool IsMissing = false);

/// <summary>A page that cannot be read as a help page.</summary>
internal sealed class PageException(int line, string message) : Exception(message)
{
    public int Line { get; } = line;
}
